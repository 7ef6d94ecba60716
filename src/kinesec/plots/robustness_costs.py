"""What defences cost: seconds of training and the factor of inference, a bar a defence, a column a recognizer."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kinesec.errors import KinesecError
from kinesec.plots.parts.defences import look
from kinesec.plots.parts.rows import bare
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH, short

PANELS = {"training_seconds": "training (s)", "inference_factor": "inference (times the\nundefended recognizer's)"}


def draw(table: pd.DataFrame) -> Figure:
    """Bars of measured ``training_seconds`` and ``inference_factor`` of each ``defence`` and ``recognizer``.

    Raises ``KinesecError`` where there is no row.
    """
    if table.empty:
        raise KinesecError("figure of costs of defences: found no row of costs, expected one or more")
    with mpl.rc_context(STYLE):
        return _compose(table)


def _compose(table: pd.DataFrame) -> Figure:
    recognizers, looks = list(dict.fromkeys(table["recognizer"])), look(table["defence"])
    names = [name for name in looks if name in set(table["defence"])]
    height = 0.7 + (0.4 + 0.17 * len(names)) * len(recognizers)
    figure = Figure(figsize=(WIDTHS_INCH["double"], height), layout="constrained")
    grid = figure.subplots(len(recognizers), len(PANELS), sharex="col", sharey=True, squeeze=False)
    for line, recognizer in enumerate(recognizers):
        rows = table[table["recognizer"] == recognizer].set_index("defence")
        for column, (metric, title) in enumerate(PANELS.items()):
            axes: Axes = grid[line, column]
            there = [name for name in names if name in rows.index]
            for name in there:
                value = float(rows.loc[name, metric])
                axes.barh(looks[name][2], value, color=looks[name][0], gid=name)
                axes.annotate(f" {value:.3g}", (value, looks[name][2]), va="center", fontsize=6.5)
            bare(axes, "x")
            axes.margins(x=0.15)
            if line == len(recognizers) - 1:
                axes.set_xlabel(title)
            if column == 0:
                axes.set_title(short(recognizer), loc="left", pad=4)
    grid[0, 0].invert_yaxis()
    return figure
