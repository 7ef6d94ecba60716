"""How near hard-label attacks come to the clean clips, by queries: a line an attack, a panel a recognizer."""

from __future__ import annotations

from itertools import chain

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinesec.errors import KinesecError
from kinesec.plots.parts.rows import bare
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH, log_ticks, palette, short
from kinesec.samples.errors import NothingToDraw
from kinesec.tables.labels import attack_labels
from kinesec.tables.recognition import typed
from kinesec.tables.seeds import of_seeds

COLUMNS = 3
STEPS = (1.0, 2.0, 5.0)


def draw(queries: pd.DataFrame, attacks: pd.DataFrame, *, dataset: str, clips: str) -> Figure:
    """Median least l (normalised units) with quartiles by queries; the dot is that of clips on the manifold at the end.

    ``queries`` is the table ``blackbox_queries``, ``attacks`` the table ``blackbox``. Raises ``KinesecError`` where
    there is no row of the data set and clips, ``NothingToDraw`` where no attack finds a start for half of the clips.
    """
    lines, dots = (_of(table, dataset, clips) for table in (queries, attacks))
    if lines.empty:
        raise KinesecError(f"figure of {dataset}, {clips}: found no row of blackbox_queries, expected one or more")
    if lines["l_median"].isna().all():
        raise NothingToDraw(f"{dataset}, {clips}: found no attack with an adversarial clip for half of the clips")
    with mpl.rc_context(STYLE):
        return _compose(lines, dots)


def _of(table: pd.DataFrame, dataset: str, clips: str) -> pd.DataFrame:
    rows = typed(table)
    return of_seeds(rows[(rows["dataset"] == dataset) & (rows["clips"] == clips)])


def _compose(lines: pd.DataFrame, dots: pd.DataFrame) -> Figure:
    recognizers = list(dict.fromkeys(lines["recognizer"]))
    labels = attack_labels(lines)
    colours = dict(zip(labels, palette(len(labels)), strict=True))
    columns = min(COLUMNS, len(recognizers))
    rows = -(-len(recognizers) // columns)
    width = WIDTHS_INCH["double" if columns > 1 else "single"]
    per_row = 4 if columns > 1 else 2
    figure = Figure(figsize=(width, 0.6 + 0.2 * -(-len(labels) // per_row) + 2.1 * rows), layout="constrained")
    grid = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)
    panels: list[Axes] = list(chain.from_iterable(grid))
    for place, (axes, recognizer) in enumerate(zip(panels, recognizers, strict=False)):
        here, ends = (table[table["recognizer"] == recognizer] for table in (lines, dots))
        _panel(axes, here, ends, colours)
        axes.set_title(short(recognizer), loc="left", pad=4)
        if place >= len(recognizers) - columns:
            axes.set_xlabel("queries")
            axes.tick_params(labelbottom=True)
        if place % columns == 0:
            axes.set_ylabel("least l of an adversarial\nclip (normalised units)")
    for axes in panels[len(recognizers) :]:
        axes.set_visible(False)
    _scales(panels[0], lines)
    key = [Line2D([], [], color=colours[name], label=label, linewidth=1.5) for name, label in labels.items()]
    if np.isfinite(dots["l_on_manifold_median"]).any():
        key.append(Line2D([], [], color="#555555", marker="o", linestyle="", markersize=4.5, label="on the manifold"))
    figure.legend(handles=key, loc="outside upper center", ncols=min(len(key), per_row), frameon=False)
    return figure


def _scales(axes: Axes, lines: pd.DataFrame) -> None:
    """Both logarithmic: an attack halves l again and again, each time for more queries than before."""
    started = lines[lines["l_median"].notna() & (lines["queries"] <= lines["queries_max"])]
    axes.set_xscale("log")
    axes.set_yscale("log")
    if len(started):
        axes.set_xlim(started["queries"].min(), started["queries"].max() * 1.05)
    for axis in (axes.xaxis, axes.yaxis):
        log_ticks(axis, subs=STEPS)


def _panel(axes: Axes, lines: pd.DataFrame, dots: pd.DataFrame, colours: dict[str, str]) -> None:
    for attack, rows in lines.groupby("attack", sort=False):
        name = str(attack)
        spent = rows[rows["queries"] <= rows["queries_max"]]
        x, band = spent["queries"], (spent["l_quartile_1"], spent["l_quartile_3"])
        axes.fill_between(x, *band, color=colours[name], alpha=0.14, linewidth=0)
        axes.plot(x, spent["l_median"], color=colours[name], gid=name, zorder=3)
        for dot in dots[dots["attack"] == name].to_dict("records"):
            at = dot["queries_median"], dot["l_on_manifold_median"]
            axes.plot(*at, "o", color=colours[name], markersize=4.5, zorder=4, clip_on=False)
    bare(axes)
