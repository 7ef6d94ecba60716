"""How each coordinate of a motion follows from its last two values, and what that adds to a gradient (TASAR's motion
gradient; papers known from its released code alone, docs/definitions.md, section 9).
"""

from __future__ import annotations

import torch
from torch import Tensor

RIDGE = 1e-8  # of a series' largest moment, so that one that does not move has coefficients of 0


def coefficients(motion: Tensor, bandwidth: float) -> tuple[Tensor, Tensor]:
    """A1 and A2 (body, frame, joint, xyz) of one clip (body, frame, joint, xyz): d x[t + 1] and d x[t + 2] by d x[t].

    x[t] = b1[t] x[t - 1] + b2[t] x[t - 2] without an intercept, the b's linear in time near t (local linear least
    squares, weights (1 - u^2)^3 with u the distance over ``bandwidth`` times the number of frames). A1[t] = b1[t + 1],
    A2[t] = b1[t + 1] b1[t + 2] + b2[t + 2]; b1[1] is that of a fit with one value before. Zero past the end.
    """
    frames = motion.shape[1]
    first, second = torch.zeros_like(motion), torch.zeros_like(motion)
    series = motion.movedim(1, 0).flatten(1).double()  # (frame, series)
    if frames < 4:
        return first, second
    of_one = _fitted(series, 1, bandwidth)[0]
    one, two = _fitted(series, 2, bandwidth)
    # one[k] and two[k] are of frame k + 2
    next_one = torch.cat([of_one[:1], one])  # b1 of frames 1 ... M - 1

    def shaped(values: Tensor) -> Tensor:
        return values.reshape(len(values), motion.shape[0], *motion.shape[2:]).movedim(0, 1).to(motion)

    first[:, :-1] = shaped(next_one)
    second[:, :-2] = shaped(next_one[:-1] * next_one[1:] + two)
    return first, second


def _fitted(series: Tensor, order: int, bandwidth: float) -> Tensor:
    """The coefficients (lag, frame - order, series) of each value by the ``order`` values before it."""
    frames = len(series)
    lagged = torch.stack([series[order - lag : frames - lag] for lag in range(1, order + 1)], -1)
    now = series[order:]
    time = torch.arange(len(now), dtype=series.dtype, device=series.device)
    apart = (time[None, :] - time[:, None]) / (bandwidth * frames)  # (where, frame)
    weight = (1 - apart.square()).clamp_min(0) ** 3
    # moments of (lags, lags times the time from here) by powers of the time: one product each
    square, with_now = lagged[..., :, None] * lagged[..., None, :], lagged * now[..., None]
    powers = [weight * apart**power for power in range(3)]
    moment = [torch.einsum("wf,fsab->wsab", each, square) for each in powers]
    target = [torch.einsum("wf,fsa->wsa", each, with_now) for each in powers[:2]]
    normal = torch.cat([torch.cat(moment[:2], -1), torch.cat(moment[1:], -1)], -2)
    right = torch.cat(target, -1)
    largest = normal.diagonal(dim1=-2, dim2=-1).amax(-1)
    ridge = (RIDGE * largest).clamp_min(1e-30)[..., None, None] * torch.eye(2 * order).to(normal)
    solved = torch.linalg.solve(normal + ridge, right)[..., :order]
    return torch.where(solved.isfinite(), solved, torch.zeros_like(solved)).movedim(-1, 0)


def led_back(gradient: Tensor, first: Tensor, second: Tensor) -> Tensor:
    """A1[t] g[t + 1] + A2[t] g[t + 2] of gradients (lane, body, frame, joint, xyz): later through the motion."""
    back = torch.zeros_like(gradient)
    back[:, :, :-1] += first[:, :, :-1] * gradient[:, :, 1:]
    back[:, :, :-2] += second[:, :, :-2] * gradient[:, :, 2:]
    return back
