"""How much of a trigger is to be seen: in videos grey levels and structure, in motions millimetres and bones.

Videos are (clip, frame, height, width, channel) uint8; motions (clip, body, frame, joint, xyz) mm, with ``present``
(clip, body, frame) to mark what is there. Every measure is a number a clip. See docs/definitions.md, section 12.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy.ndimage import uniform_filter

from kinesec.errors import KinesecError
from kinesec.metrics.perceptual import SHORTEST_MM
from kinesec.motion.kinematics import bone_lengths

WINDOW = 28  # pixels (Li et al., AAAI 2024, tables 4 and 6)
FLOOR = 1e-5  # of the mean squared error: 98.13 dB, which the paper's table 6 has of windows without a trigger
SIDE = 7  # pixels that structural similarity compares at a time
FIRST = 4  # frames
PIECE = 2**23  # pixels in floating point at a time

_OVER = ("min", "max", "mean", "std")
VIDEO_UNITS = {
    "rms": "grey levels",
    "psnr_db": "dB",
    **{f"psnr_{over}_db": "dB" for over in _OVER},
    "ssim": "",
    **{f"ssim_{over}": "" for over in _OVER},
    "first_frames_energy_share": "",
    "lowered_percent": "%",
}
MOTION_UNITS = {
    "rms": "mm",
    "displacement_max_mm": "mm",
    "velocity_rms_mm_s": "mm/s",
    "acceleration_rms_mm_s2": "mm/s^2",
    "bone_change_percent": "%",
    "bone_change_max_percent": "%",
    "first_frames_energy_share": "",
}


def of_videos(clean: np.ndarray, triggered: np.ndarray, *, window: int = WINDOW) -> dict[str, np.ndarray]:
    """Every measure of ``VIDEO_UNITS`` (clip,).

    PSNR and SSIM of whole clips, and their least, largest, mean and spread over windows of ``window`` pixels across all
    frames and channels, smaller where the frame is; ``first_frames_energy_share`` of the squared change in the first 4
    frames (4 / frames where it is spread evenly; NaN of a clip that is not changed); ``lowered_percent`` of values that
    are lower by 1: what truncation does. Raises ``KinesecError`` where shapes disagree.
    """
    _alike(clean, triggered)
    step = max(1, PIECE // max(1, int(np.prod(clean.shape[1:]))))
    pieces = [
        _video(clean[start : start + step], triggered[start : start + step], window)
        for start in range(0, len(clean), step)
    ]
    return {name: np.concatenate([np.zeros(0), *(piece[name] for piece in pieces)]) for name in VIDEO_UNITS}


def _video(clean: np.ndarray, triggered: np.ndarray, window: int) -> dict[str, np.ndarray]:
    change = triggered.astype(np.float32) - clean
    squared = np.square(change)
    error = squared.mean((1, 4), dtype=np.float64)
    similar = structural_similarity(clean, triggered)
    measures = {
        "rms": np.sqrt(error.mean((1, 2))),
        "psnr_db": _decibel(error.mean((1, 2))),
        "ssim": similar.mean((1, 2)),
        "first_frames_energy_share": share_of_first(squared.sum((2, 3, 4), dtype=np.float64)),
        "lowered_percent": 100.0 * (change == -1).mean((1, 2, 3, 4)),
    }
    for name, values in (("psnr_{}_db", _decibel(_windows(error, window))), ("ssim_{}", _windows(similar, window))):
        measures |= {name.format(over): getattr(values, over)(1) for over in _OVER}
    return measures


def energy(clean: np.ndarray, triggered: np.ndarray) -> np.ndarray:
    """Squared change (clip, frame), summed over all but clips and frames, of videos, or of motions with one body.

    Motions are (clip, frame, joint, xyz); zero where nothing is there on either side.
    """
    _alike(clean, triggered)
    change = triggered.astype(np.float64) - clean
    return np.asarray(np.square(change).reshape(*change.shape[:2], -1).sum(-1))


def share_of_first(energy: np.ndarray, frames: int = FIRST) -> np.ndarray:
    """The share (clip,) of energy (clip, frame) in the first frames; NaN where there is none at all."""
    total = energy.sum(1)
    share = energy[:, :frames].sum(1) / np.where(total > 0, total, 1.0)
    return np.asarray(np.where(total > 0, share, np.nan))


def structural_similarity(clean: np.ndarray, triggered: np.ndarray) -> np.ndarray:
    """SSIM (clip, height, width), mean over frames and channels.

    Wang et al. (IEEE TIP 2004), equation 13, with means over ``SIDE`` x ``SIDE`` pixels, smaller where the frame is,
    mirrored at the frame's edge; constants (0.01 x 255)^2 and (0.03 x 255)^2.
    """
    _alike(clean, triggered)
    side = min(SIDE, *clean.shape[2:4])
    size = (1, 1, side, side, 1)
    first, second = clean.astype(np.float32), triggered.astype(np.float32)

    def mean(values: np.ndarray) -> np.ndarray:
        return np.asarray(uniform_filter(values, size, mode="reflect"))

    here, there = mean(first), mean(second)
    variance = mean(first * first) + mean(second * second) - here * here - there * there
    covariance = mean(first * second) - here * there
    low, high = (0.01 * 255) ** 2, (0.03 * 255) ** 2
    similar = (2 * here * there + low) * (2 * covariance + high)
    similar /= (here * here + there * there + low) * (variance + high)
    return np.asarray(similar.mean((1, 4), dtype=np.float64))


def _windows(values: np.ndarray, window: int) -> np.ndarray:
    """Means (clip, window) of values (clip, height, width) over windows side by side; what is left over is left out."""
    clips, height, width = values.shape
    high, wide = min(window, height), min(window, width)
    rows, columns = height // high, width // wide
    cut = values[:, : rows * high, : columns * wide].reshape(clips, rows, high, columns, wide)
    return np.asarray(cut.mean((2, 4)).reshape(clips, -1))


def _decibel(error: np.ndarray) -> np.ndarray:
    """PSNR of mean squared errors."""
    return np.asarray(10 * np.log10(255.0**2 / np.maximum(error, FLOOR)))


def of_motions(
    clean: np.ndarray, triggered: np.ndarray, present: np.ndarray, parents: Sequence[int], fps: float
) -> dict[str, np.ndarray]:
    """Every measure of ``MOTION_UNITS`` (clip,), over bodies and frames that are there.

    ``rms`` and the largest of joints' displacements; root mean squares of the changes' first and second differences a
    second; bones' mean and largest change of length in percent, of bones of at least 1 mm. What a clip has too few
    frames or bones for is NaN. Raises ``KinesecError`` where shapes disagree.
    """
    _alike(clean, triggered)
    if clean.ndim != 5 or present.shape != clean.shape[:3]:
        raise KinesecError(
            f"imperceptibility: found motions {clean.shape} and marks {present.shape}, expected "
            f"(clip, body, frame, joint, xyz) and (clip, body, frame)"
        )
    there = np.asarray(present, bool)
    marks = there[..., None, None]
    before, after = (np.where(marks, motion, 0.0).astype(np.float64) for motion in (clean, triggered))
    moved = after - before
    squared = np.square(moved).sum(-1)
    lengths = bone_lengths(before, parents)
    change = np.abs(bone_lengths(after, parents) - lengths)
    real = (lengths >= SHORTEST_MM) & there[..., None]
    percent = 100.0 * np.divide(change, lengths, out=np.zeros_like(change), where=real)
    return {
        "rms": np.sqrt(_mean(squared, there[..., None])),
        "displacement_max_mm": np.sqrt(squared.max((1, 2, 3), initial=0.0)),
        "velocity_rms_mm_s": _rate(moved, there, 1) * fps,
        "acceleration_rms_mm_s2": _rate(moved, there, 2) * fps**2,
        "bone_change_percent": _mean(percent, real),
        "bone_change_max_percent": percent.max((1, 2, 3), initial=0.0),
        "first_frames_energy_share": share_of_first(squared.sum((1, 3))),
    }


def _rate(moved: np.ndarray, there: np.ndarray, order: int) -> np.ndarray:
    """Root mean squares (clip,) of the lengths of differences along frames that are there together."""
    frames = max(0, moved.shape[2] - order)
    steps = np.diff(moved, n=order, axis=2) if frames else moved[:, :, :0]
    together = np.logical_and.reduce([there[:, :, n : n + frames] for n in range(order + 1)])
    return np.asarray(np.sqrt(_mean(np.square(steps).sum(-1), together[..., None])))


def _mean(values: np.ndarray, there: np.ndarray) -> np.ndarray:
    """Means (clip,) of values (clip, body, frame, n) where they are there; NaN for a clip that has none."""
    kept = np.broadcast_to(there, values.shape)
    count = kept.sum((1, 2, 3))
    total = np.where(kept, values, 0.0).sum((1, 2, 3))
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))


def _alike(clean: np.ndarray, triggered: np.ndarray) -> None:
    if clean.shape != triggered.shape:
        raise KinesecError(
            f"imperceptibility: found samples {clean.shape} and triggered ones {triggered.shape}, expected one shape"
        )
