"""Curves over time: keyed tracks, low-pass filters and bounded, time-correlated noise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.interpolate import CubicHermiteSpline, PchipInterpolator
from scipy.ndimage import gaussian_filter1d, maximum_filter1d

Knots = Sequence[tuple[float, float]]
NOISE_LIMIT = 2.5


def track(time: np.ndarray, knots: Knots) -> np.ndarray:
    """Values (frame,) of a curve through ``knots`` (second, value): no overshoot, at rest at both ends."""
    at, value = np.asarray([(knots[0][0] - 0.1, knots[0][1]), *knots, (knots[-1][0] + 0.1, knots[-1][1])]).T
    return np.asarray(PchipInterpolator(at, value)(np.clip(time, at[0], at[-1])))


def ballistic(time: np.ndarray, knots: Sequence[tuple[float, float, float]]) -> np.ndarray:
    """Values (frame,) of a curve through ``knots`` (second, value, velocity): a free flight is exact between two."""
    at, value, velocity = np.asarray(knots, dtype=np.float64).T
    return np.asarray(CubicHermiteSpline(at, value, velocity)(np.clip(time, at[0], at[-1])))


def ease(time: np.ndarray, start: float, stop: float) -> np.ndarray:
    """The minimum-jerk course (frame,) from 0 at ``start`` to 1 at ``stop``."""
    u = np.clip((time - start) / (stop - start), 0.0, 1.0)
    return np.asarray(u**3 * (10 - 15 * u + 6 * u * u))


def carry(time: np.ndarray, start: float, stop: float) -> np.ndarray:
    """The course (frame,) of a swinging foot from 0 to 1: slow to leave the floor, quick late, still at ``stop``."""
    u = np.clip((time - start) / (stop - start), 0.0, 1.0)
    return np.asarray(u**3 * (4 - 3 * u))


def bump(time: np.ndarray, start: float, stop: float, peak: float = 0.5) -> np.ndarray:
    """A hill (frame,) of height 1, 0 at ``start`` and ``stop``, highest at the fraction ``peak`` between them."""
    u = np.clip((time - start) / (stop - start), 0.0, 1.0)
    rise, fall = (2.0, 2.0 * (1 - peak) / peak) if peak <= 0.5 else (2.0 * peak / (1 - peak), 2.0)
    return np.asarray(u**rise * (1 - u) ** fall / (peak**rise * (1 - peak) ** fall))


def smooth(values: np.ndarray, fps: float, seconds: float) -> np.ndarray:
    """``values`` (frame, ...) through a Gaussian low-pass of standard deviation ``seconds``."""
    return np.asarray(gaussian_filter1d(values, seconds * fps, axis=0, mode="nearest"))


def cover(values: np.ndarray, fps: float, seconds: float) -> np.ndarray:
    """A smooth curve (frame,) that is nowhere below ``values``: a running maximum, then a filter no wider than it."""
    width = max(1, round(seconds * fps))
    highest = maximum_filter1d(values, 2 * width + 1, mode="nearest")
    return np.asarray(gaussian_filter1d(highest, width / 2.5, mode="nearest", radius=width))


def noise(rng: np.random.Generator, fps: float, shape: tuple[int, ...], hertz: float) -> np.ndarray:
    """Noise (frame, ...) of standard deviation about 1, low-passed near ``hertz``, within ±``NOISE_LIMIT``."""
    sigma = fps / (2 * np.pi * hertz)
    pad = int(4 * sigma) + 1
    white = rng.standard_normal((shape[0] + 2 * pad, *shape[1:]))
    soft = gaussian_filter1d(white, sigma, axis=0)[pad:-pad] * np.sqrt(2 * np.sqrt(np.pi) * sigma)
    return np.asarray(NOISE_LIMIT * np.tanh(soft / NOISE_LIMIT))
