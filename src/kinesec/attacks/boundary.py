"""The boundary attack with BASAR's exploration and aimed probing, and no projection: BASAR's ablation.

After Brendel et al. (ICLR 2018), with proposals per coordinate axis as in BASAR (Diao et al., CVPR 2021, equation 2).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from kinesec.attacks._hard_label import HardLabelAttack
from kinesec.attacks.engine.decision import Ground, Walk
from kinesec.attacks.engine.exploration import Exploration, Keep
from kinesec.settings import SOME, Count, NotNegative, Positive, Whole

# The released code: at these l (normalised) or less, a larger size than the second number becomes the third
OFFICIAL_CAPS = ((0.1, 0.2, 0.1), (0.05, 0.1, 0.05), (0.025, 0.05, 0.025))


@dataclass(frozen=True, kw_only=True)
class Boundary(HardLabelAttack):
    """The released code's numbers, of which the description has none.

    ``proposals`` random clips a step, ``size`` (lambda) of the distance to the clean clip away at first, ``highest`` at
    most; ``caps`` as (l, above, size). ``joints`` (joint,) weigh the proposals (W); the description gives no weights:
    null is 1 each. ``keep``: ``nearest`` (ours) takes back a step that led away and explores less after it, more after
    others; ``last`` goes on from wherever a step leads.
    """

    iterations: Whole = 500
    budget: Count | None = None
    starts: Count = 100
    proposals: Count = 5
    size: Positive = 0.1
    highest: Positive = 0.4
    caps: Sequence[Sequence[float]] = ()
    joints: Annotated[Sequence[NotNegative], SOME] | None = None
    keep: Keep = "nearest"
    project_every: Whole = 0
    acceleration_weight: NotNegative = 1.0
    margin_degrees: NotNegative = 2.0
    tolerance: Positive = 5e-4
    solver_iterations: Count = 500

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need(all(len(cap) == 3 for cap in self.caps), "caps", "lists of an l and two sizes")

    def walk(self, ground: Ground) -> Walk:
        count = ground.here.shape[3]
        self.need(self.joints is None or len(self.joints) == count, "joints", f"{count} weights, one a joint, or null")
        return Exploration(
            ground,
            proposals=self.proposals,
            size=self.size,
            highest=self.highest,
            caps=[(float(up_to), float(above), float(size)) for up_to, above, size in self.caps],
            joints=self.joints,
            keep=self.keep,
        )


NAME = "boundary"
ACCESS = "labels"
ATTACK = Boundary
PRESETS: dict[str, dict[str, Any]] = {"paper": {}, "official": {"caps": OFFICIAL_CAPS, "keep": "last"}}
