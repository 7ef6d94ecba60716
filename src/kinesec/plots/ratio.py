"""Clean and backdoor error against the poison ratio, beside the clean model and zero velocity."""

from __future__ import annotations

from itertools import product
from typing import Literal

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinesec.errors import KinesecError
from kinesec.plots.parts.rows import bare, kind, of_predictor
from kinesec.plots.parts.style import COLOURS, STYLE, WIDTHS_INCH
from kinesec.tables import seeds
from kinesec.tables import strategies as tidy

Dashes = Literal["-", ":"] | tuple[int, tuple[int, ...]]
METRICS = (("CDE", "clean", "CDE (mm)"), ("BDE", "triggered", "BDE (mm)"))
MARKERS = ("o", "^", "D", "v", "P")
DASHES: tuple[Dashes, ...] = ("-", (0, (5, 2)), (0, (1, 1)), (0, (4, 1, 1, 1)))
CONTROLS: tuple[tuple[str, str, Dashes, float], ...] = (
    ("clean model", "clean", "-", 2.2),
    ("zero velocity", "zero_velocity", ":", 1.3),
)


def _way(strategy: tidy.Strategy) -> str:
    whole = ", sequence by sequence" if strategy.level == "sequence" else ""
    return f"victim, {strategy.selection} selection{whole}".replace("_", " ")


def draw(table: pd.DataFrame, *, dataset: str, predictor: str, sampling: str | None = None) -> Figure:
    """Means up to the last frame (mm) with 95 % intervals: CDE above, BDE below, a column a trigger and target.

    Raises ``KinesecError`` when the table has fewer than two ratios.
    """
    rows = of_predictor(table, dataset, predictor, sampling=sampling)
    rows = rows[rows["frame"] == rows["frame"].max()]
    strategies = tidy.strategies(rows)
    ratios = sorted({strategy.ratio for strategy in strategies})
    if len(ratios) < 2:
        raise KinesecError(f"figure of {dataset}, {predictor}: found ratios {ratios}, expected two or more")
    with mpl.rc_context(STYLE):
        return _compose(rows, strategies, ratios)


def _compose(rows: pd.DataFrame, strategies: list[tidy.Strategy], ratios: list[float]) -> Figure:
    kinds = list(dict.fromkeys(map(kind, strategies)))
    ways = list(dict.fromkeys(map(_way, strategies)))
    wide = len(kinds) > 1
    size = (WIDTHS_INCH["double" if wide else "single"], 3.5 + 0.17 * (len(ways) + 2) * (not wide))
    figure = Figure(figsize=size, layout="constrained")
    grid = figure.subplots(2, len(kinds), sharex=True, squeeze=False)
    for (place, (metric, windows, label)), (column, name) in product(enumerate(METRICS), enumerate(kinds)):
        axes: Axes = grid[place, column]
        of_kind = [strategy for strategy in strategies if kind(strategy) == name]
        here = rows[(rows["metric"] == metric) & (rows["windows"] == windows)]
        for _, model, dashes, weight in CONTROLS:
            drawn = _points(here[here["model"] == model], of_kind)
            drawn = drawn.groupby("percent")[["value", "low", "high"]].mean()
            axes.fill_between(drawn.index, drawn["low"], drawn["high"], color=COLOURS[model], alpha=0.18, linewidth=0)
            axes.plot(drawn.index, drawn["value"], linestyle=dashes, color=COLOURS[model], linewidth=weight, gid=model)
        for index, way in enumerate(ways):
            _victims(axes, _points(here[here["model"] == "victim"], [o for o in of_kind if _way(o) == way]), index, way)
        bare(axes)
        # targets differ in how far they are, so every BDE has its own scale; the truth is the same for all
        shown = pd.concat(
            [tidy.of_strategy(here, strategy) for strategy in (of_kind if metric == "BDE" else strategies)]
        )
        axes.set_ylim(0, 1.06 * float(shown[["value", "high"]].max().max()))
        axes.set_xticks([100 * ratio for ratio in ratios], [f"{100 * ratio:.3g}" for ratio in ratios])
        if place == 0:
            axes.set_title(name, loc="left", pad=6)
        else:
            axes.set_xlabel("poisoned windows (%)")
        if column == 0:
            axes.set_ylabel(label)
    figure.legend(handles=_key(ways), loc="outside upper center", ncols=len(ways) + 2 if wide else 1, frameon=False)
    return figure


def _points(rows: pd.DataFrame, strategies: list[tidy.Strategy]) -> pd.DataFrame:
    """value, low, high over seeds by ``percent`` poisoned, of one model under each of some strategies."""
    parts = [
        seeds.over_seeds(tidy.of_strategy(rows, strategy), ["frame"]).assign(percent=100 * strategy.ratio)
        for strategy in strategies
    ]
    return pd.concat(parts).sort_values("percent") if parts else pd.DataFrame(columns=["percent", "value"])


def _victims(axes: Axes, points: pd.DataFrame, index: int, label: str) -> None:
    if points.empty:
        return
    ends = abs(points[["low", "high"]].to_numpy().T - points["value"].to_numpy())
    axes.errorbar(
        points["percent"],
        points["value"],
        yerr=ends,
        color=COLOURS["victim"],
        linestyle=DASHES[index % len(DASHES)],
        marker=MARKERS[index % len(MARKERS)],
        elinewidth=0.9,
        label=label,
        gid=label,
        zorder=3,
    )


def _key(ways: list[str]) -> list[Line2D]:
    controls = [
        Line2D([], [], color=COLOURS[model], linestyle=dashes, linewidth=weight, label=label)
        for label, model, dashes, weight in CONTROLS
    ]
    victims = [
        Line2D(
            [],
            [],
            color=COLOURS["victim"],
            linestyle=DASHES[index % len(DASHES)],
            marker=MARKERS[index % len(MARKERS)],
            label=way,
        )
        for index, way in enumerate(ways)
    ]
    return [*controls, *victims]
