"""The filmstrip's clip in motion: clean beside attacked; an animated WebP and its poster."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from kinesec.evaluation.attack_scenes import Poses
from kinesec.plots.animation import DPI, PACE_MS, PAUSE_MS, WIDTH_INCH, write
from kinesec.plots.attack_filmstrip import ATTACKED, short
from kinesec.plots.parts.stick_figures import INK, PALE, add
from kinesec.plots.parts.style import STYLE, note

LONGEST_PACE_MS = 160
PAPER = "#ffffff"
HEADER_INCH = 0.7


def frames(poses: Poses) -> Iterator[Image.Image]:
    """One picture a frame: the clean clip, then a panel an attack."""
    with mpl.rc_context(STYLE):
        panels = [("clean", poses.action, None)]
        panels += [(label, said, pose) for label, (pose, said) in poses.attacks.items()]  # type: ignore[misc]
        side, low, high = poses.extent
        side, tall = 1.15 * side, 1.1 * (high - low)
        inch = WIDTH_INCH / len(panels)
        figure = Figure(figsize=(WIDTH_INCH, min(inch * tall / (2 * side), 4.5) + HEADER_INCH), dpi=DPI)
        canvas = FigureCanvasAgg(figure)
        room = HEADER_INCH / figure.get_figheight()
        for frame in range(len(poses)):
            figure.clear()
            for index, (title, said, pose) in enumerate(panels):
                axes = figure.add_axes((index / len(panels), 0.0, 1 / len(panels), 1 - room))
                _draw(axes, poses, pose, frame)
                axes.set_xlim(-side, side)
                axes.set_ylim(low - 0.05 * tall, high + 0.05 * tall)
                axes.set_aspect("equal")
                axes.axis("off")
                x = (index + 0.5) / len(panels)
                figure.text(x, 1 - 0.4 * room, title, ha="center", weight="bold", fontsize=8)
                figure.text(x, 1 - 0.66 * room, short(said, 96 // len(panels)), ha="center", fontsize=7.5, color=INK)
            when = f"{frame * poses.frame_ms / 1000:.2f} s"
            figure.text(0.5, 1 - 0.94 * room, when, ha="center", fontsize=7.5, color=INK)
            canvas.draw()  # type: ignore[no-untyped-call]
            yield Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call]


def _draw(axes: Axes, poses: Poses, pose: np.ndarray | None, frame: int) -> None:
    if pose is None:
        add(axes, poses.clean[frame], poses.parents, colour=INK, width=2)
        return
    add(axes, poses.clean[frame], poses.parents, colour=PALE, width=4)
    add(axes, pose[frame], poses.parents, colour=ATTACKED, width=1.8, zorder=3)


def save(poses: Poses, *, webp: str | Path, png: str | Path) -> None:
    """Writes the animation, half as fast as the motion, and its middle frame; the same poses give the same bytes."""
    drawn = list(frames(poses))
    pace = int(np.clip(round(2 * poses.frame_ms), PACE_MS // 2, LONGEST_PACE_MS))
    pause = [pace] * (len(drawn) - 1) + [PAUSE_MS]
    pairs = [(PAPER, INK), (PAPER, PALE), (PAPER, ATTACKED), (PALE, ATTACKED)]
    write(drawn, pause, pairs, webp=webp, png=png, poster=len(drawn) // 2)


def save_note(text: str, *, webp: str | Path, png: str | Path) -> None:
    """Writes a still that says why there is nothing to see in place of an animation and its poster."""
    figure = note(text)
    figure.set_dpi(DPI)
    canvas = FigureCanvasAgg(figure)
    canvas.draw()  # type: ignore[no-untyped-call]
    image = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call]
    write([image], [PAUSE_MS], [(PAPER, INK)], webp=webp, png=png, poster=0)
