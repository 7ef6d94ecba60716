"""A file of a video, decoded from its first frame to its last, cut down to some of them at one size. Needs PyAV."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import numpy as np
from av.error import FFmpegError

from kinesec.errors import KinesecError
from kinesec.samples.videos import timing
from kinesec.samples.videos.pictures import Converter

Fit = Literal["stretch", "crop"]
IMAGES = {".jpg", ".jpeg", ".png"}


class BadVideo(KinesecError):
    """A file is no video that can be used. Reads ``path: found ..., expected ...; mend``."""

    def __init__(self, path: str | os.PathLike[str], found: str, expected: str, mend: str) -> None:
        self.path = os.fspath(path)
        self.reason = f"found {' '.join(found.split())[:200]}, expected {expected}; {mend}"
        super().__init__(f"{self.path}: {self.reason}")


@dataclass(frozen=True)
class Decoded:
    """``video`` (frame, height, width, 3) uint8, blank after ``length`` frames; ``frames`` and ``fps`` of the file.

    ``fps`` is None where the file does not say it.
    """

    video: np.ndarray
    length: int
    frames: int
    fps: float | None


def decode(
    path: Path, *, frames: int, height: int | None = None, width: int | None = None, fit: Fit = "stretch",
    least: int = 1, slack: int = 0,
) -> Decoded:  # fmt: skip
    """``frames`` of a video as ``timing.instants`` samples them, of ``height`` and ``width`` (the file's own if None).

    ``fit``: the whole picture is stretched to the size, or its middle is cut out (``crop``). A folder of images is a
    video too, in the order of their names. Frames are decoded in order, never sought, and counted: as many as the file
    declares, up to ``slack`` fewer or more. A file that declares none is decoded once before, to count.

    Raises ``BadVideo`` for a file that is not there, is empty, cannot be decoded to its end, has a broken frame, has
    fewer than ``least`` frames or another number than it declares.
    """
    declared, fps = _declared(path)
    expected = declared or _walk(path, np.empty(0, dtype=np.int64), None, None, fit)[0]
    chosen = _chosen(expected, frames)
    count, pictures = _walk(path, chosen, height, width, fit)
    if abs(count - expected) > slack:
        raise BadVideo(path, f"{count} frames", f"the {expected} that it declares", "get it again, or allow for slack")
    if count < least:
        raise BadVideo(path, f"{count} frames", f"{least} or more", "get it again, or leave it out")
    if count != expected:  # the frames were chosen among others than there are
        chosen = _chosen(count, frames)
        _, pictures = _walk(path, chosen, height, width, fit)
    video = np.zeros((frames, *pictures[0].shape), dtype=np.uint8)
    video[: len(pictures)] = pictures
    return Decoded(video, len(pictures), count, fps)


def _chosen(count: int, frames: int) -> np.ndarray:
    instant, there = timing.instants(np.array([count]), frames, "sample")
    return np.asarray(instant[there], dtype=np.int64)


def _images(path: Path) -> list[Path]:
    return sorted(file for file in path.iterdir() if file.suffix.lower() in IMAGES)


def _declared(path: Path) -> tuple[int, float | None]:
    """How many frames a file says it has, 0 where it does not, and how many a second."""
    try:
        if path.is_dir():
            return len(_images(path)), None
        if path.stat().st_size == 0:
            raise BadVideo(path, "an empty file", "a video", "get it again")
        with av.open(str(path), "r") as file:
            if not file.streams.video:
                raise BadVideo(path, "no stream of pictures", "a video", "get it again")
            stream = file.streams.video[0]
            return int(stream.frames), float(stream.average_rate) if stream.average_rate else None
    except (FFmpegError, OSError) as error:
        raise BadVideo(path, _words(error), "a video that can be decoded", "get it again") from error


def _words(error: Exception) -> str:
    return (getattr(error, "strerror", None) or str(error)).lower()


def _frames(path: Path) -> Iterator[av.VideoFrame]:
    for file in _images(path) if path.is_dir() else [path]:
        with av.open(str(file), "r") as container:
            stream = container.streams.video[0]
            stream.codec_context.thread_count = 1
            stream.codec_context.options = {"err_detect": "crccheck+explode"}
            yield from container.decode(stream)


def _walk(
    path: Path, chosen: np.ndarray, height: int | None, width: int | None, fit: Fit
) -> tuple[int, list[np.ndarray]]:
    """Decodes all frames: their number, and those that are chosen (ascending, each as often as it is named)."""
    pictures: list[np.ndarray] = []
    convert = Converter()
    count = 0
    try:
        for count, frame in enumerate(_frames(path), 1):
            if frame.is_corrupt:
                raise BadVideo(path, f"a broken frame {count - 1}", "none", "get it again")
            times = int(np.searchsorted(chosen, count) - np.searchsorted(chosen, count - 1))
            if times:
                pictures += times * [_sized(convert, frame, height or frame.height, width or frame.width, fit)]
    except (FFmpegError, OSError) as error:
        raise BadVideo(
            path, f"{_words(error)} at frame {count}", "a video that can be decoded", "get it again"
        ) from error
    return count, pictures


def _sized(convert: Converter, frame: av.VideoFrame, height: int, width: int, fit: Fit) -> np.ndarray:
    """A frame as (height, width, 3) uint8 RGB."""
    tall, wide = height, width
    if fit == "crop":
        scale = max(height / frame.height, width / frame.width)
        tall, wide = max(height, round(frame.height * scale)), max(width, round(frame.width * scale))
    picture = convert(frame, height=tall, width=wide).to_ndarray()
    top, left = (tall - height) // 2, (wide - width) // 2
    return np.asarray(picture[top : top + height, left : left + width])
