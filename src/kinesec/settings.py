"""Settings of a configuration: every key known, every value one that can be used, or one clear line.

What a setting may be stands once, as its annotation in the frozen dataclass or the function that takes it:
``rate: Annotated[float, Range(0, above=True)]``. Checked are literals, true and false, whole and finite numbers, texts,
lists and unions of these; of a mapping only that it is one; anything else is taken as it is. Values stay as they are
given (a 1 no 1.0), but a list for a tuple becomes one. Errors read "owner: where.key: found ..., expected ...".
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass, replace
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NoReturn, TypeVar, Union, get_args, get_origin, get_type_hints

from kinesec.errors import ConfigError

Recipe = TypeVar("Recipe")
_PLURAL = {"a finite number": "finite numbers", "a whole number": "whole numbers", "one of": "some of"}


@dataclass(frozen=True)
class Range:
    """Numbers from ``low`` to ``high``; ``above`` leaves ``low`` itself out, ``below`` leaves out ``high``."""

    low: float
    high: float = math.inf
    above: bool = False
    below: bool = False

    def holds(self, value: float) -> bool:
        over = value > self.low if self.above else value >= self.low
        return over and (value < self.high if self.below else value <= self.high)

    def __str__(self) -> str:
        high = "" if math.isinf(self.high) else f" to {'less than ' * self.below}{self.high:g}"
        return f" {'above' if self.above else 'from'} {self.low:g}{high}"


@dataclass(frozen=True)
class Rule:
    """What a value of the right kind must be besides: ``holds`` tells, ``text`` says it."""

    text: str
    holds: Callable[[Any], bool]

    def __str__(self) -> str:
        return f", {self.text}"


Whole = Annotated[int, Range(0)]
Count = Annotated[int, Range(1)]
NotNegative = Annotated[float, Range(0)]
Positive = Annotated[float, Range(0, above=True)]
Share = Annotated[float, Range(0, 1)]
SOME = Rule("one or more", bool)
ASCENDING = Rule("ascending", lambda values: list(values) == sorted(set(values)))


def parameters(of: Callable[..., Any]) -> dict[str, Any]:
    """The settings that a dataclass, a function or a class takes, with their annotations.

    They are a dataclass's fields, and keyword-only arguments of anything else.
    """
    if is_dataclass(of):
        hints = get_type_hints(of, include_extras=True)
        return {field.name: hints[field.name] for field in fields(of) if field.init}
    hints = get_type_hints(of.__init__ if isinstance(of, type) else of, include_extras=True)  # type: ignore[misc]
    taken = inspect.signature(of).parameters.values()
    return {
        parameter.name: hints.get(parameter.name, Any)
        for parameter in taken
        if parameter.kind is parameter.KEYWORD_ONLY
    }


def known_keys(owner: str, given: Iterable[str], known: Collection[str], where: str = "") -> None:
    """Raises ``ConfigError`` for a key that is not among the ``known``: a misspelt one must not pass in silence."""
    for key in given:
        if key not in known:
            _raise(owner, where, key, "an unknown key", f"some of {_list(known)}" if known else "none")


def value(owner: str, key: str, given: Any, hint: Any, where: str = "") -> Any:
    """A setting's value; raises ``ConfigError`` where it is not what its annotation says."""
    if not _fits(given, hint):
        _raise(owner, where, key, repr(given), _expected(hint))
    return tuple(given) if get_origin(_bare(hint)) is tuple else given


def keywords(
    owner: str, of: Callable[..., Any], given: Mapping[str, Any], where: str = "", *, besides: Collection[str] = ()
) -> dict[str, Any]:
    """A configuration's settings as keyword arguments of what takes them; ``besides`` are those that no setting is.

    Raises ``ConfigError`` for an unknown key or a value that cannot be used.
    """
    known = {key: hint for key, hint in parameters(of).items() if key not in besides}
    known_keys(owner, given, known, where)
    return {key: value(owner, key, setting, known[key], where) for key, setting in given.items()}


