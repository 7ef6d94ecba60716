"""Many small minimisations within boxes at once: projected L-BFGS, a problem a lane."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import torch
from torch import Tensor

HISTORY = 12
SUFFICIENT = 1e-4
MOST_HALVINGS = 25

# Values (lane,) and gradients (lane, variable) at points (lane, variable)
Objective = Callable[[Tensor], tuple[Tensor, Tensor]]


class Minimum(NamedTuple):
    """``point`` (lane, variable) and its ``value`` (lane,); ``residual`` (lane,) is the largest component of the
    projected gradient, ``converged`` (lane,) whether it is small enough; ``iterations`` (lane,)."""

    point: Tensor
    value: Tensor
    residual: Tensor
    converged: Tensor
    iterations: Tensor


def minimise(
    objective: Objective,
    start: Tensor,
    low: Tensor,
    high: Tensor,
    active: Tensor,
    *,
    tolerance: float,
    iterations: int,
) -> Minimum:
    """Minimises each lane's objective within ``low`` and ``high`` (lane, variable), from ``start``.

    L-BFGS over the variables that no bound holds (Bertsekas, 1982: two-metric projection), with halved steps until the
    value falls enough (Armijo). A lane ends when its projected gradient is at most ``tolerance``, after ``iterations``,
    or where no step leads down. Lanes that are not ``active`` (lane,) stay. What is computed of a lane depends on no
    other: shapes are constant, and sums run over one lane's variables.
    """
    x = start.clamp(low, high)
    value, gradient = objective(x)
    moves, turns = (x.new_zeros(HISTORY, *x.shape) for _ in range(2))
    rho = x.new_zeros(HISTORY, len(x))
    scale = x.new_ones(len(x))
    count = torch.zeros(len(x), dtype=torch.int64, device=x.device)
    stuck = ~active
    for iteration in range(iterations):
        running = ~stuck & (_residual(x, gradient, low, high) > tolerance)
        if not bool(running.any()):
            break
        held = ((x <= low) & (gradient > 0)) | ((x >= high) & (gradient < 0))
        order = [(iteration - 1 - back) % HISTORY for back in range(min(iteration, HISTORY))]
        way = -_direction(gradient.masked_fill(held, 0.0), moves, turns, rho, scale, order).masked_fill(held, 0.0)
        down = (way * gradient).sum(1) < 0
        way = torch.where(down[:, None], way, -gradient.masked_fill(held, 0.0))
        length = x.new_ones(len(x))
        first = ~(rho != 0).any(0)
        length = torch.where(first, 1 / way.abs().amax(1).clamp_min(1.0), length)
        accepted = ~running
        new_x, new_value, new_gradient = x, value, gradient
        for _ in range(MOST_HALVINGS):
            trial = torch.where(accepted[:, None], new_x, (x + length[:, None] * way).clamp(low, high))
            trial_value, trial_gradient = objective(trial)
            enough = trial_value <= value + SUFFICIENT * (gradient * (trial - x)).sum(1)
            now = ~accepted & enough & trial_value.isfinite()
            new_x = torch.where(now[:, None], trial, new_x)
            new_value = torch.where(now, trial_value, new_value)
            new_gradient = torch.where(now[:, None], trial_gradient, new_gradient)
            accepted = accepted | now
            if bool(accepted.all()):
                break
            length = torch.where(accepted, length, length / 2)
        failed = ~accepted
        stuck = stuck | (failed & first)  # not even straight down
        rho = torch.where(failed, 0.0, rho)
        move, turn = new_x - x, new_gradient - gradient
        bent = (move * turn).sum(1)
        good = running & accepted & (bent > 1e-12 * (move * move).sum(1))
        place = iteration % HISTORY
        moves[place], turns[place] = move, turn
        rho[place] = torch.where(good, 1 / torch.where(good, bent, 1.0), 0.0)
        scale = torch.where(good, bent / (turn * turn).sum(1).clamp_min(1e-300), scale)
        count += running & accepted
        x, value, gradient = new_x, new_value, new_gradient
    residual = _residual(x, gradient, low, high)
    return Minimum(x, value, residual, active & (residual <= tolerance), count)


def _residual(x: Tensor, gradient: Tensor, low: Tensor, high: Tensor) -> Tensor:
    return (x - (x - gradient).clamp(low, high)).abs().amax(1)


def _direction(q: Tensor, moves: Tensor, turns: Tensor, rho: Tensor, scale: Tensor, order: list[int]) -> Tensor:
    """The two-loop recursion; ``order`` has the newest first. Entries whose ``rho`` is 0 have no effect."""
    kept = []
    for place in order:
        share = rho[place] * (moves[place] * q).sum(1)
        kept.append(share)
        q = q - share[:, None] * turns[place]
    q = q * scale[:, None]
    for place, share in zip(reversed(order), reversed(kept), strict=True):
        back = rho[place] * (turns[place] * q).sum(1)
        q = q + (share - back)[:, None] * moves[place]
    return q
