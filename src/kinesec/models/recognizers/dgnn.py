"""DGNN: directed graph neural networks (Shi et al., CVPR 2019), as re-implemented in public.

Joints and bones are two kinds of nodes of one directed graph: in each block a joint hears the bones that enter and
leave it, a bone its two joints, and both then look along time. The incidence is learned.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import torch
from torch import Tensor, nn

from kinesec.errors import ConfigError
from kinesec.models.recognizers._layers import (
    BodyNorm,
    TemporalConvolution,
    aggregate,
    classifier,
    fan_out,
    matrix,
    plan,
    pooled,
    shortcut,
    velocities,
)
from kinesec.models.recognizers.base import ClipShape, Recipe, Recognizer
from kinesec.motion.graph import incidence

WIDTHS = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)


class DirectedConvolution(nn.Module):
    """Equations 1 to 6: joints beside the bones they start and end, bones beside their two joints."""

    def __init__(self, ends: Tensor, inputs: int, outputs: int) -> None:
        super().__init__()
        self.source = nn.Parameter(ends[0].clone())
        self.target = nn.Parameter(ends[1].clone())
        self.joint, self.bone = (
            nn.Sequential(nn.Conv2d(3 * inputs, outputs, 1), nn.BatchNorm2d(outputs), nn.ReLU()) for _ in range(2)
        )

    def forward(self, joints: Tensor, bones: Tensor) -> tuple[Tensor, Tensor]:
        ends = torch.stack([self.source, self.target])
        heard = torch.cat([joints, aggregate(bones, ends.transpose(1, 2))], 1)
        return self.joint(heard), self.bone(torch.cat([bones, aggregate(joints, ends)], 1))


class Block(nn.Module):
    """A directed convolution and a temporal one, which joints and bones share, and the way round both."""

    def __init__(self, ends: Tensor, inputs: int, outputs: int, stride: int, residual: bool) -> None:
        super().__init__()
        self.spatial = DirectedConvolution(ends, inputs, outputs)
        self.temporal = TemporalConvolution(outputs, outputs, stride=stride)
        self.residual = shortcut(inputs, outputs, stride, kernel=9) if residual else None
        fan_out(self.temporal)
        if self.residual is not None:
            fan_out(self.residual)

    def forward(self, joints: Tensor, bones: Tensor) -> tuple[Tensor, Tensor]:
        around = (joints, bones)
        both = [self.temporal(part) for part in self.spatial(joints, bones)]
        if self.residual is not None:
            both = [part + self.residual(past) for part, past in zip(both, around, strict=True)]
        return both[0].relu(), both[1].relu()


class DGNN(Recognizer):
    """The public re-implementation's network. ``widths`` are the blocks' channels.

    ``stream`` spatial sees positions and bones, motion their differences to the next frame; the paper adds up the
    scores of both. The incidence is ``frozen`` over the recipe's first epochs.
    """

    bone_ends: Tensor

    def __init__(
        self, shape: ClipShape, *, widths: Sequence[int] = WIDTHS, stream: Literal["spatial", "motion"] = "spatial"
    ) -> None:
        super().__init__(shape)
        self.need_widths(widths)
        if stream not in ("spatial", "motion"):
            raise ConfigError(f"recognizer 'dgnn': found stream {stream!r}, expected spatial or motion")
        self.stream = stream
        graph = shape.graph
        links = [*graph.links, (graph.centre, graph.centre)]
        self.register_buffer("bone_ends", torch.tensor(links).T.contiguous(), persistent=False)
        ends = matrix(incidence(graph))
        self.joint_norm, self.bone_norm = (BodyNorm(shape.bodies, shape.joints) for _ in range(2))
        self.blocks = nn.ModuleList(Block(ends, *size) for size in plan(widths))
        self.classifier = classifier(2 * widths[-1], shape.classes)

    def frozen(self) -> Iterable[nn.Parameter]:
        return [p for name, p in self.named_parameters() if name.endswith(("spatial.source", "spatial.target"))]

    def read(self, joints: Tensor, bones: Tensor) -> Tensor:
        """Features (batch, feature) of joints and bones, (batch, body, frame, joint or bone, xyz) each."""
        x, y = self.joint_norm(joints), self.bone_norm(bones)
        for block in self.blocks:
            x, y = block(x, y)
        return torch.cat([pooled(x, self.shape.bodies), pooled(y, self.shape.bodies)], 1)

    def embed(self, clip: Tensor) -> Tensor:
        source, target = self.bone_ends
        bones = clip.index_select(3, target) - clip.index_select(3, source)
        if self.stream == "motion":
            clip, bones = velocities(clip), velocities(bones)
        return self.read(clip, bones)


RECOGNIZER = DGNN
# github.com/kenziyuliu/DGNN-PyTorch, config/nturgbd-cross-subject/train_spatial.yaml.
RECIPE = Recipe(epochs=120, batch=32, rate=0.1, milestones=(60, 90), weight_decay=1e-4, frozen_epochs=10)
SMALL: Mapping[str, Any] = {"widths": (32, 32, 64, 64)}
