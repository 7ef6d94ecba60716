"""How often 95 % intervals hold the true mean of dependent windows, by simulation: the table of docs/coverage.md.

    python tools/interval_coverage.py [--sets 1000]

Windows begin at every frame of a sequence. What is measured on each is the mean, over the frames that it predicts, of a
series with correlation ``phi`` from frame to frame, whose mean is known. Compared are intervals as if windows were
independent and those of ``kinesec.metrics.intervals`` with blocks of several lengths. Printed is Markdown.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.signal import lfilter
from scipy.stats import norm

from kinesec.metrics.intervals import NORMAL_QUANTILE, Sample, of_windows

SPAN, FUTURE = 35, 25  # frames of a window, and of its future
BLOCKS = (35, 70, 140)
SETTLE = 600  # frames before a series counts, by which it has forgotten its start
SKEW = 0.7  # of the logarithm of the skewed series
# windows of each sequence of each action
LAYOUTS: Mapping[str, Sequence[Sequence[int]]] = {
    "CMU's test files": [[255], [1009], [48], [265], [146], [1343]],
    "one file of 500 windows": [[500]],
    "six actions, a file of 500 each": [[500]] * 6,
    "six actions, three files each": [[200, 250, 300]] * 6,
    "one action, eight files": [[40, 60, 80, 100, 120, 150, 200, 250]],
}


@dataclass(frozen=True)
class Kind:
    """What is measured on a window: its ``name``, and whether it is skewed or a rate of ``share``."""

    name: str
    skewed: bool = False
    share: float | None = None


KINDS = (Kind("error"), Kind("skewed error", skewed=True), Kind("rate of 20 %", share=0.2))
PHIS = (0.8, 0.9, 0.95, 0.97)


def sample_of(layout: Sequence[Sequence[int]], block: int | None = None) -> Sample:
    """Every window of the sequences of a layout."""
    sizes = [(str(action), size) for action, sequences in enumerate(layout) for size in sequences]
    return Sample(
        np.repeat([action for action, _ in sizes], [size for _, size in sizes]),
        np.repeat(np.arange(len(sizes)), [size for _, size in sizes]),
        np.concatenate([np.arange(size) for _, size in sizes]),
        SPAN,
        block,
    )


def window_means(rng: np.random.Generator, size: int, phi: float, sets: int, skewed: bool) -> np.ndarray:
    """Means (window, set) over the future of a stationary series of variance 1 before it is skewed."""
    noise = rng.standard_normal((size + FUTURE - 1 + SETTLE, sets))
    series = lfilter([np.sqrt(1 - phi**2)], [1.0, -phi], noise, axis=0)[SETTLE:]
    run = np.concatenate([np.zeros((1, sets)), np.cumsum(np.exp(SKEW * series) if skewed else series, axis=0)])
    return np.asarray((run[FUTURE:] - run[:-FUTURE]) / FUTURE)


def spread(phi: float) -> float:
    """The standard deviation of a mean over the future of the series that is not skewed."""
    lags = np.arange(-FUTURE + 1, FUTURE)
    return float(np.sqrt(((FUTURE - np.abs(lags)) * phi ** np.abs(lags)).sum()) / FUTURE)


def values_of(
    rng: np.random.Generator, layout: Sequence[Sequence[int]], phi: float, sets: int, kind: Kind
) -> tuple[np.ndarray, float]:
    """Values (window, set) of all windows of a layout, and their true mean."""
    parts = [window_means(rng, size, phi, sets, kind.skewed) for sequences in layout for size in sequences]
    values = np.concatenate(parts)
    if kind.share is not None:
        return 100.0 * (values > spread(phi) * norm.ppf(1 - kind.share)), 100.0 * kind.share
    return values, float(np.exp(SKEW**2 / 2)) if kind.skewed else 0.0


def as_if_independent(values: np.ndarray, sample: Sample) -> tuple[np.ndarray, np.ndarray]:
    """Both ends (set,) for the mean of the actions' means, were windows independent."""
    place = sample.actions[1]
    groups = [values[place == action] for action in range(len(sample.counts))]
    mean = np.mean([group.mean(0) for group in groups], axis=0)
    half = NORMAL_QUANTILE * np.sqrt(sum(group.var(0) / len(group) for group in groups)) / len(groups)
    return mean - half, mean + half


def coverage(layout: Sequence[Sequence[int]], phi: float, kind: Kind, sets: int, seed: int) -> list[float]:
    """How often (%) the interval of the mean of the actions' means holds the truth: as if independent, then by block.

    Last, how many independent windows the windows are worth, in the median, by blocks of two spans.
    """
    values, truth = values_of(np.random.default_rng(seed), layout, phi, sets, kind)
    held = [_holds(*as_if_independent(values, sample_of(layout)), truth)]
    worth = float("nan")
    for block in BLOCKS:
        rate = kind.share is not None
        ends = {"least": 0.0, "most": 100.0} if rate else {}
        estimate = of_windows(values, sample_of(layout, block), rate=rate, **ends)
        held.append(_holds(estimate.low[-1], estimate.high[-1], truth))
        worth = float(np.median(estimate.n_effective[-1])) if block == 2 * SPAN else worth
    return [*held, worth]


def _holds(low: np.ndarray, high: np.ndarray, truth: float) -> float:
    return 100.0 * float(((low <= truth) & (truth <= high)).mean())


def rows(sets: int) -> Iterator[str]:
    """The table's lines."""
    blocks = " | ".join(f"blocks of {block}" for block in BLOCKS)
    yield f"| windows | measured | phi | as if independent | {blocks} | windows | worth |"
    yield "|---" * (len(BLOCKS) + 6) + "|"
    for place, (name, layout) in enumerate(LAYOUTS.items()):
        for kind in KINDS:
            for phi in PHIS:
                *held, worth = coverage(layout, phi, kind, sets, place)
                count = sum(map(sum, layout))
                cells = " | ".join(f"{share:.1f}" for share in held)
                yield f"| {name} | {kind.name} | {phi:g} | {cells} | {count:,} | {worth:.0f} |"


def main() -> None:
    """Prints the table, a line as it is made."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", type=int, default=1000, help="simulated data sets a row (default 1000)")
    for line in rows(parser.parse_args().sets):
        print(line, flush=True)


if __name__ == "__main__":
    main()
