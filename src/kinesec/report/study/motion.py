"""Motions as the study's page draws them: upright, turned to the viewer, in 16 bits."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from kinesec.samples.clips.clips import Clips

LARGEST = 32767
JITTER = 0.06  # of the body's height, a standard deviation: nobody overlooks it


def upright(clip: Clips, normalised: np.ndarray) -> np.ndarray:
    """Normalised positions (1, body, frame, joint, xyz) of one clip as (frame, body * joint, xyz) mm, y up.

    Bodies and frames that are not there are left out.
    """
    bodies, length = int(clip.bodies[0]), int(clip.length[0])
    position = clip.normaliser.undo(normalised, clip.present)[0, :bodies, :length]
    if clip.attrs.get("up") == "+z":
        position = np.stack([position[..., 0], position[..., 2], -position[..., 1]], -1)
    return position.transpose(1, 0, 2, 3).reshape(length, -1, 3)


def bones(clip: Clips) -> list[list[int]]:
    """Joint and parent of each bone of one clip's bodies, as ``upright`` numbers joints."""
    parents = clip.skeleton.parents
    return [
        [body * len(parents) + joint, body * len(parents) + parent]
        for body in range(int(clip.bodies[0]))
        for joint, parent in enumerate(parents)
        if parent >= 0
    ]


def facing(original: np.ndarray) -> np.ndarray:
    """The turn (xyz, xyz) about the vertical that lays a motion's widest horizontal axis across the screen."""
    ground = original[..., [0, 2]].reshape(-1, 2)
    values, axes = np.linalg.eigh(np.cov(ground.T))
    across = axes[:, int(np.argmax(values))]
    across = across if across[np.argmax(np.abs(across))] > 0 else -across
    return np.array([[across[0], 0, across[1]], [0, 1, 0], [-across[1], 0, across[0]]])


def jittered(original: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """A motion (frame, joint, xyz) with noise on every joint and frame that is plain to see."""
    height = float(np.ptp(original[..., 1], axis=1).max())
    return np.asarray(original + rng.normal(0, JITTER * height, original.shape))


def quantised(motions: Mapping[str, np.ndarray], original: np.ndarray) -> dict[str, dict[str, Any]]:
    """Motions of one clip by name, seen from one place: their ``frames``, and ``data`` as base64 of int16 (frame,
    joint, xyz), little end first, in units of ``mm``.

    All are turned with the ``original``, from the middle of its ground, and share one unit, so that what is the same
    before is the same after.
    """
    turn = facing(original)
    seen = {name: motion @ turn.T for name, motion in motions.items()}
    base = original @ turn.T
    low, high = base.min((0, 1)), base.max((0, 1))
    origin = np.array([(low[0] + high[0]) / 2, low[1], (low[2] + high[2]) / 2])
    unit = max(float(np.abs(motion - origin).max()) for motion in seen.values()) / LARGEST or 1.0
    return {
        name: {
            "frames": len(motion),
            "mm": float(f"{unit:.9g}"),
            "data": base64.b64encode(np.rint((motion - origin) / unit).astype("<i2").tobytes()).decode(),
        }
        for name, motion in seen.items()
    }
