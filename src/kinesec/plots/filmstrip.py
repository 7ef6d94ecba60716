"""Filmstrips: a clean and a triggered window, and what the clean model and the victim make of them."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from kinesec.plots.parts.stick_figures import INK, PALE, Samples, add, extent
from kinesec.plots.parts.style import COLOURS, STYLE, WIDTHS_INCH

PAST, AHEAD = 3, 5
ROWS = (
    ("clean", "clean", "clean window,\nclean model"),
    ("clean", "victim", "clean window,\nvictim"),
    ("triggered", "clean", "triggered,\nclean model"),
    ("triggered", "victim", "triggered,\nvictim"),
)


def frames_shown(history: int, future: int) -> tuple[list[int], list[int]]:
    """Frames (from 0) of the history, its first and last among them, and of the future, its last among them."""
    past = np.linspace(0, history - 1, min(PAST, history)).round().astype(int)
    ahead = history - 1 + np.linspace(future / min(AHEAD, future), future, min(AHEAD, future)).round().astype(int)
    return past.tolist(), ahead.tolist()


def draw(samples: Samples) -> Figure:
    """A row a window and model; history in ink, then the prediction in colour over the truth or the target."""
    with mpl.rc_context(STYLE):
        return _compose(samples)


def _compose(samples: Samples) -> Figure:
    rows = [row for row in ROWS if row[:2] in samples.poses]
    length = len(next(iter(samples.poses.values())))
    past, ahead = frames_shown(samples.history, length - samples.history)
    side, low, high = extent(samples)
    tall = 1.08 * (high - low)
    step, gap = max(1.75 * side, 0.6 * tall), 0.9 * side  # figures apart, and rows no higher than a page has room for
    places = [index * step for index in range(len(past))]
    places += [places[-1] + gap + step * (index + 1) for index in range(len(ahead))]
    across = places[-1] + 2 * side
    width = WIDTHS_INCH["double"]
    row_inch = (width - 0.95) * tall / across
    figure = Figure(figsize=(width, row_inch * len(rows) + 0.75), layout="constrained")
    grid = figure.subplots(len(rows), 1, squeeze=False).ravel()
    for axes, (windows, model, label) in zip(grid, rows, strict=True):
        own, predicted = samples.poses[windows, "data"], samples.poses[windows, model]
        limb = samples.limb if windows == "triggered" else ()
        for frame, x in zip(past, places[: len(past)], strict=True):
            add(
                axes,
                own[frame],
                samples.parents,
                colour=INK,
                width=1.2,
                x=x,
                limb=limb,
                limb_colour=COLOURS["defended"],
            )
        for frame, x in zip(ahead, places[len(past) :], strict=True):
            add(axes, own[frame], samples.parents, colour=PALE, width=2.4, x=x)
            add(axes, predicted[frame], samples.parents, colour=COLOURS[model], width=1.0, x=x, zorder=3)
        axes.axvline((places[len(past) - 1] + places[len(past)]) / 2, color="#999999", linewidth=0.7, linestyle=":")
        axes.set_xlim(-side, across - side)
        axes.set_ylim(low - 0.04 * tall, high + 0.04 * tall)
        axes.set_aspect("equal")
        axes.set_xticks([])
        axes.set_yticks([])
        axes.spines[:].set_visible(False)
        axes.set_ylabel(label, rotation=0, ha="right", va="center", multialignment="right")
    milliseconds = [(frame + 1 - samples.history) * samples.frame_ms for frame in (*past, *ahead)]
    grid[-1].set_xticks(places, [f"{value:.0f}".replace("-", "\u2212") for value in milliseconds])
    grid[-1].tick_params(axis="x", length=0)
    grid[-1].set_xlabel("nominal time from the last observed frame (ms)")
    figure.legend(handles=_key(samples), loc="outside upper center", ncols=5, frameon=False, handlelength=1.4)
    return figure


def _key(samples: Samples) -> list[Line2D]:
    shown = [("observed", INK, 1.2), ("truth or target", PALE, 2.4)]
    if samples.limb:
        shown.insert(1, ("trigger", COLOURS["defended"], 1.2))
    shown.append(("clean model", COLOURS["clean"], 1.2))
    if ("clean", "victim") in samples.poses:
        shown.append(("victim", COLOURS["victim"], 1.2))
    return [Line2D([], [], color=colour, linewidth=width, label=label) for label, colour, width in shown]
