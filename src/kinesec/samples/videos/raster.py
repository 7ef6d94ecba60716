"""Points and sticks as pictures: every picture, point, bone and pixel at once, in float32."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

FAR = np.float32(-1e4)  # a place that no picture shows, in pixels
_FAINT = np.float32(-30.0)  # exponents below it come to nothing, and would make products too small to be quick


def _bell(place: np.ndarray, sd: np.ndarray, size: int) -> np.ndarray:
    apart = (np.arange(size, dtype=np.float32) - place[..., None]) / sd[:, None, None]
    apart *= apart
    apart *= np.float32(-0.5)
    np.maximum(apart, _FAINT, out=apart)
    return np.asarray(np.exp(apart, out=apart))


def points(place: np.ndarray, sd: np.ndarray, weight: np.ndarray, height: int, width: int) -> np.ndarray:
    """Sums of Gaussians of height 1 times ``weight`` (channel, point): (picture, channel, height, width).

    ``place`` (picture, point, xy) and ``sd`` (picture,) in pixels, float32. A Gaussian is a product of one along x and
    one along y, so that a picture is a product of two matrices; no pixel is left out.
    """
    across = _bell(place[..., 0], sd, width)
    down = _bell(place[..., 1], sd, height)
    pictures, count, _ = place.shape
    rows = (down[:, None] * weight[None, :, :, None]) if len(weight) > 1 or (weight != 1).any() else down[:, None]
    sums = rows.swapaxes(-1, -2).reshape(pictures, -1, count) if len(weight) > 1 else rows[:, 0].swapaxes(-1, -2)
    return np.asarray(sums @ across).reshape(pictures, len(weight), height, width)


def distances(start: np.ndarray, end: np.ndarray, first: np.ndarray, height: int, width: int) -> np.ndarray:
    """Each pixel's distance from the nearest bone of each part: (picture, part, height, width), pixels.

    ``start`` and ``end`` (picture, bone, xy) in pixels, float32; bones of part ``p`` are those from ``first[p]`` on to
    the next part's. A distance is that across a bone and that along it beyond its ends; seen end-on it is a point.
    """
    middle, half = (start + end) / 2, (end - start) / 2
    reach = np.sqrt((half**2).sum(-1, keepdims=True))
    upright = np.broadcast_to(np.array([0, 1], dtype=np.float32), half.shape).copy()
    along = np.divide(half, reach, out=upright, where=reach > 0)
    x = np.arange(width, dtype=np.float32) - middle[..., :1]
    y = np.arange(height, dtype=np.float32) - middle[..., 1:]

    def plane(of_x: np.ndarray, of_y: np.ndarray) -> np.ndarray:
        return np.asarray((of_x * x)[:, :, None, :] + (of_y * y)[..., None])

    square = plane(-along[..., 1:], along[..., :1])
    square *= square
    beyond = plane(along[..., :1], along[..., 1:])
    np.abs(beyond, out=beyond)
    beyond -= reach[..., None]
    np.maximum(beyond, 0, out=beyond)
    beyond *= beyond
    square += beyond
    # numpy's reduceat takes ten times as long
    parts = [square[:, low:high].min(1) for low, high in pairwise([*first, square.shape[1]])]
    return np.asarray(np.sqrt(np.stack(parts, axis=1)))


def covered(distance: np.ndarray, radius: np.ndarray) -> np.ndarray:
    """How much of each pixel a stick of ``radius`` (picture,) pixels covers, from its distance (picture, ...)."""
    edge = (radius + np.float32(0.5)).reshape(-1, *[1] * (distance.ndim - 1))
    return np.asarray(np.clip(edge - distance, 0, 1))
