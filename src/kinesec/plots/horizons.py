"""Error per horizon: how far predictions are from the truth on clean windows, from the target on triggered ones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from kinesec.errors import KinesecError
from kinesec.plots.parts.rows import at_largest_ratio, bare, kind, margin, of_predictor
from kinesec.plots.parts.style import COLOURS, STYLE, WIDTHS_INCH, Width
from kinesec.tables import seeds
from kinesec.tables import strategies as tidy


@dataclass(frozen=True)
class Line:
    """One line: whose predictions, on which windows, and how it is drawn.

    Two lines that fall together stay visible: one is thicker, and ``shift`` sets their markers frames apart.
    """

    label: str
    model: str
    windows: str
    dashes: Literal["-", ":"] | tuple[int, tuple[float, ...]] = "-"
    marker: str = ""
    filled: bool = True
    weight: float = 1.3
    shift: int = 0


_CLEAN = (
    Line("zero velocity", "zero_velocity", "clean", ":"),
    Line("clean model", "clean", "clean", "-", "s", weight=2.2),
    Line("victim", "victim", "clean", "-", "o", shift=2),
)
_TRIGGERED = (
    Line("zero velocity", "zero_velocity", "triggered", ":"),
    Line("clean model", "clean", "triggered", "-", "s", weight=2.2),
    Line("victim, trigger on the wrong limb", "victim", "wrong_limb", (0, (4, 2)), "o", filled=False),
    Line("victim", "victim", "triggered", "-", "o", shift=2),
)
PANELS = (
    ("Clean windows: distance to truth", "CDE", _CLEAN),
    ("Triggered windows: distance to target", "BDE", _TRIGGERED),
)
_LEGEND = ("clean model", "victim", "victim, trigger on the wrong limb", "zero velocity")


def lines(
    table: pd.DataFrame, strategy: tidy.Strategy | None, metric: str, panel: tuple[Line, ...]
) -> list[tuple[Line, pd.DataFrame]]:
    """Each line with its rows (frame, horizon_ms_nominal, value, low, high), means over seeds, by frame."""
    rows = table[table["metric"] == metric]
    rows = tidy.of_strategy(rows, strategy) if strategy else rows
    curves = []
    for line in panel:
        of_line = rows[(rows["model"] == line.model) & (rows["windows"] == line.windows)]
        if len(of_line):
            means = seeds.over_seeds(of_line, ["frame", "horizon_ms_nominal"])
            curves.append((line, means.sort_values("frame", ignore_index=True)))
    return curves


def _draw_panel(axes: Axes, drawn: list[tuple[Line, pd.DataFrame]]) -> None:
    for line, rows in drawn:
        colour = COLOURS[line.model]
        frame = rows["frame"].to_numpy()
        axes.fill_between(frame, rows["low"], rows["high"], color=colour, alpha=0.18, linewidth=0)
        axes.plot(
            frame,
            rows["value"],
            color=colour,
            linestyle=line.dashes,
            marker=line.marker,
            linewidth=line.weight,
            markevery=[int(tick) - 1 - line.shift for tick in _ticks(frame.max()) if tick > line.shift and tick > 1],
            markerfacecolor=colour if line.filled else "white",
            label=line.label,
            gid=f"{line.model}-{line.windows}",
            clip_on=False,
            zorder=3,
        )
    bare(axes)


def _ticks(frames: float) -> np.ndarray:
    step = 5 if frames > 12 else 2
    return np.array([1, *range(step, int(frames) + 1, step)])


def _time_axis(axes: Axes, rows: pd.DataFrame) -> None:
    """Nominal milliseconds above the same ticks."""
    above = axes.secondary_xaxis("top")
    ticks = _ticks(rows["frame"].max())
    nominal = rows.set_index("frame")["horizon_ms_nominal"]
    above.set_xticks(ticks, [f"{nominal[tick]:.0f}" for tick in ticks])
    above.set_xlabel("nominal time (ms)", labelpad=3)
    above.spines["top"].set_visible(False)
    above.tick_params(length=0, pad=1)


def _key(seen: set[str]) -> list[Line2D]:
    by_label = {line.label: line for line in (*_CLEAN, *_TRIGGERED)}
    return [
        Line2D(
            [],
            [],
            color=COLOURS[line.model],
            linestyle=line.dashes,
            linewidth=line.weight,
            marker=line.marker,
            markerfacecolor=COLOURS[line.model] if line.filled else "white",
            label=label,
        )
        for label in _LEGEND
        if label in seen and (line := by_label[label])
    ]


def draw(
    table: pd.DataFrame,
    *,
    dataset: str,
    predictor: str,
    protocol: str | None = None,
    sampling: str | None = None,
    action: str = tidy.MEAN,
    joints: str = "used",
    width: Width = "double",
) -> Figure:
    """The figure of one data set and predictor: a row of panels a strategy; ``single`` width puts panels below panels.

    Lines are means up to the frame (CDE, BDE; mm) with 95 % intervals, over all seeds where there are several.
    Strategies that differ in their ratio alone are drawn at the largest; without any there are clean windows alone.
    ``protocol`` may be left out where the table has one; ``sampling`` is the widest unless named.
    Raises ``KinesecError`` when the table has no such rows, or several protocols to choose from.
    """
    rows = of_predictor(table, dataset, predictor, protocol=protocol, sampling=sampling, action=action, joints=joints)
    strategies: list[tidy.Strategy | None] = [*at_largest_ratio(tidy.strategies(rows))]
    with mpl.rc_context(STYLE):
        return _compose(rows, strategies or [None], width)


def _compose(rows: pd.DataFrame, strategies: list[tidy.Strategy | None], width: Width) -> Figure:
    panels = PANELS if strategies[0] else PANELS[:1]
    width = width if strategies[0] else "single"
    columns = 2 if width == "double" else 1
    count = len(strategies) * len(panels) // columns
    height = 2.05 if len(strategies) == 1 else 1.6
    figure = Figure(figsize=(WIDTHS_INCH[width], 0.75 + height * count), layout="constrained")
    grid = figure.subplots(count, columns, sharex=True, squeeze=False).ravel()
    seen: set[str] = set()
    tops = [0.0] * len(strategies)  # a strategy's panels share their scale; targets differ in how far they are
    for place, axes in enumerate(grid):
        strategy = strategies[place // len(panels)]
        title, metric, panel = panels[place % len(panels)]
        drawn = lines(rows, strategy, metric, panel)
        if not drawn:
            raise KinesecError(f"figure: found no {metric} of {strategy or 'clean models'}; make the table again")
        seen |= {line.label for line, _ in drawn}
        _draw_panel(axes, drawn)
        highest = max(float(rows[["value", "high"]].max().max()) for _, rows in drawn)
        tops[place // len(panels)] = max(tops[place // len(panels)], highest)
        frames = drawn[0][1]
        first_row, last_row = place < columns, place >= len(grid) - columns
        if first_row:
            _time_axis(axes, frames)
        if first_row or columns == 1:
            axes.set_title(title, loc="left", pad=6)
        if last_row:
            axes.set_xlabel("future frame")
        if place % columns == 0:
            axes.set_ylabel("mean error up to\nthe frame (mm)")
        axes.set_xticks(_ticks(frames["frame"].max()))
        axes.set_xlim(0.5, frames["frame"].max() + 0.2)
        if strategy and len(strategies) > 1 and (place % 2 == 1 or columns == 1):
            text = f"{kind(strategy)}\n{100 * strategy.ratio:.3g} %, {strategy.selection}"
            margin(axes, text.replace("_", " "))
    for place, axes in enumerate(grid):
        top = tops[place // len(panels)]
        axes.set_ylim(0, 1.04 * top)
        ticks = [tick for tick in MaxNLocator(nbins=5, integer=True).tick_values(0, top) if 0 <= tick <= top]
        axes.set_yticks(ticks)
        if place % columns:
            axes.tick_params(labelleft=False)
    figure.legend(handles=_key(seen), loc="outside upper center", ncols=4 if columns == 2 else 2, frameon=False)
    return figure
