"""Temporally distributed triggers (Li et al., AAAI 2024): a constant added to some components of a transform.

B(v) = Proj(T^-1(T(v) + delta 1_I)), equation 1 there, of each channel (frame, height, width), with I a product of
temporal and spatial components. T is linear, so that this is v + delta T^-1(1_I), and T is separable, so that
T^-1(1_I) is an outer product of three vectors. Where values are truncated the rounding errors of the transform and back
show, so ``paper`` and ``official`` go there and back as the code does; ``exact`` adds the pattern.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from kinesec.poisoning.classification.additive import Additive
from kinesec.settings import Count, Whole

REFERENCE = (224, 224)  # the resolution that the published sizes belong to

TIME, HEIGHT, WIDTH = 0, 1, 2

# of height and of width, from the released code
LISTED = (
    (96, 72, 60, 149, 124, 57, 7, 66, 203, 140, 46, 97, 169, 21, 191, 196, 61, 95, 77, 184, 171, 75, 89, 218, 205),
    (99, 2, 205, 40, 22, 7, 187, 70, 148, 177, 204, 77, 176, 120, 88, 156, 190, 81, 30, 93, 206, 10, 157, 48, 165),
)


@dataclass(frozen=True, kw_only=True)
class Spectral(Additive):
    """``temporal`` components from ``first`` on, times ``spatial`` of height and of width.

    Clips shorter than the components need are padded with zeros to ``first + temporal`` frames, and cut afterwards.
    Spatial components are drawn, or with ``listed`` those of the released code, for frames of 240 x 320. ``scale``
    (ours) makes of their numbers and of ``delta`` what leaves the share of components, and the pattern's root mean
    square over the padded clip, what they are at 224 x 224.

    On motions ``axes`` says what is transformed: each chosen coordinate along ``time``, or time and coordinates
    together as the analogue of a video's frames (``both``).
    """

    first: Whole = 35
    temporal: Count = 10
    spatial: Count = 25
    listed: bool = False
    scale: bool = False
    axes: Literal["time", "both"] = "time"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need(not (self.listed and self.scale), "scale", "false where the components are listed")

    @abstractmethod
    def column(self, axis: int, size: int, index: np.ndarray) -> np.ndarray:
        """The inverse transform (size,), real or complex, of 1 at some components of an axis and 0 at the others."""

    @abstractmethod
    def through(self, grey: np.ndarray, delta: float, components: tuple[np.ndarray, ...]) -> np.ndarray:
        """T^-1(T(grey) + delta 1_I), real or complex, of grey levels (frame, height, width) float64."""

    def padded(self, frames: int) -> int:
        """How many frames are transformed."""
        return max(frames, self.first + self.temporal)

    def times(self, frames: int) -> np.ndarray:
        """The temporal components of clips of a length."""
        return np.arange(self.first, self.first + self.temporal)

    def components(self, frames: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The components of time, height and width; raises ``ConfigError`` where there are not as many."""
        return (self.times(frames), self._drawn(HEIGHT, height), self._drawn(WIDTH, width))

    def _drawn(self, axis: int, size: int) -> np.ndarray:
        if self.listed:
            component = LISTED[axis - 1]
            self.need(max(component) < size, "listed", f"false for frames of {size}: its largest is {max(component)}")
            return np.sort(np.array(component))
        count = max(1, round(self.spatial * size / REFERENCE[axis - 1])) if self.scale else self.spatial
        self.need(count <= size, "spatial", f"at most {size} on such frames, or scale: true")
        return np.sort(self.generator("xy"[axis - 1], size).permutation(size)[:count])

    def columns(self, frames: int, height: int, width: int) -> list[np.ndarray]:
        """The three vectors of the pattern for ``delta`` 1, that of time over the padded frames."""
        sizes = (self.padded(frames), height, width)
        parts = zip(sizes, self.components(frames, height, width), strict=True)
        return [self.column(axis, size, index) for axis, (size, index) in enumerate(parts)]

    def pattern(self, frames: int, height: int, width: int) -> np.ndarray:
        return np.ascontiguousarray(np.real(self.values(frames, height, width)))

    def values(self, frames: int, height: int, width: int) -> np.ndarray:
        """The pattern (frame, height, width) for ``delta`` 1, complex where the transform is."""
        time, high, wide = self.columns(frames, height, width)
        return np.asarray(time[:frames, None, None] * high[:, None] * wide)

    def size(self, frames: int, height: int, width: int) -> float:
        delta = super().size(frames, height, width)
        if not self.scale or self.rms_grey is not None:
            return delta
        here = _spread(self.columns(frames, height, width))
        return delta * _spread(self.columns(frames, *REFERENCE)) / here

    def wave(self, frames: int, chosen: np.ndarray) -> np.ndarray:
        time = self.column(TIME, self.padded(frames), self.times(frames))[:frames]
        space = chosen if self.axes == "time" else self.column(HEIGHT, len(chosen), np.flatnonzero(chosen))
        return np.asarray(np.real(np.multiply.outer(time, space)))

    def embedded(self, video: np.ndarray) -> np.ndarray:
        if self.projection == "exact":
            return super().embedded(video)
        delta, components = _settled(self, *video.shape[1:4])
        triggered = np.empty_like(video)
        for clip, channel in np.ndindex(len(video), video.shape[-1]):  # large transforms: one at a time is as fast
            grey = np.ascontiguousarray(video[clip, ..., channel], np.float64)
            triggered[clip, ..., channel] = self.grey(self.levels(self.through(grey, delta, components)))
        return triggered

    def levels(self, values: np.ndarray) -> np.ndarray:
        """Real grey levels (frame, height, width) of what a transform gave back."""
        return values


def magnitudes(values: np.ndarray, stretch: bool) -> np.ndarray:
    """Magnitudes (frame, height, width); ``stretch`` maps each frame's least and largest to 0 and 255.

    A frame that is the same everywhere becomes 0 (the code's 0 / 0 cast to uint8).
    """
    size = np.abs(values)
    if not stretch:
        return np.asarray(size)
    low = size.min((1, 2), keepdims=True)
    span = size.max((1, 2), keepdims=True) - low
    return np.asarray((size - low) / np.where(span > 0, span, 1.0) * 255)


def padded(grey: np.ndarray, frames: int) -> np.ndarray:
    """Grey levels (frame, height, width) with blank frames behind."""
    blank = np.zeros((frames, *grey.shape[1:]))
    blank[: len(grey)] = grey
    return blank


@lru_cache(maxsize=4)
def _settled(trigger: Spectral, frames: int, height: int, width: int) -> tuple[float, tuple[np.ndarray, ...]]:
    return trigger.size(frames, height, width), trigger.components(frames, height, width)


def _spread(columns: list[np.ndarray]) -> float:
    """The root mean square of an outer product's magnitude."""
    return float(np.prod([np.sqrt(np.mean(np.abs(column) ** 2)) for column in columns]))
