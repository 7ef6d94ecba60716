"""Triggers that are performed and captured imperfectly: success, distance to the target and clean error by strength."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinesec.plots.parts.rows import bare
from kinesec.plots.parts.style import COLOURS, STYLE, WIDTHS_INCH, palette
from kinesec.samples.errors import NothingToDraw
from kinesec.tables.trigger_strength import chosen_seeds

METRICS = (
    ("ASR", "triggered", "ASR (%)"),
    ("ASR", "triggered_seen", "ASR, as seen (%)"),
    ("BDE", "triggered", "BDE (mm)"),
    ("CDE", "clean", "CDE (mm)"),
)
STRATEGY = ["trigger", "target", "selection", "level", "ratio", "poison"]
NONE = "none"


def draw(table: pd.DataFrame, *, dataset: str, predictor: str) -> Figure:
    """A row a disturbance, a column a metric, each with the victims' lines and the clean model's (95 % bands).

    Raises ``NothingToDraw`` where no disturbance was tried on this predictor.
    """
    rows = table[(table["dataset"] == dataset) & (table["predictor"] == predictor)]
    rows = chosen_seeds(rows)
    disturbances = [name for name in rows["disturbance"].unique() if name != NONE]
    if not disturbances:
        raise NothingToDraw(f"{predictor} on {dataset} was shown no imperfect trigger")
    with mpl.rc_context(STYLE):
        return _compose(rows, disturbances)


def _compose(rows: pd.DataFrame, disturbances: list[str]) -> Figure:
    size = (WIDTHS_INCH["double"], 0.6 + 1.5 * len(disturbances))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(len(disturbances), len(METRICS), squeeze=False)
    lines = list(_lines(rows))
    for (place, name), (column, (metric, windows, label)) in product(enumerate(disturbances), enumerate(METRICS)):
        axes: Axes = grid[place, column]
        of_metric = rows[(rows["metric"] == metric) & (rows["windows"] == windows)]
        here = of_metric[of_metric["disturbance"].isin([name, NONE])]
        for wanted, drawn in lines:
            _line(axes, here[(here[list(wanted)] == pd.Series(wanted)).all(axis=1)], name, drawn)
        bare(axes)
        top = float(of_metric[["value", "high"]].max().max())  # an end may be unknown
        axes.set_ylim(0, 103 if metric == "ASR" else 1.06 * top)
        axes.set_ylabel(label)
        unit = str(here.loc[here["disturbance"] == name, "amount_unit"].iloc[0])
        axes.set_xlabel(unit)
        if column == 0:
            axes.set_title(name.replace("_", " "), loc="left", pad=6)
    handles = {
        drawn["label"]: Line2D([], [], color=drawn["color"], linestyle=drawn["linestyle"], label=drawn["label"])
        for _, drawn in lines
    }
    figure.legend(handles=list(handles.values()), loc="outside upper center", ncols=2, frameon=False)
    return figure


def _lines(rows: pd.DataFrame) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """(the rows that a line is of, how it is drawn): the clean model once a trigger and target, then each victim."""
    named = rows[STRATEGY].drop_duplicates().values.tolist()
    strategies = [dict(zip(STRATEGY, values, strict=True)) for values in named]
    aims = list(dict.fromkeys((each["trigger"], each["target"]) for each in strategies))
    for trigger, target in aims:
        first = next(each for each in strategies if (each["trigger"], each["target"]) == (trigger, target))
        said = f", {trigger} trigger, {target} target".replace("_", " ") if len(aims) > 1 else ""
        dashes = "-" if (trigger, target) == aims[0] else "--"
        drawn = {"color": COLOURS["clean"], "linestyle": dashes, "label": f"clean model{said}"}
        yield {**first, "model": "clean"}, drawn
    colours = [COLOURS["victim"], *(colour for colour in palette(8) if colour not in COLOURS.values())]
    for index, each in enumerate(strategies):
        said = f"{each['trigger']}, {each['target']}, {each['selection']}, {100 * each['ratio']:.3g} %"
        label = f"{'hardened ' if each['poison'] != 'plain' else ''}victim ({said})".replace("_", " ")
        drawn = {"color": colours[index % len(colours)], "linestyle": "-", "label": label}
        yield {**each, "model": "victim"}, drawn


def _line(axes: Axes, rows: pd.DataFrame, disturbance: str, drawn: dict[str, Any]) -> None:
    """One line over a disturbance's levels; what is measured without it stands at its neutral level, and dotted."""
    levels, without = rows[rows["disturbance"] == disturbance], rows[rows["disturbance"] == NONE]
    if levels.empty:
        return
    neutral = levels["neutral"].iloc[0]
    if pd.notna(neutral) and neutral not in set(levels["amount"]):
        levels = pd.concat([levels, without.assign(amount=neutral)])
    levels = levels.sort_values("amount")
    axes.fill_between(levels["amount"], levels["low"], levels["high"], color=drawn["color"], alpha=0.18, linewidth=0)
    axes.plot(levels["amount"], levels["value"], marker="o", gid=drawn["label"], **drawn)
    for value in without["value"]:
        axes.axhline(value, color=drawn["color"], linestyle=":", linewidth=0.8)
