"""A poisoning strategy by its name, and the strategies that a run has.

A name is ``trigger-target-selection[-sequence][-hardened]-ratio``.

Imports nothing but the standard library: the rules ask it thousands of times while they plan.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from itertools import product
from typing import Any

STRATEGY = ("trigger", "target", "selection", "level", "ratio")
HARDENED = "hardened"


def strategy_names(prediction: Mapping[str, Any]) -> list[str]:
    """The names trigger-target-selection[-sequence]-ratio of every combination, which are also their folders' names."""
    grid = {"level": ["window"], **prediction.get("strategies", {})}
    combinations = product(*(grid.get(key, []) for key in STRATEGY))
    return ["-".join(_as_name(part) for part in chosen if part != "window") for chosen in combinations]


def stealth_names(prediction: Mapping[str, Any]) -> list[str]:
    """The strategies whose poisoned windows are compared: those of victims, and those of ``stealth_only``."""
    if "strategies" not in prediction:
        return []
    strategies = prediction["strategies"]
    more = [
        name for name in prediction.get("stealth_only", {}).get("selection", []) if name not in strategies["selection"]
    ]
    extra = strategy_names({"strategies": {**strategies, "selection": more}})
    return [*strategy_names(prediction), *extra]


def pictured(prediction: Mapping[str, Any]) -> list[str]:
    """The strategies that are shown as pictures: of each trigger and target the first, at its largest ratio."""
    strategies = prediction.get("strategies")
    if not strategies:
        return []
    first = {key: strategies[key][:1] for key in ("selection", "level") if key in strategies}
    return strategy_names({"strategies": {**strategies, **first, "ratio": [max(strategies["ratio"])]}})


def parse_strategy(name: str) -> dict[str, Any]:
    """What a strategy's name says, by the keys of ``STRATEGY``."""
    *parts, ratio = plain(name).split("-")
    level = parts[3:] or ["window"]
    return dict(zip(STRATEGY, [*parts[:3], *level, float(ratio)], strict=True))


def is_hardened(name: str) -> bool:
    """Whether a strategy's poison is hardened against imperfect triggers."""
    return f"-{HARDENED}-" in name


def plain(name: str) -> str:
    """The name of the strategy of the same windows whose poison is not hardened."""
    return name.replace(f"-{HARDENED}-", "-")


def _as_name(value: str | float) -> str:
    """A ratio without an exponent, whose minus would read as the end of a name's part."""
    return value if isinstance(value, str) else f"{Decimal(str(value)):f}"
