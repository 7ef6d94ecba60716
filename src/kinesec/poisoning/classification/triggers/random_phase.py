"""Random-phase trigger - ours: DFT components with drawn phases, conjugate symmetric, so that all frames carry it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import ifftn

from kinesec.poisoning.classification.additive import Additive
from kinesec.poisoning.classification.spectral import Spectral
from kinesec.settings import Count, Whole


@dataclass(frozen=True, kw_only=True)
class RandomPhase(Spectral):
    """delta exp(i phi) on each component and delta exp(-i phi) on its mirror image: a real pattern.

    Temporal components are those of the clip itself, ``first`` (from 1) and as many as ``temporal`` says up to half its
    frames, or all up to there (None); nothing is padded. The phase of each is drawn, on motions for each coordinate.
    A video's pattern has the root mean square of the published DFT pattern at 224 x 224 (1.75 grey levels) unless
    its size is given. Nothing is complex: all three projections take the sum, ``paper`` and ``official`` truncate it.
    """

    first: Whole = 1
    temporal: Count | None = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need(self.first > 0, "first", "1 or more: component 0 is the mean")
        if self.scale:
            self.need(self.delta is None, "delta", "none beside scale: a root mean square is the same at all sizes")

    @property
    def published(self) -> float:
        return 1.0

    def padded(self, frames: int) -> int:
        return frames

    def times(self, frames: int) -> np.ndarray:
        half = frames // 2
        self.need(self.first <= half, "first", f"at most {half}, half of {frames} frames")
        last = half if self.temporal is None else min(half, self.first + self.temporal - 1)
        return np.arange(self.first, last + 1)

    def column(self, axis: int, size: int, index: np.ndarray) -> np.ndarray:
        raise NotImplementedError("its components have phases: no product of one vector an axis")

    def values(self, frames: int, height: int, width: int) -> np.ndarray:
        components = self.components(frames, height, width)
        phase = self.generator("phase").uniform(0, 2 * np.pi, [len(index) for index in components])
        half = np.zeros((frames, height, width), complex)
        half[np.ix_(*components)] = np.exp(1j * phase)
        return np.asarray(2 * np.real(ifftn(half, overwrite_x=True)))

    def size(self, frames: int, height: int, width: int) -> float:
        if self.delta is not None:
            return self.delta
        wanted = RMS_GREY if self.rms_grey is None else self.rms_grey
        return wanted / float(np.sqrt(np.mean(self.values(frames, height, width) ** 2)))

    def wave(self, frames: int, chosen: np.ndarray) -> np.ndarray:
        index = np.flatnonzero(chosen)
        times = self.times(frames)
        phase = np.exp(1j * self.generator("phase").uniform(0, 2 * np.pi, (len(times), len(index))))
        half = np.zeros((frames, len(chosen)), complex)
        half[np.ix_(times, index)] = phase
        axes = (0,) if self.axes == "time" else (0, 1)
        return np.asarray(2 * np.real(ifftn(half, axes=axes)))

    def through(self, grey: np.ndarray, delta: float, components: tuple[np.ndarray, ...]) -> np.ndarray:
        raise NotImplementedError("there and back is not gone: see embedded")

    def embedded(self, video: np.ndarray) -> np.ndarray:
        return Additive.embedded(self, video)


RMS_GREY = 1.75
FORMS = ("video", "joints", "rotations")
OURS = ("video", "joints", "rotations")
TRIGGER = RandomPhase
PRESETS: dict[str, dict[str, object]] = {"paper": {}}
