"""Random numbers by key: every clip and view has its own stream, and all streams are drawn at once.

SplitMix64 (Steele, Lea and Flood 2014, "Fast splittable pseudorandom number generators", section 5): the n-th number of
a stream is a hash of its key and n, so that a clip's numbers do not depend on which clips are drawn with it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from scipy.special import ndtri

from kinesec.seeding import integer

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_FIRST, _SECOND = np.uint64(0xBF58476D1CE4E5B9), np.uint64(0x94D049BB133111EB)


def _mix(value: np.ndarray) -> np.ndarray:
    """SplitMix64's finaliser, in place."""
    value ^= value >> np.uint64(30)
    value *= _FIRST
    value ^= value >> np.uint64(27)
    value *= _SECOND
    value ^= value >> np.uint64(31)
    return value


def keys(seed: int, name: str, *numbers: np.ndarray) -> np.ndarray:
    """A key (clip,) of a named stream for each clip's ``numbers``, whole and (clip,) each: its row and its view."""
    key = np.full(len(numbers[0]), integer(seed, name), dtype=np.uint64)
    for number in numbers:
        key = _mix(key + _GOLDEN * (np.asarray(number).astype(np.int64).astype(np.uint64) + np.uint64(1)))
    return key


def bits(key: np.ndarray, count: int) -> np.ndarray:
    """The first ``count`` numbers of each stream: (clip, count) uint64."""
    steps = np.arange(1, count + 1, dtype=np.uint64) * _GOLDEN
    return _mix(key[:, None] + steps)


def uniform(key: np.ndarray, count: int) -> np.ndarray:
    """The first ``count`` numbers of each stream as float64 from 0 to less than 1: (clip, count)."""
    return np.asarray((bits(key, count) >> np.uint64(11)) * 2.0**-53)


@cache
def _quantiles() -> np.ndarray:
    table = ndtri((np.arange(2**16) + 0.5) / 2**16).astype(np.float32)
    table.flags.writeable = False
    return table


def normal(key: np.ndarray, count: int, sd: float) -> np.ndarray:
    """Normal float32 (clip, count) of mean 0, four of each number of the stream: 2**16 values, at most 4.3 ``sd``."""
    sixteen = bits(key, -(-count // 4)).astype("<u8", copy=False).view("<u2")
    value = np.take(_quantiles(), sixteen[:, :count], mode="wrap")  # quicker than to raise, and none is beyond
    value *= np.float32(sd)
    return value
