"""Filmstrips of a clip: clean above, attacked below, drawn over the clean one."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinesec.evaluation.attack_scenes import Poses
from kinesec.plots.parts.stick_figures import INK, PALE, add
from kinesec.plots.parts.style import COLOURS, STYLE, WIDTHS_INCH

SHOWN = 8
ATTACKED = COLOURS["victim"]


def draw(poses: Poses) -> Figure:
    """The clean clip's row, then one an attack: the attacked pose in colour over the clean one."""
    with mpl.rc_context(STYLE):
        return _compose(poses)


def _compose(poses: Poses) -> Figure:
    side, low, high = poses.extent
    side *= 1.06
    tall = 1.08 * (high - low)
    step = max(1.75 * side, 0.6 * tall)
    frames = np.unique(np.linspace(0, len(poses) - 1, min(SHOWN, len(poses))).round().astype(int))
    places = [index * step for index in range(len(frames))]
    across = places[-1] + 2 * side
    width = WIDTHS_INCH["double"]
    row_inch = (width - 1.25) * tall / across
    rows = [(f"clean:\n{short(poses.action)}", None)]
    rows += [(f"{label}:\n{short(said)}", pose) for label, (pose, said) in poses.attacks.items()]  # type: ignore[misc]
    figure = Figure(figsize=(width, row_inch * len(rows) + 0.75), layout="constrained")
    grid = figure.subplots(len(rows), 1, squeeze=False).ravel()
    for axes, (label, pose) in zip(grid, rows, strict=True):
        for frame, x in zip(frames, places, strict=True):
            if pose is None:
                add(axes, poses.clean[frame], poses.parents, colour=INK, width=1.2, x=x)
                continue
            add(axes, poses.clean[frame], poses.parents, colour=PALE, width=2.4, x=x)
            add(axes, pose[frame], poses.parents, colour=ATTACKED, width=1.0, x=x, zorder=3)
        axes.set_xlim(-side, across - side)
        axes.set_ylim(low - 0.04 * tall, high + 0.04 * tall)
        axes.set_aspect("equal")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        axes.set_ylabel(label, rotation=0, ha="right", va="center", multialignment="right", fontsize=7.5)
    grid[-1].set_xticks(places, [f"{frame * poses.frame_ms / 1000:.2f}" for frame in frames])
    grid[-1].tick_params(axis="x", length=0)
    grid[-1].set_xlabel("time (s)")
    key = [
        Line2D([], [], color=colour, linewidth=weight, label=label)
        for label, colour, weight in (
            ("clean", INK, 1.2),
            ("clean, under the attacked", PALE, 2.4),
            ("attacked", ATTACKED, 1.2),
        )
    ]
    figure.legend(handles=key, loc="outside upper center", ncols=3, frameon=False, handlelength=1.4)
    return figure


def short(action: str, longest: int = 20) -> str:
    """A class's name, cut where it is long."""
    text = action.replace("_", " ")
    return text if len(text) <= longest else text[: longest - 1] + "\u2026"
