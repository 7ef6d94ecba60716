"""Tiny stores of videos for tests: a bright square whose class is the way that it moves."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from kinesec.files import store
from kinesec.files.kinds.poisoned_videos import POISONED_VIDEOS
from kinesec.files.kinds.videos import VIDEOS

CLASSES = ("right", "down", "still")
FRAMES, SIDE = 8, 32
_SPEED = np.array([[0, 2], [2, 0], [0, 0]])  # pixels a frame down and to the right


def moving(label: np.ndarray, seed: int = 0) -> np.ndarray:
    """Videos (clip, frame, height, width, channel) uint8 of squares of 8 pixels on noise, one colour each."""
    rng = np.random.default_rng(seed)
    video = rng.integers(0, 40, (len(label), FRAMES, SIDE, SIDE, 3))
    corner = (
        rng.integers(0, SIDE - 8 - 2 * FRAMES, (len(label), 2))[:, None]
        + np.arange(FRAMES)[:, None] * (_SPEED[label % len(_SPEED)][:, None])
    )
    down, right = (np.arange(SIDE) - corner[..., None]).transpose(2, 0, 1, 3)
    inside = ((down >= 0) & (down < 8))[..., :, None] & ((right >= 0) & (right < 8))[..., None, :]
    colour = rng.integers(150, 216, (len(label), 1, 1, 1, 3))
    return (video + inside[..., None] * colour).astype(np.uint8)


def write_videos(
    path: Path, counts: Mapping[str, int], *, change: Mapping[str, Any] | None = None, seed: int = 0
) -> Path:
    """A store with ``counts`` videos a split, each a take of its own; ``change`` replaces some of its arrays."""
    split = np.repeat(list(counts), list(counts.values()))
    count = len(split)
    label = np.arange(count) % len(CLASSES)
    text = {name: np.array([f"{name} {i}" for i in range(count)]) for name in ("source", "subject", "take")}
    arrays: dict[str, Any] = {
        "video": moving(label, seed),
        "label": label,
        "length": np.full(count, FRAMES),
        "row": np.arange(count),
        "view": np.zeros(count, np.int64),
        "sequence_index": np.arange(count),
        "split": split,
        **text,
        **(change or {}),
    }
    attrs = {
        "dataset": "made_up", "protocol": "moving", "classes": list(CLASSES), "fps": 8.0, "split_by": "take",
        "made": {},
    }  # fmt: skip
    store.write(path, VIDEOS, arrays, attrs)
    return path


def write_poisoned(path: Path, video: np.ndarray, index: np.ndarray, target: int, clean: str) -> Path:
    """A store of poisoned videos at some places of the clean store whose content has the hash ``clean``."""
    attrs = {"target": target, "labels": "dirty", "trigger": "made_up", "clean_content_sha256": clean}
    store.write(path, POISONED_VIDEOS, {"video": video, "index": index}, attrs)
    return path
