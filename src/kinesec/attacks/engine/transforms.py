"""Transforms of the clips under attack that gradients lead through; each lane by numbers of its own."""

from __future__ import annotations

import torch
from torch import Tensor

from kinesec.attacks.engine.lanes import Lanes
from kinesec.attacks.engine.steps import each


def _mean(x: Tensor, lanes: Lanes) -> Tensor:
    return x.new_tensor(lanes.problem.geometry.mean.tolist())


def turned(x: Tensor, lanes: Lanes, angle: Tensor) -> Tensor:
    """Bodies turned about the vertical by ``angle`` (lane,), in radians: the bodies, not their coordinates."""
    cosine, sine, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    rows = [torch.stack(row, -1) for row in ((cosine, zero, sine), (zero, zero + 1, zero), (-sine, zero, cosine))]
    turn = torch.stack(rows, -2)[:, None, None]
    mean = _mean(x, lanes)
    return ((x + mean) @ turn.transpose(-1, -2) - mean) * lanes.present


def resized(x: Tensor, lanes: Lanes, factor: Tensor) -> Tensor:
    """Bodies times ``factor`` (lane,) about the clips' origin: the bodies, not their coordinates."""
    mean = _mean(x, lanes)
    return ((x + mean) * each(factor) - mean) * lanes.present


def cropped(x: Tensor, lanes: Lanes, start: Tensor, length: Tensor) -> Tensor:
    """A part of each clip's time stretched to all of its frames, linear between frames.

    ``start`` and ``length`` (lane,) are shares of the clip, which add up to one at most. A clip of which a body is
    there in some frames only stays as it is: what lies between a pose and none is no pose.
    """
    frames = x.shape[2]
    there = lanes.present[..., 0, 0]
    whole = ((there == there[..., :1]).all(-1)).all(-1)
    start, length = start * whole, torch.where(whole, length, torch.ones_like(length))
    last = frames - 1
    time = last * (start[:, None] + length[:, None] * torch.linspace(0, 1, frames, dtype=x.dtype, device=x.device))
    before = time.floor().clamp(0, max(0, last - 1)).long()
    share = (time - before)[:, None, :, None, None]
    index = before[:, None, :, None, None].expand_as(x)
    return torch.lerp(x.gather(2, index), x.gather(2, (index + 1).clamp_max(last)), share.to(x))
