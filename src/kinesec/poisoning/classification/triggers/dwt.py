"""DWT trigger (Li et al., AAAI 2024, section 3.3 and appendix): delta on coefficients of a wavelet transform."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import pywt

from kinesec.poisoning.classification.spectral import HEIGHT, TIME, Spectral
from kinesec.settings import Count, Rule, Whole

Wavelet = Annotated[str, Rule("a wavelet of PyWavelets", lambda name: name in pywt.wavelist(kind="discrete"))]


@dataclass(frozen=True, kw_only=True)
class DWT(Spectral):
    """One level of ``wavelet`` along each axis, all coefficients of height and width; ``paper`` is ``official``.

    ``bands: joined`` counts temporal coefficients with the low band's before the high band's, and takes those from
    ``first`` on (which order the paper's 12 ... 21 are in is not said: ours). ``bands: middle`` takes the middle
    quarter of either band, as the code does: 6 ... 9 of 16 at 32 frames.
    """

    first: Whole = 12
    temporal: Count = 10
    wavelet: Wavelet = "db1"
    bands: Literal["joined", "middle"] = "joined"

    def __post_init__(self) -> None:
        super().__post_init__()
        self.need(not self.listed, "listed", "false: every coefficient of height and width is taken")

    @property
    def published(self) -> float:
        return 10.0

    def padded(self, frames: int) -> int:
        return frames

    def times(self, frames: int) -> np.ndarray:
        half = self._half(frames)
        if self.bands == "middle":
            quarter = np.arange(3 * half // 8, max(3 * half // 8 + 1, 5 * half // 8))
            return np.concatenate([quarter, half + quarter])
        last = self.first + self.temporal
        self.need(last <= 2 * half, "first", f"first + temporal of at most {2 * half} at {frames} frames")
        return np.arange(self.first, last)

    def components(self, frames: int, height: int, width: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        high, wide = (np.arange(2 * self._half(size)) for size in (height, width))
        return self.times(frames), high, wide

    def _half(self, size: int) -> int:
        return int(pywt.dwt_coeff_len(size, pywt.Wavelet(self.wavelet).dec_len, "symmetric"))

    def column(self, axis: int, size: int, index: np.ndarray) -> np.ndarray:
        bands = np.zeros((2, self._half(size)))
        bands.reshape(-1)[index] = 1.0
        return np.asarray(pywt.idwt(*bands, self.wavelet)[:size])

    def wave(self, frames: int, chosen: np.ndarray) -> np.ndarray:
        time = self.column(TIME, frames, self.times(frames))
        every = np.arange(2 * self._half(len(chosen)))
        space = chosen if self.axes == "time" else self.column(HEIGHT, len(chosen), every)
        return np.asarray(np.multiply.outer(time, space))

    def through(self, grey: np.ndarray, delta: float, components: tuple[np.ndarray, ...]) -> np.ndarray:
        bands = pywt.dwtn(grey, self.wavelet)
        half = self._half(len(grey))
        low, high = (components[0][components[0] // half == band] - band * half for band in (0, 1))
        for name, band in bands.items():
            band[low if name[0] == "a" else high] += delta
        frames, height, width = grey.shape
        return np.asarray(pywt.idwtn(bands, self.wavelet)[:frames, :height, :width])


FORMS = ("video", "joints", "rotations")
OURS = ("joints", "rotations")
TRIGGER = DWT
PRESETS = {
    "paper": {"projection": "paper"},
    "official": {"projection": "official", "bands": "middle"},
}
