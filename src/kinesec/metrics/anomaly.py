"""How far a number stands from its fellows: median deviations among classes, p-values against clean models."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np

from kinesec.errors import KinesecError

GAUSSIAN = 1.4826
"""Median absolute deviations in a standard deviation of a normal law."""
Side = Literal["low", "high", "both"]
Values = Sequence[float] | np.ndarray


def _finite(values: Values, what: str) -> np.ndarray:
    array = np.asarray(values, np.float64)
    if array.ndim != 1 or not len(array):
        raise KinesecError(f"anomaly: found {what} of shape {array.shape}, expected one or more numbers")
    if np.isnan(array).any():
        raise KinesecError(f"anomaly: found {int(np.isnan(array).sum())} {what} that are no number, expected none")
    return array


def mad_index(values: Values, *, scaled: bool, side: Side = "both") -> np.ndarray:
    """How many median absolute deviations each value (value,) lies off the median, towards ``side``.

    ``low`` and ``high`` are signed: negative on the other side. ``scaled`` divides by 1.4826 (as Neural Cleanse's code
    does, the TDBA paper's text not). Values that do not differ have 0; where more than half are equal, the others are
    infinitely far. Raises ``KinesecError`` for no value, or one that is no number.
    """
    array = _finite(values, "values")
    away = array - np.median(array)
    away = {"low": -away, "high": away, "both": np.abs(away)}[side]
    spread = np.median(np.abs(away)) * (GAUSSIAN if scaled else 1.0)
    if spread > 0:
        return np.asarray(away / spread)
    return np.where(away == 0, 0.0, np.copysign(np.inf, away))


def conformal_p(value: float, null: Values) -> float:
    """(1 + how many of the null are at least ``value``) / (1 + how many there are): valid where all are exchangeable.

    Never below 1 / (1 + n): 19 clean models are the fewest that allow 0.05.
    """
    fellows = _finite(null, "null values")
    (number,) = _finite([value], "values")
    return float((1 + (fellows >= number).sum()) / (1 + len(fellows)))


def permutation_p(values: Values, null: Values, *, rng: np.random.Generator, draws: int = 9999) -> float:
    """One-sided p-value of the mean of ``values`` being no larger than that of ``null``, by exchanging them at random.

    Ranks stand for the numbers (Wilcoxon's test), so that infinite ones count as largest. (1 + draws at least as
    large) / (1 + draws): never 0, and valid for any number of draws.
    """
    victims, fellows = _finite(values, "values"), _finite(null, "null values")
    together = np.concatenate([victims, fellows])
    _, place, count = np.unique(together, return_inverse=True, return_counts=True)
    rank = (np.cumsum(count) - (count - 1) / 2)[place]
    observed = rank[: len(victims)].sum()
    drawn = rng.permuted(np.broadcast_to(rank, (draws, len(rank))), axis=1)[:, : len(victims)].sum(1)
    return float((1 + (drawn >= observed - 1e-9).sum()) / (1 + draws))


def trimmed_p(value: float, null: Values, trim: float) -> float:
    """CBD's conformal p-value (Xiang et al., NeurIPS 2023): the ``floor(trim n)`` largest of the null are outliers.

    1 - min(1 + how many of the null are below ``value``, m) / m, of m = n - outliers + 1. It is 0 above all that are
    left, so that it holds its level only where the outliers are outliers.
    """
    fellows = np.sort(_finite(null, "null values"))
    (number,) = _finite([value], "values")
    left = len(fellows) - int(trim * len(fellows) + 1e-9) + 1
    return float(1 - min(1 + int((fellows < number).sum()), left) / left)
