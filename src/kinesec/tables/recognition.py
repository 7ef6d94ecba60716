"""The run's recognition tables: accuracy, attacks and transfer, joined over jobs, with rows over seeds behind them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd

from kinesec import seeding
from kinesec.errors import KinesecError
from kinesec.metrics.bootstrap import over_seeds

ALL_SEEDS = "all"
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
    "transfer": (
        *("dataset", "surrogate", "recognizer", "attack", "strategy", "seed", "n"),
        *("success_percent", "low_percent", "high_percent"),
    ),
}
_TEXT: tuple[str, ...] = (
    *("dataset", "clips", "recognizer", "surrogate", "training", "split", "split_by", "attack", "attack_module"),
    *("preset", "strategy", "terms", "reduction", "after_success", "settings", "seed", "class", "part", "metric"),
    *(
        "recognizer_module",
        "surrogate_module",
        "recognizer_settings",
        "recognizer_recipe",
        "protocol",
        "against",
        "unit",
    ),
)
_SMALLEST, _LARGEST = "n", "claimed_disagree"


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with names and settings as text, empty where there are none, and without it all seeds as ``0``."""
    done = table.copy()
    for name in _TEXT:
        if name in done:
            done[name] = done[name].astype(object).where(done[name].notna(), "").astype(str)
    if "seed" in done:
        done["seed"] = done["seed"].str.removesuffix(".0")
    return done


def read(path: str | Path) -> pd.DataFrame:
    """A table from its CSV file, typed."""
    return typed(pd.read_csv(path, dtype=dict.fromkeys(_TEXT, str)))


def _ends(names: Sequence[str]) -> dict[str, tuple[str, str]]:
    """The columns of the low and high end of each value that has them."""
    found = {name: (f"{name}_low", f"{name}_high") for name in names if f"{name}_low" in names}
    for value in ("success_percent", "accuracy_percent"):
        if value in names:
            found[value] = ("low_percent", "high_percent")
    for value in ("control", "of_fooled"):
        if f"{value}_percent" in names and f"{value}_low" in names:
            found[f"{value}_percent"] = (f"{value}_low", f"{value}_high")
    return found


def with_all_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """The table with rows of seed ``all`` behind it, where two or more seeds have a row.

    Values are means over seeds; intervals are over seeds and test clips (``metrics.intervals.over_seeds``), counts the
    seeds' smallest, and ``claimed_disagree`` their largest. Other columns without an interval are means.
    """
    table = typed(table).reset_index(drop=True)
    numbers = [name for name in table.columns if pd.api.types.is_numeric_dtype(table[name])]
    keys = [name for name in table.columns if name not in (*numbers, "seed") or name in ("budget", "classes")]
    number = table.groupby(keys, sort=False, dropna=False).ngroup().to_numpy()
    place = table.groupby(number, sort=False).cumcount().to_numpy()
    seeds = np.bincount(number)[number] if len(number) else number
    parts = [table]
    for count in sorted(set(seeds[seeds > 1].tolist())):
        rows = np.flatnonzero(seeds == count)
        rows = rows[np.lexsort((place[rows], number[rows]))]
        values = {
            name: table[name].to_numpy(np.float64)[rows].reshape(-1, count) for name in numbers if name not in keys
        }
        parts.append(table.iloc[rows[::count]].assign(seed=ALL_SEEDS, **_over_seeds(values)))
    return pd.concat(parts, ignore_index=True)


def _over_seeds(values: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Each column's value (row,) over seeds, of values (row, seed) by name."""
    rng = seeding.generator(0, "over seeds")
    done: dict[str, np.ndarray] = {}
    for name, (low, high) in _ends(list(values)).items():
        found = over_seeds(values[name], values[low], values[high], rng)
        done |= dict(zip((name, low, high), found, strict=True))
    for name in values:
        if name in done:
            continue
        counted = name == _SMALLEST or name.startswith(f"{_SMALLEST}_")
        done[name] = (
            values[name].min(1) if counted else values[name].max(1) if name == _LARGEST else values[name].mean(1)
        )
    return done


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


def of_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """One row a case: that over all seeds where there is one, else that of the only seed."""
    keys = [
        name
        for name in ("dataset", "clips", "surrogate", "recognizer", "training", "split", "attack", "against")
        if name in table
    ]
    pooled = (table["seed"] == ALL_SEEDS).groupby([table[name] for name in keys], dropna=False).transform("max")
    return table[(table["seed"] == ALL_SEEDS) | ~pooled]


_MODULES = {"smart": "SMART", "iaa": "IAA", "ciasa": "CIASA", "pgd": "PGD", "mi_fgsm": "MI-FGSM", "eot": "EOT"}


def attack_labels(table: pd.DataFrame) -> dict[str, str]:
    """What to call each attack of a table beside the others: its method, and in what it differs from those.

    Names tell methods first, and of EOT around which; the loss terms of an ablation, then strategy, preset, reduction,
    what follows success, and last the configuration's own name.
    """
    rows = table.drop_duplicates("attack").set_index("attack")
    labels = {str(name): _MODULES.get(module, module) for name, module in rows["attack_module"].items()}
    for name, settings in rows["settings"].items() if "settings" in rows else ():
        around = json.loads(settings or "{}").get("attack")
        if around:
            labels[str(name)] += f" of {_MODULES.get(around['attack'], around['attack'])}"
    if "terms" in rows:
        ablations = {name: terms for name, terms in rows["terms"].items() if terms not in ("", "smart")}
        labels |= {str(name): f"{labels[str(name)]}, {plain(terms)}" for name, terms in ablations.items()}
    for column in ("strategy", "preset", "reduction", "after_success"):
        if column not in rows:
            continue
        for label in set(labels.values()):
            same = [name for name, one in labels.items() if one == label]
            found = {name: str(rows.loc[name, column]) for name in same}
            if len(set(found.values())) > 1:
                labels |= {name: f"{label}, {plain(one)}" if one else label for name, one in found.items()}
    for label in set(labels.values()):
        same = [name for name, one in labels.items() if one == label]
        if len(same) > 1:
            labels |= {name: f"{label} ({name})" for name in same}
    return labels


def plain(setting: str) -> str:
    """A setting without JSON's marks."""
    return setting.strip('[]{}"').replace('", "', "+").replace('"', "").replace("_", " ")
