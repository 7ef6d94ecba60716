"""Which instants of a recording are the frames of a video."""

from __future__ import annotations

from typing import Literal

import numpy as np

Timing = Literal["sample", "resample"]


def instants(length: np.ndarray, frames: int, timing: Timing = "sample") -> tuple[np.ndarray, np.ndarray]:
    """When each frame is, in frames of recordings of ``length`` (clip,), and which are there: both (clip, frame).

    ``sample``: frames of the recording itself, evenly chosen where it has more than ``frames``; where it has fewer, the
    others are not there (TDBA, section "Experiments" and footnote 1: 32 frames, shorter videos padded with blank ones).
    ``resample``: evenly from the first frame to the last, between frames too; all are there. Nothing is of length 0.
    """
    length = np.asarray(length)
    step = np.arange(frames)
    last = np.maximum(length - 1, 0)[:, None]
    even = last * (step / max(frames - 1, 1))
    if timing == "resample":
        return even, np.broadcast_to(length[:, None] > 0, even.shape)
    chosen = np.where(length[:, None] > frames, np.rint(even), np.minimum(step, last))
    return chosen, step < length[:, None]


def at(array: np.ndarray, instant: np.ndarray) -> np.ndarray:
    """``array`` (clip, frame, ...) at instants (clip, frame), linear between its frames; its floating dtype stays."""
    before = np.floor(instant).astype(np.int64)
    clip = np.arange(len(array))[:, None]
    first = array[clip, before]
    part = instant - before
    if not part.any():
        return np.asarray(first)
    second = array[clip, np.minimum(before + 1, array.shape[1] - 1)]
    part = part.reshape(*part.shape, *[1] * (array.ndim - 2)).astype(array.dtype)
    return np.asarray(first + part * (second - first))
