"""The temporal module of MS-G3D, which CTR-GCN took over: convolutions over frames at several dilations."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from kinesec.errors import ConfigError
from kinesec.models.recognizers._layers import TemporalConvolution, shortcut


class MultiScaleTemporal(nn.Module):
    """A branch for each dilation, one that takes the maximum of three frames and one that looks at one frame alone.

    Each has as many channels; ``outputs`` must divide by ``len(dilations) + 2``. ``active`` ends with a ReLU.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        *,
        kernel: int,
        dilations: Sequence[int],
        stride: int = 1,
        residual: bool = True,
        active: bool = True,
    ) -> None:
        super().__init__()
        branches = len(dilations) + 2
        if outputs % branches:
            raise ConfigError(
                f"multi-scale temporal module: found {outputs} channels, expected a multiple of {branches}"
            )
        width = outputs // branches

        def narrow(stride: int = 1) -> list[nn.Module]:
            return [nn.Conv2d(inputs, width, 1, (stride, 1)), nn.BatchNorm2d(width)]

        self.dilated = nn.ModuleList(
            nn.Sequential(*narrow(), nn.ReLU(), TemporalConvolution(width, width, kernel, stride, dilation))
            for dilation in dilations
        )
        self.largest = nn.Sequential(
            *narrow(), nn.ReLU(), nn.MaxPool2d((3, 1), (stride, 1), (1, 0)), nn.BatchNorm2d(width)
        )
        self.single = nn.Sequential(*narrow(stride))
        self.residual = shortcut(inputs, outputs, stride) if residual else None
        self.active = active

    def forward(self, x: Tensor) -> Tensor:
        y = torch.cat([*(branch(x) for branch in self.dilated), self.largest(x), self.single(x)], 1)
        if self.residual is not None:
            y = y + self.residual(x)
        return y.relu() if self.active else y
