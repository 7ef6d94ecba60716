"""Success against perceptual cost: a curve an attack, a panel a recognizer and metric."""

from __future__ import annotations

from itertools import product
from typing import Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinesec.errors import KinesecError
from kinesec.plots.parts.rows import bare, margin
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH, log_ticks, palette
from kinesec.tables.labels import attack_labels
from kinesec.tables.recognition import typed
from kinesec.tables.seeds import of_seeds

PANELS = {
    "displacement_mm": "joint displacement (mm)",
    "acceleration_deviation_mm": "acceleration deviation\n(mm/frame\u00b2)",
    "bone_change_percent": "bone length change (%)",
}
Dash = Literal["-", "--", ":", "-."]
DASHES: tuple[Dash, ...] = ("-", "--", ":", "-.")


def draw(curves: pd.DataFrame, attacks: pd.DataFrame, *, dataset: str, clips: str, strategy: str = "AB") -> Figure:
    """Success (%) within a budget of each cost and its 95 % interval; the dot is at the mean cost of the successes.

    ``curves`` is the table ``attack_curves``, ``attacks`` the table ``recognition_attacks``. Raises ``KinesecError``
    where there is no row of the data set, clips and strategy.
    """
    wanted = {"dataset": dataset, "clips": clips, "strategy": strategy}
    drawn, dots = (_of(table, wanted) for table in (curves, attacks))
    if drawn.empty:
        raise KinesecError(f"figure of {dataset}, {clips}, {strategy}: found no attack's curve, expected one or more")
    with mpl.rc_context(STYLE):
        return _compose(drawn, dots)


def _of(table: pd.DataFrame, wanted: dict[str, str]) -> pd.DataFrame:
    rows = typed(table)
    return of_seeds(rows[(rows[list(wanted)] == pd.Series(wanted)).all(axis=1)])


def _compose(rows: pd.DataFrame, dots: pd.DataFrame) -> Figure:
    recognizers = list(dict.fromkeys(rows["recognizer"]))
    labels = attack_labels(rows)
    colours = dict(zip(labels, palette(len(labels)), strict=True))
    dashes = {attack: DASHES[place % len(DASHES)] for place, attack in enumerate(labels)}
    width = WIDTHS_INCH["double"]
    figure = Figure(figsize=(width, 0.75 + 1.65 * len(recognizers)), layout="constrained")
    grid = figure.subplots(len(recognizers), len(PANELS), sharey=True, sharex="col", squeeze=False)
    for (line, recognizer), (column, (metric, title)) in product(enumerate(recognizers), enumerate(PANELS.items())):
        axes: Axes = grid[line, column]
        here = rows[rows["recognizer"] == recognizer]
        _panel(axes, here[here["metric"] == metric], dots[dots["recognizer"] == recognizer], colours, dashes)
        if line == len(recognizers) - 1:
            axes.set_xlabel(title)
        if column == 0:
            axes.set_ylabel("success (%)")
        if column == len(PANELS) - 1 and len(recognizers) > 1:
            margin(axes, recognizer.replace("_", " "))
    for column, metric in enumerate(PANELS):
        _limits(grid[0, column], rows[rows["metric"] == metric])
    key = [
        Line2D([], [], color=colours[attack], linestyle=dashes[attack], label=label, linewidth=1.5)
        for attack, label in labels.items()
    ]
    columns = min(len(key), 4 if max(map(len, labels.values())) > 14 else 6)
    figure.legend(handles=key, loc="outside upper center", ncols=columns, frameon=False, handlelength=2.4)
    return figure


def _limits(axes: Axes, rows: pd.DataFrame) -> None:
    """From the last budget that wins nothing to the first that wins all that is won."""
    ends = []
    for _, curve in rows.groupby(["recognizer", "attack"]):
        share, budget = curve["success_percent"].to_numpy(), curve["budget"].to_numpy()
        if share[-1] > 0:
            first = max(int(np.argmax(share > 0)) - 1, 0)
            ends.append((budget[first], budget[int(np.argmax(share >= share[-1] - 1e-9))]))
    axes.set_xscale("log")
    axes.set_xlim(*(min(low for low, _ in ends), max(high for _, high in ends)) if ends else (0.1, 10))
    log_ticks(axes.xaxis, subs=(1.0,))


def _panel(
    axes: Axes,
    rows: pd.DataFrame,
    dots: pd.DataFrame,
    colours: dict[str, str],
    dashes: dict[str, Dash],
) -> None:
    for attack, curve in rows.groupby("attack", sort=False):
        name, metric = str(attack), str(curve["metric"].iloc[0])
        x, share = curve["budget"].to_numpy(), curve["success_percent"].to_numpy()
        axes.fill_between(x, curve["low_percent"], curve["high_percent"], color=colours[name], alpha=0.14, linewidth=0)
        axes.plot(x, share, color=colours[name], linestyle=dashes[name], gid=name, zorder=3)
        dot = dots[dots["attack"] == name]
        # what is projected onto the manifold costs less than any budget: its dot would lie beside the axes
        if len(dot) and dot[metric].iloc[0] >= x[0]:
            at = float(dot[metric].iloc[0])
            axes.plot(
                [at], [np.interp(at, x, share)], "o", color=colours[name], markersize=4.5, zorder=4, clip_on=False
            )
    bare(axes)
    axes.set_ylim(-3, 103)
    axes.set_yticks([0, 25, 50, 75, 100])