def preset(
    owner: str, of: Callable[..., Any], presets: Mapping[str, Mapping[str, Any]], name: str, changes: Mapping[str, Any]
) -> dict[str, Any]:
    """The settings of a preset with a configuration's changes, as keyword arguments of what takes them.

    Raises ``ConfigError`` for a preset that there is none of, or an unknown key.
    """
    if name not in presets:
        _raise(owner, "", "preset", repr(name), f"one of {_list(presets)}")
    known_keys(owner, changes, parameters(of))
    return {**presets[name], **changes}


def check(owner: str, settings: object) -> None:
    """Raises ``ConfigError`` where a dataclass's field is not what its annotation says; for ``__post_init__``."""
    for key, hint in parameters(type(settings)).items():
        value(owner, key, getattr(settings, key), hint)


def changed(owner: str, published: Recipe, changes: Mapping[str, Any], where: str = "recipe") -> Recipe:
    """The published recipe (a frozen dataclass) with a configuration's changes.

    ``owner`` ("recognizer 'sgn'") and ``where`` name the recipe in errors. A recipe within the recipe is changed the
    same way, and None drops it. Raises ``ConfigError`` for an unknown key or a value that cannot be used.
    """
    known = parameters(type(published))
    known_keys(owner, changes, known, where)
    taken = {
        key: _inner(owner, getattr(published, key), change, f"{where}.{key}")
        if type(published) in get_args(known[key])
        else value(owner, key, change, known[key], where)
        for key, change in changes.items()
    }
    return replace(published, **taken)  # type: ignore[type-var]


def differences(published: Mapping[str, Any], used: Mapping[str, Any]) -> dict[str, tuple[Any, Any]]:
    """(used, published) of each published setting that ``used`` has otherwise, by name: "as published?" has none."""
    return {name: (used[name], value) for name, value in published.items() if name in used and used[name] != value}


def _inner(owner: str, published: Recipe | None, given: Any, where: str) -> Recipe | None:
    if given is None:
        return None
    if published is None:
        _raise(owner, "", where, repr(given), "none: it has no such training")
    if not isinstance(given, Mapping):
        _raise(owner, "", where, repr(given), "a mapping, or null to leave it out")
    return changed(owner, published, given, where)


def _raise(owner: str, where: str, key: str, found: str, expected: str) -> NoReturn:
    place = ".".join(part for part in (where, str(key)) if part)
    raise ConfigError(f"{owner + ': ' if owner else ''}{place}: found {found}, expected {expected}")


def _bare(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Annotated else hint


def _fits(given: Any, hint: Any) -> bool:
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _fits(given, inside[0]) and all(rule.holds(given) for rule in inside[1:])
    if origin in (Union, UnionType):
        return any(_fits(given, choice) for choice in inside)
    if origin is Literal:
        return any(type(given) is type(choice) and given == choice for choice in inside)
    if origin in (tuple, list, Sequence):
        return isinstance(given, list | tuple) and all(_fits(item, inside[0]) for item in given)
    if origin in (dict, Mapping):
        return isinstance(given, Mapping)
    if hint is float:
        return isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)
    if hint in (bool, int, str, NoneType):
        return type(given) is hint
    return True


def _expected(hint: Any) -> str:
    origin, inside = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _expected(inside[0]) + "".join(map(str, inside[1:]))
    if origin in (Union, UnionType):
        return " or ".join(map(_expected, inside))
    if origin is Literal:
        return f"one of {_list(inside)}"
    if origin in (tuple, list, Sequence):
        item = _expected(inside[0])
        for single, many in _PLURAL.items():
            item = item.replace(single, many)
        return f"a list of {item}"
    if origin in (dict, Mapping):
        return "a mapping"
    kinds = {float: "a finite number", bool: "true or false", int: "a whole number", str: "a name", NoneType: "null"}
    return kinds.get(hint, "another value")


def _list(names: Iterable[Any]) -> str:
    return ", ".join(map(str, names))
