"""Success of a backdoor and accuracy against what it varies: poisoned share, frequency, size, number of components.

As figure 3 of Li et al. (AAAI 2024; the poster's figure 5), with intervals and the base rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter, NullLocator

from kinesec.plots.parts.backdoors import colours, of_network
from kinesec.plots.parts.rows import bare
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH, plain_number
from kinesec.samples.errors import NothingToDraw
from kinesec.tables.backdoor import ALIKE, SWEPT, of_seeds, plain
from kinesec.tables.labels import trigger_labels

Dash = Literal["-", "--", ":"]
COLUMNS = 2
WIDE = 5.0  # largest over smallest value from which on an axis is logarithmic
TICKS = 7
LABELS = {
    "ratio": "poisoned share (%)",
    "first_frequency": "first temporal component",
    "components": "temporal components",
    "spatial_components": "components a spatial axis",
}
MEASURES: tuple[tuple[str, str, Dash, str], ...] = (
    ("asr_non_target", "ASR, other classes", "-", ""),
    ("acc", "ACC", "--", "s"),
    ("base_rate", "base rate", ":", ""),
)
MARKS = ("o", "^", "D", "v", "P", "X", "<", ">")


@dataclass(frozen=True)
class _Panel:
    """What a panel varies: a column of the table, of sizes in one unit."""

    column: str
    unit: str

    @property
    def label(self) -> str:
        if self.column != "size":
            return LABELS[self.column]
        return "delta (spectral coefficient)" if self.unit == "delta" else f"trigger's size ({self.unit})"


def draw(table: pd.DataFrame, *, dataset: str, samples: str, recognizer: str) -> Figure:
    """ASR over other classes, ACC and base rate (%) with 95 % intervals; a panel a setting that the run varies.

    ``table`` is ``backdoor_recognition``. A line joins backdoors of a trigger that differ in that setting alone; where
    there are several such sets, the largest. Raises ``KinesecError`` where there is no row of the network,
    ``NothingToDraw`` where nothing is varied.
    """
    rows = of_network("backdoor_recognition", plain(of_seeds(table)), dataset, samples, recognizer)
    swept = {panel: lines for panel in _panels(rows) if (lines := _lines(rows, panel))}
    if not swept:
        raise NothingToDraw(f"{dataset}, {samples}, {recognizer}: found no setting of which backdoors vary one alone")
    with mpl.rc_context(STYLE):
        return _compose(swept)


def _panels(rows: pd.DataFrame) -> list[_Panel]:
    units = [unit for unit in dict.fromkeys(rows["size_unit"]) if unit]
    return [
        _Panel(column, unit)
        for column in SWEPT
        for unit in (units if column == "size" else [""])
        if rows[column].notna().any()
    ]


def _lines(rows: pd.DataFrame, panel: _Panel) -> dict[tuple[str, ...], pd.DataFrame]:
    """The rows of each line, by what is alike along it: the largest set that differs in the panel's column alone."""
    here = rows[rows[panel.column].notna()]
    if panel.unit:
        here = here[here["size_unit"] == panel.unit]
    others = [name for name in SWEPT if name != panel.column] + (["size_unit"] if panel.column != "size" else [])
    lines = {}
    for key, alike in here.groupby(list(ALIKE), sort=False, dropna=False):
        sets = [group for _, group in alike.groupby(others, sort=False, dropna=False)]
        largest = max(sets, key=lambda group: group[panel.column].nunique())
        if largest[panel.column].nunique() > 1:
            lines[tuple(map(str, key))] = largest.drop_duplicates(panel.column).sort_values(panel.column)
    return lines


def _compose(swept: dict[_Panel, dict[tuple[str, ...], pd.DataFrame]]) -> Figure:
    keys = list(dict.fromkeys(key for lines in swept.values() for key in lines))
    named = pd.DataFrame(keys, columns=list(ALIKE)).assign(attack=[" ".join(key) for key in keys])
    labels = dict(zip(keys, trigger_labels(named).values(), strict=True))
    inks = colours(key[0] for key in keys)
    marks = {key: MARKS[place % len(MARKS)] for place, key in enumerate(keys)}
    columns = min(COLUMNS, len(swept))
    deep = -(-len(swept) // columns)
    wide = 4 if columns > 1 else 2  # a column of the page holds two of the key's words
    key_rows = -(-(len(keys) + len(MEASURES)) // wide)
    figure = Figure(
        figsize=(WIDTHS_INCH["double" if columns > 1 else "single"], 0.3 + 0.2 * key_rows + 1.95 * deep),
        layout="constrained",
    )
    grid = figure.subplots(deep, columns, sharey=True, squeeze=False).ravel()
    for place, (axes, (panel, lines)) in enumerate(zip(grid, swept.items(), strict=False)):
        for key, rows in lines.items():
            _line(axes, rows, panel, inks[key[0]], marks[key], labels[key])
        _scale(axes, pd.concat(lines.values())[panel.column].to_numpy(float) * _factor(panel))
        bare(axes)
        axes.set_ylim(-3, 103)
        axes.set_xlabel(panel.label)
        if place % columns == 0:
            axes.set_ylabel("test samples (%)")
    for axes in grid[len(swept) :]:
        axes.set_visible(False)
    handles = [Line2D([], [], color=inks[key[0]], marker=marks[key], label=labels[key]) for key in keys]
    handles += [Line2D([], [], color="#444444", linestyle=dash, label=label) for _, label, dash, _ in MEASURES]
    figure.legend(handles=handles, loc="outside upper center", ncols=wide, frameon=False)
    return figure


def _factor(panel: _Panel) -> float:
    return 100.0 if panel.column == "ratio" else 1.0


def _line(axes: Axes, rows: pd.DataFrame, panel: _Panel, ink: str, mark: str, label: str) -> None:
    x = rows[panel.column].to_numpy(float) * _factor(panel)
    for measure, _, dash, square in MEASURES:
        y, low, high = (rows[f"{measure}_{end}"].to_numpy(float) for end in ("percent", "low", "high"))
        main = measure == MEASURES[0][0]
        axes.errorbar(
            *(x, y, np.maximum(0.0, [y - low, high - y])),
            color=ink,
            linestyle=dash,
            linewidth=1.5 if main else 1.0,
            marker=mark if main else square,
            markersize=4.5 if main else 3,
            mfc=ink if main else "white",
            elinewidth=0.7,
            clip_on=False,
            gid=f"{measure}-{label}",
            zorder=3 if main else 2,
        )


def _scale(axes: Axes, values: np.ndarray) -> None:
    """A tick a value where they are few; logarithmic where they are far apart, with 0 at a place of its own."""
    ticks = np.unique(values)
    above = ticks[ticks > 0]
    if len(above) and above[-1] > WIDE * above[0]:
        if ticks[0] > 0:
            axes.set_xscale("log")
        else:
            axes.set_xscale("symlog", linthresh=above[0], linscale=0.6)
            axes.set_xlim(-0.25 * above[0], above[-1] * 1.6)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_minor_formatter(NullFormatter())
    shown = ticks if len(ticks) <= TICKS else ticks[np.linspace(0, len(ticks) - 1, TICKS).round().astype(int)]
    axes.set_xticks(shown, [_printed(value) for value in shown])


def _printed(value: float) -> str:
    return plain_number(float(f"{value:.3g}"))
