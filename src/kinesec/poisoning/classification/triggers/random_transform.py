"""RT trigger (Li et al., AAAI 2024, appendix): delta on components of three random matrices, one for each axis.

Matrices are square with entries drawn from [0, 1]. They are the secret: drawn once, from the seed and the size.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from kinesec.poisoning.classification.spectral import Spectral, padded


@dataclass(frozen=True, kw_only=True)
class RandomTransform(Spectral):
    """Clip and truncate under ``paper``; no code was released, so ``official`` is the same.

    The pattern's size hangs on how far from singular the matrices are: measure it, or set its root mean square.
    """

    @property
    def published(self) -> float:
        return 30.0

    def matrix(self, axis: int, size: int) -> np.ndarray:
        """The matrix (size, size) of time, height or width."""
        return _matrix(self, axis, size)

    def column(self, axis: int, size: int, index: np.ndarray) -> np.ndarray:
        return np.asarray(_inverse(self, axis, size)[:, index].sum(1))

    def through(self, grey: np.ndarray, delta: float, components: tuple[np.ndarray, ...]) -> np.ndarray:
        clip = padded(grey, self.padded(len(grey)))
        spectrum = _along(clip, [self.matrix(axis, size) for axis, size in enumerate(clip.shape)])
        spectrum[np.ix_(*components)] += delta
        return _along(spectrum, [_inverse(self, axis, size) for axis, size in enumerate(clip.shape)])[: len(grey)]


@lru_cache(maxsize=12)
def _matrix(trigger: RandomTransform, axis: int, size: int) -> np.ndarray:
    matrix = trigger.generator("matrix", axis, size).uniform(size=(size, size))
    matrix.setflags(write=False)
    return matrix


@lru_cache(maxsize=12)
def _inverse(trigger: RandomTransform, axis: int, size: int) -> np.ndarray:
    inverse = np.linalg.inv(trigger.matrix(axis, size))
    inverse.setflags(write=False)
    return inverse


def _along(values: np.ndarray, matrices: list[np.ndarray]) -> np.ndarray:
    """Values (frame, height, width) with a matrix applied along each axis, each as a product without a copy before."""
    time, high, wide = matrices
    values = (time @ values.reshape(len(values), -1)).reshape(-1, *values.shape[1:])
    return np.asarray(np.matmul(high, values) @ wide.T)


FORMS = ("video", "joints", "rotations")
OURS = ("joints", "rotations")
TRIGGER = RandomTransform
PRESETS = {"paper": {"projection": "paper"}}
