"""CTR-GCN: channel-wise topology refinement (Chen et al., ICCV 2021).

A topology that all channels share, and for each channel a refinement that follows from how two joints differ in this
clip; the blocks' temporal modules look at two dilations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from kinesec.models.recognizers._layers import BodyNorm, classifier, fan_out, matrix, plan, pooled, shortcut
from kinesec.models.recognizers._multi_scale import MultiScaleTemporal
from kinesec.models.recognizers.base import ClipShape, Recipe, Recognizer
from kinesec.motion.graph import directed_partitions

WIDTHS = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)
REDUCTION = 8  # channels of a relation: a layer's by this; as many for coordinates


class Refined(nn.Module):
    """One subset: features gathered along a shared topology (to, from) and its refinement (equations 5 to 9)."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        relation = REDUCTION if inputs == 3 else inputs // REDUCTION
        self.one = nn.Conv2d(inputs, relation, 1)
        self.other = nn.Conv2d(inputs, relation, 1)
        self.value = nn.Conv2d(inputs, outputs, 1)
        self.relation = nn.Conv2d(relation, outputs, 1)

    def forward(self, x: Tensor, topology: Tensor, strength: Tensor) -> Tensor:
        first, other = self.one(x).mean(2), self.other(x).mean(2)
        refined = self.relation((first[..., :, None] - other[..., None, :]).tanh()) * strength + topology
        y: Tensor = self.value(x) @ refined.transpose(2, 3)
        return y


class RefinedConvolution(nn.Module):
    """The sum over subsets with its shortcut."""

    def __init__(self, adjacency: Tensor, inputs: int, outputs: int) -> None:
        super().__init__()
        self.topology = nn.Parameter(adjacency.clone())
        self.strength = nn.Parameter(torch.zeros(1))
        self.subsets = nn.ModuleList(Refined(inputs, outputs) for _ in adjacency)
        self.norm = nn.BatchNorm2d(outputs)
        self.residual = shortcut(inputs, outputs)
        fan_out(self)
        nn.init.constant_(self.norm.weight, 1e-6)  # the layer begins as its shortcut

    def forward(self, x: Tensor) -> Tensor:
        parts = [subset(x, self.topology[k], self.strength) for k, subset in enumerate(self.subsets)]
        y: Tensor = self.norm(torch.stack(parts).sum(0)) + self.residual(x)
        return y.relu()


class Block(nn.Module):
    """A refined graph convolution, a multi-scale temporal one, and the way round both."""

    def __init__(self, adjacency: Tensor, inputs: int, outputs: int, stride: int, residual: bool) -> None:
        super().__init__()
        self.spatial = RefinedConvolution(adjacency, inputs, outputs)
        self.temporal = MultiScaleTemporal(
            outputs, outputs, kernel=5, dilations=(1, 2), stride=stride, residual=False, active=False
        )
        self.residual = shortcut(inputs, outputs, stride) if residual else None
        fan_out(self.temporal)
        if self.residual is not None:
            fan_out(self.residual)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.temporal(self.spatial(x))
        return (y if self.residual is None else y + self.residual(x)).relu()


class CTRGCN(Recognizer):
    """Section 3.3 as released, the joint stream. ``widths`` are the blocks' channels, multiples of eight."""

    def __init__(self, shape: ClipShape, *, widths: Sequence[int] = WIDTHS) -> None:
        super().__init__(shape)
        self.need_widths(widths, REDUCTION)
        adjacency = matrix(directed_partitions(shape.graph))
        self.norm = BodyNorm(shape.bodies, shape.joints)
        self.blocks = nn.Sequential(*(Block(adjacency, *size) for size in plan(widths)))
        self.classifier = classifier(widths[-1], shape.classes)

    def embed(self, clip: Tensor) -> Tensor:
        return pooled(self.blocks(self.norm(clip)), self.shape.bodies)


RECOGNIZER = CTRGCN
# Released code, config/nturgbd-cross-subject/default.yaml.
RECIPE = Recipe(epochs=65, batch=64, rate=0.1, milestones=(35, 55), weight_decay=4e-4, warm_up=5)
SMALL: Mapping[str, Any] = {"widths": (32, 32, 64, 64)}
