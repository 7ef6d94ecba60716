"""Rows over seeds: how they are made, and which rows a reader takes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from kinesec.metrics.over_seeds import two_level

ALL_SEEDS = "all"
Pool = Callable[[Mapping[str, np.ndarray]], Mapping[str, np.ndarray]]


def with_all_seeds(table: pd.DataFrame, keys: Sequence[str], values: Sequence[str], pool: Pool) -> pd.DataFrame:
    """The table with rows of seed ``all`` behind it, where two or more seeds have a row of the same ``keys``.

    ``pool`` gets the ``values`` columns by name, each (row, seed), and returns columns (row,) over seeds. Other columns
    are those of the first seed.
    """
    table = table.reset_index(drop=True)
    number = table.groupby(list(keys), sort=False, dropna=False, observed=True).ngroup().to_numpy()
    place = table.groupby(number, sort=False).cumcount().to_numpy()
    seeds = np.bincount(number)[number] if len(number) else number
    parts = [table]
    for count in sorted(set(seeds[seeds > 1].tolist())):
        rows = np.flatnonzero(seeds == count)
        rows = rows[np.lexsort((place[rows], number[rows]))]
        by_seed = {name: table[name].to_numpy(np.float64)[rows].reshape(-1, count) for name in values}
        parts.append(table.iloc[rows[::count]].assign(seed=ALL_SEEDS, **pool(by_seed)))
    return pd.concat(parts, ignore_index=True)


def count(table: pd.DataFrame) -> int:
    """How many seeds the table has, the rows over all of them aside."""
    return len(set(table["seed"]) - {ALL_SEEDS})


def over_seeds(table: pd.DataFrame, by: list[str]) -> pd.DataFrame:
    """``value``, ``low``, ``high`` and ``n`` for each ``by``: of the row over all seeds, or over the seeds' rows.

    Where there is no row over all seeds, the interval is made of the seeds' as there (``metrics.over_seeds``).
    """
    single = table["seed"] != ALL_SEEDS
    pooled = ~single.groupby([table[name] for name in by], dropna=False).transform("min")
    rows = table[pooled & ~single | ~pooled]
    rows = rows.assign(_below=rows["value"] - rows["low"], _above=rows["high"] - rows["value"])
    groups = rows.groupby(by, sort=False, dropna=False)
    every = groups.agg(
        value=("value", "mean"),
        spread=("value", "std"),
        seeds=("value", "size"),
        below=("_below", "mean"),
        above=("_above", "mean"),
        n=("n", "max"),
    ).reset_index()
    down, up = two_level(*(every[name].to_numpy(float) for name in ("spread", "seeds", "below", "above")))
    return every.assign(low=every["value"] - down, high=every["value"] + up)[[*by, "value", "low", "high", "n"]]


def of_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """One row a case of a recognition table: that over all seeds where there is one, else that of the only seed."""
    known = ("dataset", "clips", "surrogate", "recognizer", "training", "split", "attack", "against", "epsilon_mm")
    keys = [name for name in known if name in table]
    pooled = (table["seed"] == ALL_SEEDS).groupby([table[name] for name in keys], dropna=False).transform("max")
    return table[(table["seed"] == ALL_SEEDS) | ~pooled]
