"""DCT trigger (Li et al., AAAI 2024, section 3.3 and appendix): delta on components of the cosine transform."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.fft import dctn, idct, idctn

from kinesec.poisoning.classification.spectral import Spectral, padded


@dataclass(frozen=True, kw_only=True)
class DCT(Spectral):
    """Type II, orthonormal. ``paper`` and ``official`` are one projection: clip and truncate."""

    @property
    def published(self) -> float:
        return 50.0

    def column(self, axis: int, size: int, index: np.ndarray) -> np.ndarray:
        ones = np.zeros(size)
        ones[index] = 1.0
        return np.asarray(idct(ones, norm="ortho"))

    def through(self, grey: np.ndarray, delta: float, components: tuple[np.ndarray, ...]) -> np.ndarray:
        spectrum = dctn(padded(grey, self.padded(len(grey))), norm="ortho")
        spectrum[np.ix_(*components)] += delta
        return np.asarray(idctn(spectrum, norm="ortho", overwrite_x=True)[: len(grey)])


FORMS = ("video", "joints", "rotations")
OURS = ("joints", "rotations")
TRIGGER = DCT
PRESETS = {
    "paper": {"projection": "paper"},
    "official": {"projection": "official", "listed": True},
}
