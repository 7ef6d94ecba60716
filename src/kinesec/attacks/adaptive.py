"""An attack by someone who knows the defence (ours): PGD on the margin of the logits that the defence cannot mask."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import torch

from kinesec.attacks.base import Estimate, Gradients, Lanes
from kinesec.attacks.engine.criteria import Criterion
from kinesec.attacks.pgd import PGD
from kinesec.models.recognizers.base import Recognizer
from kinesec.settings import Count, Whole


@dataclass(frozen=True, kw_only=True)
class Adaptive(PGD):
    """PGD whose loss is the true class's lead over the next one, which no saturated softmax hides.

    The gradient is that of ``Recognizer.exposed``, what an attacker who knows the defence follows: the recognizer
    beside the mean of its appended networks; one with noise, averaged over ``draws``; a network that was trained
    against attacks, itself. Success is what the defended recognizer says; it goes on
    after it, so that other noise is fooled too. ``iterations`` are ours.
    """

    iterations: Whole = 100
    draws: Count = 4
    after_success: Literal["stop", "continue", "ignore"] = "ignore"

    def estimator(self) -> Estimate:
        return partial(exposed, draws=self.draws)


def exposed(model: Recognizer, lanes: Lanes, criterion: Criterion, *, draws: int) -> Gradients:
    """The recognizer's own logits and loss, and the gradient of the exposed logits' margin, averaged over draws."""
    logits = model(lanes.x)
    total = torch.zeros_like(lanes.x)
    for _ in range(0 if lanes.last_look else draws):
        x = lanes.x.detach().requires_grad_()
        with torch.enable_grad():
            lead = criterion.margin(model.exposed(x, lanes.drawn), lanes.label, lanes.target)
            total.add_(torch.autograd.grad(lead.sum(), x)[0])
    gradient = total.div_(draws)
    return logits, criterion.loss(logits, lanes.label, lanes.target), gradient.mul_(lanes.present)


NAME = "adaptive PGD"
ATTACK = Adaptive
BOUNDED = True
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
