"""SIG (Barni et al., ICIP 2019): a sinusoid along each row. On skeletons (ours) one along time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesec.poisoning.classification.additive import Additive
from kinesec.settings import Positive


@dataclass(frozen=True, kw_only=True)
class SIG(Additive):
    """delta sin(2 pi j f / W) at column j of W; on motions delta sin(2 pi t f / N) at frame t of N."""

    frequency: Positive = 6.0

    @property
    def published(self) -> float:
        return 20.0

    def pattern(self, frames: int, height: int, width: int) -> np.ndarray:
        return np.array(np.broadcast_to(self._sinusoid(width), (frames, height, width)))

    def wave(self, frames: int, chosen: np.ndarray) -> np.ndarray:
        return np.asarray(np.multiply.outer(self._sinusoid(frames), chosen))

    def _sinusoid(self, size: int) -> np.ndarray:
        return np.asarray(np.sin(2 * np.pi * np.arange(size) * self.frequency / size))


FORMS = ("video", "joints", "rotations")
OURS = ("joints", "rotations")
TRIGGER = SIG
PRESETS: dict[str, dict[str, object]] = {"paper": {}}
