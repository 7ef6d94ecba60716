"""Smooth fields through a few drawn values: cubic convolution (Keys, 1981)."""

from __future__ import annotations

import numpy as np

A = -0.75  # of the kernel, as torch's bicubic interpolation, which WaNet's code uses, has it


def weights(size: int, count: int) -> np.ndarray:
    """How values at ``size`` places depend on ``count`` values (size, count), the first and the last at the ends.

    Beyond the ends the end values go on.
    """
    place = np.linspace(0.0, count - 1.0, size) if size > 1 else np.zeros(1)
    base = np.floor(place).astype(int)
    matrix = np.zeros((size, count))
    for step in range(-1, 3):
        at = np.clip(base + step, 0, count - 1)
        np.add.at(matrix, (np.arange(size), at), _kernel(np.abs(place - base - step)))
    return matrix


def enlarged(values: np.ndarray, height: int, width: int) -> np.ndarray:
    """Values (..., rows, columns) enlarged to (..., height, width)."""
    return np.asarray(weights(height, values.shape[-2]) @ values @ weights(width, values.shape[-1]).T)


def _kernel(distance: np.ndarray) -> np.ndarray:
    near = ((A + 2) * distance - (A + 3)) * distance * distance + 1
    far = ((A * distance - 5 * A) * distance + 8 * A) * distance - 4 * A
    return np.where(distance <= 1, near, np.where(distance < 2, far, 0.0))
