"""DFT trigger (Li et al., AAAI 2024, section 3.3 and appendix): delta on components of the discrete Fourier transform.

Components 35 ... 44 of 45 are the negative frequencies -10 ... -1: low ones. With a real delta on neighbouring
components the pattern is a spike at frame 0: measure ``metrics.imperceptibility.energy``.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import fftn, ifft, ifftn

from kinesec.poisoning.classification.spectral import Spectral, magnitudes, padded


@dataclass(frozen=True, kw_only=True)
class DFT(Spectral):
    """``exact`` takes the real part, ``paper`` the magnitude; ``official`` stretches that, each frame to 0 ... 255."""

    @property
    def published(self) -> float:
        return 5e4

    def column(self, axis: int, size: int, index: np.ndarray) -> np.ndarray:
        ones = np.zeros(size)
        ones[index] = 1.0
        return np.asarray(ifft(ones))

    def through(self, grey: np.ndarray, delta: float, components: tuple[np.ndarray, ...]) -> np.ndarray:
        spectrum = fftn(padded(grey, self.padded(len(grey))))
        spectrum[np.ix_(*components)] += delta
        # blank frames need no way back in space; one factor, after the first axis, rounds as ifftn of all does
        kept = ifft(spectrum, axis=0, norm="forward", overwrite_x=True)[: len(grey)] * (1 / spectrum.size)
        return np.asarray(ifftn(kept, axes=(1, 2), norm="forward", overwrite_x=True))

    def levels(self, values: np.ndarray) -> np.ndarray:
        return magnitudes(values, stretch=self.projection == "official")


FORMS = ("video", "joints", "rotations")
OURS = ("joints", "rotations")
TRIGGER = DFT
PRESETS = {
    "paper": {"projection": "paper"},
    "official": {"projection": "official", "listed": True},
}
