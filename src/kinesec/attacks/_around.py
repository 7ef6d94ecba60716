"""Attacks around another attack by gradients, which differ from it in the gradient that they follow."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

import torch
from torch import Tensor, nn

from kinesec.attacks.base import AfterSuccess, Course, GradientAttack, Gradients, Lanes, build, gradient_at, plain
from kinesec.attacks.engine.criteria import Criterion
from kinesec.errors import ConfigError

Transform = Callable[[Tensor, Lanes], Tensor]


@dataclass(frozen=True, kw_only=True)
class Around(GradientAttack):
    """``attack`` names the other attack (``attack``, ``preset``, ``settings``), which says all that is not here."""

    attack: Mapping[str, Any]
    iterations: int = field(init=False, repr=False)
    after_success: AfterSuccess = field(init=False, repr=False)
    inner: GradientAttack = field(init=False, repr=False)

    def __post_init__(self) -> None:
        super().__post_init__()
        named = "attack" in self.attack and set(self.attack) <= {"attack", "preset", "settings"}
        named = named and self.attack["attack"] != self.name
        self.need(named, "attack", "{attack: another's name, preset: ..., settings: ...}")
        inner = build(self.attack["attack"], self.attack.get("settings", {}), self.attack.get("preset", "paper"))
        if not isinstance(inner, GradientAttack) or inner.estimator() is not plain:
            raise ConfigError(
                f"attack {self.name!r}: attack: found {inner.name!r}, expected an attack by the plain gradient"
            )
        object.__setattr__(self, "inner", inner)
        object.__setattr__(self, "iterations", inner.iterations)
        object.__setattr__(self, "after_success", inner.after_success)

    @property
    def settings(self) -> dict[str, Any]:
        inner = {"preset": "paper", **self.attack, "settings": self.inner.settings}
        return {**super().settings, "attack": inner, "after_success": self.after_success}

    def with_budget(self, iterations: int) -> Self:
        changed = {**self.attack, "settings": {**self.attack.get("settings", {}), "iterations": iterations}}
        return replace(self, attack=changed)

    def course(self, lanes: Lanes) -> Course:
        return self.inner.course(lanes)


def averaged(model: nn.Module, lanes: Lanes, criterion: Criterion, *, draws: int, transform: Transform) -> Gradients:
    """The clips' own logits and loss, and the gradient through ``transform`` averaged over draws of it."""
    logits = model(lanes.x)
    total = torch.zeros_like(lanes.x)
    for _ in range(0 if lanes.last_look else draws):
        total.add_(gradient_at(model, lanes, criterion, transform)[2])
    return logits, criterion.loss(logits, lanes.label, lanes.target), total.div_(draws)
