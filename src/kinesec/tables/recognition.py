"""The run's recognition tables: accuracy, attacks and transfer, joined over jobs, with rows over seeds behind them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from kinesec.errors import KinesecError
from kinesec.metrics.over_seeds import over_seeds
from kinesec.tables import files, seeds

# The first columns of each table, which the design names
FIRST: dict[str, tuple[str, ...]] = {
    "recognition_accuracy": (
        *("dataset", "recognizer", "training", "seed", "split", "n"),
        *("accuracy_percent", "low_percent", "high_percent"),
    ),
    "recognition_attacks": (
        *("dataset", "recognizer", "attack", "preset", "strategy", "seed", "n"),
        *("success_percent", "low_percent", "high_percent", "iterations_median"),
        *("displacement_mm", "acceleration_deviation_mm", "bone_change_percent"),
    ),
    "blackbox": (
        *("dataset", "recognizer", "attack", "strategy", "seed", "n", "success_percent", "on_manifold_percent"),
        *("queries_median", "displacement_mm", "acceleration_deviation_mm", "bone_change_percent"),
    ),
    "transfer": (
        *("dataset", "surrogate", "recognizer", "attack", "strategy", "seed", "n"),
        *("success_percent", "low_percent", "high_percent"),
    ),
}
TEXT: tuple[str, ...] = (
    *("dataset", "clips", "recognizer", "surrogate", "training", "split", "split_by", "attack", "attack_module"),
    *(
        "preset",
        "strategy",
        "terms",
        "reduction",
        "after_success",
        "settings",
        "attack_changes",
        "chosen",
        "candidate",
        "seed",
        "class",
        "part",
        "metric",
    ),
    *(
        "recognizer_module",
        "surrogate_module",
        "recognizer_settings",
        "recognizer_recipe",
        "protocol",
        "against",
        "defence",
        "setting",
        "flag",
        "verdict",
        "unit",
    ),
)
_SMALLEST = ("n", "takes", "test_clips", "right_clips")
_LARGEST = ("claimed_disagree", "limit_excess_degrees_max", "queries_max")
# numbers that say what a row is of, as names do
_PLACES = ("budget", "queries", "classes", "radius", "epsilon_mm", "bound_mm")


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with names and settings as text, empty where there are none."""
    return files.with_text(table, TEXT)


def read(path: str | Path) -> pd.DataFrame:
    """A table from its CSV file, typed."""
    return typed(files.read_csv(path, TEXT))


def sharing(transfer: pd.DataFrame) -> pd.Series:
    """Whether surrogate and target of each row of transfer are two that have a network in common: no transfer."""
    if "shared_members" not in transfer:
        return pd.Series(False, transfer.index)
    return (transfer["shared_members"] > 0) & (transfer["surrogate"] != transfer["recognizer"])


def _ends(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The columns of the low and high end of each value that has them."""
    ends = {name: (f"{name}_low", f"{name}_high") for name in names if f"{name}_low" in names}
    for value in ("success_percent", "accuracy_percent"):
        if value in names and "low_percent" in names:
            ends[value] = ("low_percent", "high_percent")
    for name in names:
        stem = name.removesuffix("_percent")
        if stem != name and f"{stem}_low" in names:
            ends[name] = (f"{stem}_low", f"{stem}_high")
    return ends


def with_all_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """The table with rows of seed ``all`` behind it, where two or more seeds have a row.

    Values are means over seeds; intervals are over seeds and test clips (``metrics.over_seeds``), counts the
    seeds' smallest, ``claimed_disagree`` and columns of a largest value their largest. Other columns without an
    interval are means.
    """
    table = typed(table)
    numbers = [name for name in table.columns if pd.api.types.is_numeric_dtype(table[name])]
    keys = [name for name in table.columns if name not in (*numbers, "seed") or name in _PLACES]
    return seeds.with_all_seeds(table, keys, [name for name in numbers if name not in keys], _pooled)


def _range(name: str) -> tuple[float, float]:
    """The least and the most that a column's number can be: a rate, a difference of rates, or a size."""
    if name in ("less_percent",) or name.endswith("_points"):
        return -100.0, 100.0
    if name.endswith("_percent") and name != "bone_change_percent":
        return 0.0, 100.0
    return 0.0, np.inf


def _pooled(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    pooled: dict[str, np.ndarray] = {}
    for name, (low, high) in _ends(list(values)).items():
        least, most = _range(name)
        ends = over_seeds(values[name], values[low], values[high], least=least, most=most)
        pooled |= dict(zip((name, low, high), ends, strict=True))
    for name in values:
        if name in pooled:
            continue
        counted = name in _SMALLEST or name.startswith("n_")
        pooled[name] = (
            values[name].min(1) if counted else values[name].max(1) if name in _LARGEST else values[name].mean(1)
        )
    return pooled


def joined(name: str, parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """The run's table ``name`` from its jobs' rows: the design's columns first, rows over seeds last.

    Raises ``KinesecError`` where there is no row, or a column lacks.
    """
    kept = [part for part in parts if len(part)]
    if not kept:
        raise KinesecError(f"{name}: found no row, expected those of one job or more")
    table = with_all_seeds(pd.concat(kept, ignore_index=True))
    lacking = [column for column in FIRST[name] if column not in table]
    if lacking:
        raise KinesecError(f"{name}: found no column {', '.join(lacking)}; evaluate again")
    return table[[*FIRST[name], *(column for column in table if column not in FIRST[name])]]
