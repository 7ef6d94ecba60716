"""PGD: projected gradient descent (Madry et al., ICLR 2018), in the L_inf or the L2 ball."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from kinesec.attacks._bounded import Bounded, RandomStart, Within
from kinesec.attacks.base import Course, Lanes
from kinesec.settings import Positive, Whole


@dataclass(frozen=True, kw_only=True)
class PGD(Bounded):
    """Section 2.1 and appendix: 20 steps of 2/255 within 8/255 from a random start, the paper's for images in [0, 1].

    Skeletons have no such range: what a bound means in mm depends on the clips' ``scale_mm``.
    """

    epsilon: Positive = 8 / 255
    step: Positive = 2 / 255
    iterations: Whole = 20
    random_start: bool = True

    def course(self, lanes: Lanes) -> Course:
        return (RandomStart if self.random_start else Within)(lanes, self)


NAME = "PGD"
ATTACK = PGD
BOUNDED = True
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
