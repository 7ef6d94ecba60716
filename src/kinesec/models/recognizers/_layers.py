"""Layers that several recognizers share. Features are ``(clip, channel, frame, joint)``."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from kinesec.motion.graph import Graph


def matrix(values: np.ndarray) -> Tensor:
    return torch.from_numpy(values).float()


def aggregate(x: Tensor, adjacency: Tensor) -> Tensor:
    """Features (clip, subset x channel, frame, to) gathered along each subset of (subset, from, to).

    With (clip, subset, from, to) each clip has matrices of its own.
    """
    subsets = adjacency.shape[-3]
    side_by_side = adjacency.transpose(-3, -2).flatten(-2)
    gathered = (x.flatten(1, 2) @ side_by_side).unflatten(1, x.shape[1:3]).unflatten(3, (subsets, -1))
    features: Tensor = gathered.permute(0, 3, 1, 2, 4).flatten(1, 2)
    return features


class SubsetConvolution(nn.Module):
    """Sum over subsets of A_k^T (x W_k + b_k): ST-GCN's equation 10. Weight (subset, out, in), bias (subset, out)."""

    def __init__(self, subsets: int, inputs: int, outputs: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(0.02 * torch.randn(subsets, outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(subsets, outputs))

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """(clip, out, frame, to) of x (clip, in, frame, from) and ([clip,] subset, from, to)."""
        weight = self.weight.transpose(0, 1).flatten(1)[:, :, None, None]
        bias = torch.einsum("...kw,ko->...ow", adjacency.sum(-2), self.bias)
        return nn.functional.conv2d(aggregate(x, adjacency), weight) + bias[..., None, :]


class BodyNorm(nn.BatchNorm1d):
    """Normalises each coordinate of each joint and, unless ``shared``, each body: (batch, body, frame, joint, xyz).

    Gives features (batch x body, xyz, frame, joint).
    """

    def __init__(self, bodies: int, joints: int, *, shared: bool = False) -> None:
        super().__init__((1 if shared else bodies) * joints * 3)
        self.shared = shared

    def forward(self, clip: Tensor) -> Tensor:
        batch, bodies, frames, joints, _ = clip.shape
        lead = (batch * bodies,) if self.shared else (batch, bodies)
        rows = clip.permute(0, 1, 3, 4, 2).reshape(len(clip) * bodies if self.shared else batch, -1, frames)
        normalised = super().forward(rows).view(*lead, joints, 3, frames)
        return normalised.reshape(batch * bodies, joints, 3, frames).permute(0, 2, 3, 1).contiguous()


class TemporalConvolution(nn.Sequential):
    """A convolution over frames and a batch normalisation; where ``padded``, frames stay as many at stride one."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 9, stride: int = 1, dilation: int = 1, *, padded: bool = True
    ) -> None:
        pad = (kernel - 1) * dilation // 2 if padded else 0
        super().__init__(
            nn.Conv2d(inputs, outputs, (kernel, 1), (stride, 1), (pad, 0), (dilation, 1)), nn.BatchNorm2d(outputs)
        )


def shortcut(inputs: int, outputs: int, stride: int = 1, kernel: int = 1) -> nn.Module:
    """A block's way round: the identity where shapes stay, otherwise a convolution with normalisation."""
    if inputs == outputs and stride == 1:
        return nn.Identity()
    return TemporalConvolution(inputs, outputs, kernel, stride)


def plan(widths: Sequence[int]) -> Iterator[tuple[int, int, int, bool]]:
    """Inputs, outputs, stride and whether it has a shortcut of each block; frames halve where channels grow."""
    before = 3
    for number, width in enumerate(widths):
        yield before, width, 2 if number and width > before else 1, number > 0
        before = width


def pooled(x: Tensor, bodies: int) -> Tensor:
    """Means (batch, channel) over bodies, frames and joints."""
    means: Tensor = x.mean((2, 3)).unflatten(0, (-1, bodies)).mean(1)
    return means


def present(clip: Tensor) -> Tensor:
    """Weights (batch, body) that average over the bodies that are not zero throughout; all, where all are."""
    seen = (clip != 0).flatten(2).any(2)
    seen = seen | ~seen.any(1, keepdim=True)
    return seen.to(clip.dtype) / seen.sum(1, keepdim=True)


def sampled(clip: Tensor, count: int, axis: int, chance: bool) -> Tensor:
    """One frame of each of ``count`` equal segments along ``axis``: its middle one or, by ``chance``, any."""
    frames = clip.shape[axis]
    if frames == count:
        return clip
    where = torch.rand(count, device=clip.device) if chance else torch.full((count,), 0.5, device=clip.device)
    index = ((torch.arange(count, device=clip.device) + where) * (frames / count)).long().clamp(max=frames - 1)
    return clip.index_select(axis, index)


def bone_vectors(clip: Tensor, graph: Graph) -> Tensor:
    """Each joint less its parent (..., joint, xyz); the centre's is zero."""
    parents = [joint if parent < 0 else parent for joint, parent in enumerate(graph.parents)]
    return clip - clip[..., parents, :]


def velocities(clip: Tensor) -> Tensor:
    """Differences to the next frame (..., frame, joint, xyz); the last is zero."""
    return nn.functional.pad(clip.diff(dim=-3), (0, 0, 0, 0, 0, 1))


def fan_out(module: nn.Module) -> None:
    """He's initial weights by outputs and no biases, for every convolution in a module: 2s-AGCN's and CTR-GCN's."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            nn.init.kaiming_normal_(part.weight, mode="fan_out")
            if part.bias is not None:
                nn.init.zeros_(part.bias)


def classifier(inputs: int, classes: int) -> nn.Linear:
    """The last layer with the initial weights that 2s-AGCN, DGNN and CTR-GCN share."""
    layer = nn.Linear(inputs, classes)
    nn.init.normal_(layer.weight, 0, math.sqrt(2 / classes))
    return layer
