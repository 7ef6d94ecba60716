"""Certified accuracy against radius: a line a smoothed recognizer, a panel a kind of noise."""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

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
    models = list(dict.fromkeys(rows[["recognizer", "defence"]].itertuples(index=False, name=None)))
    colours = dict(zip(models, palette(len(models)), strict=True))
    columns = 2 if len(spaces) > 1 else 1
    size = (WIDTHS_INCH["double" if len(spaces) > 1 else "single"], 2.4 + 0.18 * -(-len(models) // columns))
    figure = Figure(figsize=size, layout="constrained")
    panels = figure.subplots(1, len(spaces), sharey=True, squeeze=False)[0]
    for axes, space in zip(panels, spaces, strict=True):
        here = rows[rows["space"] == space]
        _panel(axes, here, colours)
        axes.set_title(f"noise on {space}", loc="left", pad=4)
        axes.set_xlabel(f"radius, l2 ({UNITS.get(str(here['unit'].iloc[0]), here['unit'].iloc[0])})")
    panels[0].set_ylabel("certified accuracy (%)")
    # above the panels: a band may reach anywhere in them
    key = [Line2D([], [], color=colour, label=", ".join(model).replace("_", " ")) for model, colour in colours.items()]
    figure.legend(handles=key, loc="outside upper center", ncols=columns, frameon=False, fontsize=7)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, colours: dict[tuple[str, str], str]) -> None:
    for (recognizer, defence), line in rows.groupby(["recognizer", "defence"], sort=False):
        colour = colours[str(recognizer), str(defence)]
        band = line["certified_low"], line["certified_high"]
        axes.fill_between(line["radius"], *band, color=colour, alpha=0.14, linewidth=0, step="pre")
        axes.step(
            *(line["radius"], line["certified_percent"]), where="pre", color=colour, gid=f"{recognizer}-{defence}"
        )
    bare(axes)
    axes.set_ylim(-3, 103)
    axes.set_xlim(0, rows["radius"].max())
