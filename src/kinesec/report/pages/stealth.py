"""The report on the windows that were poisoned: whether they can be told from the others, and which they are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd
from markupsafe import Markup

from kinesec.report.format import NONE, SHARE, interval, number, pretty
from kinesec.report.markup import table
from kinesec.report.pages._rows import stack
from kinesec.tables import seeds, stealth
from kinesec.tables.strategies import Strategy

TOLD_APART, SELECTED = "prediction_stealth", "prediction_selected"
_PAIRS = {
    ("train_poisoned", "train_unselected"): "poisoned windows among the others",
    ("train_before", "train_unselected"): "the same windows before, among the others (control)",
    ("train_poisoned", "train_before"): "poisoned windows beside themselves before",
}
_PARTS = ("whole", "seam", "seam/whole")
_MARK = "\u2020"


def sections(tables: Mapping[str, str | Path]) -> dict[str, Markup]:
    """``told_apart`` and ``selected``, of the tables that there are and that have a row."""
    made = {}
    if TOLD_APART in tables:
        rows = told_apart(stealth.read(tables[TOLD_APART]))
        metrics = [name for name in rows.columns if name not in ("selection", "group")]
        if len(rows):
            made["told_apart"] = table(
                rows,
                name="told-apart",
                caption="Can a detector tell poisoned training windows by their motion? Area under its ROC curve: at "
                f"0.5 it cannot, far from it on either side it can. {_MARK}: what the score minimises or maximises",
                labels={"selection": "Selection", **{name: name.partition(", ")[2] for name in metrics}},
                row="selection",
                group="group",
                numbers=metrics,
                spanners={way: [name for name in metrics if name.startswith(f"{way}, ")] for way in ("Acc", "Jerk")},
            )
    if SELECTED in tables:
        rows = selected(stealth.read(tables[SELECTED]))
        chosen = [name for name in rows.columns if name not in ("action", "group")]
        if len(rows):
            made["selected"] = table(
                rows,
                name="selected",
                caption="What was poisoned: each action's share (%) of the poisoned and of all training windows",
                labels={"action": "Action", **{name: pretty(name) for name in chosen}},
                row="action",
                group="group",
                numbers=chosen,
            )
    return made


def _by_kind(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """(heading, rows) of the strategies that differ in their selection alone."""
    same = [name for name in ("dataset", "protocol", *Strategy._fields) if name != "selection"]
    for of_kind, part in rows.groupby(same, sort=False):
        named: dict[str, Any] = dict(zip(same, of_kind, strict=True))
        strategy = Strategy(**{key: named.get(key, "") for key in Strategy._fields})
        yield f"{named['dataset']}, {named['protocol']} \u00b7 {str(strategy).rpartition(',')[0]}", part


def told_apart(rows: pd.DataFrame) -> pd.DataFrame:
    """selection by metric and part: the area under the ROC curve of windows flagged for high values; see ``_PAIRS``."""
    rows = rows[(rows["detector"] == "high") & rows["metric"].isin(["Acc", "Jerk"])]
    rows = rows.assign(what=rows["metric"] + ", " + rows["part"])
    parts = []
    for heading, of_kind in _by_kind(rows):
        for (windows, against), said in _PAIRS.items():
            here = of_kind[(of_kind["windows"] == windows) & (of_kind["against"] == against)]
            if len(here):
                areas = seeds.over_seeds(here, ["selection", "what", "score"])
                cells = areas.assign(
                    cell=[
                        interval(*row, within=SHARE) + (_MARK if moved else "")
                        for *row, moved in areas[["value", "low", "high", "score"]].values.tolist()
                    ]
                ).pivot(index="selection", columns="what", values="cell")
                order = [f"{metric}, {part}" for metric in ("Acc", "Jerk") for part in _PARTS]
                cells = cells.reindex(index=list(dict.fromkeys(here["selection"])), columns=order)
                parts.append((f"{heading} \u00b7 {said}", cells.rename(index=pretty)))
    return stack(parts, "selection").fillna(NONE)


def selected(rows: pd.DataFrame) -> pd.DataFrame:
    """action by selection: its share of the poisoned windows, mean over seeds, beside its share of all windows."""
    rows = rows[rows["sequence"] == ""]
    parts = []
    for heading, of_kind in _by_kind(rows):
        by = ["action", "tested", "selection"]
        means = of_kind.groupby(by, as_index=False)[["share_percent", "available"]].mean()
        cells = means.pivot(index="action", columns="selection", values="share_percent")
        cells = cells[list(dict.fromkeys(of_kind["selection"]))].map(number)
        available = means.drop_duplicates("action").set_index("action")
        cells.insert(0, "all windows", (100 * available["available"] / available["available"].sum()).map(number))
        untested = {name: f"{name} (not tested)" for name in available.index[available["tested"] == "no"]}
        parts.append((heading, cells.rename(index=untested)))
    return stack(parts, "action").fillna(NONE)
