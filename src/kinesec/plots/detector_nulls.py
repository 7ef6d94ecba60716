"""Detectors' numbers of backdoored models beside those of clean ones: a panel a detector, a row a trigger."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter

from kinesec.plots.parts.backdoors import CLEAN, colours, of_network
from kinesec.plots.parts.rows import bare
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH, plain_number, said_setting
from kinesec.samples.errors import NothingToDraw
from kinesec.tables.backdoor import CLEAN as CLEAN_MODEL
from kinesec.tables.backdoor import typed
from kinesec.tables.detection import LEVEL, RATIO, THRESHOLD
from kinesec.tables.labels import detector, plain, trigger

COLUMNS = 2
WIDE = 30.0
SPREAD = 0.32  # of a row's height, within which its dots stand apart


def draw(table: pd.DataFrame, *, dataset: str, samples: str, recognizer: str) -> Figure:
    """The number that a model's p-value ranks, filled below 0.05; beside a row its trigger's AUC (95 %).

    ``table`` is ``detection``. The line is at 2, the published threshold, where that number is an index. Raises
    ``KinesecError`` where there is no row of the network, ``NothingToDraw`` where no index is a number.
    """
    rows = of_network("detection", typed(table), dataset, samples, recognizer)
    rows = rows.assign(number=rows["index"].where(rows["ranked"] == "index", rows[RATIO]))
    rows = rows[rows["number"].notna()]
    if rows.empty:
        raise NothingToDraw(f"{dataset}, {samples}, {recognizer}: found no detector with a number")
    with mpl.rc_context(STYLE):
        return _compose(rows)


def _compose(rows: pd.DataFrame) -> Figure:
    panels = list(rows.groupby(["detector", "setting"], sort=False))
    several = rows.groupby("detector")["setting"].nunique()
    modules = [name for name in dict.fromkeys(rows["attack_module"]) if name]
    inks = colours(modules)
    columns = min(COLUMNS, len(panels))
    deep = -(-len(panels) // columns)
    height = 0.65 + 0.2 * (len(modules) + 1)
    figure = Figure(figsize=(WIDTHS_INCH["double"], 0.35 + height * deep), layout="constrained")
    grid = figure.subplots(deep, columns, squeeze=False).ravel()
    for place, (axes, (named, group)) in enumerate(zip(grid, panels, strict=False)):
        name, setting = map(str, named)
        # a panel's rows are those of all, so that a trigger stands in one place
        _panel(axes, group, modules, inks, labelled=place % columns == 0)
        title = detector(str(group["detector_module"].iloc[0]))
        title = title if name == group["detector_module"].iloc[0] else f"{title} ({plain(name)})"
        axes.set_title(f"{title}, {said_setting(setting)}" if several[name] > 1 else title, loc="left", pad=4)
        if group["ranked"].iloc[0] == RATIO:
            axes.set_xlabel("smallest trigger: times smaller than the median class's")
        elif place >= len(panels) - columns:
            axes.set_xlabel("index")
    for axes in grid[len(panels) :]:
        axes.set_visible(False)
    key = [
        Line2D([], [], color="#444444", marker="o", linestyle="", label=f"p < {LEVEL:g}", markersize=4),
        Line2D([], [], color="#444444", marker="o", linestyle="", mfc="white", label="p above", markersize=4),
        Line2D([], [], color="#888888", linestyle="--", linewidth=0.9, label="published threshold"),
    ]
    figure.legend(handles=key, loc="outside upper center", ncols=3, frameon=False)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, modules: list[str], inks: dict[str, str], *, labelled: bool) -> None:
    finite = rows["number"].to_numpy(float)
    finite = finite[np.isfinite(finite)]
    far = 1.25 * finite.max() if len(finite) and finite.max() > 0 else 1.0  # where an infinite index stands
    if rows["flagged"].notna().any() and rows["ranked"].iloc[0] == "index":
        axes.axvline(THRESHOLD, color="#888888", linestyle="--", linewidth=0.9, zorder=1, gid="threshold")
    areas: list[str] = []
    for line, module in enumerate([*modules, CLEAN_MODEL]):
        here = rows[(rows["model"] == CLEAN_MODEL) if module == CLEAN_MODEL else (rows["attack_module"] == module)]
        if here.empty:
            areas.append("")
            continue
        y = line + (np.linspace(-SPREAD, SPREAD, len(here)) if len(here) > 1 else np.zeros(1))
        x = np.minimum(here["number"].to_numpy(float), far)
        low = here["p_value"].to_numpy(float) < LEVEL
        ink = CLEAN if module == CLEAN_MODEL else inks[module]
        for marked, fill in ((low, ink), (~low, "white")):
            if not marked.any():  # an unclipped line without a point counts as one in the page's corner
                continue
            axes.plot(
                *(x[marked], y[marked], "o"),
                color=ink,
                mfc=fill,
                markersize=3.6,
                mew=0.8,
                clip_on=False,
                gid=f"{module}-{'flagged' if fill == ink else 'not'}",
                zorder=3,
            )
        areas.append(_area(here.iloc[0]))
    if len(finite) and finite.max() > WIDE * max(float(np.median(np.abs(finite))), 1e-9):
        axes.set_xscale("symlog", linthresh=max(THRESHOLD, float(np.median(np.abs(finite)))))
        axes.xaxis.set_major_formatter(FuncFormatter(lambda value, _: plain_number(value)))
    names = [*(trigger(module) for module in modules), "clean models"]
    axes.set_yticks(range(len(names)), names if labelled else [""] * len(names))
    bare(axes, "x")
    beside = axes.twinx()
    beside.set_yticks(range(len(names)), areas, fontsize=6.5)
    beside.spines[:].set_visible(False)
    for panel in (axes, beside):
        panel.set_ylim(len(names) - 0.5, -0.5)
        panel.tick_params(axis="y", length=0)


def _area(row: pd.Series) -> str:
    """The area under the ROC curve of a trigger's victims, with its interval; nothing of clean models."""
    area, low, high = (float(row[f"attack_auc{end}"]) for end in ("", "_low", "_high"))
    return "" if np.isnan(area) else f"AUC {area:.2f} ({low:.2f}\u2013{high:.2f})"
