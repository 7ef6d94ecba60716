"""ROC curves of detectors of poisoned windows, on a logarithmic axis of false positives: few of them is what counts."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinesec.errors import KinesecError
from kinesec.metrics.detection import auc, roc
from kinesec.plots.parts.style import COLORBLIND, STYLE, WIDTHS_INCH, said_setting

LEAST = 1e-3
GRID = np.geomspace(LEAST, 1, 241)
COLUMNS = 3
_VICTIM, _CLEAN = "victim", "clean"
_NULL = (0, (3, 2))


def mean_curve(records: pd.DataFrame) -> tuple[np.ndarray, float]:
    """True positive rates (len(GRID),) at the false positive rates ``GRID``, and the area: means over seeds."""
    curves, areas = [], []
    for _, of_seed in records.groupby("seed"):
        score, marked = of_seed["value"].to_numpy(), of_seed["marked"].to_numpy(bool)
        false, true = roc(score, marked)
        curves.append(true[np.searchsorted(false, GRID, side="right") - 1])
        areas.append(auc(score, marked)[0])
    return np.mean(curves, axis=0), float(np.mean(areas))


def _panel(axes: Axes, records: pd.DataFrame) -> None:
    axes.plot(GRID, GRID, color="#999999", linewidth=0.8, linestyle=":")
    for level in (0.01, 0.05, 0.1):
        axes.axvline(level, color="#e4e4e4", linewidth=0.8, zorder=0)
    key = []
    for colour, (setting, rows) in zip(COLORBLIND, records.groupby("setting", sort=False), strict=False):
        areas = {}
        for model, dashes, weight in ((_CLEAN, _NULL, 1.0), (_VICTIM, "-", 1.6)):
            curve, areas[model] = mean_curve(rows[rows["model"] == model])
            axes.plot(
                GRID,
                curve,
                color=colour,
                linestyle=dashes,
                linewidth=weight,
                drawstyle="steps-post",
                clip_on=False,
                gid=f"{setting}-{model}",
            )
        label = f"{said_setting(str(setting))}\nAUC {areas[_VICTIM]:.3f}, null {areas[_CLEAN]:.3f}"
        key.append(Line2D([], [], color=colour, linewidth=1.6, label=label))
    axes.legend(
        handles=key,
        loc="upper center",
        bbox_to_anchor=(0.5, -0.24),
        fontsize=6.5,
        frameon=False,
        handlelength=1.2,
        labelspacing=0.5,
    )
    axes.set_xscale("log")
    axes.set_xlim(LEAST, 1)
    axes.set_ylim(0, 1)
    axes.set_xlabel("false positive rate", labelpad=1)
    axes.set_xticks([0.01, 0.1, 1], ["1 %", "10 %", "100 %"])
    axes.set_yticks([0, 0.5, 1], ["0", "50 %", "100 %"])
    axes.spines[["top", "right"]].set_visible(False)


def draw(records: pd.DataFrame) -> Figure:
    """A panel a strategy and defence: a solid curve a setting, dashed its null, dotted what chance gives.

    ``records``: columns strategy, defence, setting, seed, model (victim; clean is the null), marked, value (score);
    rows of metric ``score``. Curves are means over seeds. Raises ``KinesecError`` without such rows.
    """
    rows = records[records["metric"] == "score"]
    panels = list(rows.groupby(["strategy", "defence"], sort=False))
    if not panels:
        raise KinesecError("ROC figure: found no scores, expected those of a detector; run the defences again")
    several = rows["strategy"].nunique() > 1
    columns = min(COLUMNS, len(panels))
    lines = -(-len(panels) // columns)
    settings = max(part["setting"].nunique() for _, part in panels)
    with mpl.rc_context(STYLE):
        height = lines * (1.85 + 0.25 * settings)
        figure = Figure(figsize=(WIDTHS_INCH["double"], 0.3 + height), layout="constrained")
        grid = figure.subplots(lines, columns, squeeze=False, sharey=True).ravel()
        for axes, ((strategy, defence), part) in zip(grid, panels, strict=False):
            _panel(axes, part)
            title = str(defence).replace("_", " ")
            axes.set_title(f"{title}\n{said_setting(str(strategy))}" if several else title, loc="left", pad=4)
        for axes in grid[len(panels) :]:
            axes.set_visible(False)
        for axes in grid[::columns]:
            axes.set_ylabel("true positive rate")
        handles = [
            Line2D([], [], color="#444444", linestyle="-", linewidth=1.6, label="victim"),
            Line2D([], [], color="#444444", linestyle=_NULL, linewidth=1.0, label="null: clean model or training set"),
            Line2D([], [], color="#999999", linestyle=":", linewidth=0.8, label="chance"),
        ]
        figure.legend(handles=handles, loc="outside upper center", ncols=3, frameon=False)
    return figure
