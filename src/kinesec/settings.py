"""A training recipe with a configuration's changes: every key known, every value one that can be used."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, Literal, TypeVar, get_args, get_origin, get_type_hints

from kinesec.errors import ConfigError

Recipe = TypeVar("Recipe")
# a batch of one has no batch statistics
_LEAST = {"batch": 2, "warm_up": 0, "frozen_epochs": 0}
_MOST = {"smoothing": 1, "momentum": 1}


def changed(owner: str, published: Recipe, changes: Mapping[str, Any], where: str = "recipe") -> Recipe:
    """The published recipe (a frozen dataclass) with a configuration's changes.

    ``owner`` ("recognizer 'sgn'") and ``where`` name the recipe in errors. A recipe within the recipe is changed the
    same way, and None drops it. Raises ``ConfigError`` for an unknown key or a value that cannot be used.
    """
    known = get_type_hints(type(published))
    taken: dict[str, Any] = {}
    for key, value in changes.items():
        if key not in known:
            raise ConfigError(f"{owner}: {where}.{key}: found an unknown key, expected some of {_list(known)}")
        if type(published) in get_args(known[key]):
            taken[key] = _inner(owner, getattr(published, key), value, f"{where}.{key}")
            continue
        fits, expected = _fits(key, value, known[key])
        if not fits:
            raise ConfigError(f"{owner}: {where}.{key}: found {value!r}, expected {expected}")
        taken[key] = tuple(value) if get_origin(known[key]) is tuple else value
    return replace(published, **taken)  # type: ignore[type-var]


def _inner(owner: str, published: Recipe | None, value: Any, where: str) -> Recipe | None:
    if value is None:
        return None
    if published is None:
        raise ConfigError(f"{owner}: {where}: found {value!r}, expected none: it has no such training")
    if not isinstance(value, Mapping):
        raise ConfigError(f"{owner}: {where}: found {value!r}, expected a mapping, or null to leave it out")
    return changed(owner, published, value, where)


def _fits(key: str, value: Any, hint: Any) -> tuple[bool, str]:
    """Whether a value can be a recipe's field, and what can."""
    if get_origin(hint) is Literal:
        return value in get_args(hint), f"one of {_list(get_args(hint))}"
    if get_origin(hint) is tuple:
        whole = isinstance(value, list | tuple) and all(type(one) is int and one >= 1 for one in value)
        return whole and list(value) == sorted(set(value)), "a list of whole numbers from 1, ascending"
    if hint is bool:
        return isinstance(value, bool), "true or false"
    if value is None:
        return type(None) in get_args(hint), "a number"
    if isinstance(value, bool) or not isinstance(value, int if hint is int else int | float):
        return False, f"a whole number from {_LEAST.get(key, 1)}" if hint is int else "a number"
    least, most = _LEAST.get(key, 1 if hint is int else 0), _MOST.get(key, math.inf)
    below = "" if math.isinf(most) else f" to less than {most}"
    return math.isfinite(value) and least <= value < most, f"a finite number from {least}{below}"


def _list(names: Iterable[Any]) -> str:
    return ", ".join(map(str, names))
