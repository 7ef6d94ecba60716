"""One style for all figures, and files whose bytes depend on the drawing alone."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path
from typing import Any, Literal

import matplotlib as mpl
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from kinesec.samples.errors import NothingToDraw

# it tells every table of every font it embeds, in the log of every figure's job
logging.getLogger("fontTools").setLevel(logging.WARNING)

_UNITS = {"mm": "mm", "percent": "%", "ms": "ms", "degrees": "\u00b0"}
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


def plain_number(value: float) -> str:
    """A tick as a paper prints it: 0.001, 2.5, 14,600; no powers of ten, no trailing zeros."""
    return f"{value:,.12g}" if abs(value) >= 1 else f"{value:.12f}".rstrip("0").rstrip(".") or "0"


def log_ticks(axis: Axis, subs: Sequence[float] = (1.0, 2.0, 5.0)) -> None:
    """Few ticks with plain numbers on a logarithmic axis: those of ``subs`` in each decade where they fit."""
    axis.set_major_locator(LogLocator(base=10, subs=list(subs), numticks=12))
    axis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value)))
    axis.set_minor_formatter(NullFormatter())


def said_setting(setting: str) -> str:
    """A setting as tables have it, in words: ``by=action`` is ``by action``, ``floor_mm=0.1`` ``floor 0.1 mm``."""

    def said(found: re.Match[str]) -> str:
        stem, _, unit = found[1].rpartition("_")
        return f"{stem} {found[2]} {_UNITS[unit]}" if stem and unit in _UNITS else f"{found[1]} {found[2]}"

    return re.sub(r"(\w+)=([^\s,]+)", said, setting).replace("_", " ")


def short(name: str, longest: int = 20) -> str:
    """A class's name, cut where it is long."""
    text = name.replace("_", " ")
    return text if len(text) <= longest else text[: longest - 1] + "\u2026"


def note(text: str) -> Figure:
    """A figure that says why there is nothing to see."""
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTHS_INCH["double"], 1.2), layout="constrained")
        figure.text(0.5, 0.5, text.replace("_", " "), ha="center", va="center", wrap=True, color="#333333")
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
