"""MI-FGSM: momentum iterative fast gradient sign method (Dong et al., CVPR 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from kinesec.attacks._bounded import Bounded, Momentum, Within
from kinesec.attacks.base import Course, Lanes
from kinesec.attacks.engine.steps import TINY, each
from kinesec.settings import NotNegative, Positive, Whole


@dataclass(frozen=True, kw_only=True)
class MIFGSM(Bounded):
    """Algorithm 1: ``decay`` of the momentum 1, ten steps of a tenth of the bound, the paper's 16/255 for images.

    ``scale`` ``mean``, as RobustBenchHAR's, adds gradients as they are, not each over its L1 length, and divides their
    sum by the mean of its absolute values in place of its signs.
    """

    epsilon: Positive = 16 / 255
    step: Positive = 1.6 / 255
    iterations: Whole = 10
    decay: NotNegative = 1.0
    scale: Literal["sign", "mean"] = "sign"

    def course(self, lanes: Lanes) -> Course:
        return Momentum(lanes, self, self.decay) if self.scale == "sign" else Raw(lanes, self, self.decay)


class Raw(Within):
    """Follows the sum of what is left of earlier gradients and the newest, over its mean absolute value."""

    def __init__(self, lanes: Lanes, attack: Bounded, decay: float) -> None:
        super().__init__(lanes, attack)
        self.decay = decay
        self.sum = torch.zeros_like(lanes.x)

    def enter(self, lane: int) -> None:
        super().enter(lane)
        self.sum[lane] = 0

    def direction(self, gradient: Tensor) -> Tensor:
        self.sum.mul_(self.decay).add_(gradient)
        mean = self.sum.flatten(1).abs().sum(1) / (3 * self.count.flatten())
        return self.sum / each(mean.clamp_min(TINY))


NAME = "MI-FGSM"
ATTACK = MIFGSM
BOUNDED = True
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "robustbench": {"decay": 0.1, "scale": "mean", "epsilon": 0.01, "step": 0.01, "iterations": 200},
}
