"""The training windows a selection chooses among, and choosing by score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

from kinesec.metrics.naturalness import ROUNDING

Level = Literal["window", "sequence"]
STRATA = ("action", "none")


@dataclass(frozen=True)
class Candidates:
    """All training windows: the action and the sequence (window,) of each, and what it would look like poisoned.

    ``measure`` poisons every window and returns its naturalness, (metric, part) -> (window,); it is called once, by
    the selections that ask for ``naturalness``.
    """

    action: np.ndarray
    sequence: np.ndarray
    measure: Callable[[], Mapping[tuple[str, str], np.ndarray]]

    def __len__(self) -> int:
        return len(self.action)

    @cached_property
    def naturalness(self) -> Mapping[tuple[str, str], np.ndarray]:
        return self.measure()


def standardised(values: np.ndarray) -> np.ndarray:
    """Standard scores (window,) of a naturalness metric; zeros where values do not differ beyond rounding.

    Bones that a trigger keeps rigid change their lengths by float32 rounding alone, in a spread that says nothing of
    the windows: standardised, it would count as much as their accelerations.
    """
    spread = values.std()
    if spread <= max(ROUNDING, 1e-6 * abs(values.mean())):
        return np.zeros_like(values)
    return np.asarray((values - values.mean()) / spread)


def quotas(stratum: np.ndarray, budget: int) -> np.ndarray:
    """How many windows of each stratum, in ascending order of its label, a budget takes (stratum,).

    Each gives its share of all windows, ``budget`` in all: rounded down, and the rest one each to those of the largest
    remainders (Hamilton's method), the first of equals.
    """
    counts = np.unique(stratum, return_counts=True)[1]
    taken, remainder = np.divmod(budget * counts, len(stratum))
    taken[np.argsort(-remainder, kind="stable")[: budget - taken.sum()]] += 1
    return np.asarray(taken)


def choose(
    scores: np.ndarray, sequence: np.ndarray, budget: int, level: Level, stratum: np.ndarray | None = None
) -> np.ndarray:
    """``budget`` window indices of lowest score, ascending; ties go to the first window.

    At level ``sequence`` whole sequences are taken in the order of their windows' mean score, so that a poisoned
    window's neighbours are poisoned too; the last sequence gives its first windows up to the budget. With ``stratum``
    (window,) this is done in each stratum, up to its part of the budget (``quotas``).
    """
    if stratum is not None:
        chosen = []
        for label, quota in zip(np.unique(stratum), quotas(stratum, budget), strict=True):
            members = np.flatnonzero(stratum == label)
            chosen.append(members[choose(scores[members], sequence[members], int(quota), level)])
        return np.sort(np.concatenate(chosen))
    if level == "window":
        return np.sort(np.argsort(scores, kind="stable")[:budget])
    present, owner = np.unique(sequence, return_inverse=True)
    means = np.bincount(owner, weights=scores) / np.bincount(owner)
    rank = np.empty(len(present), dtype=np.int64)
    rank[np.argsort(means, kind="stable")] = np.arange(len(present))
    return np.sort(np.argsort(rank[owner], kind="stable")[:budget])
