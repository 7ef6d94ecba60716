"""Filmstrips: a clean and a triggered window with what models predict, and a clip, clean and under attacks."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinesec.plots.parts import stick_figures
from kinesec.plots.parts.stick_figures import ATTACKED, INK, PALE, TRIGGER, Panel, Widths, extent
from kinesec.plots.parts.style import COLOURS, STYLE, WIDTHS_INCH, short
from kinesec.samples.scenes import Scene

PAST, AHEAD, SHOWN = 3, 5, 8
LINES = Widths(ink=1.2, pale=2.4, over=1.0)


def frames_shown(history: int, future: int) -> tuple[list[int], list[int]]:
    """Frames (from 0) of the history, its first and last among them, and of the future, its last among them."""
    past = np.linspace(0, history - 1, min(PAST, history)).round().astype(int)
    ahead = history - 1 + np.linspace(future / min(AHEAD, future), future, min(AHEAD, future)).round().astype(int)
    return past.tolist(), ahead.tolist()


def draw(scene: Scene) -> Figure:
    """A row a window and model; history in ink, then the prediction in colour over the truth or the target."""
    past, ahead = frames_shown(scene.history, len(scene) - scene.history)
    frames = [*past, *ahead]
    panels = stick_figures.predictions(scene)
    milliseconds = [(frame + 1 - scene.history) * scene.frame_ms for frame in frames]
    key = [("observed", INK, 1.2), ("truth or target", PALE, 2.4), ("clean model", COLOURS["clean"], 1.2)]
    if scene.limb:
        key.insert(1, ("trigger", TRIGGER, 1.2))
    if ("clean", "victim") in scene.poses:
        key.append(("victim", COLOURS["victim"], 1.2))
    with mpl.rc_context(STYLE):
        figure, grid = strips(scene, panels, frames, pause=len(past), labels_inch=0.95)
        for axes, panel in zip(grid, panels, strict=True):
            label(axes, panel.label.replace(", ", ",\n"))
        grid[-1].set_xticklabels([f"{value:.0f}".replace("-", "\u2212") for value in milliseconds])
        grid[-1].set_xlabel("nominal time from the last observed frame (ms)")
        legend(figure, key, columns=5)
    return figure


def draw_attacks(scene: Scene) -> Figure:
    """The clean clip's row, then one an attack: the attacked pose in colour over the clean one."""
    frames = np.unique(np.linspace(0, len(scene) - 1, min(SHOWN, len(scene))).round().astype(int)).tolist()
    panels = stick_figures.attacks(scene)
    key = [("clean", INK, 1.2), ("clean, under the attacked", PALE, 2.4), ("attacked", ATTACKED, 1.2)]
    with mpl.rc_context(STYLE):
        figure, grid = strips(scene, panels, frames, pause=len(frames), labels_inch=1.25, room=1.06)
        for axes, panel in zip(grid, panels, strict=True):
            label(axes, f"{panel.label}:\n{short(scene.said.get(panel.label, scene.action))}", fontsize=7.5)
        grid[-1].set_xticklabels([f"{frame * scene.frame_ms / 1000:.2f}" for frame in frames])
        grid[-1].set_xlabel("time (s)")
        legend(figure, key, columns=3)
    return figure


def strips(
    scene: Scene, panels: Sequence[Panel], frames: Sequence[int], *, pause: int, labels_inch: float, room: float = 1.0
) -> tuple[Figure, list[Axes]]:
    """A row a panel, its frames side by side; after ``pause`` frames there is a gap with a line in it."""
    side, low, high = extent(scene)
    side *= room
    tall = 1.08 * (high - low)
    step = max(1.75 * side, 0.6 * tall)  # figures apart, and rows no higher than a page has room for
    places = [index * step for index in range(pause)]
    places += [places[-1] + 0.9 * side + step * (index + 1) for index in range(len(frames) - pause)]
    across = places[-1] + 2 * side
    width = WIDTHS_INCH["double"]
    row_inch = (width - labels_inch) * tall / across
    figure = Figure(figsize=(width, row_inch * len(panels) + 0.75), layout="constrained")
    grid: list[Axes] = list(figure.subplots(len(panels), 1, squeeze=False).ravel())
    for axes, panel in zip(grid, panels, strict=True):
        for frame, x in zip(frames, places, strict=True):
            panel.draw(axes, frame, LINES, x)
        if pause < len(frames):
            axes.axvline((places[pause - 1] + places[pause]) / 2, color="#999999", linewidth=0.7, linestyle=":")
        axes.set_xlim(-side, across - side)
        axes.set_ylim(low - 0.04 * tall, high + 0.04 * tall)
        axes.set_aspect("equal")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
    grid[-1].set_xticks(places)
    grid[-1].tick_params(axis="x", length=0)
    return figure, grid


def label(axes: Axes, text: str, **font: float) -> None:
    axes.set_ylabel(text, rotation=0, ha="right", va="center", multialignment="right", **font)  # type: ignore[arg-type]


def legend(figure: Figure, key: Sequence[tuple[str, str, float]], *, columns: int) -> None:
    """A legend above the rows, of (label, colour, line width)."""
    handles = [Line2D([], [], color=colour, linewidth=width, label=label) for label, colour, width in key]
    figure.legend(handles=handles, loc="outside upper center", ncols=columns, frameon=False, handlelength=1.4)
