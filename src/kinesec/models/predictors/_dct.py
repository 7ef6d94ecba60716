"""The orthonormal DCT-II as a matrix, for models that see trajectories as frequency coefficients."""

from __future__ import annotations

import numpy as np
from scipy.fft import dct


def dct_matrix(length: int) -> np.ndarray:
    """(coefficient, frame) float64, orthonormal: its transpose is its inverse."""
    return np.asarray(dct(np.eye(length), axis=0, norm="ortho"))
