"""Tiny stores of made-up motion for tests: a body of six joints, two arms of two joints each, bones of fixed length."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from kinesec.files import store
from kinesec.files.kinds.motions import MOTIONS
from kinesec.motion.kinematics import forward, matrices_from_quaternions
from kinesec.motion.skeleton import Skeleton

SKELETON = Skeleton(
    names=("hips", "chest", "left_elbow", "left_hand", "right_elbow", "right_hand"),
    parents=(-1, 0, 1, 2, 1, 4),
    offsets=np.array([[0, 0, 0], [0, 400, 0], [250, 0, 0], [220, 0, 0], [-250, 0, 0], [-220, 0, 0]], float),
    groups={"left_arm": (2, 3), "right_arm": (4, 5), "trunk": (1,)},
)


def rotations(frames: int, joints: int, seed: int) -> np.ndarray:
    """Unit quaternions (frame, joint, wxyz) that turn smoothly by up to a radian or so."""
    rng = np.random.default_rng(seed)
    phase, pace = rng.uniform(0, 2 * np.pi, (2, joints, 3))
    angle = 0.4 * np.sin(phase + 0.1 * pace * np.arange(frames)[:, None, None])
    quaternion = np.concatenate([np.ones((frames, joints, 1)), angle], axis=-1)
    return (quaternion / np.linalg.norm(quaternion, axis=-1, keepdims=True)).astype(np.float32)


def write_motions(
    path: Path,
    lengths: Sequence[int],
    splits: Sequence[str],
    *,
    skeleton: Skeleton = SKELETON,
    fps: Sequence[float] | None = None,
    rotation: bool = True,
    jump: bool = False,
) -> Path:
    """A motions store with a sequence of each length; with ``jump`` the first row stands a metre away."""
    count, joints = len(lengths), len(skeleton)
    turned = [rotations(length, joints, seed) for seed, length in enumerate(lengths)]
    position = []
    for index, quaternion in enumerate(turned):
        root = np.stack(
            [np.arange(len(quaternion)) * 5.0, np.full(len(quaternion), 900.0), np.full(len(quaternion), index)], -1
        )
        placed = forward(matrices_from_quaternions(quaternion.astype(float)), root, skeleton.offsets, skeleton.parents)
        if jump:
            placed[0, 1:] += 1000
        position.append(placed.astype(np.float32))
    text = {name: np.array([f"{name} {i}" for i in range(count)]) for name in ("take", "style", "source", "sha256")}
    arrays: dict[str, np.ndarray] = {
        "position": np.concatenate(position),
        "start": np.cumsum([0, *lengths[:-1]]),
        "length": np.array(lengths),
        "body": np.zeros(count, np.int64),
        "fps": np.array(fps or [60.0] * count),
        "offset": np.repeat(skeleton.offsets[None], count, 0),
        "subject": np.array([f"s{i // 2}" for i in range(count)]),
        "action": np.array(["walk" if i % 2 == 0 else "run" for i in range(count)]),
        "split": np.array(splits),
        **text,
    }
    if rotation:
        arrays["rotation"] = np.concatenate(turned)
    attrs: dict[str, Any] = {
        "skeleton": skeleton.to_attrs(),
        "dataset": "made_up",
        "fps_published": None,
        "fps_measured": 60.0,
        "recording": {"unit_mm": 1.0},
        "left_out": [],
    }
    store.write(path, MOTIONS, arrays, attrs)
    return path
