"""ST-GCN: spatial temporal graph convolutional networks (Yan, Xiong and Lin, AAAI 2018).

Ten blocks gather each joint's neighbours in three subsets (itself and those level, those nearer the centre of the
body, those farther), each link weighed by a learned importance, and then look nine frames along each joint's time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from kinesec.models.recognizers._layers import (
    BodyNorm,
    SubsetConvolution,
    TemporalConvolution,
    matrix,
    plan,
    pooled,
    shortcut,
)
from kinesec.models.recognizers.base import ClipShape, Recipe, Recognizer
from kinesec.motion.graph import spatial_partitions

WIDTHS = (64, 64, 64, 64, 128, 128, 128, 256, 256, 256)


class Block(nn.Module):
    """A graph convolution, then a temporal one, and the way round both; a ReLU where it is ``active``."""

    def __init__(
        self,
        subsets: int,
        inputs: int,
        outputs: int,
        stride: int,
        residual: bool,
        dropout: float,
        kernel: int = 9,
        *,
        padded: bool = True,
        active: bool = True,
    ) -> None:
        super().__init__()
        self.spatial = SubsetConvolution(subsets, inputs, outputs)
        self.norm = nn.BatchNorm2d(outputs)
        self.temporal = TemporalConvolution(outputs, outputs, kernel, stride, padded=padded)
        self.dropout = nn.Dropout(dropout)
        self.residual = shortcut(inputs, outputs, stride) if residual else None
        self.active = active

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        y: Tensor = self.dropout(self.temporal(self.norm(self.spatial(x, adjacency)).relu()))
        if self.residual is not None:
            y = y + self.residual(x)
        return y.relu() if self.active else y


def small_weights(module: nn.Module) -> None:
    """The initial weights of the released code: convolutions from N(0, 0.02), normalisations from N(1, 0.02)."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.normal_(part.weight, 0, 0.02)
            nn.init.zeros_(part.bias)  # type: ignore[arg-type]
        elif isinstance(part, nn.BatchNorm1d | nn.BatchNorm2d):
            nn.init.normal_(part.weight, 1, 0.02)


class STGCN(Recognizer):
    """Sections 3.3 to 3.5 as released. ``widths`` are the blocks' channels; the first block has no dropout."""

    adjacency: Tensor

    def __init__(self, shape: ClipShape, *, widths: Sequence[int] = WIDTHS, dropout: float = 0.5) -> None:
        super().__init__(shape)
        self.need_widths(widths)
        self.register_buffer("adjacency", matrix(spatial_partitions(shape.graph, 1)))
        subsets = len(self.adjacency)
        self.norm = BodyNorm(shape.bodies, shape.joints, shared=True)
        self.blocks = nn.ModuleList(Block(subsets, *size, dropout if size[3] else 0.0) for size in plan(widths))
        self.importance = nn.ParameterList(torch.ones_like(self.adjacency) for _ in widths)
        self.classifier = nn.Linear(widths[-1], shape.classes)
        small_weights(self)

    def embed(self, clip: Tensor) -> Tensor:
        x: Tensor = self.norm(clip)
        for block, importance in zip(self.blocks, self.importance, strict=True):
            x = block(x, self.adjacency * importance)
        return pooled(x, self.shape.bodies)


RECOGNIZER = STGCN
# Released code, config/st_gcn/ntu-xsub/train.yaml.
RECIPE = Recipe(epochs=80, batch=64, rate=0.1, milestones=(10, 50), weight_decay=1e-4)
SMALL: Mapping[str, Any] = {"widths": (32, 32, 64, 64), "dropout": 0.0}
