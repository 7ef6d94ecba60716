"""An animation of the report as a film for talks and papers' supplements: MP4 and GIF. Needs PyAV."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
from PIL import Image

from kinesec.samples.videos import codec

FPS = 25
ENCODERS = ("libx264", "mpeg4")  # the first that PyAV has; the second is in every build
CRF = 18  # of x264: a thin line keeps its edge
COLOURS = 128  # of a GIF's picture


def pictures(webp: str | Path) -> tuple[list[Image.Image], list[int]]:
    """The pictures of an animation, and how long each is shown (ms)."""
    made, pauses = [], []
    with Image.open(webp) as animation:
        for frame in range(getattr(animation, "n_frames", 1)):
            animation.seek(frame)
            animation.load()
            made.append(animation.convert("RGB"))
            pauses.append(int(animation.info.get("duration", 0)) or 1000)
    return made, pauses


def save(webp: str | Path, *, mp4: str | Path, gif: str | Path) -> None:
    """Writes an animation's film in both forms; each picture is shown as long. The same animation, the same bytes.

    Raises ``ConfigError`` where PyAV can encode neither H.264 nor MPEG-4.
    """
    made, pauses = pictures(webp)
    for path in (mp4, gif):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
    _write_mp4(made, pauses, Path(mp4))
    first, *others = (
        picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE) for picture in made
    )
    # hundredths of a second are all that a GIF knows
    shown = [10 * max(2, round(pause / 10)) for pause in pauses]
    first.save(gif, format="GIF", save_all=True, append_images=others, duration=shown, loop=0, disposal=1)


def _write_mp4(made: list[Image.Image], pauses: list[int], path: Path) -> None:
    times = [max(1, round(pause * FPS / 1000)) for pause in pauses]
    video = np.repeat(np.stack([np.asarray(picture) for picture in made]), times, axis=0)
    # the colours of two pixels are stored once: sides are even
    even = [(0, side % 2) for side in video.shape[1:3]]
    whole = np.pad(video, ((0, 0), *even, (0, 0)), mode="edge")
    encoder = next((name for name in ENCODERS if _known(name)), ENCODERS[0])
    part = path.with_name(f".{path.name}.part")
    codec.encode(whole, part, codec=encoder, crf=CRF, fps=FPS, container="mp4", pixels="yuv420p")
    part.replace(path)


def _known(encoder: str) -> bool:
    try:
        av.codec.Codec(encoder, "w")
    except ValueError:
        return False
    return True
