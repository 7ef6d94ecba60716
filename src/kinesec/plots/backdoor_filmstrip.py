"""A training sample as filmstrips: clean, with a backdoor's trigger, and what differs, amplified."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure

from kinesec.plots.filmstrip import SHOWN, label, legend, strips
from kinesec.plots.parts.pairs import captions, panels, pictures, scene
from kinesec.plots.parts.stick_figures import ATTACKED, INK, PALE
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH
from kinesec.samples.backdoor_scenes import Pair

LABELS_INCH, GAP = 1.15, 0.06


def draw(pair: Pair) -> Figure:
    """Three rows of frames, evenly spread over the sample; the amplified difference says by how much."""
    frames = np.unique(np.linspace(0, len(pair) - 1, min(SHOWN, len(pair))).round().astype(int)).tolist()
    with mpl.rc_context(STYLE):
        return _sticks(pair, frames) if pair.parents else _videos(pair, frames)


def _times(pair: Pair, frames: list[int]) -> tuple[list[str], str]:
    """The frames' labels, and what they are."""
    if pair.frame_ms is None:
        return [f"{frame + 1}" for frame in frames], "frame"
    return [f"{frame * pair.frame_ms / 1000:.2f}" for frame in frames], "time (s)"


def _sticks(pair: Pair, frames: list[int]) -> Figure:
    key = [("clean", INK, 1.2), ("clean, under the triggered", PALE, 2.4), ("triggered", ATTACKED, 1.2)]
    figure, grid = strips(scene(pair), panels(pair), frames, pause=len(frames), labels_inch=LABELS_INCH, room=1.06)
    for axes, text in zip(grid, captions(pair), strict=True):
        label(axes, text, fontsize=7.5)
    ticks, what = _times(pair, frames)
    grid[-1].set_xticklabels(ticks)
    grid[-1].set_xlabel(what)
    legend(figure, key, columns=3)
    return figure


def _videos(pair: Pair, frames: list[int]) -> Figure:
    rows = pictures(pair)
    _, height, width, _ = pair.clean.shape
    across = WIDTHS_INCH["double"]
    cell = (across - LABELS_INCH) / len(frames)
    figure = Figure(figsize=(across, len(rows) * (cell * height / width + GAP) + 0.45), layout="constrained")
    figure.get_layout_engine().set(w_pad=GAP / 4, h_pad=GAP / 4, wspace=0, hspace=0)  # type: ignore[union-attr, call-arg]
    grid = figure.subplots(len(rows), len(frames), squeeze=False)
    ticks, what = _times(pair, frames)
    for line, (row, text) in zip(grid, zip(rows, captions(pair), strict=True), strict=True):
        for axes, frame in zip(line, frames, strict=True):
            axes.imshow(row[frame], interpolation="nearest", gid=f"{text.split(':')[0].split()[0]}-{frame}")
            axes.set_xticks([])
            axes.set_yticks([])
            axes.spines[:].set_visible(False)
        label(line[0], text, fontsize=7.5)
    for axes, tick in zip(grid[-1], ticks, strict=True):
        axes.set_xlabel(tick, fontsize=7)
    figure.supxlabel(what, fontsize=8)
    return figure
