"""Clips that a recognizer can be trained, tested or attacked on, or one clear line that says why they are not."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kinesec.errors import KinesecError
from kinesec.samples.clips.clips import Clips, load


def checked(path: Path, split: str | None = None, *, empty: bool = False) -> Clips:
    """Reads a clips store, or one split of it.

    Raises ``KinesecError`` for labels that are no class, for positions, mean or scale that are not finite, and, unless
    ``empty``, where there is no clip.
    """
    clips = load(path, split)
    if not len(clips) and not empty:
        of = f" of split {split!r}" if split else ""
        raise KinesecError(f"{path}: found no clip{of}, expected one or more; change the split")
    count = len(clips.classes)
    strange = np.flatnonzero((clips.label < 0) | (clips.label >= count))
    if len(strange):
        row, label = clips.row[strange[0]], clips.label[strange[0]]
        raise KinesecError(f"{path}: clip {row}: found label {label}, expected 0 to {count - 1} ({count} classes)")
    normaliser = clips.normaliser
    if not (np.isfinite(normaliser.scale) and normaliser.scale > 0):
        raise KinesecError(f"{path}: found scale_mm {normaliser.scale}, expected it positive; cut the clips again")
    joints = len(clips.skeleton)
    if normaliser.mean.shape != (joints, 3) or not np.isfinite(normaliser.mean).all():
        raise KinesecError(f"{path}: found mean_mm that is not {joints} joints' finite xyz; cut the clips again")
    for index, position in enumerate(clips.position):  # one at a time: a mask of all would be as large as they are
        if not np.isfinite(position).all():
            body, frame, joint, _ = np.argwhere(~np.isfinite(position))[0]
            raise KinesecError(
                f"{path}: clip {clips.row[index]}: found {position[body, frame, joint].tolist()} at body {body}, "
                f"frame {frame}, joint {clips.skeleton.names[joint]!r}, expected finite millimetres"
            )
    return clips


def takes(clips: Clips) -> np.ndarray:
    """Whose performance each clip is cut from (clip,): data sets number takes anew for each subject and action."""
    whose = zip(clips.subject, clips.label, clips.take, strict=True)
    return np.array([f"{subject}/{label}/{take}" for subject, label, take in whose])
