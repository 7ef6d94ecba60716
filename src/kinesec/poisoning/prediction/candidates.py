"""The training windows a selection chooses among, and choosing by score."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np

Level = Literal["window", "sequence"]


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
    """Standard scores (window,); zeros where values do not differ beyond rounding."""
    spread = values.std()
    if spread <= 1e-6 * max(abs(values.mean()), 1e-3):
        return np.zeros_like(values)
    return np.asarray((values - values.mean()) / spread)


def choose(scores: np.ndarray, sequence: np.ndarray, budget: int, level: Level) -> np.ndarray:
    """``budget`` window indices of lowest score, ascending; ties go to the first window.

    At level ``sequence`` whole sequences are taken in the order of their windows' mean score, so that a poisoned
    window's neighbours are poisoned too; the last sequence gives its first windows up to the budget.
    """
    if level == "window":
        return np.sort(np.argsort(scores, kind="stable")[:budget])
    present, owner = np.unique(sequence, return_inverse=True)
    means = np.bincount(owner, weights=scores) / np.bincount(owner)
    rank = np.empty(len(present), dtype=np.int64)
    rank[np.argsort(means, kind="stable")] = np.arange(len(present))
    return np.sort(np.argsort(rank[owner], kind="stable")[:budget])
