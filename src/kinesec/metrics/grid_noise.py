"""Gaussian noise for randomised smoothing that floats do not betray: exact, on a grid of integers.

In floats the last bits of input + noise tell the input, so that a base classifier can read them and certificates be
false. Here inputs are integers times ``step``, noise is an integer, and the two are added as integers: the draw is that
of real Gaussian noise whose sum with the input is rounded to the grid, and a certificate of the classifier after that
rounding holds. An attacked input must be put on the grid as well; its distance is ``step`` times that of the integers.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import pairwise

import mpmath
import numpy as np

from kinesec.errors import KinesecError

BITS = 60
REACH = 9  # sigmas: beyond it is less than one unit of 2^-60
FINEST = 1 << 14  # steps a sigma: the table has 18 entries for each
BUCKET_BITS = 16
CHUNK = 1 << 15  # coordinates at a time: they stay in the cache
INT32 = np.iinfo(np.int32)


@dataclass(frozen=True)
class GridNoise:
    """Noise of standard deviation ``sigma`` on multiples of ``step``, both in the unit of the inputs.

    The integer i has the probability Phi((2i + 1) step / 2 sigma) - Phi((2i - 1) step / 2 sigma), rounded down to a
    multiple of 2^-60. What rounding leaves over is a draw that failed: it counts in n and for no class, so that no
    event is likelier than under the true noise. Raises ``KinesecError`` for a step or sigma that gives no table.
    """

    step: float
    sigma: float

    def __post_init__(self) -> None:
        for name, value in (("step", self.step), ("sigma", self.sigma)):
            if not (math.isfinite(value) and value > 0):
                raise KinesecError(f"grid noise: found {name} {value}, expected a finite number above 0")
        if self._steps > FINEST:
            raise KinesecError(
                f"grid noise: found {float(self._steps):.6g} steps a sigma, expected at most {FINEST}; widen the step"
            )

    @property
    def _steps(self) -> Fraction:
        return Fraction(self.sigma) / Fraction(self.step)

    @property
    def units(self) -> np.ndarray:
        """Probabilities of the integers -reach to reach, in units of 2^-60: (2 reach + 1,) int64, read-only."""
        return _table(self._steps)[0]

    @property
    def reach(self) -> int:
        """The largest integer that the noise can be."""
        return len(self.units) // 2

    @property
    def failure(self) -> float:
        """Probability that a coordinate fails, and with it the draw."""
        return ((1 << BITS) - int(self.units.sum())) / (1 << BITS)

    def to_grid(self, values: np.ndarray) -> np.ndarray:
        """The nearest integers (int32, same shape) of values in the inputs' unit; the halfway ones go to the even.

        Raises ``KinesecError`` for values that are not finite or beyond int32.
        """
        values = np.asarray(values, np.float64)
        with np.errstate(over="ignore"):
            steps = np.rint(values / self.step)
        wrong = ~((steps >= INT32.min) & (steps <= INT32.max))
        if wrong.any():
            raise KinesecError(
                f"grid noise: found the value {values[wrong][0]}, expected finite ones within 2^31 steps of {self.step}"
            )
        return steps.astype(np.int32)

    def from_grid(self, steps: np.ndarray) -> np.ndarray:
        """Values (float32, same shape) of integers: a function of the integer alone, whatever it is the sum of."""
        return (np.asarray(steps, np.int64) * np.float64(self.step)).astype(np.float32)

    def draw(self, shape: tuple[int, ...], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Noise (int32) of a shape (draw, ...), and which draws failed (draw,); a failed coordinate holds reach + 1."""
        _, ends, cells = _table(self._steps)
        noise = np.empty(math.prod(shape), np.int32)
        for start in range(0, len(noise), CHUNK):
            part = noise[start : start + CHUNK]
            uniform = rng.integers(1 << BITS, size=len(part))
            part[:] = cells[uniform >> (BITS - BUCKET_BITS)]
            several = np.flatnonzero(part < 0)
            part[several] = np.searchsorted(ends, uniform[several], side="right")
            part -= self.reach
        noise = noise.reshape(shape)
        return noise, np.asarray((noise > self.reach).any(tuple(range(1, noise.ndim))))

    def around(self, steps: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """``n`` noisy inputs (draw, ...) in float32 around one on the grid (...), and which draws failed (draw,).

        Raises ``KinesecError`` for an input that is not of integers: in floats the sum would tell it.
        """
        steps = np.asarray(steps)
        if not np.can_cast(steps.dtype, np.int64):
            raise KinesecError(f"grid noise: found an input of {steps.dtype}, expected integers; see to_grid")
        noise, failed = self.draw((n, *steps.shape), rng)
        return self.from_grid(noise + steps.astype(np.int64)), failed


@lru_cache(maxsize=8)
def _table(steps: Fraction) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Units of each integer, where each one's uniform numbers end, and the integers' indices by bucket, for a sigma.

    A uniform number's bucket is its upper bits; -1 where a bucket holds numbers of several integers.
    """
    exact = mpmath.mp.clone()
    exact.prec = 192
    reach = math.ceil(REACH * steps)
    scale = exact.mpf(steps.denominator) / steps.numerator / exact.sqrt(8)
    # 2^60 of the mass above i + 1/2; the margin is far above the precision's error, so that rounding down is that
    above = [exact.ldexp(exact.erfc((2 * i + 1) * scale), BITS - 1) for i in range(reach + 1)]
    margin = exact.ldexp(1, -BITS)
    middle = int(exact.floor((1 << BITS) - 2 * above[0] - margin))
    side = [max(0, int(exact.floor(near - far - margin))) for near, far in pairwise(above)]
    units = np.array([*side[::-1], middle, *side], np.int64)
    ends = units.cumsum()
    firsts = np.arange(1 << BUCKET_BITS, dtype=np.int64) << (BITS - BUCKET_BITS)
    low = np.searchsorted(ends, firsts, side="right")
    high = np.searchsorted(ends, firsts + (1 << (BITS - BUCKET_BITS)) - 1, side="right")
    cells = np.where(low == high, low, -1).astype(np.int32)
    for array in (units, ends, cells):
        array.flags.writeable = False
    return units, ends, cells
