"""The table ``prediction_backdoor``: its columns and types, and the look-ups that figures and reports share.

One row a number. ``low`` and ``high`` are the ends of its 95 % interval; text columns are empty, never missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pandas as pd

from kinesec.errors import KinesecError
from kinesec.tables import files

TEXT = (
    "dataset",
    "protocol",
    "sampling",
    "action",
    "predictor",
    "trigger",
    "target",
    "selection",
    "level",
    "seed",
    "model",
    "windows",
    "metric",
    "part",
    "joints",
    "unit",
)
NUMBERS = ("ratio", "frame", "horizon_ms_nominal", "value", "low", "high", "n", "n_effective")
MEAN = "mean"
WINDOWS = "windows"  # instead of an action: the mean over windows, whatever their actions
ROTATED = "rotated_"  # a kind of windows: the triggered limb turned by so many degrees


class Strategy(NamedTuple):
    """What makes one backdoor."""

    trigger: str
    target: str
    selection: str
    level: str
    ratio: float

    def __str__(self) -> str:
        share = f"{100 * self.ratio:.3g} % poisoned"
        whole = " of windows in a row" if self.level == "sequence" else ""
        return f"{self.trigger} trigger, {self.target} target, {share}, {self.selection} selection{whole}"


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with text as str and numbers as float; raises ``KinesecError`` naming the columns that lack."""
    lacking = [name for name in (*TEXT, *NUMBERS) if name not in table]
    if lacking:
        raise KinesecError(f"prediction_backdoor: found no column {', '.join(lacking)}; make the table again")
    typed_table = files.with_text(table, TEXT, whole=("sampling", "seed"))
    for name in NUMBERS:
        typed_table[name] = pd.to_numeric(typed_table[name]).astype(float)
    return typed_table


def read(path: str | Path) -> pd.DataFrame:
    """A table from its CSV file, typed."""
    return typed(files.read_csv(path, TEXT, absent={name: [""] for name in NUMBERS}))


def widest(table: pd.DataFrame) -> str:
    """The test sampling with most windows: ``all``, else the largest number. Training windows have none."""
    samplings = sorted(set(table["sampling"]) - {""}, key=lambda name: float("inf") if name == "all" else float(name))
    if not samplings:
        raise KinesecError("prediction_backdoor: found no rows of test windows, expected some; make the table again")
    return str(samplings[-1])


def strategies(table: pd.DataFrame) -> list[Strategy]:
    """The backdoors of the victims in the table, in its order."""
    return _named(table[table["model"] == "victim"])


def poisons(table: pd.DataFrame) -> list[Strategy]:
    """The strategies whose poisoned training windows the table describes, in its order: with a victim or without."""
    return _named(table[table["windows"] == "train_poisoned"])


def _named(table: pd.DataFrame) -> list[Strategy]:
    rows = table[list(Strategy._fields)].drop_duplicates()
    return [Strategy(str(a), str(b), str(c), str(d), float(e)) for a, b, c, d, e in rows.itertuples(index=False)]


def of_strategy(table: pd.DataFrame, strategy: Strategy) -> pd.DataFrame:
    """A strategy's rows, with those that belong to none (a clean model on clean windows may name no trigger)."""
    keep = pd.Series(True, index=table.index)
    for name in ("trigger", "target", "selection", "level"):
        keep &= table[name].isin(["", getattr(strategy, name)])
    keep &= table["ratio"].isna() | (table["ratio"] == strategy.ratio)
    return table[keep]


def cases(table: pd.DataFrame) -> Iterator[tuple[str, str, str, Strategy, pd.DataFrame]]:
    """(data set, protocol, predictor, strategy, its rows), in the table's order.

    Rows of no predictor (the windows' own smoothness, zero velocity) come with every predictor.
    """
    victims = table[table["model"] == "victim"]
    for dataset, protocol, predictor in victims[["dataset", "protocol", "predictor"]].drop_duplicates().values.tolist():
        rows = table[(table["dataset"] == dataset) & (table["protocol"] == protocol)]
        rows = rows[rows["predictor"].isin(["", predictor])]
        for strategy in strategies(rows):
            yield dataset, protocol, predictor, strategy, of_strategy(rows, strategy)


def clean_cases(table: pd.DataFrame) -> Iterator[tuple[str, str, str, str, pd.DataFrame]]:
    """(data set, protocol, predictor, "clean models alone", its rows) of a run without victims."""
    models = table[table["model"] == "clean"]
    for dataset, protocol, predictor in models[["dataset", "protocol", "predictor"]].drop_duplicates().values.tolist():
        rows = table[(table["dataset"] == dataset) & (table["protocol"] == protocol)]
        yield dataset, protocol, predictor, "clean models alone", rows[rows["predictor"].isin(["", predictor])]


def last(rows: pd.DataFrame, action: str | None = MEAN) -> pd.DataFrame:
    """Means up to the last frame, over the joints that are predicted."""
    rows = rows[(rows["joints"] == "used") & (rows["frame"] == rows["frame"].max())]
    return rows if action is None else rows[rows["action"] == action]
