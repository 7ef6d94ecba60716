"""How conspicuous poisoned training windows are: their naturalness beside what they were, and beside all others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import xarray as xr

from kinesec.metrics.intervals import Sample
from kinesec.metrics.naturalness import naturalness
from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.prediction.badhmp import PIECE, gathered
from kinesec.samples.windows.windows import in_split

Measured = dict[tuple[str, str], np.ndarray]


def stealth(clean: xr.Dataset, poisoned: xr.Dataset) -> dict[str, tuple[Sample, Measured]]:
    """By kind of training windows, which they are and their naturalness by metric and part (window,).

    Kinds: ``train_poisoned``, ``train_before`` (the same windows before poisoning) and ``train_clean`` (all training
    windows, unpoisoned), of a windows store and a poison made from it. In memory at a time: one piece of windows, and
    six numbers for each of them all.
    """
    parents, history = Skeleton.from_attrs(clean.attrs["skeleton"]).parents, clean.attrs["history"]
    training = np.flatnonzero(in_split(clean, "train"))
    start = clean.start.values[training]
    sequence = clean.sequence_index.values[training]
    action = np.array([str(name) for name in clean.action.values])[sequence]
    sample = Sample(action, sequence, start, clean.attrs["history"] + clean.attrs["future"])
    index = poisoned.index.values
    every = _measured((window for _, window in gathered(clean, start, "measuring windows")), parents, history)
    return {
        "train_poisoned": (sample.at(index), _measured(_stored(poisoned), parents, history)),
        "train_before": (sample.at(index), {key: values[index] for key, values in every.items()}),
        "train_clean": (sample, every),
    }


def _measured(pieces: Iterable[np.ndarray], parents: Sequence[int], history: int) -> Measured:
    """``naturalness`` of windows that come a piece at a time."""
    measured = [naturalness(piece, parents, history) for piece in pieces]
    return {key: np.concatenate([piece[key] for piece in measured]) for key in measured[0]}


def _stored(poisoned: xr.Dataset) -> Iterator[np.ndarray]:
    for first in range(0, poisoned.sizes["window"], PIECE):
        yield poisoned.position[first : first + PIECE].values
