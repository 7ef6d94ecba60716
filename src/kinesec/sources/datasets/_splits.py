"""Splits by whole recordings or groups of them, never by window."""

from __future__ import annotations

import hashlib
import math
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from kinesec.errors import ConfigError
from kinesec.sources.datasets.base import Item, Settings

T = TypeVar("T")


def setting(settings: Settings, key: str, default: T, allowed: Sequence[T] = ()) -> T:
    """A setting of the default's type; raises ``ConfigError`` naming the key, what was found and what is allowed."""
    value = settings.get(key, default)
    expected = f"one of {', '.join(map(str, allowed))}" if allowed else f"a value like {default!r}"
    if not isinstance(value, type(default)) or (allowed and value not in allowed):
        raise ConfigError(f"{key}: found {value!r}, expected {expected}")
    return value


def names(settings: Settings, key: str, default: Sequence[str], known: Iterable[str]) -> list[str]:
    """A setting that lists some of the ``known`` names; raises ``ConfigError`` naming the key and what there is."""
    value = settings.get(key, default)
    there = sorted(set(known))
    if not isinstance(value, Sequence) or isinstance(value, str):
        raise ConfigError(f"{key}: found {value!r}, expected a list of some of {', '.join(there)}")
    strange = [name for name in map(str, value) if name not in there]
    if strange:
        raise ConfigError(f"{key}: found {strange[0]!r}, expected some of {', '.join(there)}")
    return [str(name) for name in value]


def check_keys(settings: Settings, allowed: Sequence[str]) -> None:
    """Raises ``ConfigError`` for a setting that the data set does not have: a misspelt one must not pass in silence."""
    strange = sorted(set(settings) - set(allowed))
    if strange:
        raise ConfigError(
            f"settings.{strange[0]}: found an unknown key, expected some of {', '.join(allowed) or 'none'}"
        )


def number_of(take: str) -> tuple[int, str]:
    """A take's order: by the last number in its name, so that take 10 follows take 9."""
    digits = re.findall(r"\d+", take)
    return (int(digits[-1]) if digits else -1, take)


def hold_out_last_take(items: Sequence[Item], group: Callable[[Item], str], least: int = 3) -> list[Item]:
    """The items with the last take of each group of training items as validation, where there are ``least`` or more."""
    groups: dict[str, list[Item]] = defaultdict(list)
    for item in items:
        if item.split == "train":
            groups[group(item)].append(item)
    last = {max(some, key=lambda item: number_of(item.take)).path for some in groups.values() if len(some) >= least}
    return [replace(item, split="val") if item.path in last else item for item in items]


def split_by_groups(items: Sequence[Item], split: object, kinds: Sequence[str]) -> list[Item]:
    """The items split by groups of one of ``kinds`` (``subject``, ``file`` ...), as the mapping ``split`` says.

    Its keys: ``by``, ``test`` and ``val`` (each a list of groups, or a fraction of them), and ``seed`` for fractions.
    Raises ``ConfigError`` naming the key, also when a fraction comes to no group at all.
    """
    if not isinstance(split, Mapping):
        raise ConfigError(f"split: found {split!r}, expected a mapping with by, test, val and seed")
    strange = sorted(set(map(str, split)) - {"by", "test", "val", "seed"})
    if strange:
        raise ConfigError(f"split.{strange[0]}: found an unknown key, expected some of by, test, val, seed")
    by = split.get("by", "file")
    if by not in kinds:
        raise ConfigError(f"split.by: found {by!r}, expected one of {', '.join(kinds)}: the pattern's named groups")
    of = {item.path: item.path if by == "file" else str(getattr(item, by)) for item in items}
    dealt = dict.fromkeys(of.values(), "train")
    shares: dict[str, float] = {}
    for name in ("test", "val"):
        value = split.get(name, [])
        if isinstance(value, int | float) and not isinstance(value, bool):
            shares[name] = float(value)
            continue
        for group in names({f"split.{name}": value}, f"split.{name}", [], dealt):
            if dealt[group] != "train":
                raise ConfigError(f"split.{name}: found {group!r}, expected none that is in split.test")
            dealt[group] = name
    if any(not 0 <= share < 1 for share in shares.values()) or sum(shares.values()) >= 1:
        raise ConfigError(f"split: found fractions {shares}, expected some from 0 that add up to less than 1")
    actions: dict[str, set[str]] = defaultdict(set)
    for item in items:
        if dealt[of[item.path]] == "train":
            actions[of[item.path]].add(item.action)
    strata: dict[str, list[str]] = defaultdict(list)
    for group, some in actions.items():
        strata["/".join(sorted(some)) if by in ("take", "file") else ""].append(group)
    dealt |= deal(strata, shares, setting(split, "seed", 0))
    for name, share in shares.items():
        if share > 0 and name not in dealt.values():
            raise ConfigError(f"split.{name}: found {share:g} of {len(dealt)}, which is none; name some in a list")
    return [replace(item, split=dealt[of[item.path]]) for item in items]


def deal(strata: Mapping[str, list[str]], shares: Mapping[str, float], seed: int) -> dict[str, str]:
    """Deals each stratum's groups out to the splits of ``shares``, the rest to ``train``: {group: split}.

    The order within a stratum is by a hash of seed and group, so that a group keeps its place when others come or go.
    """
    dealt: dict[str, str] = {}
    for groups in strata.values():
        order = sorted(groups, key=lambda group: hashlib.sha256(f"{seed}:{group}".encode()).digest())
        for split, share in shares.items():
            count = math.floor(share * len(groups) + 0.5)
            dealt.update(dict.fromkeys(order[:count], split))
            order = order[count:]
        dealt.update(dict.fromkeys(order, "train"))
    return dealt
