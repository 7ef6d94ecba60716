"""Clean against robust accuracy: a point a defence, a panel a recognizer; and by which attack least is left."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinesec.errors import KinesecError
from kinesec.plots.parts.defences import UNDEFENDED, look, of_clips
from kinesec.plots.parts.rows import bare
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH, short
from kinesec.samples.errors import NothingToDraw

MARKS = ("o", "s", "^", "D", "v", "P", "X", "<", ">", "*")


def draw(table: pd.DataFrame, *, dataset: str, clips: str) -> Figure:
    """Clean accuracy (%) against the least robust accuracy (%) of bounded attacks, with 95 % intervals.

    ``table`` is ``robustness``; attacks that must succeed whatever it costs are left out, and those of no clip. Raises
    ``KinesecError`` where there is no row of the data set and clips, ``NothingToDraw`` where none has a clip.
    """
    rows = of_clips("robustness", table, dataset, clips)
    rows = rows[~rows["unbounded"].astype(str).isin(("True", "1"))]
    if rows.empty:
        raise KinesecError(f"figure of {dataset}, {clips}: found no row of robustness, expected one or more")
    rows = rows[rows["robust_accuracy_percent"].notna()].reset_index(drop=True)
    if rows.empty:
        raise NothingToDraw(f"{dataset}, {clips}: found no attacked clip that is correctly classified")
    worst = rows.loc[rows.groupby(["recognizer", "defence"], sort=False)["robust_accuracy_percent"].idxmin()]
    with mpl.rc_context(STYLE):
        return _compose(worst, look(rows["defence"]))


def _compose(rows: pd.DataFrame, looks: Mapping[str, tuple[str, str, str]]) -> Figure:
    recognizers = list(dict.fromkeys(rows["recognizer"]))
    wide = len(recognizers) > 1
    per_row = 4 if wide else 2
    size = (WIDTHS_INCH["double" if wide else "single"], (2.9 if wide else 2.4) + 0.18 * -(-len(looks) // per_row))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(recognizers), sharey=True, squeeze=False)[0]
    marks = {name: MARKS[place % len(MARKS)] for place, name in enumerate(looks)}
    for place, recognizer in enumerate(recognizers):
        axes: Axes = panels[place]
        for row in rows[rows["recognizer"] == recognizer].to_dict("records"):
            name = str(row["defence"])
            x, y = (float(row[f"{kind}_accuracy_percent"]) for kind in ("clean", "robust"))
            reach = [
                [
                    [max(0.0, at - float(row[f"{kind}_accuracy_low"]))],
                    [max(0.0, float(row[f"{kind}_accuracy_high"]) - at)],
                ]
                for kind, at in (("clean", x), ("robust", y))
            ]
            axes.errorbar(
                *(x, y, reach[1], reach[0]),
                fmt=marks[name],
                color=looks[name][0],
                markersize=5,
                elinewidth=0.7,
                alpha=0.9,
                gid=name,
                mfc="white" if name == UNDEFENDED else looks[name][0],
                clip_on=False,
            )
        bare(axes)
        axes.grid(axis="x")
        axes.set_title(short(recognizer), loc="left", pad=4)
        axes.set_xlabel("clean accuracy (%)")
        axes.set_xlim(min(50.0, 10 * np.floor(rows["clean_accuracy_percent"].min() / 10)), 102)
    panels[0].set_ylabel("robust accuracy (%)\nunder the strongest attack")
    panels[0].set_ylim(-2, 102)
    key = [
        Line2D([], [], color=colour, marker=marks[name], linestyle="", label=label, markersize=5)
        for name, (colour, _, label) in looks.items()
    ]
    figure.legend(handles=key, loc="outside upper center", ncols=min(per_row, len(key)), frameon=False)
    return figure
