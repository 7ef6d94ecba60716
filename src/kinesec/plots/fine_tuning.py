"""Errors per epoch of fine-tuning on clean windows: does the victim forget its trigger, and what does that cost?"""

from __future__ import annotations

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from kinesec.errors import KinesecError
from kinesec.plots.parts.style import COLOURS, STYLE, WIDTHS_INCH
from kinesec.tables.seeds import over_seeds

METRICS = {"CDE": "clean windows,\nto truth: CDE (mm)", "BDE": "triggered windows,\nto target: BDE (mm)"}
MARKERS = ("o", "s", "^", "D", "v")
MODELS = {"victim": "victim", "clean": "clean model"}


def _named_rate(setting: str) -> str:
    """``final`` or ``0.1x`` of a setting ``share=0.1 rate=0.1x``."""
    return setting.rpartition("rate=")[2]


def said_rate(named: str) -> str:
    """A learning rate as a panel's title has it: ``0.1x`` is a tenth of the training's, ``final`` its last."""
    return f"{named.removesuffix('x')} \u00d7 the training's rate" if named.endswith("x") else f"{named} rate"


def _panel(axes: Axes, rows: pd.DataFrame, shares: list[float]) -> None:
    for model in MODELS:
        for share, marker in zip(shares, MARKERS, strict=False):
            line = rows[(rows["model"] == model) & (rows["share"] == share)]
            means = over_seeds(line, ["epoch"])
            axes.fill_between(
                means["epoch"], means["low"], means["high"], color=COLOURS[model], alpha=0.12, linewidth=0
            )
            axes.plot(
                means["epoch"],
                means["value"],
                color=COLOURS[model],
                marker=marker,
                markersize=3,
                linewidth=1.3,
                linestyle="-" if model == "victim" else (0, (3, 2)),
                gid=f"{model}-{share:g}",
                clip_on=False,
                zorder=3,
            )
    axes.grid(axis="y")
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def draw(table: pd.DataFrame, *, dataset: str, predictor: str) -> Figure:
    """Rows: CDE and BDE of each strategy, up to the last frame; columns: learning rates; lines: models and shares.

    ``table`` is ``prediction_defences``; epoch 0 is before fine-tuning. Means over seeds with 95 % intervals. Raises
    ``KinesecError`` when it holds no fine-tuning of that data set and predictor.
    """
    rows = table[(table["dataset"] == dataset) & (table["predictor"] == predictor) & (table["module"] == "fine_tuning")]
    if rows.empty:
        raise KinesecError(f"figure of {dataset}, {predictor}: found no row of fine_tuning; make the table again")
    rows = rows.assign(named=rows["setting"].map(_named_rate))
    ordered = rows.drop_duplicates("named").sort_values("rate")
    rates, shares = list(ordered["named"]), sorted(set(rows["share"].astype(float)))
    by = ["trigger", "target", "selection", "level", "ratio"]
    strategies = [([str(name) for name in key], part) for key, part in rows.groupby(by, sort=False)]
    with mpl.rc_context(STYLE):
        lines = 2 * len(strategies)
        width = WIDTHS_INCH["double"] if len(rates) > 1 else WIDTHS_INCH["single"]
        figure = Figure(figsize=(width, 0.9 + 1.5 * lines), layout="constrained")
        grid = figure.subplots(lines, len(rates), squeeze=False, sharex=True, sharey="row")
        for row, axes in enumerate(grid):
            key, of_strategy = strategies[row // 2]
            metric = tuple(METRICS)[row % 2]
            for column, rate in enumerate(rates):
                panel = of_strategy[(of_strategy["metric"] == metric) & (of_strategy["named"] == rate)]
                _panel(axes[column], panel, shares)
                if row == 0:
                    axes[column].set_title(said_rate(rate), loc="left", pad=4)
                if row == lines - 1:
                    axes[column].set_xlabel("epoch of fine-tuning")
                    axes[column].xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True))
            axes[0].set_ylim(bottom=0)
            axes[0].set_ylabel(METRICS[metric])
            if len(strategies) > 1:
                axes[-1].annotate(
                    f"{key[0]} \u2192 {key[1]}\n{100 * float(key[4]):.3g} %, {key[2]}".replace("_", " "),
                    (1.02, 0.5),
                    xycoords="axes fraction",
                    rotation=270,
                    va="center",
                    multialignment="center",
                    fontsize=7.5,
                )
        models = [
            Line2D([], [], color=COLOURS[model], linestyle="-" if model == "victim" else (0, (3, 2)), label=label)
            for model, label in MODELS.items()
        ]
        marks = [
            Line2D(
                [],
                [],
                color="#444444",
                marker=marker,
                linestyle="",
                markersize=3,
                label=f"{100 * share:g} % of windows",
            )
            for share, marker in zip(shares, MARKERS, strict=False)
        ]
        figure.legend(
            handles=[*models, *marks], loc="outside upper center", ncols=5 if len(rates) > 1 else 2, frameon=False
        )
    return figure
