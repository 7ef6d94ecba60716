"""MI-FGSM: momentum iterative fast gradient sign method (Dong et al., CVPR 2018)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kinesec.attacks._bounded import Bounded, Momentum
from kinesec.attacks.base import Course, Lanes
from kinesec.settings import NotNegative, Positive, Whole


@dataclass(frozen=True, kw_only=True)
class MIFGSM(Bounded):
    """Algorithm 1: ``decay`` of the momentum 1, ten steps of a tenth of the bound, the paper's 16/255 for images."""

    epsilon: Positive = 16 / 255
    step: Positive = 1.6 / 255
    iterations: Whole = 10
    decay: NotNegative = 1.0

    def course(self, lanes: Lanes) -> Course:
        return Momentum(lanes, self, self.decay)


NAME = "MI-FGSM"
ATTACK = MIFGSM
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
