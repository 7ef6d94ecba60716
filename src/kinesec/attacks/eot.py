"""EOT: expectation over transformation (Athalye et al., ICML 2018), around any other attack.

The gradient of the classification loss is averaged over draws: of a transformation of the clip, or of the model's own
chance. Whether a clip is adversarial is asked of the clip itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from kinesec.attacks._around import Around, averaged
from kinesec.attacks.base import Estimate, Gradients, Lanes, gradient_at
from kinesec.attacks.engine.criteria import Criterion
from kinesec.attacks.engine.transforms import turned
from kinesec.models.recognizers.base import Recognizer
from kinesec.settings import Count, NotNegative


def noise(x: Tensor, lanes: Lanes, size: float) -> Tensor:
    """Normal noise of standard deviation ``size`` (normalised units) on bodies and frames that are there."""
    drawn = lanes.drawn(lambda chance: torch.randn(x.shape[1:], generator=chance))
    return x + size * drawn * lanes.present


def yaw(x: Tensor, lanes: Lanes, size: float) -> Tensor:
    """A turn about the vertical by up to ``size`` degrees either way, of the body itself and not of its coordinates."""
    angle = math.radians(size) * lanes.drawn(lambda chance: 2 * torch.rand(1, generator=chance) - 1)[:, 0]
    return turned(x, lanes, angle)


def none(x: Tensor, lanes: Lanes, size: float) -> Tensor:
    """The clip as it is: draws are those of a model that answers otherwise each time."""
    return x


WRAPS = "pgd"  # where ``attack`` names no other
TRANSFORMS: dict[str, Callable[[Tensor, Lanes, float], Tensor]] = {"noise": noise, "yaw": yaw, "none": none}


@dataclass(frozen=True, kw_only=True)
class EOT(Around):
    """``draws`` a step of a ``transform``, around ``attack``.

    ``size`` is the noise's standard deviation or the largest turn in degrees; of ``defence`` draws are the recognizer's
    own (``Recognizer.draw``): the noise or the network that a defence draws. The paper's number of draws is not fixed.
    """

    attack: Mapping[str, Any] = field(default_factory=lambda: {"attack": WRAPS})
    draws: Count = 10
    transform: Literal["noise", "yaw", "none", "defence"] = "noise"
    size: NotNegative = 0.01

    def estimator(self) -> Estimate:
        if self.transform == "defence":
            return partial(over_defence, draws=self.draws)
        transform = TRANSFORMS[self.transform]
        return partial(averaged, draws=self.draws, transform=lambda x, lanes: transform(x, lanes, self.size))


def over_defence(model: Recognizer, lanes: Lanes, criterion: Criterion, *, draws: int) -> Gradients:
    """The clips' own logits and loss, and the gradient averaged over draws of the recognizer's own chance."""
    logits = model(lanes.x)
    total = torch.zeros_like(lanes.x)
    for _ in range(0 if lanes.last_look else draws):
        total.add_(gradient_at(lambda x: model.draw(x, lanes.drawn), lanes, criterion)[2])
    return logits, criterion.loss(logits, lanes.label, lanes.target), total.div_(draws)


NAME = "EOT"
ATTACK = EOT
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
