"""A training sample in motion: clean beside the same with a backdoor's trigger, and what differs, amplified."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from kinesec.plots.animation import (
    DISTURBED,
    DPI,
    LONGEST_PACE_MS,
    PACE_MS,
    PAUSE_MS,
    TALLEST_INCH,
    WIDTH_INCH,
    centred,
    picture_of,
    pictures_of,
    write,
)
from kinesec.plots.parts.pairs import captions, panels, pictures, scene
from kinesec.plots.parts.stick_figures import INK
from kinesec.plots.parts.style import STYLE
from kinesec.samples.backdoor_scenes import Pair

HEAD_INCH = 0.7
MARGIN = 0.012  # of the width, between videos
GREYS = 32  # of a channel: with more, a noisy video takes megabytes


def frames(pair: Pair) -> Iterator[Image.Image]:
    """One picture a frame of the sample."""

    def head(figure: Figure, room: float, frame: int) -> None:
        for place, text in enumerate(captions(pair)):
            first, _, second = text.partition("\n")
            x = (place + 0.5) / 3
            joined = f"{first} {second}" if place == 2 else first.removesuffix(":")
            centred(figure, x, 1 - 0.4 * room, joined, fontsize=8, weight="bold")
            if place < 2:
                centred(figure, x, 1 - 0.66 * room, second, fontsize=7.5, color=INK)
        moment = f"frame {frame + 1}" if pair.frame_ms is None else f"{frame * pair.frame_ms / 1000:.2f} s"
        centred(figure, 0.5, 1 - 0.94 * room, moment, fontsize=7.5, color=INK)

    if pair.parents:
        return pictures_of(scene(pair), panels(pair), head, head_inch=HEAD_INCH, tallest_inch=TALLEST_INCH)
    return _videos(pair, head)


def _videos(pair: Pair, head: object) -> Iterator[Image.Image]:
    rows = [_few_greys(row) for row in pictures(pair)]
    _, height, width, _ = pair.clean.shape
    wide = (1 - MARGIN * (len(rows) + 1)) / len(rows)
    tall_inch = min(WIDTH_INCH * wide * height / width, TALLEST_INCH)
    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(WIDTH_INCH, tall_inch + HEAD_INCH + MARGIN * WIDTH_INCH), dpi=DPI)
        canvas = FigureCanvasAgg(figure)
        inch = figure.get_figheight()
        for frame in range(len(pair)):
            figure.clear()
            for place, row in enumerate(rows):
                left = MARGIN + place * (wide + MARGIN)
                axes = figure.add_axes((left, MARGIN * WIDTH_INCH / inch, wide, tall_inch / inch))
                axes.imshow(row[frame], interpolation="nearest")
                axes.axis("off")
            head(figure, HEAD_INCH / inch, frame)  # type: ignore[operator]
            yield picture_of(canvas)


def _few_greys(video: np.ndarray) -> np.ndarray:
    """A video of few levels a channel, the darkest and the brightest among them."""
    step = 255 / (GREYS - 1)
    return np.asarray(np.rint(np.rint(video / step) * step), np.uint8)


def save(pair: Pair, *, webp: str | Path, png: str | Path) -> None:
    """Writes the animation, half as fast as the sample, and the frame that is changed most; always the same bytes."""
    made = list(frames(pair))
    pace = PACE_MS if pair.frame_ms is None else int(np.clip(round(2 * pair.frame_ms), PACE_MS // 2, LONGEST_PACE_MS))
    changed = int(np.square(pair.difference).reshape(len(pair), -1).sum(1).argmax())
    pause = [pace] * (len(made) - 1) + [PAUSE_MS]
    write(made, pause, DISTURBED if pair.parents else None, webp=webp, png=png, poster=changed)
