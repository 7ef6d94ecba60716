"""Tiny stores of clips for tests: a body of nine joints whose class is the limb that it lifts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kinesec.files import store
from kinesec.files.kinds.clips import CLIPS
from kinesec.motion.skeleton import Skeleton

SKELETON = Skeleton(
    names=(
        "hips", "chest", "left_arm", "left_hand", "right_arm", "right_hand", "left_foot", "right_foot", "head",
    ),
    parents=(-1, 0, 1, 2, 1, 4, 0, 0, 1),
    offsets=np.array(
        [
            [0, 0, 0], [0, 400, 0], [150, 0, 0], [400, 0, 0], [-150, 0, 0], [-400, 0, 0], [100, -800, 0],
            [-100, -800, 0], [0, 200, 0],
        ],
        float,
    ),
    groups={"trunk": (1, 8), "left_arm": (2, 3), "right_arm": (4, 5), "left_leg": (6,), "right_leg": (7,)},
)  # fmt: skip
CLASSES = ("lift left", "lift right", "step")
_LIFTED = (3, 5, 6)
FRAMES = 20


def positions(label: np.ndarray, bodies: int = 1, seed: int = 0) -> np.ndarray:
    """Clips (clip, body, frame, joint, xyz) mm whose first body lifts its class's limb by about 300 mm."""
    rng = np.random.default_rng(seed)
    rest = np.zeros((len(SKELETON), 3))
    for joint in SKELETON.order[1:]:
        rest[joint] = rest[SKELETON.parents[joint]] + SKELETON.offsets[joint]
    clips = np.zeros((len(label), bodies, FRAMES, len(SKELETON), 3))
    clips[:, 0] = rest + rng.normal(0, 10, clips[:, 0].shape)
    lift = 300 * np.sin(np.linspace(0, np.pi, FRAMES)) * rng.uniform(0.8, 1.2, (len(label), 1))
    for index, number in enumerate(label):
        clips[index, 0, :, _LIFTED[number % len(_LIFTED)], 1] += lift[index]
    return clips.astype(np.float32)


def write_clips(
    path: Path,
    counts: Mapping[str, int],
    *,
    bodies: int = 1,
    classes: tuple[str, ...] = CLASSES,
    skeleton: Skeleton = SKELETON,
    change: Mapping[str, Any] | None = None,
    attrs: Mapping[str, Any] | None = None,
    seed: int = 0,
) -> Path:
    """A store with ``counts`` clips a split, two clips a take; ``change`` and ``attrs`` replace some of its content."""
    split = np.repeat(list(counts), list(counts.values()))
    total = len(split)
    label = np.arange(total) % len(classes)
    sequences = -(-total // 2)
    position = positions(label, bodies, seed)[:, :, :, : len(skeleton)]
    train = position[split == "train", 0] if "train" in counts else position[:, 0]
    mean = train.mean((0, 1))
    arrays: dict[str, Any] = {
        "position": position,
        "label": label,
        "bodies": np.ones(total, np.int64),
        "length": np.full(total, FRAMES),
        "first_frame": np.zeros(total, np.int64),
        "sequence_index": np.arange(total) // 2,
        "split": split,
        "source": np.array([f"file{i}.bvh" for i in range(sequences)]),
        "subject": np.array([f"s{i % 3}" for i in range(sequences)]),
        "take": np.array([str(i) for i in range(sequences)]),
    }
    known: dict[str, Any] = {
        "skeleton": skeleton.to_attrs(),
        "dataset": "made_up",
        "protocol": {"protocol": "native"},
        "classes": list(classes),
        "fps": 30.0,
        "mean_mm": mean.tolist(),
        "scale_mm": float((train - mean).std()) or 1.0,
        "split_by": "subject",
    }
    store.write(path, CLIPS, arrays | dict(change or {}), known | dict(attrs or {}))
    return path
