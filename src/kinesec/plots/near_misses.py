"""What else sets a backdoor off: distance to the target and success on histories that are nearly the trigger."""

from __future__ import annotations

from dataclasses import dataclass

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinesec.errors import KinesecError
from kinesec.plots.parts.rows import at_largest_ratio, bare, kind, of_predictor
from kinesec.plots.parts.style import COLOURS, STYLE, WIDTHS_INCH
from kinesec.tables import seeds
from kinesec.tables import strategies as tidy

OTHERS = {"half_frames": "half of\nthe frames", "wrong_limb": "wrong\nlimb", "natural_nearest": "nearest\nclean"}
METRICS = (("BDE", "BDE (mm)"), ("ASR", "ASR (%)"))
MODELS = (("clean", "clean model", "s", 2.2), ("victim", "victim", "o", 1.3))


@dataclass(frozen=True)
class Place:
    """A kind of windows on the horizontal axis; those that are ``joined`` differ in the angle alone."""

    windows: str
    label: str
    x: float
    joined: bool


def places(kinds: set[str]) -> list[Place]:
    """The trigger, its rotations by angle, then the other near misses after a gap."""
    angles = sorted(float(name.removeprefix(tidy.ROTATED)) for name in kinds if name.startswith(tidy.ROTATED))
    x_axis = [Place("triggered", "0\u00b0", 0, True)]
    x_axis += [Place(f"{tidy.ROTATED}{angle:g}", f"{angle:g}\u00b0", 1 + i, True) for i, angle in enumerate(angles)]
    others = [name for name in OTHERS if name in kinds]
    return x_axis + [Place(name, OTHERS[name], len(x_axis) + 0.4 + 1.3 * i, False) for i, name in enumerate(others)]


def draw(table: pd.DataFrame, *, dataset: str, predictor: str, sampling: str | None = None) -> Figure:
    """BDE above, ASR below, means up to the last frame with 95 % intervals; at most two strategies side by side.

    Strategies that differ in their ratio alone are drawn at the largest. Raises ``KinesecError`` when the table has no
    victim.
    """
    rows = of_predictor(table, dataset, predictor, sampling=sampling)
    rows = rows[rows["frame"] == rows["frame"].max()]
    strategies = at_largest_ratio(tidy.strategies(rows))
    if not strategies:
        raise KinesecError(f"figure of {dataset}, {predictor}: found no row of a victim, expected some")
    with mpl.rc_context(STYLE):
        return _compose(rows, strategies)


def _compose(rows: pd.DataFrame, strategies: list[tidy.Strategy]) -> Figure:
    columns = min(2, len(strategies))
    deep = -(-len(strategies) // columns)
    width = WIDTHS_INCH["double"] if columns == 2 else 4.6
    figure = Figure(figsize=(width, 0.4 + 3.1 * deep), layout="constrained")
    grid = figure.subplots(2 * deep, columns, squeeze=False, height_ratios=[1.25, 1] * deep)
    several = (
        len({strategy.selection for strategy in strategies}) > 1 or len({strategy.level for strategy in strategies}) > 1
    )
    x_axis = places(set(rows["windows"]))
    for axes in grid.ravel()[len(strategies) * 2 :]:
        axes.set_visible(False)
    for index, strategy in enumerate(strategies):
        of_strategy = tidy.of_strategy(rows, strategy)
        shown = of_strategy[
            (of_strategy["metric"] == "BDE") & of_strategy["model"].isin([model for model, *_ in MODELS])
        ]
        farthest = float(shown[["value", "high"]].max().max())
        for place, (metric, label) in enumerate(METRICS):
            axes = grid[2 * (index // columns) + place, index % columns]
            axes.set_visible(True)
            _draw_panel(axes, of_strategy[of_strategy["metric"] == metric], x_axis)
            if index % columns == 0:
                axes.set_ylabel(label)
            axes.set_ylim(0, 105 if metric == "ASR" else 1.06 * farthest)
            axes.set_xticks([tick.x for tick in x_axis], [tick.label if place else "" for tick in x_axis])
            if place == 0:
                name = kind(strategy) + (f", {strategy.selection}" if several else "")
                axes.set_title(name, loc="left", pad=6)
            else:
                turned = [tick.x for tick in x_axis if tick.joined]
                axes.annotate(
                    "limb turned by",
                    (sum(turned) / len(turned), -0.38),
                    xycoords=("data", "axes fraction"),
                    ha="center",
                )
    key = [
        Line2D([], [], color=COLOURS[model], marker=marker, linewidth=weight, label=label)
        for model, label, marker, weight in MODELS
    ]
    figure.legend(handles=key, loc="outside upper center", ncols=2, frameon=False)
    return figure


def _draw_panel(axes: Axes, rows: pd.DataFrame, x_axis: list[Place]) -> None:
    for model, _, marker, weight in MODELS:
        means = seeds.over_seeds(rows[rows["model"] == model], ["windows"]).set_index("windows")
        here = [tick for tick in x_axis if tick.windows in means.index]
        x = [tick.x for tick in here]
        y = means.loc[[tick.windows for tick in here]]
        joined = [tick.joined for tick in here]
        ends = abs(y[["low", "high"]].to_numpy().T - y["value"].to_numpy())
        axes.errorbar(
            x, y["value"], yerr=ends, color=COLOURS[model], fmt=marker, elinewidth=0.9, clip_on=False, gid=model
        )
        turned = y["value"].to_numpy()[joined]
        axes.plot([tick.x for tick in here if tick.joined], turned, color=COLOURS[model], linewidth=weight)
    bare(axes)
