"""Success of bounded attacks against their bound in mm: a curve an attack, a panel a recognizer."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinesec.errors import KinesecError
from kinesec.plots.parts.rows import bare
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH, log_ticks, palette
from kinesec.tables.labels import attack_labels
from kinesec.tables.recognition import typed
from kinesec.tables.seeds import of_seeds


def draw(table: pd.DataFrame, *, dataset: str, clips: str) -> Figure:
    """Success (%) and its 95 % interval by the farthest that a coordinate may go; ``table`` is ``attack_bounds``.

    Raises ``KinesecError`` where it has no row of the data set and clips.
    """
    rows = typed(table)
    rows = of_seeds(rows[(rows["dataset"] == dataset) & (rows["clips"] == clips)])
    if rows.empty:
        raise KinesecError(f"figure of {dataset}, {clips}: found no bounded attack, expected one or more")
    with mpl.rc_context(STYLE):
        return _compose(rows)


def _compose(rows: pd.DataFrame) -> Figure:
    recognizers = list(dict.fromkeys(rows["recognizer"]))
    labels = attack_labels(rows)
    colours = dict(zip(labels, palette(len(labels)), strict=True))
    one = len(recognizers) == 1
    figure = Figure(figsize=(WIDTHS_INCH["single" if one else "double"], 2.5), layout="constrained")
    grid = figure.subplots(1, len(recognizers), sharey=True, sharex=True, squeeze=False)[0]
    for axes, recognizer in zip(grid, recognizers, strict=True):
        _panel(axes, rows[rows["recognizer"] == recognizer], colours)
        axes.set_title(recognizer.replace("_", " "), loc="left", pad=4)
        axes.set_xlabel("bound (mm)")
    grid[0].set_ylabel("success (%)")
    key = [Line2D([], [], color=colours[name], label=label, linewidth=1.5) for name, label in labels.items()]
    figure.legend(handles=key, loc="outside upper center", ncols=min(len(key), 2 if one else 5), frameon=False)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, colours: dict[str, str]) -> None:
    for attack, unsorted in rows.groupby("attack", sort=False):
        name, line = str(attack), unsorted.sort_values("epsilon_mm")
        band = line["low_percent"], line["high_percent"]
        axes.fill_between(line["epsilon_mm"], *band, color=colours[name], alpha=0.14, linewidth=0)
        axes.plot(line["epsilon_mm"], line["success_percent"], "o-", color=colours[name], markersize=3, gid=name)
    bare(axes)
    axes.set_xscale("log")
    log_ticks(axes.xaxis)
    axes.set_ylim(-3, 103)
    axes.set_yticks([0, 25, 50, 75, 100])
