"""Made-up stores of what the report's viewer shows: a window that is predicted, an attacked clip, a poisoned one."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from recognition_clips import write_clips
from stores import SKELETON

from kinesec.files import store
from kinesec.files.kinds.attack_scenes import ATTACK_SCENES
from kinesec.files.kinds.poisoned_clips import POISONED_CLIPS
from kinesec.files.kinds.scenes import SCENES
from kinesec.samples.clips import clips as clips_module

HISTORY, FRAMES = 6, 15
HOSTILE = "</script><script>document.title='run'</script>\"'&<img src=x onerror=alert(1)>\u202eevil\u2028\u00e9\u4f60"


def window(path: Path, *, action: str = "walk") -> Path:
    """A window of 6 + 9 frames; predictions share the history and differ from there on."""
    rng = np.random.default_rng(0)
    keys = [(kind, model) for kind in ("clean", "triggered") for model in ("data", "clean", "victim")]
    rest = np.cumsum(SKELETON.offsets, axis=0) * 10
    poses = {}
    for kind in ("clean", "triggered"):
        motion = rest + np.cumsum(rng.normal(0, 9, (FRAMES, len(SKELETON), 3)), axis=0)
        for model in ("data", "clean", "victim"):
            poses[kind, model] = motion.copy()
            if model != "data":
                poses[kind, model][HISTORY:] += rng.normal(0, 30, (FRAMES - HISTORY, len(SKELETON), 3))
    text = {"windows": [kind for kind, _ in keys], "model": [model for _, model in keys]}
    arrays = {
        "pose": np.stack([poses[key] for key in keys]).astype(np.float32),
        "window": np.full(len(keys), 5),
        "action": np.array([action] * len(keys)),
        "source": np.array(["take"] * len(keys)),
        **{name: np.array(values) for name, values in text.items()},
    }
    attrs = {"skeleton": SKELETON.to_attrs(), "dataset": "d", "history": HISTORY, "future": FRAMES - HISTORY}
    store.write(path, SCENES, arrays, {**attrs, "frame_ms_nominal": 40.0, "limb": [2, 3]})
    return path


def clip(path: Path, *, joints: int = 50, frames: int = 48, attack: str = "SMART", said: str = "jump") -> Path:
    """A body of a trunk and branches that walks and waves, clean and attacked; with no joints, no clip at all."""
    tree = [-1, 0] + [0 if joint % 8 == 0 else joint - 1 for joint in range(1, joints)]
    # the first point is no joint but where the body is seen from, and the root is its own parent
    parents = [-1, 1, *(1 + parent for parent in tree[2:])] if joints else []
    rng = np.random.default_rng(1)
    time = np.arange(frames)[:, None]
    limb, along = np.arange(joints) // 8, np.arange(joints) % 8
    swing = 0.4 * np.sin(2 * np.pi * time / 24 + limb)
    side = np.cos(limb) * 90 * along
    up = 900 + np.where(limb % 2, -1, 1) * 110 * along * np.cos(swing)
    motion = np.stack([side + 0 * time, up, 25 * time + 100 * along * np.sin(swing)], axis=-1)
    moved = motion + rng.normal(0, 12, motion.shape)
    poses = np.stack([np.concatenate([pose[:, :1] if joints else pose, pose], axis=1) for pose in (motion, moved)])
    if joints:
        poses[1, :, 0] = poses[0, :, 0]
    arrays = {
        "pose": poses if joints else np.zeros((0, 1, 1, 3)),
        "attack": np.array(["", attack] if joints else [], dtype=str),
        "said": np.array(["walk", said] if joints else [], dtype=str),
        "displacement": np.zeros((1, 4)),
        "by": np.array([attack]),
        "correlation": np.zeros((1, 4, 4)),
        "measure": np.array(["displacement"]),
    }
    attrs = {"skeleton": SKELETON.to_attrs(), "dataset": "d", "attacks": [attack], "parents": parents}
    store.write(path, ATTACK_SCENES, arrays, {**attrs, "frame_ms": 1000 / 30 if joints else 0.0})
    return path


def poisoned(folder: Path) -> list[Path]:
    """Clips, and a backdoor's poisoned ones."""
    path = write_clips(folder / "clips.zarr", {"train": 4, "test": 2})
    clips = clips_module.load(path, "train")
    index = np.arange(3)
    attrs = {"target": 1, "labels": "dirty", "trigger": "dft", "clean_content_sha256": clips.attrs["content_sha256"]}
    arrays = {"position": clips.position[index] + np.float32(3), "index": index}
    store.write(folder / "poison.zarr", POISONED_CLIPS, arrays, attrs)
    return [path, folder / "poison.zarr"]
