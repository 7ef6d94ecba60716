"""The filmstrip's windows in motion: an animated WebP, and its poster for print and for readers who want no motion."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from kinesec.plots.parts.stick_figures import INK, PALE, Samples, add, extent
from kinesec.plots.parts.style import COLOURS, STYLE

PACE_MS, PAUSE_MS = 80, 900
DPI, WIDTH_INCH, SHADES = 100, 7.16, 16
PANELS = (
    ("clean", "clean", "clean window, clean model"),
    ("clean", "victim", "clean window, victim"),
    ("triggered", "clean", "triggered, clean model"),
    ("triggered", "victim", "triggered, victim"),
)


def frames(samples: Samples) -> Iterator[Image.Image]:
    """One picture a frame of the window, history first."""
    with mpl.rc_context(STYLE):
        panels = [panel for panel in PANELS if panel[:2] in samples.poses]
        side, low, high = extent(samples)
        side *= 1.15
        tall = 1.1 * (high - low)
        inch = WIDTH_INCH / len(panels)
        figure = Figure(figsize=(WIDTH_INCH, inch * tall / (2 * side) + 0.55), dpi=DPI)
        canvas = FigureCanvasAgg(figure)
        room = 0.55 / figure.get_figheight()
        length = len(next(iter(samples.poses.values())))
        for frame in range(length):
            figure.clear()
            for index, (windows, model, title) in enumerate(panels):
                axes = figure.add_axes((index / len(panels), 0.0, 1 / len(panels), 1 - room))
                _draw(axes, samples, windows, model, frame)
                axes.set_xlim(-side, side)
                axes.set_ylim(low - 0.05 * tall, high + 0.05 * tall)
                axes.axis("off")
                figure.text((index + 0.5) / len(panels), 1 - 0.6 * room, title, ha="center", weight="bold", fontsize=8)
            when = (frame + 1 - samples.history) * samples.frame_ms
            said = "observed" if frame < samples.history else "predicted"
            text = f"{said}, {when:+.0f} ms".replace("-", "\u2212").replace("+0 ms", "0 ms")
            figure.text(0.5, 1 - 0.95 * room, text, ha="center", fontsize=7.5, color=INK)
            canvas.draw()  # type: ignore[no-untyped-call]
            drawn = np.asarray(canvas.buffer_rgba())  # type: ignore[no-untyped-call]
            yield Image.fromarray(drawn).convert("RGB")


def _draw(axes: Axes, samples: Samples, windows: str, model: str, frame: int) -> None:
    own, predicted = samples.poses[windows, "data"], samples.poses[windows, model]
    if frame < samples.history:
        limb = samples.limb if windows == "triggered" else ()
        add(axes, own[frame], samples.parents, colour=INK, width=2, limb=limb, limb_colour=COLOURS["defended"])
        return
    add(axes, own[frame], samples.parents, colour=PALE, width=4)
    add(axes, predicted[frame], samples.parents, colour=COLOURS[model], width=1.8, zorder=3)


def _pairs() -> list[tuple[str, str]]:
    """The inks on paper, and those that are drawn over others."""
    paper, trigger = "#ffffff", COLOURS["defended"]
    pairs = [(paper, ink) for ink in (INK, PALE, trigger, COLOURS["clean"], COLOURS["victim"])]
    return [*pairs, (PALE, COLOURS["clean"]), (PALE, COLOURS["victim"]), (INK, trigger)]


def _palette(pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Colours (colour, rgb) from each pair's ground to its ink: the inks and their edges."""
    ends = np.array([[to_rgb(first), to_rgb(second)] for first, second in pairs])
    share = np.linspace(0, 1, SHADES)[:, None]
    return np.asarray((255 * (ends[:, :1] * (1 - share) + ends[:, 1:] * share)).round().reshape(-1, 3))


def _few_colours(picture: np.ndarray, palette: np.ndarray) -> Image.Image:
    """A picture (row, column, rgb) in the palette's nearest colours: a third of the bytes of free ones."""
    wide = picture.astype(np.int64)
    found, place = np.unique(wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2], return_inverse=True)
    colours = np.stack([found >> 16, found >> 8 & 255, found & 255], -1)
    nearest = np.square(colours[:, None] - palette).sum(-1).argmin(1)
    return Image.fromarray(palette[nearest][place.reshape(picture.shape[:2])].astype(np.uint8))


def save(samples: Samples, *, webp: str | Path, png: str | Path) -> None:
    """Writes the animation, which repeats, and its last frame; the same samples give the same bytes."""
    drawn = list(frames(samples))
    pause = [PACE_MS] * (len(drawn) - 1) + [PAUSE_MS]
    pause[samples.history - 1] = PAUSE_MS // 2
    write(drawn, pause, _pairs(), webp=webp, png=png)


def write(
    drawn: Sequence[Image.Image],
    pause: Sequence[int],
    pairs: Sequence[tuple[str, str]],
    *,
    webp: str | Path,
    png: str | Path,
    poster: int = -1,
) -> None:
    """Writes pictures, each shown for its ``pause`` (ms), as an animation that repeats, and one as its ``poster``.

    ``pairs`` are all (ground, ink) of the pictures. The same pictures give the same bytes.
    """
    palette = _palette(pairs)
    pictures = [_few_colours(np.asarray(one), palette) for one in drawn]
    for path in (webp, png):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    pictures[0].save(
        webp, save_all=True, append_images=pictures[1:], duration=list(pause), loop=0, lossless=True, method=4
    )
    drawn[poster].save(png, optimize=True)
