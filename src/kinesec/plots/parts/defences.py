"""The rows of defended recognizers that figures show, and how each defence looks in all of them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

import pandas as pd

from kinesec.errors import KinesecError
from kinesec.plots.parts.style import palette
from kinesec.tables.recognition import typed
from kinesec.tables.seeds import ALL_SEEDS

Dash = Literal["-", "--", ":", "-."]
DASHES: tuple[Dash, ...] = ("-", "--", "-.")
UNDEFENDED = "clean"
_KEYS = ("dataset", "clips", "recognizer", "defence", "attack")


def of_clips(name: str, table: pd.DataFrame, dataset: str, clips: str) -> pd.DataFrame:
    """A table's rows of a data set and clips: those over all seeds, of a case that has some, else the only seed's.

    Raises ``KinesecError`` where the table of this ``name`` has none.
    """
    rows = typed(table)
    rows = rows[(rows["dataset"] == dataset) & (rows["clips"] == clips)]
    if rows.empty:
        raise KinesecError(f"figure of {dataset}, {clips}: found no row of {name}, expected one or more")
    keys = [rows[key] for key in _KEYS if key in rows]
    pooled = (rows["seed"] == ALL_SEEDS).groupby(keys, dropna=False).transform("max")
    return rows[(rows["seed"] == ALL_SEEDS) | ~pooled]


def look(defences: Iterable[str]) -> dict[str, tuple[str, Dash, str]]:
    """The colour, the dash and the printed name of each defence; the undefended recognizer is black."""
    named = [name for name in dict.fromkeys(defences) if name != UNDEFENDED]
    colours = palette(len(named))
    looks: dict[str, tuple[str, Dash, str]] = {UNDEFENDED: ("#222222", ":", "undefended")}
    for place, name in enumerate(named):
        looks[name] = colours[place], DASHES[(place // 3) % len(DASHES)], name.replace("_", " ")
    return looks
