"""EOT: expectation over transformation (Athalye et al., ICML 2018), around any other attack.

The gradient of the classification loss is averaged over draws: of a transformation of the clip, or of the model's own
chance. Whether a clip is adversarial is asked of the clip itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor, nn

from kinesec.attacks.base import (
    AfterSuccess,
    Course,
    Estimate,
    GradientAttack,
    Gradients,
    Lanes,
    build,
    gradient_at,
)
from kinesec.attacks.engine.criteria import Criterion
from kinesec.errors import ConfigError
from kinesec.models.recognizers.base import Recognizer
from kinesec.settings import Count, NotNegative


def noise(x: Tensor, lanes: Lanes, size: float) -> Tensor:
    """Normal noise of standard deviation ``size`` (normalised units) on bodies and frames that are there."""
    drawn = lanes.drawn(lambda chance: torch.randn(x.shape[1:], generator=chance))
    return x + size * drawn * lanes.present


def yaw(x: Tensor, lanes: Lanes, size: float) -> Tensor:
    """A turn about the vertical by up to ``size`` degrees either way, of the body itself and not of its coordinates."""
    angle = math.radians(size) * lanes.drawn(lambda chance: 2 * torch.rand(1, generator=chance) - 1)[:, 0]
    cosine, sine, zero = angle.cos(), angle.sin(), torch.zeros_like(angle)
    rows = [torch.stack(row, -1) for row in ((cosine, zero, sine), (zero, zero + 1, zero), (-sine, zero, cosine))]
    turn = torch.stack(rows, -2)[:, None, None]
    mean = x.new_tensor(lanes.problem.geometry.mean.tolist())
    return ((x + mean) @ turn.transpose(-1, -2) - mean) * lanes.present


def none(x: Tensor, lanes: Lanes, size: float) -> Tensor:
    """The clip as it is: draws are those of a model that answers otherwise each time."""
    return x


Transform = Callable[[Tensor, Lanes, float], Tensor]
TRANSFORMS: dict[str, Transform] = {"noise": noise, "yaw": yaw, "none": none}


@dataclass(frozen=True, kw_only=True)
class EOT(GradientAttack):
    """``attack`` names another attack (``attack``, ``preset``, ``settings``); ``draws`` a step of a ``transform``.

    ``size`` is the noise's standard deviation or the largest turn in degrees; of ``defence`` draws are the recognizer's
    own (``Recognizer.draw``): the noise or the network that a defence draws. The paper's number of draws is not fixed.
    """

    attack: Mapping[str, Any] = field(default_factory=lambda: {"attack": "pgd"})
    draws: Count = 10
    transform: Literal["noise", "yaw", "none", "defence"] = "noise"
    size: NotNegative = 0.01
    iterations: int = field(init=False, repr=False)
    after_success: AfterSuccess = field(init=False, repr=False)
    inner: GradientAttack = field(init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        named = "attack" in self.attack and set(self.attack) <= {"attack", "preset", "settings"}
        self.need(named and self.attack["attack"] != "eot", "attack", "{attack: a name, preset: ..., settings: ...}")
        inner = build(self.attack["attack"], self.attack.get("settings", {}), self.attack.get("preset", "paper"))
        if not isinstance(inner, GradientAttack):
            raise ConfigError(f"attack 'eot': attack: found {inner.name!r}, expected an attack by gradients")
        object.__setattr__(self, "inner", inner)
        object.__setattr__(self, "iterations", inner.iterations)
        object.__setattr__(self, "after_success", inner.after_success)

    @property
    def settings(self) -> dict[str, Any]:
        inner = {"preset": "paper", **self.attack, "settings": self.inner.settings}
        return {**super().settings, "attack": inner, "after_success": self.after_success}

    def with_budget(self, iterations: int) -> EOT:
        changed = {**self.attack, "settings": {**self.attack.get("settings", {}), "iterations": iterations}}
        return replace(self, attack=changed)

    def course(self, lanes: Lanes) -> Course:
        return self.inner.course(lanes)

    def estimator(self) -> Estimate:
        if self.transform == "defence":
            return partial(over_defence, draws=self.draws)
        return partial(averaged, draws=self.draws, transform=TRANSFORMS[self.transform], size=self.size)


def averaged(
    model: nn.Module, lanes: Lanes, criterion: Criterion, *, draws: int, transform: Transform, size: float
) -> Gradients:
    """The clips' own logits and loss, and the gradient averaged over draws."""

    def drawn(x: Tensor, lanes: Lanes) -> Tensor:
        return transform(x, lanes, size)

    logits = model(lanes.x)
    total = torch.zeros_like(lanes.x)
    for _ in range(0 if lanes.last_look else draws):
        total.add_(gradient_at(model, lanes, criterion, drawn)[2])
    return logits, criterion.loss(logits, lanes.label, lanes.target), total.div_(draws)


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
