"""SMART: skeletal motion action recognition attack (Wang et al., CVPR 2021).

Minimises ``w L_c + (1 - w) L_p`` from the clean clip on, where the perceptual loss ``L_p`` is
``alpha sum_n beta_n |q^(n) - q'^(n)|^2 + (1 - alpha) |Bl(q) - Bl(q')|^2`` (equations 2 to 5).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

from kinesec.attacks._mixed import Mixed
from kinesec.attacks.base import AfterSuccess, Box, Course, Estimate, GradientAttack, Lanes, plain
from kinesec.attacks.engine.margin import by_loss
from kinesec.attacks.engine.perceptual import HIGHEST_ORDER, Distortion, Reduction
from kinesec.attacks.engine.steps import Adam, Descent
from kinesec.settings import NotNegative, Positive, Share, Whole

Terms = Literal["l2", "l2_acc", "l2_bone", "smart"]


@dataclass(frozen=True, kw_only=True)
class SMART(GradientAttack):
    """The paper's settings; what it does not say is ours (docs/definitions.md, section 9).

    ``weight`` w, ``alpha`` and ``beta`` (order of the derivative, up to 4, to its weight) as in the equations.
    ``terms`` leaves some out (section 4.5), the weights of the others then add up to one. ``reduction`` is how squared
    norms are reduced, ``dt`` the time between frames, ``limb_weight`` and ``trunk_weight`` weigh joints' positions.
    ``class_loss`` ``margin`` (ours) leads by the margin in logits in place of L_c: equation 7 wants all classes alike,
    whichever stand before the true one.
    ``optimiser`` ``adam`` or ``gd`` with ``rate``; ``clip_update`` is the longest step in a clip's L2 norm, ``epsilon``
    the farthest a coordinate may go, ``box`` the range it may be in.
    """

    weight: Share = 0.4
    alpha: Share = 0.3
    beta: Mapping[int, float] = field(default_factory=lambda: {0: 0.6, 2: 0.4})
    terms: Terms = "smart"
    reduction: Reduction = "frame_mean"
    class_loss: Literal["strategy", "margin"] = "strategy"
    optimiser: Literal["adam", "gd"] = "adam"
    rate: Positive = 0.005
    iterations: Whole = 300
    after_success: AfterSuccess = "stop"
    dt: Positive = 1.0
    limb_weight: NotNegative = 1.0
    trunk_weight: NotNegative = 1.0
    clip_update: Positive | None = None
    epsilon: Positive | None = None
    box: Box | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need_beta()

    def need_beta(self) -> None:
        """Checks ``beta`` and makes its keys numbers, which JSON and YAML may have as text."""
        expected = f"orders from 0 to {HIGHEST_ORDER} with weights from 0, some of them above"
        try:
            beta = {int(order): float(weight) for order, weight in self.beta.items()}
        except (AttributeError, TypeError, ValueError):
            beta = {}
        fits = all(0 <= order <= HIGHEST_ORDER and weight >= 0 for order, weight in beta.items())
        self.need(fits and sum(beta.values()) > 0, "beta", expected)
        object.__setattr__(self, "beta", beta)

    @property
    def settings(self) -> dict[str, Any]:
        return {**super().settings, "beta": {str(order): weight for order, weight in self.beta.items()}}

    @property
    def term_weights(self) -> tuple[dict[int, float], float]:
        """The weights of the derivatives by order, and of the bone lengths."""
        derivatives = {order: self.alpha * weight for order, weight in self.beta.items()}
        bone = 1 - self.alpha
        if self.terms == "smart":
            return derivatives, bone
        kept = {0, 2} if self.terms == "l2_acc" else {0}
        derivatives = {order: weight for order, weight in derivatives.items() if order in kept}
        bone = bone if self.terms == "l2_bone" else 0.0
        total = sum(derivatives.values()) + bone
        self.need(total > 0, "terms", "terms of which some weigh more than nothing")
        return {order: weight / total for order, weight in derivatives.items()}, bone / total

    def distortion(self, lanes: Lanes) -> Distortion:
        """The perceptual loss over just these lanes."""
        derivatives, bone = self.term_weights
        trunk = set(lanes.problem.geometry.trunk)
        joints = [self.trunk_weight if j in trunk else self.limb_weight for j in range(lanes.clean.shape[3])]
        return Distortion(
            lanes,
            derivatives=derivatives,
            bone=bone,
            reduction=self.reduction,
            dt=self.dt,
            joints=joints if set(joints) != {1.0} else None,
        )

    def estimator(self) -> Estimate:
        return plain if self.class_loss == "strategy" else partial(by_loss, self.class_loss)

    def course(self, lanes: Lanes) -> Course:
        return Mixed(
            lanes,
            self.distortion(lanes),
            Adam(lanes.x, self.rate) if self.optimiser == "adam" else Descent(self.rate),
            weights=(self.weight, 1 - self.weight),
            reduction=self.reduction,
            clip_update=self.clip_update,
            epsilon=self.epsilon,
            box=self.box,
        )


NAME = "SMART"
ATTACK = SMART
# .40 position, .18 acceleration, .42 bones: the weights of the released code, in the paper's symbols
_RELEASED = {"weight": 0.6, "alpha": 0.58, "beta": {0: 0.4 / 0.58, 2: 0.18 / 0.58}, "optimiser": "gd", "rate": 0.01}
_SECONDS = {"dt": 1 / 30, "limb_weight": 0.02, "trunk_weight": 0.04}
PRESETS: dict[str, dict[str, Any]] = {
    "paper": {},
    "official": {**_RELEASED, **_SECONDS, "reduction": "frame_normalised", "iterations": 1000},
    "beat": {**_RELEASED, **_SECONDS, "reduction": "normalised", "iterations": 1000, "clip_update": 0.005},
    "robustbench": {
        "weight": 0.6,
        "optimiser": "gd",
        "rate": 0.01,
        **_SECONDS,
        "reduction": "normalised",
        "iterations": 200,
        "epsilon": 0.01,
    },
}
