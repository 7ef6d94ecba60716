"""How conspicuous poisoned training windows are: their naturalness beside what they were, and beside all others."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinesec.files import store
from kinesec.files.kinds.poison import POISON
from kinesec.files.kinds.windows import WINDOWS
from kinesec.metrics.naturalness import naturalness
from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.prediction.badhmp import PIECE, gathered
from kinesec.samples.windows.windows import in_split
from kinesec.tables import prediction
from kinesec.tables.strategies import Strategy

Measured = dict[tuple[str, str], np.ndarray]


def _measured(pieces: Iterable[np.ndarray], parents: Sequence[int], history: int) -> Measured:
    """``naturalness`` of windows that come a piece at a time."""
    found = [naturalness(piece, parents, history) for piece in pieces]
    return {key: np.concatenate([one[key] for one in found]) for key in found[0]}


def _stored(poisoned: xr.Dataset) -> Iterable[np.ndarray]:
    for first in range(0, poisoned.sizes["window"], PIECE):
        yield poisoned.position[first : first + PIECE].values


def evaluate_stealth(
    *, windows_path: Path, poison_path: Path, strategy: Mapping[str, Any], identity: Mapping[str, str], table_path: Path
) -> None:
    """Writes Acc, Jerk and BLC of one poison's windows as rows of ``prediction_backdoor``.

    Kinds of windows: ``train_poisoned``, ``train_before`` (the same windows before poisoning) and ``train_clean`` (all
    training windows, unpoisoned). In memory at a time: one piece of windows, and six numbers for each of them all.
    """
    clean, poisoned = store.read(windows_path, WINDOWS), store.read(poison_path, POISON)
    parents, history = Skeleton.from_attrs(clean.attrs["skeleton"]).parents, clean.attrs["history"]
    training = np.flatnonzero(in_split(clean, "train"))
    start = clean.start.values[training]
    action = np.array([str(name) for name in clean.action.values])[clean.sequence_index.values[training]]
    index = poisoned.index.values
    every = _measured((window for _, window in gathered(clean, start, "measuring windows")), parents, history)
    kinds = {
        "train_poisoned": (action[index], _measured(_stored(poisoned), parents, history)),
        "train_before": (action[index], {key: values[index] for key, values in every.items()}),
        "train_clean": (action, every),
    }
    named = {key: strategy[key] for key in Strategy._fields}
    labels = {"dataset": identity["data"], "protocol": identity["protocol"], "seed": int(identity["seed"])}
    prediction.write_csv(prediction.stealth(kinds, {**labels, **named}), str(table_path))
