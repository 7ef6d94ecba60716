"""Tables of the poisoned training windows: whether they can be told from the others, and which they are."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kinesec.metrics.over_seeds import over_seeds as pool
from kinesec.tables import files, seeds

_POISON = ("dataset", "protocol", "trigger", "target", "selection", "level", "ratio", "seed")
PREDICTION_STEALTH = (
    *_POISON, "windows", "against", "metric", "part", "score", "detector", "value", "low", "high", "told_apart", "n",
    "n_others",
)  # fmt: skip
TEXT = (
    *("dataset", "protocol", "trigger", "target", "selection", "level", "seed", "windows", "against", "metric", "part"),
    *("score", "detector", "told_apart", "action", "sequence", "tested"),
)
PREDICTION_SELECTED = (*_POISON, "action", "sequence", "tested", "available", "selected", "share_percent")


def read(path: str | Path) -> pd.DataFrame:
    """Either table from its CSV file; text is empty, never missing."""
    return files.read_csv(path, TEXT, absent={})


def told_apart(
    rows: Iterable[Mapping[str, Any]], moved: Mapping[tuple[str, str], str], identity: Mapping[str, Any]
) -> pd.DataFrame:
    """The areas under ROC curves of one poison (columns ``PREDICTION_STEALTH``).

    ``moved`` says which metrics, (metric, part), the selection's score was told to move: its column ``score``.
    """
    table = pd.DataFrame(list(rows)).assign(**identity)
    table["score"] = [moved.get(key, "") for key in zip(table["metric"], table["part"], strict=True)]
    return with_verdicts(table)


def with_verdicts(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its column ``told_apart``: of the two-sided test at 5 %.

    ``higher`` or ``lower`` where the interval of the area lies wholly above or below a half, else ``no``.
    """
    low, high = table["low"].to_numpy(float), table["high"].to_numpy(float)
    verdict = np.where(low > 0.5, "higher", np.where(high < 0.5, "lower", "no"))
    return table.assign(told_apart=verdict)[list(PREDICTION_STEALTH)]


def over_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """The areas of many poisons with rows of seed ``all`` behind them, whose ends are within 0 and 1."""
    ends = ("value", "low", "high")

    def pooled(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        return dict(zip(ends, pool(*(values[name] for name in ends), least=0.0, most=1.0), strict=True))

    keys = [name for name in PREDICTION_STEALTH if name not in ("seed", *ends, "told_apart", "n", "n_others")]
    return with_verdicts(seeds.with_all_seeds(table, keys, ends, pooled))


def selected(
    action: np.ndarray,
    sequence: np.ndarray,
    index: np.ndarray,
    tested: Collection[str],
    identity: Mapping[str, Any],
) -> pd.DataFrame:
    """What one poison selected (columns ``PREDICTION_SELECTED``): a row an action, and one a sequence with a selected
    window.

    ``action`` and ``sequence`` (window,) are of all training windows, ``index`` (selected,) the selected ones' places;
    ``tested`` are the actions that have test windows. A row of an action has no sequence; ``share_percent`` is the
    row's share of all selected windows.
    """
    frame = pd.DataFrame({"action": action, "sequence": sequence, "available": 1, "selected": 0})
    frame.loc[index, "selected"] = 1
    by_action = frame.groupby("action", as_index=False)[["available", "selected"]].sum().assign(sequence="")
    by_sequence = frame.groupby(["action", "sequence"], as_index=False)[["available", "selected"]].sum()
    both = pd.concat([by_action, by_sequence[by_sequence["selected"] > 0]]).sort_values(["action", "sequence"])
    both["tested"] = np.where(both["action"].isin(list(tested)), "yes", "no")
    both["share_percent"] = 100 * both["selected"] / max(1, len(index))
    return both.assign(**identity)[list(PREDICTION_SELECTED)].reset_index(drop=True)
