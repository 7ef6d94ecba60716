"""Robust accuracy against the iterations of an attack: a line a defence, a panel an attack and recognizer."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinesec.plots.parts.defences import UNDEFENDED, look, of_clips
from kinesec.plots.parts.rows import bare, margin
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH, log_ticks, short
from kinesec.samples.errors import NothingToDraw
from kinesec.tables.labels import attack_labels

MOST = 3  # attacks side by side


def draw(curves: pd.DataFrame, *, dataset: str, clips: str) -> Figure:
    """Robust accuracy (%) after so many iterations, with 95 % intervals; the longest attacks, three at most.

    ``curves`` is the table ``robustness_curves``. Raises ``KinesecError`` where it has no row of data set and clips,
    ``NothingToDraw`` where it has none at all: of attacks that do not count their steps to success.
    """
    if curves.empty:
        raise NothingToDraw(f"{dataset}, {clips}: found no attack that counts its steps to success")
    rows = of_clips("robustness_curves", curves, dataset, clips)
    with mpl.rc_context(STYLE):
        return _compose(rows)


def _compose(rows: pd.DataFrame) -> Figure:
    longest = rows.groupby("attack", sort=False)["budget"].max().sort_values(ascending=False, kind="stable")
    attacks = [name for name in dict.fromkeys(rows["attack"]) if name in set(longest.index[:MOST])]
    recognizers = list(dict.fromkeys(rows["recognizer"]))
    labels, looks = attack_labels(rows), look(rows["defence"])
    wide = len(attacks) > 1
    per_row = 4 if wide else 2
    height = 0.6 + 0.18 * -(-len(looks) // per_row) + 1.8 * len(recognizers)
    figure = Figure(figsize=(WIDTHS_INCH["double" if wide else "single"], height), layout="constrained")
    grid = figure.subplots(len(recognizers), len(attacks), sharey=True, sharex="col", squeeze=False)
    for line, recognizer in enumerate(recognizers):
        for column, attack in enumerate(attacks):
            axes: Axes = grid[line, column]
            here = rows[(rows["recognizer"] == recognizer) & (rows["attack"] == attack)]
            for defence, curve in here.groupby("defence", sort=False):
                colour, dash, _ = looks[str(defence)]
                band = curve["robust_accuracy_low"], curve["robust_accuracy_high"]
                axes.fill_between(curve["budget"], *band, color=colour, alpha=0.1, linewidth=0)
                if len(curve) == 1:  # neither a line nor a band can be seen of it
                    axes.vlines(curve["budget"], *band, color=colour, linewidth=0.7)
                axes.plot(
                    *(curve["budget"], curve["robust_accuracy_percent"]),
                    color=colour,
                    linestyle=dash,
                    marker="o" if len(curve) == 1 else "",
                    gid=str(defence),
                    zorder=3 if defence == UNDEFENDED else 2,  # dotted, on what it would else be hidden by
                )
            bare(axes)
            axes.set_xscale("log")
            log_ticks(axes.xaxis)
            axes.set_ylim(-3, 103)  # a line at 0 is one to be seen, not the axis
            if line == 0:
                axes.set_title(labels[attack], loc="left", pad=4)
            if line == len(recognizers) - 1:
                axes.set_xlabel("iterations")
            if column == 0:
                axes.set_ylabel("robust accuracy (%)")
            if column == len(attacks) - 1:
                margin(axes, short(recognizer))
    key = [Line2D([], [], color=colour, linestyle=dash, label=label) for colour, dash, label in looks.values()]
    figure.legend(
        handles=key, loc="outside upper center", ncols=min(per_row, len(key)), frameon=False, handlelength=2.4
    )
    return figure
