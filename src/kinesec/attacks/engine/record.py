"""What is kept of each clip under attack: the clip itself and how it came about."""

from __future__ import annotations

import math

import numpy as np
import torch
from torch import Tensor

from kinesec.attacks.engine.lanes import Lanes
from kinesec.attacks.engine.problem import Problem
from kinesec.errors import KinesecError
from kinesec.samples.adversarial import Adversarial


class Record:
    """Adversarial clips in the making; see ``Attack`` for what ``after_success`` keeps."""

    def __init__(self, problem: Problem, target: np.ndarray, name: str, budget: int, after_success: str) -> None:
        self.problem, self.target, self.name = problem, target, name
        self.budget, self.after_success = budget, after_success
        count = len(problem)
        self.position = problem.position.clone()
        self.claimed = np.zeros(count, dtype=bool)
        self.iterations, self.queries = np.zeros(count, np.int64), np.zeros(count, np.int64)
        self.first_success = np.full(count, -1)
        self.class_loss, self.perceptual_loss = np.full(count, np.nan), np.full(count, np.nan)
        self.evaluated = 0

    def _better(self, clip: int, won: bool, last: bool, cost: float) -> bool:
        """Whether the clip as it is now takes the place of what is kept of it."""
        if self.after_success == "ignore":
            return last
        if self.claimed[clip]:
            return won and cost < self.perceptual_loss[clip]
        return won or last

    def note(self, lanes: Lanes, met: Tensor, loss: Tensor, cost: Tensor) -> int:
        """Keeps what is worth it, counts one evaluation, and lets clips leave that need no more; how many those are."""
        success, losses, costs = torch.stack([met.to(loss), loss, cost.to(loss)]).tolist()
        self.evaluated += lanes.width
        kept: list[tuple[int, int]] = []
        left = 0
        for lane in lanes.active:
            clip, step, won = lanes.clip[lane], lanes.iteration[lane], bool(success[lane])
            if not (math.isfinite(losses[lane]) and math.isfinite(costs[lane])):
                raise KinesecError(
                    f"attack {self.name!r}: clip {self.problem.row[clip]}: found a loss that is not finite after "
                    f"{step} iterations, expected a number; take smaller steps"
                )
            self.queries[clip] += 1
            if won and self.first_success[clip] < 0:
                self.first_success[clip] = step
            last = step >= self.budget
            if self._better(clip, won, last, costs[lane]):
                kept.append((clip, lane))
                self.claimed[clip], self.iterations[clip] = won, step
                self.class_loss[clip], self.perceptual_loss[clip] = losses[lane], costs[lane]
            lanes.iteration[lane] += 1
            if last or (won and self.after_success == "stop"):
                lanes.clip[lane] = -1
                left += 1
        if kept:
            clips, of = (torch.tensor(index) for index in zip(*kept, strict=True))
            self.position[clips] = lanes.x[of.to(lanes.x.device)].to(self.position)
        return left

    def adversarial(self) -> Adversarial:
        """All that was kept."""
        return Adversarial(
            position=self.position.numpy(),
            row=self.problem.row,
            label=self.problem.label.numpy(),
            target=self.target,
            claimed=self.claimed,
            iterations=self.iterations,
            first_success=self.first_success,
            queries=self.queries,
            class_loss=self.class_loss,
            perceptual_loss=self.perceptual_loss,
            evaluated=self.evaluated,
        )
