"""Certified accuracy against radius: a line a smoothed recognizer, a panel a kind of noise."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kinesec.plots.parts.defences import of_clips
from kinesec.plots.parts.rows import bare
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH, palette

UNITS = {"normalised": "normalised units", "rad": "rad"}


def draw(table: pd.DataFrame, *, dataset: str, clips: str) -> Figure:
    """Share of test clips (%) right and certified at least so far (l2), with 95 % intervals.

    ``table`` is ``certificates``. Raises ``KinesecError`` where there is no row of the data set and clips.
    """
    rows = of_clips("certificates", table, dataset, clips)
    with mpl.rc_context(STYLE):
        return _compose(rows)


def _compose(rows: pd.DataFrame) -> Figure:
    spaces = list(dict.fromkeys(rows["space"]))
    most = max(len(rows[rows["space"] == space].groupby(["recognizer", "defence"])) for space in spaces)
    size = (WIDTHS_INCH["double" if len(spaces) > 1 else "single"], 2.4 + 0.16 * most)
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(spaces), sharey=True, squeeze=False)[0]
    for place, space in enumerate(spaces):
        axes: Axes = panels[place]
        here = rows[rows["space"] == space]
        lines = list(here.groupby(["recognizer", "defence"], sort=False))
        for colour, ((recognizer, defence), line) in zip(palette(len(lines)), lines, strict=True):
            label = f"{recognizer}, {defence}".replace("_", " ")
            band = line["certified_low"], line["certified_high"]
            axes.fill_between(line["radius"], *band, color=colour, alpha=0.14, linewidth=0, step="pre")
            axes.step(
                *(line["radius"], line["certified_percent"]),
                where="pre",
                color=colour,
                label=label,
                gid=f"{recognizer}-{defence}",
            )
        bare(axes)
        axes.set_ylim(-3, 103)
        axes.set_xlim(0, here["radius"].max())
        axes.set_title(f"noise on {space}", loc="left", pad=4)
        axes.set_xlabel(f"radius, l2 ({UNITS.get(str(here['unit'].iloc[0]), here['unit'].iloc[0])})")
        # below and not on the panel: a band may reach anywhere
        axes.legend(frameon=False, fontsize=7, loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=1)
    panels[0].set_ylabel("certified accuracy (%)")
    return figure
