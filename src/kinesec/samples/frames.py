"""Frames of a store, asked for sequence after sequence."""

from __future__ import annotations

import numpy as np
import xarray as xr

BLOCK_ROWS = 2**14


class Frames:
    """Rows of an array along its first dim, asked for in order: read a block at a time.

    Sequences are shorter than a store's chunks: read one by one, each would decompress its chunk again.
    """

    def __init__(self, array: xr.DataArray) -> None:
        self._array = array
        self._first = 0
        self._block = array[:0].values

    def read(self, first: int, count: int) -> np.ndarray:
        """The ``count`` rows from ``first`` on, a view of the block that holds them."""
        if not self._first <= first <= first + count <= self._first + len(self._block):
            self._first = first
            self._block = self._array[first : first + max(count, BLOCK_ROWS)].values
        at = first - self._first
        return np.asarray(self._block[at : at + count])
