"""The attack that a configuration describes, on given clips."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from kinesec.attacks.base import Attack, build
from kinesec.errors import ConfigError


def method_of(attack: Mapping[str, Any], scale_mm: float, chosen: Mapping[str, Any] | None = None) -> Attack:
    """The attack with its preset, its settings, and over them those ``chosen`` for the recognizer.

    ``epsilon_mm`` is its bound in mm, for clips of ``scale_mm``; its steps grow with the bound. Raises ``ConfigError``
    for settings that cannot be used, and for a bound in mm of an attack that has none.
    """
    settings = {**(attack.get("settings") or {}), **(chosen or {})}
    method = build(attack["attack"], settings, attack.get("preset", "paper"))
    bound = attack.get("epsilon_mm")
    if bound is None:
        return method
    used = method.settings
    if not {"epsilon", "step"} <= used.keys():
        raise ConfigError(f"attack {method.name!r}: bounds_mm: found {bound:g}, expected none: it has no such bound")
    epsilon = bound / scale_mm
    changes = {"epsilon": epsilon, "step": used["step"] * epsilon / used["epsilon"]}
    return build(attack["attack"], {**settings, **changes}, attack.get("preset", "paper"))
