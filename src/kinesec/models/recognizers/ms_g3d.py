"""MS-G3D: disentangling and unifying graph convolutions (Liu et al., CVPR 2020).

Three blocks, each the sum of two pathways: one gathers joints at many distances and then looks along time, the other
gathers joints at many distances across whole windows of frames at once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from kinesec.errors import ConfigError
from kinesec.models.recognizers._layers import BodyNorm, aggregate, matrix, pooled
from kinesec.models.recognizers._multi_scale import MultiScaleTemporal
from kinesec.models.recognizers.base import ClipShape, Recipe, Recognizer
from kinesec.motion.graph import scales

DILATIONS = (1, 2, 3, 4)


def temporal(inputs: int, outputs: int, *, stride: int = 1, active: bool = True) -> MultiScaleTemporal:
    return MultiScaleTemporal(inputs, outputs, kernel=3, dilations=DILATIONS, stride=stride, active=active)


class ScaleConvolution(nn.Module):
    """Features gathered at each scale of (scale, to, from), which a learned residual changes, then mixed."""

    adjacency: Tensor

    def __init__(self, adjacency: np.ndarray, inputs: int, outputs: int) -> None:
        super().__init__()
        self.register_buffer("adjacency", matrix(adjacency), persistent=False)
        self.learned = nn.Parameter(torch.empty_like(self.adjacency).uniform_(-1e-6, 1e-6))
        self.mix = nn.Sequential(nn.Conv2d(len(adjacency) * inputs, outputs, 1), nn.BatchNorm2d(outputs), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.mix(aggregate(x, (self.adjacency + self.learned).transpose(1, 2)))
        return y


class Window(nn.Module):
    """G3D (section 3.3): the joints of ``size`` frames as one graph, then a weighted sum over these frames."""

    def __init__(self, adjacency: np.ndarray, size: int, inputs: int, hidden: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.size, self.stride = size, stride
        self.gather = ScaleConvolution(adjacency, inputs, hidden)
        self.weight = nn.Parameter(nn.init.kaiming_uniform_(torch.empty(outputs, hidden, size), a=5**0.5))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        pad = (self.size - 1) // 2
        windows = nn.functional.pad(x, (0, 0, pad, pad)).unfold(2, self.size, self.stride).transpose(3, 4)
        gathered = self.gather(windows.flatten(3)).unflatten(3, (self.size, -1))
        joined = torch.einsum("nhtsv,ohs->notv", gathered, self.weight) + self.bias[:, None, None]
        y: Tensor = self.norm(joined)
        return y


class Block(nn.Module):
    """Spatial-temporal block (section 3.4): the factorised pathway and the windows', added up, then one more module.

    The first block's windows widen the channels at once, the others' when they collapse, as released.
    """

    def __init__(
        self,
        graph: tuple[np.ndarray, Sequence[np.ndarray]],
        windows: Sequence[int],
        inputs: int,
        outputs: int,
        first: bool,
    ) -> None:
        super().__init__()
        stride, width = (1, outputs) if first else (2, inputs)
        self.factorised = nn.Sequential(
            ScaleConvolution(graph[0], inputs, width),
            temporal(width, outputs, stride=stride),
            temporal(outputs, outputs, active=False),
        )
        self.windows = nn.ModuleList(
            Window(adjacency, size, inputs, width, outputs, stride)
            for adjacency, size in zip(graph[1], windows, strict=True)
        )
        self.temporal = temporal(outputs, outputs)

    def forward(self, x: Tensor) -> Tensor:
        both: Tensor = self.factorised(x) + torch.stack([window(x) for window in self.windows]).sum(0)
        y: Tensor = self.temporal(both.relu())
        return y


class MSG3D(Recognizer):
    """Section 3 as released, the joint stream.

    ``width`` are the channels of the first block, a multiple of six, doubled in each of the two others. ``hops`` and
    ``window_hops`` are how many distances, zero among them, the two pathways tell apart.
    """

    def __init__(
        self,
        shape: ClipShape,
        *,
        width: int = 96,
        hops: int = 13,
        window_hops: int = 6,
        windows: Sequence[int] = (3, 5),
    ) -> None:
        super().__init__(shape)
        if min(hops, window_hops) < 1 or not windows or any(size < 1 or size % 2 == 0 for size in windows):
            raise ConfigError(
                f"recognizer 'ms_g3d': found hops {hops}, window_hops {window_hops} and windows {list(windows)}, "
                "expected hops from 1 and odd windows"
            )
        graph = scales(shape.graph, hops), [scales(shape.graph, window_hops, size) for size in windows]
        self.norm = BodyNorm(shape.bodies, shape.joints)
        widths = [3, width, 2 * width, 4 * width]
        self.blocks = nn.Sequential(*(Block(graph, windows, widths[i], widths[i + 1], first=i == 0) for i in range(3)))
        self.classifier = nn.Linear(widths[-1], shape.classes)

    def embed(self, clip: Tensor) -> Tensor:
        return pooled(self.blocks(self.norm(clip)), self.shape.bodies)


RECOGNIZER = MSG3D
# Released code, config/nturgbd-cross-subject/train_joint.yaml.
RECIPE = Recipe(epochs=50, batch=32, rate=0.05, milestones=(30, 40), weight_decay=5e-4)
SMALL: Mapping[str, Any] = {"width": 18, "hops": 5, "window_hops": 3, "windows": (3,)}
