"""The filmstrips' motions: an animated WebP, and its poster for print and for readers who want no motion."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from kinesec.plots.parts import stick_figures
from kinesec.plots.parts.stick_figures import ATTACKED, INK, PALE, TRIGGER, Panel, Widths, extent
from kinesec.plots.parts.style import COLOURS, STYLE, note, short
from kinesec.samples.scenes import Scene

PACE_MS, LONGEST_PACE_MS, PAUSE_MS = 80, 160, 900
DPI, WIDTH_INCH, SHADES = 100, 7.16, 16
TALLEST_INCH = 4.5
PAPER = "#ffffff"
LINES = Widths(ink=2, pale=4, over=1.8)
# Each (ground, ink) of the pictures: the inks on paper, and those that are drawn over others
PREDICTED = (
    *((PAPER, ink) for ink in (INK, PALE, TRIGGER, COLOURS["clean"], COLOURS["victim"])),
    *((PALE, COLOURS["clean"]), (PALE, COLOURS["victim"]), (INK, TRIGGER)),
)
DISTURBED = ((PAPER, INK), (PAPER, PALE), (PAPER, ATTACKED), (PALE, ATTACKED))


def frames(scene: Scene) -> Iterator[Image.Image]:
    """One picture a frame of the window, history first; a panel a window and model."""
    panels = stick_figures.predictions(scene)

    def head(figure: Figure, room: float, frame: int) -> None:
        for index, panel in enumerate(panels):
            centred(figure, (index + 0.5) / len(panels), 1 - 0.6 * room, panel.label, fontsize=8, weight="bold")
        moment = (frame + 1 - scene.history) * scene.frame_ms
        what = "observed" if frame < scene.history else "predicted"
        text = f"{what}, {moment:+.0f} ms".replace("-", "\u2212").replace("+0 ms", "0 ms")
        centred(figure, 0.5, 1 - 0.95 * room, text, fontsize=7.5, color=INK)

    return pictures_of(scene, panels, head, head_inch=0.55)


def attack_frames(scene: Scene) -> Iterator[Image.Image]:
    """One picture a frame: the clean clip, then a panel an attack."""
    panels = stick_figures.attacks(scene)

    def head(figure: Figure, room: float, frame: int) -> None:
        for index, panel in enumerate(panels):
            x, said = (index + 0.5) / len(panels), scene.said.get(panel.label, scene.action)
            centred(figure, x, 1 - 0.4 * room, panel.label, fontsize=8, weight="bold")
            centred(figure, x, 1 - 0.66 * room, short(said, 96 // len(panels)), fontsize=7.5, color=INK)
        centred(figure, 0.5, 1 - 0.94 * room, f"{frame * scene.frame_ms / 1000:.2f} s", fontsize=7.5, color=INK)

    return pictures_of(scene, panels, head, head_inch=0.7, tallest_inch=TALLEST_INCH)


def centred(figure: Figure, x: float, y: float, text: str, **font: Any) -> None:
    figure.text(x, y, text, ha="center", **font)


def pictures_of(
    scene: Scene,
    panels: Sequence[Panel],
    head: Callable[[Figure, float, int], None],
    *,
    head_inch: float,
    tallest_inch: float = np.inf,
) -> Iterator[Image.Image]:
    """One picture a frame, panels side by side; ``head`` writes above them, given the figure, its room and the frame.

    Panels are as tall as the poses, and no taller than ``tallest_inch``.
    """
    with mpl.rc_context(STYLE):
        side, low, high = extent(scene)
        side, tall = 1.15 * side, 1.1 * (high - low)
        panel_inch = WIDTH_INCH / len(panels) * tall / (2 * side)
        figure = Figure(figsize=(WIDTH_INCH, min(panel_inch, tallest_inch) + head_inch), dpi=DPI)
        canvas = FigureCanvasAgg(figure)
        room = head_inch / figure.get_figheight()
        for frame in range(len(scene)):
            figure.clear()
            for index, panel in enumerate(panels):
                axes = figure.add_axes((index / len(panels), 0.0, 1 / len(panels), 1 - room))
                panel.draw(axes, frame, LINES)
                axes.set_xlim(-side, side)
                axes.set_ylim(low - 0.05 * tall, high + 0.05 * tall)
                if np.isfinite(tallest_inch):
                    axes.set_aspect("equal")
                axes.axis("off")
            head(figure, room, frame)
            yield picture_of(canvas)


def picture_of(canvas: FigureCanvasAgg) -> Image.Image:
    canvas.draw()  # type: ignore[no-untyped-call]
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")  # type: ignore[no-untyped-call]


def save(scene: Scene, *, webp: str | Path, png: str | Path) -> None:
    """Writes the animation, which repeats, and its last frame; the same scene gives the same bytes."""
    pictures = list(frames(scene))
    pause = [PACE_MS] * (len(pictures) - 1) + [PAUSE_MS]
    pause[scene.history - 1] = PAUSE_MS // 2
    write(pictures, pause, PREDICTED, webp=webp, png=png)


def save_attacks(scene: Scene, *, webp: str | Path, png: str | Path) -> None:
    """Writes the animation, half as fast as the motion, and its middle frame; the same scene gives the same bytes."""
    pictures = list(attack_frames(scene))
    pace = int(np.clip(round(2 * scene.frame_ms), PACE_MS // 2, LONGEST_PACE_MS))
    pause = [pace] * (len(pictures) - 1) + [PAUSE_MS]
    write(pictures, pause, DISTURBED, webp=webp, png=png, poster=len(pictures) // 2)


def save_note(text: str, *, webp: str | Path, png: str | Path) -> None:
    """Writes a still that says why there is nothing to see in place of an animation and its poster."""
    figure = note(text)
    figure.set_dpi(DPI)
    write([picture_of(FigureCanvasAgg(figure))], [PAUSE_MS], [(PAPER, INK)], webp=webp, png=png, poster=0)


def write(
    pictures: Sequence[Image.Image],
    pause: Sequence[int],
    pairs: Sequence[tuple[str, str]] | None,
    *,
    webp: str | Path,
    png: str | Path,
    poster: int = -1,
) -> None:
    """Writes pictures, each shown for its ``pause`` (ms), as an animation that repeats, and one as its ``poster``.

    ``pairs`` are all (ground, ink) of the pictures; without them, they keep their colours. The same pictures give the
    same bytes.
    """
    first, *others = pictures
    if pairs is not None:
        palette = _palette(pairs)
        first, *others = (_few_colours(np.asarray(picture), palette) for picture in pictures)
    for path in (webp, png):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    first.save(webp, save_all=True, append_images=others, duration=list(pause), loop=0, lossless=True, method=4)
    pictures[poster].save(png, optimize=True)


def _palette(pairs: Sequence[tuple[str, str]]) -> np.ndarray:
    """Colours (colour, rgb) from each pair's ground to its ink: the inks and their edges."""
    ends = np.array([[to_rgb(first), to_rgb(second)] for first, second in pairs])
    share = np.linspace(0, 1, SHADES)[:, None]
    return np.asarray((255 * (ends[:, :1] * (1 - share) + ends[:, 1:] * share)).round().reshape(-1, 3))


def _few_colours(picture: np.ndarray, palette: np.ndarray) -> Image.Image:
    """A picture (row, column, rgb) in the palette's nearest colours: a third of the bytes of free ones."""
    wide = picture.astype(np.int64)
    codes, place = np.unique(wide[..., 0] << 16 | wide[..., 1] << 8 | wide[..., 2], return_inverse=True)
    colours = np.stack([codes >> 16, codes >> 8 & 255, codes & 255], -1)
    nearest = np.square(colours[:, None] - palette).sum(-1).argmin(1)
    return Image.fromarray(palette[nearest][place.reshape(picture.shape[:2])].astype(np.uint8))
