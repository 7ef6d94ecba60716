"""APGD: PGD whose steps shorten where they gain too little (Croce and Hein, ICML 2020)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import torch
from torch import Tensor

from kinesec.attacks._bounded import Bounded, RandomStart, Within
from kinesec.attacks.base import Course, Estimate, Lanes
from kinesec.attacks.engine.margin import Loss, by_loss
from kinesec.attacks.engine.steps import each
from kinesec.settings import Positive, Share, Whole

NEARLY = 1e-9  # shares are sums of decimals
KEPT = 0.75  # alpha: the share of the newest step, what is left is the step before's


@dataclass(frozen=True, kw_only=True)
class APGD(Bounded):
    """Algorithm 1: 100 steps from a random start, the first of twice the bound.

    ``step`` is the first step. ``rho`` is the share of steps since the last checkpoint that must have lowered the loss.
    ``loss`` ``dlr`` is the margin by which a clip is not yet adversarial over the difference of the largest logit and
    the third (equation 6; for ABn and SA ours), ``margin`` the margin alone, ``strategy`` the strategy's own.
    """

    epsilon: Positive = 8 / 255
    step: Positive = 16 / 255
    iterations: Whole = 100
    random_start: bool = True
    rho: Share = 0.75
    loss: Loss = "dlr"

    def course(self, lanes: Lanes) -> Course:
        return Adaptive(lanes, self)

    def estimator(self) -> Estimate:
        return partial(by_loss, self.loss)


def checkpoints(iterations: int) -> list[int]:
    """After how many steps it is asked whether the steps are too long (section 3.1)."""
    shares = [0.0, 0.22]
    while shares[-1] < 1:
        shares.append(shares[-1] + max(shares[-1] - shares[-2] - 0.03, 0.06))
    return sorted({math.ceil(share * iterations - NEARLY) for share in shares if share <= 1})


class Adaptive(RandomStart):
    """Steps with momentum; at a checkpoint that finds too little gained they halve, and go on from the best point."""

    def __init__(self, lanes: Lanes, attack: APGD) -> None:
        super().__init__(lanes, attack)
        zeros, lane = torch.zeros_like(lanes.x), lanes.x.new_zeros(lanes.width)
        self.before, self.best, self.best_gradient = zeros, zeros.clone(), zeros.clone()
        self.size, self.size_then = lane, lane.clone()
        self.last_loss, self.best_loss, self.best_then, self.gains = (lane.clone() for _ in range(4))
        # how many steps lie between a checkpoint and the one before; 0 where there is none
        marks = checkpoints(attack.iterations)
        spans = [0] * (attack.iterations + 1)
        for last, mark in pairwise(marks):
            spans[mark] = mark - last
        self.spans, self.rho, self.random_start = spans, attack.rho, attack.random_start

    def enter(self, lane: int) -> None:
        if self.random_start:
            super().enter(lane)
        else:
            Within.enter(self, lane)
        self.before[lane] = self.lanes.x[lane]
        self.size[lane] = self.size_then[lane] = self.attack.step
        self.last_loss[lane] = self.best_loss[lane] = self.best_then[lane] = torch.inf
        self.gains[lane] = 0

    def _spans(self, iteration: Sequence[int]) -> Tensor:
        # ``iteration`` counts the step that is about to be made
        return self.size.new_tensor([self.spans[min(max(0, step - 1), len(self.spans) - 1)] for step in iteration])

    def advance(self, class_gradient: Tensor, cost_gradient: Tensor | None) -> None:
        x, began = self.lanes.x, self.last_loss < torch.inf
        self.gains += (self.loss < self.last_loss) & began
        better = self.loss < self.best_loss
        self.best_loss = torch.where(better, self.loss, self.best_loss)
        self.best.copy_(torch.where(each(better), x, self.best))
        self.best_gradient.copy_(torch.where(each(better), class_gradient, self.best_gradient))
        gradient = self._checked(class_gradient)
        self.last_loss = self.loss

        here = x.clone()
        x.sub_(self.direction(gradient) * each(self.size))
        self.keep(slice(None))
        # the first step has none before it: there ``before`` is ``here``, and the whole step is made
        share = each(torch.where(began, KEPT, 1.0))
        x.copy_(here + share * (x - here) + (1 - share) * (here - self.before))
        self.keep(slice(None))
        self.before = here

    def _checked(self, gradient: Tensor) -> Tensor:
        """The gradient to follow; where a checkpoint finds too little gained, lanes stand at their best point again."""
        spans = self._spans(self.lanes.iteration)
        at = spans > 0
        stuck = (self.size == self.size_then) & (self.best_loss == self.best_then)
        short = at & ((self.gains < self.rho * spans) | stuck)
        self.size_then = torch.where(at, self.size, self.size_then)
        self.best_then = torch.where(at, self.best_loss, self.best_then)
        self.gains = torch.where(at, 0.0, self.gains)
        self.size = torch.where(short, self.size / 2, self.size)
        # the loss of the point that is gone back to is known; whether the next is lower is counted from there
        self.loss = torch.where(short, self.best_loss, self.loss)
        self.lanes.x.copy_(torch.where(each(short), self.best, self.lanes.x))
        return torch.where(each(short), self.best_gradient, gradient)


NAME = "APGD"
ATTACK = APGD
BOUNDED = True
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
