"""IAA: FGSM and BIM on time series (Ismail Fawaz et al., IJCNN 2019), one of SMART's comparators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from torch import Tensor

from kinesec.attacks._bounded import Bounded, Within
from kinesec.attacks.base import Course, Lanes
from kinesec.attacks.engine.steps import TINY, each
from kinesec.settings import Positive, Whole


@dataclass(frozen=True, kw_only=True)
class IAA(Bounded):
    """BIM: ``iterations`` steps of ``step`` within ``epsilon``; FGSM is one step of the bound's size.

    ``scale`` ``sign`` takes the gradient's signs, as the paper; ``mean`` divides it by the mean of its absolute values,
    as RobustBenchHAR's I-FGSM.
    """

    step: Positive = 0.0005
    iterations: Whole = 1000
    scale: Literal["sign", "mean"] = "sign"

    def course(self, lanes: Lanes) -> Course:
        return Within(lanes, self) if self.scale == "sign" else MeanScaled(lanes, self)


class MeanScaled(Within):
    """Steps of the gradient over its mean absolute value, over what is there of a clip."""

    def direction(self, gradient: Tensor) -> Tensor:
        mean = gradient.flatten(1).abs().sum(1) / (3 * self.count.flatten())
        return gradient / each(mean.clamp_min(TINY))


NAME = "IAA"
ATTACK = IAA
BOUNDED = True
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},  # as its text is quoted (papers/skeleton-attacks.md, section 4)
    "official": {"step": 0.05, "iterations": 10},  # the released code's
    "fgsm": {"step": 0.1, "iterations": 1},
    "robustbench": {"scale": "mean", "epsilon": 0.01, "step": 0.01, "iterations": 200},
}
