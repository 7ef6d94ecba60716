"""How conspicuous poisoned training windows are: smoothness and bone lengths by selection, beside the clean windows."""

from __future__ import annotations

from itertools import product

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from kinesec.errors import KinesecError
from kinesec.plots.parts.rows import at_largest_ratio, bare, margin
from kinesec.plots.parts.style import COLOURS, STYLE, WIDTHS_INCH
from kinesec.tables import seeds
from kinesec.tables import strategies as tidy

PANELS = tuple(product(("Acc", "Jerk", "BLC"), ("whole", "seam")))
UNITS = {"Acc": "mm/frame\u00b2", "Jerk": "mm/frame\u00b3", "BLC": "mm/frame"}
FINE = 0.001  # what is less is arithmetic, not motion
CLEAN, BEFORE, POISONED = "train_clean", "train_before", "train_poisoned"


def draw(table: pd.DataFrame, *, dataset: str, protocol: str) -> Figure:
    """A row a trigger and target, a column a metric and part; poisoned windows beside the same ones before.

    Means over windows, so that selections of different actions are on one scale and one line of clean windows.
    Strategies that differ in their ratio alone are drawn at the largest. Raises ``KinesecError`` when the table has no
    poisoned training window.
    """
    rows = tidy.typed(table)
    rows = rows[(rows["dataset"] == dataset) & (rows["protocol"] == protocol) & (rows["action"] == tidy.WINDOWS)]
    rows = rows[rows["windows"].isin([CLEAN, BEFORE, POISONED])]
    strategies = at_largest_ratio(tidy.poisons(rows))
    if not strategies:
        raise KinesecError(f"figure of {dataset}, {protocol}: found no row of poisoned training windows, expected some")
    with mpl.rc_context(STYLE):
        return _compose(rows, strategies)


def _compose(rows: pd.DataFrame, strategies: list[tidy.Strategy]) -> Figure:
    kinds = list(dict.fromkeys((strategy.trigger, strategy.target) for strategy in strategies))
    ways = list(dict.fromkeys((strategy.selection, strategy.level) for strategy in strategies))
    height = 0.95 + len(kinds) * (0.42 + 0.2 * len(ways))
    figure = Figure(figsize=(WIDTHS_INCH["double"], height), layout="constrained")
    grid = figure.subplots(len(kinds), len(PANELS), sharey=True, sharex="col", squeeze=False)
    for (place, of_kind), (column, (metric, part)) in product(enumerate(kinds), enumerate(PANELS)):
        axes: Axes = grid[place, column]
        here = rows[(rows["metric"] == metric) & (rows["part"] == part)]
        chosen = [strategy for strategy in strategies if (strategy.trigger, strategy.target) == of_kind]
        _draw_panel(axes, here, chosen, ways)
        if place == 0:
            axes.set_title(f"{metric}, {part}", loc="left", pad=6)
        if place == len(kinds) - 1:
            axes.set_xlabel(UNITS[metric])
        if column == 0:
            axes.set_yticks(range(len(ways)), [_name(*way) for way in ways])
            axes.set_ylim(len(ways) - 0.5, -0.5)
        if column == len(PANELS) - 1 and len(kinds) > 1:
            margin(axes, "\n\u2192 ".join(of_kind).replace("_", " "))
    figure.legend(handles=_key(), loc="outside upper center", ncols=3, frameon=False)
    return figure


def _name(selection: str, level: str) -> str:
    return (selection + (", sequences" if level == "sequence" else "")).replace("_", " ")


def _draw_panel(axes: Axes, rows: pd.DataFrame, strategies: list[tidy.Strategy], ways: list[tuple[str, str]]) -> None:
    clean = rows[rows["windows"] == CLEAN]
    every = seeds.over_seeds(clean[clean["n"] == clean["n"].max()], ["windows"])  # of all actions
    largest = float(rows[["value", "high"]].max().max())
    bare(axes, "x")
    axes.tick_params(axis="y", length=0)
    if largest < FINE:
        axes.set_xlim(0, 1)
        axes.set_xticks([])
        axes.annotate(
            f"all below\n{FINE:g}", (0.5, 0.5), xycoords="axes fraction", ha="center", va="center", fontsize=7
        )
        return
    axes.axvspan(float(every["low"].iloc[0]), float(every["high"].iloc[0]), color=COLOURS["clean"], alpha=0.18, lw=0)
    axes.axvline(float(every["value"].iloc[0]), color=COLOURS["clean"], linewidth=1.3, gid=CLEAN)
    for strategy in strategies:
        y = ways.index((strategy.selection, strategy.level))
        means = seeds.over_seeds(tidy.of_strategy(rows, strategy), ["windows"]).set_index("windows")
        for windows, filled in ((BEFORE, False), (POISONED, True)):
            value, low, high = means.loc[windows, ["value", "low", "high"]].to_numpy(float)
            axes.errorbar(
                [value],
                [y],
                xerr=[[max(value - low, 0)], [max(high - value, 0)]],
                fmt="o",
                color=COLOURS["victim"],
                markerfacecolor=COLOURS["victim"] if filled else "white",
                elinewidth=0.9,
                gid=f"{windows}-{strategy.selection}",
                zorder=3 if filled else 2,
            )
    axes.set_xlim(0, 1.08 * largest)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=3))


def _key() -> list[Line2D]:
    victim = COLOURS["victim"]
    return [
        Line2D([], [], color=COLOURS["clean"], linewidth=1.3, label="all training windows, clean"),
        Line2D([], [], color=victim, marker="o", markerfacecolor="white", linestyle="", label="chosen, before"),
        Line2D([], [], color=victim, marker="o", linestyle="", label="chosen, poisoned"),
    ]
