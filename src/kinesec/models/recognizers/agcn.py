"""2s-AGCN: two-stream adaptive graph convolutional networks (Shi et al., CVPR 2019).

Each layer's links are the body's, plus learned ones, plus those that the joints' likeness in this clip suggests. One
stream sees joints, the other bones; the paper adds up the scores of both.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from kinesec.errors import ConfigError
from kinesec.models.recognizers._layers import (
    BodyNorm,
    TemporalConvolution,
    bone_vectors,
    classifier,
    fan_out,
    matrix,
    plan,
    pooled,
    shortcut,
)
from kinesec.models.recognizers.base import ClipShape, Recipe, Recognizer
from kinesec.motion.graph import directed_partitions

WIDTHS = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)
EMBEDDING = 4  # channels of the likeness: a layer's by this


class Subset(nn.Module):
    """One subset of neighbours: how alike two joints move, and the weights of what is gathered."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(inputs, outputs // EMBEDDING, 1)
        self.key = nn.Conv2d(inputs, outputs // EMBEDDING, 1)
        self.value = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor, links: Tensor) -> Tensor:
        """Equation 3 for one subset; ``links`` (from, to)."""
        query, key = self.query(x).flatten(1, 2), self.key(x).flatten(1, 2)
        likeness = (query.transpose(1, 2) @ key / query.shape[1]).softmax(-2)
        gathered = (x.flatten(1, 2) @ (links + likeness)).view(x.shape)
        y: Tensor = self.value(gathered)
        return y


class AdaptiveConvolution(nn.Module):
    """Adaptive graph convolution (section 4.1) with its shortcut."""

    adjacency: Tensor

    def __init__(self, adjacency: Tensor, inputs: int, outputs: int) -> None:
        super().__init__()
        self.register_buffer("adjacency", adjacency, persistent=False)
        self.learned = nn.Parameter(torch.full_like(adjacency, 1e-6))
        self.subsets = nn.ModuleList(Subset(inputs, outputs) for _ in adjacency)
        self.norm = nn.BatchNorm2d(outputs)
        self.residual = shortcut(inputs, outputs)
        fan_out(self)
        nn.init.constant_(self.norm.weight, 1e-6)  # the layer begins as its shortcut
        for part in self.subsets.modules():
            if isinstance(part, Subset):
                nn.init.normal_(part.value.weight, 0, math.sqrt(2 / (outputs * inputs * len(adjacency))))

    def forward(self, x: Tensor) -> Tensor:
        links = self.adjacency + self.learned
        y = torch.stack([subset(x, links[k]) for k, subset in enumerate(self.subsets)]).sum(0)
        z: Tensor = self.norm(y) + self.residual(x)
        return z.relu()


class Block(nn.Module):
    """An adaptive graph convolution, then a temporal one, and the way round both."""

    def __init__(self, adjacency: Tensor, inputs: int, outputs: int, stride: int, residual: bool) -> None:
        super().__init__()
        self.spatial = AdaptiveConvolution(adjacency, inputs, outputs)
        self.temporal = TemporalConvolution(outputs, outputs, stride=stride)
        self.residual = shortcut(inputs, outputs, stride) if residual else None
        fan_out(self.temporal)
        if self.residual is not None:
            fan_out(self.residual)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.temporal(self.spatial(x))
        return (y if self.residual is None else y + self.residual(x)).relu()


class AGCN(Recognizer):
    """Section 4 as released, one ``stream`` of the two. ``widths`` are the blocks' channels, multiples of four."""

    def __init__(
        self, shape: ClipShape, *, widths: Sequence[int] = WIDTHS, stream: Literal["joint", "bone"] = "joint"
    ) -> None:
        super().__init__(shape)
        self.need_widths(widths, EMBEDDING)
        if stream not in ("joint", "bone"):
            raise ConfigError(f"recognizer 'agcn': found stream {stream!r}, expected joint or bone")
        self.stream = stream
        adjacency = matrix(directed_partitions(shape.graph))
        self.norm = BodyNorm(shape.bodies, shape.joints)
        self.blocks = nn.Sequential(*(Block(adjacency, *size) for size in plan(widths)))
        self.classifier = classifier(widths[-1], shape.classes)

    def embed(self, clip: Tensor) -> Tensor:
        if self.stream == "bone":
            clip = bone_vectors(clip, self.shape.graph)
        return pooled(self.blocks(self.norm(clip)), self.shape.bodies)


RECOGNIZER = AGCN
# Released code, config/nturgbd-cross-subject/train_joint.yaml.
RECIPE = Recipe(epochs=50, batch=64, rate=0.1, milestones=(30, 40), weight_decay=1e-4)
SMALL: Mapping[str, Any] = {"widths": (32, 32, 64, 64)}
