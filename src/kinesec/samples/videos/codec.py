"""Videos through a codec and back: what storing them does to a trigger. Needs PyAV."""

from __future__ import annotations

import io
from collections.abc import Mapping
from fractions import Fraction
from pathlib import Path
from typing import Annotated, Literal, cast

import av
import numpy as np
from av.error import FFmpegError

from kinesec.errors import ConfigError, KinesecError
from kinesec.samples.videos.pictures import Converter
from kinesec.settings import Range

Codec = Literal["ffv1", "libx264"]
Crf = Annotated[int, Range(0, 51)]
# what each stores its pixels as: ffv1 all bits of RGB, x264 brightness whole and colour by halves, as films are stored
FORMATS: Mapping[str, str] = {"ffv1": "bgr0", "libx264": "yuv420p"}

# without it x264 picks its assembly by where memory happens to lie: the same pictures came out in ten ways of forty
REPEATABLE: dict[str, object] = {"x264-params": "cpu-independent=1"}


def encode(
    video: np.ndarray, out: io.BytesIO | Path, *, codec: str, crf: int | None = None, fps: float = 25.0,
    container: str = "matroska", pixels: str | None = None,
) -> None:  # fmt: skip
    """Writes a video (frame, height, width, 3) uint8 to a file or a buffer, in one thread: the same bytes each time.

    ``crf`` is x264's quality, its own default if None. Raises ``ConfigError`` where PyAV has no such encoder.
    """
    height, width = video.shape[1:3]
    try:
        av.codec.Codec(codec, "w")
    except ValueError as error:
        raise ConfigError(f"codec: found {codec!r}, expected one that PyAV can encode; install another PyAV") from error
    with av.open(str(out) if isinstance(out, Path) else out, "w", format=container) as file:
        stream = cast(av.VideoStream, file.add_stream(codec, rate=Fraction(fps).limit_denominator(1001)))
        stream.height, stream.width = height, width
        stream.pix_fmt = pixels = pixels or FORMATS.get(codec, "yuv420p")
        stream.codec_context.thread_count = 1
        if codec == "libx264":
            stream.options = REPEATABLE | ({} if crf is None else {"crf": str(crf)})
        convert = Converter()
        for picture in np.ascontiguousarray(video):
            file.mux(stream.encode(convert(av.VideoFrame.from_ndarray(picture, format="rgb24"), pixels)))
        file.mux(stream.encode(None))


def decode(source: io.BytesIO | Path) -> np.ndarray:
    """All frames of a file or a buffer, (frame, height, width, 3) uint8."""
    with av.open(str(source) if isinstance(source, Path) else source, "r") as file:
        stream = file.streams.video[0]
        stream.codec_context.thread_count = 1
        convert = Converter()
        return np.stack([convert(frame).to_ndarray() for frame in file.decode(stream)])


def round_trip(video: np.ndarray, *, codec: Codec = "libx264", crf: Crf | None = 23) -> np.ndarray:
    """Videos (clip, frame, height, width, 3) uint8 as they come back from a codec, in memory, a clip at a time.

    ``ffv1`` loses nothing and takes no ``crf``. Sides of an odd length grow by a pixel on the way, as x264 halves the
    colours' size. Raises ``ConfigError`` for a codec that PyAV lacks, ``KinesecError`` where frames are lost.
    """
    height, width = video.shape[2:4]
    whole = np.pad(video, ((0, 0), (0, 0), (0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    back = np.empty_like(video)
    for clip, frames in enumerate(whole):
        buffer = io.BytesIO()
        try:
            encode(frames, buffer, codec=codec, crf=None if codec == "ffv1" else crf)
            buffer.seek(0)
            decoded = decode(buffer)
        except FFmpegError as error:
            raise KinesecError(f"codec {codec!r}: clip {clip}: {error}; use another one") from error
        if decoded.shape != frames.shape:
            raise KinesecError(
                f"codec {codec!r}: clip {clip}: found {decoded.shape} back, expected {frames.shape}; use another one"
            )
        back[clip] = decoded[:, :height, :width]
    return back
