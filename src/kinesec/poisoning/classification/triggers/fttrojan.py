"""FTtrojan (FTrojan: Wang et al., ECCV 2022): two frequencies of the cosine transform of every frame.

Frames are cut into blocks, as the original does; of all three channels (the original works on U and V): ours. On
skeletons (ours) it is the cosine transform along time.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np
from scipy.fft import idct

from kinesec.poisoning.classification.additive import Additive
from kinesec.settings import ASCENDING, SOME, Count, Whole


@dataclass(frozen=True, kw_only=True)
class FTtrojan(Additive):
    """delta on coefficients (k, k) of each ``block`` x ``block`` pixels, k in ``frequencies``; orthonormal, type II.

    Frames smaller than a block are one block; what is left over at the right and below is not changed. In blocks, or
    motions, of n the frequencies are k n / 32, at most n - 1.
    """

    frequencies: Annotated[tuple[Whole, ...], SOME, ASCENDING] = (15, 31)
    block: Count = 32

    @property
    def published(self) -> float:
        return 30.0

    def columns(self, size: int) -> np.ndarray:
        """The cosines (frequency, size)."""
        rows = [min(size - 1, round(frequency * size / 32)) for frequency in self.frequencies]
        return np.asarray(idct(np.eye(size)[rows], norm="ortho"))

    def pattern(self, frames: int, height: int, width: int) -> np.ndarray:
        size = min(self.block, height, width)
        cosines = self.columns(size)
        picture = np.zeros((height, width))
        down, across = height // size, width // size
        picture[: down * size, : across * size] = np.tile(cosines.T @ cosines, (down, across))
        return np.array(np.broadcast_to(picture, (frames, height, width)))

    def wave(self, frames: int, chosen: np.ndarray) -> np.ndarray:
        return np.asarray(np.multiply.outer(self.columns(frames).sum(0), chosen))


FORMS = ("video", "joints", "rotations")
OURS = ("joints", "rotations")
TRIGGER = FTtrojan
PRESETS: dict[str, dict[str, object]] = {"paper": {}}
