"""Large stores of made-up motion for the benchmarks, written in bounded memory."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kinesec.files import store
from kinesec.files.kinds.windows import WINDOWS
from kinesec.motion.recording import Motion, Recording
from kinesec.sources.readers.expmap import cmu_skeleton

HISTORY, FUTURE = 10, 25
LENGTH = HISTORY + FUTURE
BLOCK = 4096


def frames(count: int, seed: int) -> np.ndarray:
    """Smooth positions (frame, 38, xyz) in millimetres with a millimetre's noise, which no codec can make small."""
    rng = np.random.default_rng(seed)
    phase, pace = rng.uniform(0, 2 * np.pi, (2, 38, 3))
    smooth = 300 * np.sin(phase + 0.05 * pace * np.arange(count)[:, None, None])
    return np.asarray(smooth + rng.normal(size=smooth.shape), dtype=np.float32)


def windows(path: Path, count: int) -> Path:
    """A windows store of one training sequence of ``count`` frames."""
    skeleton = cmu_skeleton()
    attrs = {
        "skeleton": skeleton.to_attrs(),
        "dataset": "made_up",
        "protocol": "ltd",
        "history": HISTORY,
        "future": FUTURE,
        "used_joints": list(skeleton.groups["ltd_used"]),
        "fps": 60.0,
        "frame_ms_nominal": 40.0,
    }
    starts = count - LENGTH + 1
    with store.Writer(path, WINDOWS, attrs) as writer:
        for seed, first in enumerate(range(0, count, BLOCK)):
            writer.append(position=frames(min(BLOCK, count - first), seed))
        writer.append(
            start=np.arange(starts), sequence_index=np.zeros(starts, np.int64), split=np.full(starts, "train")
        )
        writer.append(source=np.array(["a"]), subject=np.array([""]), action=np.array(["a"]))
    return path


def motion(count: int, seed: int) -> Motion:
    """One sequence, rotations too."""
    rotation = np.zeros((count, 38, 4), np.float32)
    rotation[..., 0] = 1
    return Motion(cmu_skeleton(), frames(count, seed), 120.0, Recording(1.0, "read", "read"), rotation)
