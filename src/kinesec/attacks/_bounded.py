"""Attacks that climb the classification loss alone, within a bound: FGSM, BIM, PGD, MI-FGSM."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from kinesec.attacks.base import Box, Course, GradientAttack, Lanes
from kinesec.attacks.engine.steps import TINY, bound, each, norms, unit
from kinesec.settings import Positive, Whole

Norm = Literal["inf", "l2"]


@dataclass(frozen=True, kw_only=True)
class Bounded(GradientAttack):
    """Steps of one size, ``step``, within ``epsilon`` of the clean clip (normalised units) and, if given, in ``box``.

    A step is the gradient's signs (``norm`` ``inf``) or the gradient at length one (``l2``, each clip's).
    """

    epsilon: Positive = 0.1
    step: Positive = 0.01
    iterations: Whole = 10
    norm: Norm = "inf"
    after_success: Literal["stop", "continue", "ignore"] = "stop"  # there is no other loss to refine
    box: Box | None = None

    def course(self, lanes: Lanes) -> Course:
        return Within(lanes, self)


class Within(Course):
    """Steps downhill within the attack's bounds; the perceptual loss is the mean squared displacement."""

    def __init__(self, lanes: Lanes, attack: Bounded) -> None:
        super().__init__(lanes)
        self.attack = attack
        self.count = each(torch.zeros(lanes.width)).to(lanes.x)
        self.low, self.high = torch.zeros_like(lanes.x), torch.zeros_like(lanes.x)

    def enter(self, lane: int) -> None:
        self.count[lane] = self.lanes.present[lane].sum() * self.lanes.x.shape[3]
        # once a clip, not once a step
        for end, way in ((self.low, -1), (self.high, 1)):
            end[lane] = self.lanes.clean[lane] + way * self.attack.epsilon
            if self.attack.box is not None:
                end[lane] = end[lane].clamp(*self.attack.box) * self.lanes.present[lane]

    def cost(self) -> tuple[Tensor, Tensor | None]:
        moved = self.lanes.x - self.lanes.clean
        return norms(moved).square() / self.count.flatten(), None

    def direction(self, gradient: Tensor) -> Tensor:
        """Where a step of size one goes, uphill."""
        return gradient.sign() if self.attack.norm == "inf" else unit(gradient)

    def advance(self, class_gradient: Tensor, cost_gradient: Tensor | None) -> None:
        self.lanes.x.sub_(self.direction(class_gradient), alpha=self.attack.step)
        self.keep(slice(None))

    def keep(self, lanes: slice) -> None:
        """Brings some lanes back within the bounds."""
        if self.attack.norm == "inf":
            self.lanes.x[lanes].clamp_(self.low[lanes], self.high[lanes])
            return
        x, clean, present = (values[lanes] for values in (self.lanes.x, self.lanes.clean, self.lanes.present))
        bound(x, clean, present, epsilon=self.attack.epsilon, norm=self.attack.norm, box=self.attack.box)


class RandomStart(Within):
    """Begins anywhere within the bound; each clip by its own chance."""

    def enter(self, lane: int) -> None:
        super().enter(lane)
        if not self.attack.iterations:
            return
        lanes, epsilon = self.lanes, self.attack.epsilon
        generator, shape = lanes.generator(lane), lanes.x.shape[1:]
        if self.attack.norm == "inf":
            away = 2 * torch.rand(shape, generator=generator) - 1
        else:
            way = torch.randn(shape, generator=generator) * lanes.present[lane].cpu()
            dims = 3 * float(self.count[lane, 0, 0, 0, 0])
            away = way / way.norm().clamp_min(TINY) * float(torch.rand(1, generator=generator)) ** (1 / max(dims, 1))
        lanes.x[lane] += epsilon * away.to(lanes.x) * lanes.present[lane]
        self.keep(slice(lane, lane + 1))


class Momentum(Within):
    """Follows what is left of earlier gradients, each brought to an L1 length of one first, as well as the newest."""

    def __init__(self, lanes: Lanes, attack: Bounded, decay: float) -> None:
        super().__init__(lanes, attack)
        self.decay = decay
        self.sum = torch.zeros_like(lanes.x)

    def enter(self, lane: int) -> None:
        super().enter(lane)
        self.sum[lane] = 0

    def direction(self, gradient: Tensor) -> Tensor:
        self.sum.mul_(self.decay).add_(gradient / each(gradient.flatten(1).abs().sum(1).clamp_min(TINY)))
        return super().direction(self.sum)
