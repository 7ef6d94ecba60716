"""Windows as a model sees them when a trigger, or nothing, is performed and captured imperfectly."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any

import numpy as np

from kinesec import names
from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.prediction.badhmp import Poison, aim, trigger_history
from kinesec.poisoning.prediction.disturbances.base import Performance
from kinesec.settings import keywords


@dataclass(frozen=True)
class Disturbance:
    """One disturbance: its module of ``disturbances``, how strong it is (``amount``), its other settings."""

    disturbance: str
    amount: float
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def module(self) -> ModuleType:
        return names.load("poisoning.prediction.disturbances", self.disturbance)


def levels(specs: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, Disturbance]]:
    """Every level of every disturbance of a configuration, with its name there, in its order."""
    return [
        (name, Disturbance(spec["disturbance"], amount, spec.get("settings", {})))
        for name, spec in specs.items()
        for amount in spec["levels"]
    ]


def _applied(
    motion: np.ndarray, performance: Performance, disturbance: Disturbance, rng: np.random.Generator
) -> np.ndarray:
    module = disturbance.module
    owner = f"disturbance {disturbance.disturbance!r}"
    settings = {module.LEVEL: disturbance.amount, **disturbance.settings}
    return np.asarray(module.apply(motion, performance, rng, **keywords(owner, module.apply, settings)))


def disturbed_windows(
    window: np.ndarray,
    skeleton: Skeleton,
    history: int,
    frame_ms: float,
    poison: Poison,
    disturbance: Disturbance,
    rng: np.random.Generator,
    *,
    trigger: bool,
) -> np.ndarray:
    """Windows (window, frame, joint, xyz) with their history as a model sees it and the future that it stands for.

    With ``trigger``, that of a resolved strategy, the future is the attacker's target; else it is the windows' own. The
    stage of a disturbance says what follows from it: a body's size changes all of the window, an execution the target
    that is made of it, a capture nothing but the history. A trigger's execution leaves clean windows as they are.
    """
    stage, limb = disturbance.module.STAGE, skeleton.limb(poison.limb)
    performance = Performance(window[:, :history], skeleton, limb, frame_ms)
    if stage == "body":
        window = _applied(window, performance, disturbance, rng)
    if trigger:
        posed = trigger_history(window[:, :history], skeleton, poison)
        if stage == "execution":
            posed = _applied(posed, performance, disturbance, rng)
        window = aim(posed, window.shape[1] - history, skeleton, poison)
    if stage == "capture":
        seen = _applied(window[:, :history], performance, disturbance, rng)
        window = np.concatenate([seen, window[:, history:]], axis=1)
    return window
