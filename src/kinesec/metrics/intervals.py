"""Means with 95 % intervals as wide as the data say: of windows that overlap, of clips of the same take.

Student's t about the mean, with variances of ``dependence``; of a rate Wilson's interval for as many independent
samples as that variance is worth. No interval leaves the range of its quantity.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from scipy.stats import t as student

from kinesec.metrics.dependence import Variance, of_blocks, of_clusters, together

LEVEL = 0.95
MANY_SEQUENCES = 4  # of an action, for its variance to be that between them
MANY_PIECES = 10  # sequences, for each to be a piece
BLOCK_SPANS = 2  # a block's length, in lengths of a window
NORMAL_QUANTILE = 1.959963984540054
LEAST_EVENTS = 2.0  # expected in independent samples, or a rate's variance is not to be estimated


@dataclass(frozen=True)
class Sample:
    """Which windows a mean is of: each one's ``action``, ``sequence`` and ``start`` frame (window,).

    ``span`` is a window's length in frames: windows that begin as far apart share nothing. ``block`` is the length of
    blocks in frames, two spans unless it is given.
    """

    action: np.ndarray
    sequence: np.ndarray
    start: np.ndarray
    span: int
    block: int | None = None

    @cached_property
    def actions(self) -> tuple[list[str], np.ndarray]:
        """Names of the actions, ascending, and which of them each window (window,) is of."""
        names, place = np.unique([str(action) for action in self.action], return_inverse=True)
        return names.tolist(), place

    @cached_property
    def counts(self) -> np.ndarray:
        """Windows (action,) of each action."""
        return np.bincount(self.actions[1])

    @cached_property
    def members(self) -> list[list[np.ndarray]]:
        """By action the windows of each of its sequences."""
        _, sequence = np.unique(self.sequence, return_inverse=True)
        by_action = []
        for action in range(len(self.actions[0])):
            here = np.flatnonzero(self.actions[1] == action)
            order = here[np.argsort(sequence[here], kind="stable")]
            by_action.append(np.split(order, np.flatnonzero(np.diff(sequence[order])) + 1))
        return by_action

    @cached_property
    def apart(self) -> np.ndarray:
        """How many windows (action,) of each action have nothing in common: one or more of a sequence."""
        return np.array([sum(self.apart_in(rows) for rows in of_action) for of_action in self.members], np.float64)

    def apart_in(self, rows: np.ndarray) -> float:
        """How many windows of one sequence have nothing in common; not a whole number."""
        reach = float(np.ptp(self.start[rows])) / self.span
        return max(1.0, min(reach, float(len(rows))))

    @property
    def clusters(self) -> np.ndarray:
        """Which windows (window,) are of one piece: a sequence, or where there are few a stretch of one.

        Stretches are as long as blocks, so that few windows share frames with those of another.
        """
        names, sequence = np.unique(self.sequence, return_inverse=True)
        if len(names) >= MANY_PIECES:
            return np.asarray(sequence)
        length = BLOCK_SPANS * self.span if self.block is None else self.block
        first = np.full(len(names), np.iinfo(np.int64).max)
        np.minimum.at(first, sequence, self.start)
        stretch = (self.start - first[sequence]) // length
        return np.asarray(sequence * (int(stretch.max()) + 1) + stretch)

    def at(self, index: np.ndarray) -> Sample:
        """Some of the windows."""
        return Sample(self.action[index], self.sequence[index], self.start[index], self.span, self.block)


class Estimate(NamedTuple):
    """Means and the ends of their intervals, and how many independent samples these are worth; all (row, column)."""

    mean: np.ndarray
    low: np.ndarray
    high: np.ndarray
    n_effective: np.ndarray


def of_windows(
    values: np.ndarray,
    sample: Sample,
    *,
    least: float | np.ndarray = -np.inf,
    most: float | np.ndarray = np.inf,
    rate: bool | np.ndarray = False,
) -> Estimate:
    """Means of values (window, column) over each action, and in the last row the mean of the actions' means.

    Sequences are independent. An action's variance is that between its sequences, of four or more; else that of blocks
    within each of them, which then stands for these recordings and not for others of the action. Where a sequence is
    too short for blocks it has as many independent windows as lie in it apart, each varying as those of the other
    sequences and actions do. ``rate`` says which columns hold 0 and ``most`` alone. ``least`` and ``most`` are the
    ends of each column's range. Ends are NaN where no sequence is long enough to tell.
    """
    values = np.asarray(values, np.float64)
    parts = [_of_action(values, sample, action) for action in range(len(sample.members))]
    means = np.stack([mean for mean, _ in parts])
    variances, degrees = _shared(
        np.stack([part.value for _, part in parts]), np.stack([part.freedom for _, part in parts]), sample.apart
    )
    equal = np.full(len(parts), 1 / len(parts))
    whole = together(variances, degrees, equal)
    mean = np.concatenate([means, means.mean(0)[None]])
    # what the variances were if windows were independent
    spread = np.stack([values[sample.actions[1] == action].var(0) for action in range(len(parts))])
    independent = np.concatenate([spread / sample.counts[:, None], [(equal**2 / sample.counts) @ spread]])
    samples = np.concatenate([sample.counts, [sample.counts.sum()]])[:, None]
    apart = np.concatenate([sample.apart, [1 / (equal**2 @ (1 / sample.apart))]])[:, None]
    variance = Variance(np.concatenate([variances, whole.value[None]]), np.concatenate([degrees, whole.freedom[None]]))
    return _estimate(mean, variance, independent, samples, apart, least, most, rate)


def of_ratios(
    values: np.ndarray,
    over: np.ndarray,
    sample: Sample,
    *,
    least: float | np.ndarray = -np.inf,
    most: float | np.ndarray = np.inf,
) -> Estimate:
    """Means of ``values`` over means of ``over`` (window, column), for each action and for the actions' means.

    By the delta method: a quotient R of means A / B varies as the mean of R + (a - R b) / B does. NaN where B is 0. See
    ``of_windows``.
    """
    values, over = np.asarray(values, np.float64), np.asarray(over, np.float64)
    place = sample.actions[1]
    top, bottom = (
        np.stack([part[place == action].mean(0) for action in range(len(sample.members))]) for part in (values, over)
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio, whole = top / bottom, top.mean(0) / bottom.mean(0)
        of_action = ratio[place] + (values - ratio[place] * over) / bottom[place]
        of_all = whole + (values - whole * over) / bottom.mean(0)
    each = of_windows(of_action, sample, least=least, most=most)
    every = of_windows(of_all, sample, least=least, most=most)
    return Estimate(*(np.concatenate([by_action[:-1], mean[-1:]]) for by_action, mean in zip(each, every, strict=True)))


def _of_action(values: np.ndarray, sample: Sample, action: int) -> tuple[np.ndarray, Variance]:
    sequences = sample.members[action]
    counts = np.array([len(rows) for rows in sequences], np.float64)
    sums = np.stack([values[rows].sum(0) for rows in sequences])
    mean = sums.sum(0) / counts.sum()
    if len(sequences) >= MANY_SEQUENCES:
        return mean, of_clusters(sums, np.repeat(counts[:, None], values.shape[1], 1))
    within = [_of_sequence(values[rows], sample.start[rows], sample) for rows in sequences]
    apart = np.array([sample.apart_in(rows) for rows in sequences])
    variances = np.stack([variance.value for variance in within])
    degrees = np.stack([variance.freedom for variance in within])
    return mean, together(*_shared(variances, degrees, apart), counts / counts.sum())


def _of_sequence(values: np.ndarray, start: np.ndarray, sample: Sample) -> Variance:
    """By blocks of two windows' length, or of half the sequence where that is less: of one length or none."""
    size = int(np.ptp(start)) + 1
    block = min(BLOCK_SPANS * sample.span if sample.block is None else sample.block, size // 2)
    if size < BLOCK_SPANS * sample.span or len(values) < MANY_SEQUENCES:
        return Variance(*np.full((2, values.shape[1]), np.nan))
    return of_blocks(values, start, block)


def _shared(variances: np.ndarray, degrees: np.ndarray, apart: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Variances (part, column) with those that lack from what an independent window's is in the others.

    Their degrees of freedom are those of the others together.
    """
    known = ~np.isnan(variances)
    if known.all() or not known.any():
        return variances, degrees
    one = np.where(known, variances * apart[:, None], 0.0)
    count = known.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        each = one.sum(0) / count
        freedom = one.sum(0) ** 2 / np.where(known, one**2 / degrees, 0.0).sum(0)
    lent = each / apart[:, None]
    pooled = np.where(np.isfinite(freedom), freedom, np.nanmin(np.where(known, degrees, np.inf), axis=0))
    return np.where(known, variances, lent), np.where(known, degrees, pooled)


def of_takes(
    values: np.ndarray,
    take: np.ndarray,
    *,
    least: float | np.ndarray = -np.inf,
    most: float | np.ndarray = np.inf,
    rate: bool | np.ndarray = False,
) -> Estimate:
    """Means of values (sample, column) of independent takes, named by ``take`` (sample,); all (column,).

    Clips cut from one take are alike, so the variance is that between takes. A column's mean is over its samples that
    are not NaN; NaN where it has none, and so are the ends with samples of one take alone. See ``of_windows``.
    """
    values = np.asarray(values, np.float64)
    names, place = np.unique([str(name) for name in take], return_inverse=True)
    known = ~np.isnan(values)
    sums, counts = (np.zeros((len(names), values.shape[1])) for _ in range(2))
    np.add.at(sums, place, np.where(known, values, 0.0))
    np.add.at(counts, place, known)
    total = counts.sum(0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = sums.sum(0) / total
        independent = np.where(known, (values - mean) ** 2, 0.0).sum(0) / total**2
        apart = total**2 / (counts**2).sum(0)
    return _estimate(mean, of_clusters(sums, counts), independent, total, apart, least, most, rate)


def _estimate(
    mean: np.ndarray,
    variance: Variance,
    independent: np.ndarray,
    samples: np.ndarray,
    apart: np.ndarray,
    least: float | np.ndarray,
    most: float | np.ndarray,
    rate: bool | np.ndarray,
) -> Estimate:
    """Intervals of means: ``independent`` is their variance if samples were, ``apart`` how many surely are."""
    with np.errstate(invalid="ignore", divide="ignore"):
        worth = np.where(variance.value > 0, samples * independent / variance.value, apart)
        quantile = student.ppf(0.5 + LEVEL / 2, variance.freedom)
        half = quantile * np.sqrt(variance.value)
        low, high = mean - half, mean + half
        if np.any(rate):
            top = np.where(rate, most, 1.0)
            share = mean / top
            few = np.minimum(share, 1 - share) * apart < LEAST_EVENTS
            effective = np.where(independent > 0, share * (1 - share) * top**2 / variance.value, np.inf)
            effective = np.clip(np.nan_to_num(effective, nan=np.inf), 1.0, np.where(few, apart, samples))
            sure = np.where(few, NORMAL_QUANTILE, quantile)
            ends = wilson(share, effective, sure)
            low, high = (np.where(rate, top * end, other) for end, other in zip(ends, (low, high), strict=True))
    return Estimate(mean, np.maximum(low, least), np.minimum(high, most), np.clip(worth, 1.0, samples))


def wilson(
    share: np.ndarray, count: np.ndarray, quantile: float | np.ndarray = NORMAL_QUANTILE
) -> tuple[np.ndarray, np.ndarray]:
    """Both ends of Wilson's interval (1927) of a share in [0, 1] of ``count`` independent samples."""
    middle = (share + quantile**2 / (2 * count)) / (1 + quantile**2 / count)
    half = quantile * np.sqrt(share * (1 - share) / count + quantile**2 / (4 * count**2)) / (1 + quantile**2 / count)
    # at 0 and 1 an end is the share itself, but for rounding
    return np.clip(middle - half, 0.0, share), np.clip(middle + half, share, 1.0)
