"""One style for all figures, and files whose bytes depend on the drawing alone."""

from __future__ import annotations

import logging
from collections.abc import Callable
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.figure import Figure

from kinesec.samples.errors import NothingToDraw

# it tells every table of every font it embeds, in the log of every figure's job
logging.getLogger("fontTools").setLevel(logging.WARNING)

Width = Literal["single", "double"]
WIDTHS_INCH: dict[Width, float] = {"single": 3.5, "double": 7.16}  # one and two columns of an IEEE or ACM page

# seaborn's "colorblind" and "ticks", written out: importing it costs a figure's job more than drawing
COLORBLIND = (
    *("#0173b2", "#de8f05", "#029e73", "#d55e00", "#cc78bc"),
    *("#ca9161", "#fbafe4", "#949494", "#ece133", "#56b4e9"),
)
_BLUE, _GREEN, _VERMILION = COLORBLIND[0], COLORBLIND[2], COLORBLIND[3]
COLOURS = {"clean": _BLUE, "victim": _VERMILION, "zero_velocity": "#6b6b6b", "defended": _GREEN}

STYLE: dict[Any, Any] = {
    "axes.axisbelow": True,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "w",
    "patch.force_edgecolor": True,
    "text.color": ".15",
    "font.family": "DejaVu Sans",  # comes with matplotlib: the same glyphs on every machine
    "font.size": 8,
    "axes.labelsize": 8,
    "axes.titlesize": 8.5,
    "axes.titleweight": "bold",
    "xtick.labelsize": 7,
    "ytick.labelsize": 7,
    "legend.fontsize": 8,
    "axes.linewidth": 0.7,
    "axes.edgecolor": "#333333",
    "axes.labelcolor": "#222222",
    "xtick.color": "#333333",
    "ytick.color": "#333333",
    "xtick.major.width": 0.7,
    "ytick.major.width": 0.7,
    "xtick.major.size": 3,
    "ytick.major.size": 3,
    "grid.color": "#dddddd",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.5,
    "lines.markersize": 4,
    "figure.dpi": 100,
    "savefig.dpi": 300,
    "pdf.fonttype": 42,  # TrueType: publishers refuse type 3
    "svg.fonttype": "path",
    "svg.hashsalt": "kinesec",
}


def palette(count: int) -> list[str]:
    """So many of the palette's colours, from its first on, again and again."""
    return list(islice(cycle(COLORBLIND), count))


def short(name: str, longest: int = 20) -> str:
    """A class's name, cut where it is long."""
    text = name.replace("_", " ")
    return text if len(text) <= longest else text[: longest - 1] + "\u2026"


def note(text: str) -> Figure:
    """A figure that says why there is nothing to see."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTHS_INCH["double"], 1.2), layout="constrained")
        figure.text(0.5, 0.5, text, ha="center", va="center", wrap=True, color="#333333")
        return figure


def drawn(draw: Callable[[], Figure]) -> Figure:
    """What ``draw`` draws; where it has nothing to, a figure that says so: an attack may fail and the run goes on."""
    try:
        return draw()
    except NothingToDraw as nothing:
        return note(str(nothing))


def save(figure: Figure, *, pdf: str | Path, svg: str | Path, png: str | Path) -> None:
    """Writes a figure three times; the same figure gives the same bytes: no dates, no random ids."""
    with mpl.rc_context(STYLE):
        for path, metadata in (
            (pdf, {"CreationDate": None}),
            (svg, {"Date": None}),
            (png, {"Software": None}),
        ):
            Path(path).parent.mkdir(parents=True, exist_ok=True)
            figure.savefig(path, format=Path(path).suffix[1:], metadata=metadata)
