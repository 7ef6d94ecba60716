"""Recorded clips for triggers and targets, and the torso's axes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from kinesec.errors import ConfigError
from kinesec.motion.directions import unit
from kinesec.motion.skeleton import Skeleton


def recorded(data: xr.Dataset, clip: Mapping[str, Any] | None, frames: int, key: str) -> np.ndarray:
    """Poses (frames, joint, xyz) of a windows store's sequence ``source`` from frame ``start`` on.

    Without a ``clip``: those in the middle of the longest training sequence. Raises ``ConfigError`` naming ``key`` for
    a source that there is none of, or a clip that is not inside it.
    """
    owners, first, counts = np.unique(data.sequence_index.values, return_index=True, return_counts=True)
    length = data.attrs["history"] + data.attrs["future"]
    begins = data.start.values[first]
    sizes = counts + length - 1
    if clip is None:
        training = np.asarray(data.split.values[first] == "train")
        longest = int(np.where(training, sizes, 0).argmax())
        begin = int(begins[longest] + (sizes[longest] - frames) // 2)
        return np.asarray(data.position[begin : begin + frames].values)
    if set(clip) - {"source", "start"} or "source" not in clip:
        raise ConfigError(f"{key}: found {dict(clip)!r}, expected {{source, start}}")
    sources = list(map(str, data.source.values[owners]))
    if clip["source"] not in sources:
        raise ConfigError(f"{key}.source: found {clip['source']!r}, expected one of {', '.join(sources[:5])}, ...")
    place = sources.index(clip["source"])
    start = int(clip.get("start", 0))
    if not 0 <= start <= sizes[place] - frames:
        raise ConfigError(f"{key}.start: found {start}, expected 0 to {sizes[place] - frames}")
    begin = int(begins[place]) + start
    return np.asarray(data.position[begin : begin + frames].values)


def torso_axes(position: np.ndarray, skeleton: Skeleton) -> np.ndarray:
    """The torso's axes (..., 3, 3), as columns x, y, z, of poses (..., joint, xyz).

    y from the root to the middle of both arms' anchors, x along the anchors from right to left made orthogonal to y,
    z = x cross y. Raises ``ConfigError`` for a skeleton without both arms.
    """
    if not {"left_arm", "right_arm"} <= set(skeleton.groups):
        raise ConfigError("trigger: `frame: torso` needs a skeleton with groups left_arm and right_arm")
    left, right = (skeleton.parents[skeleton.limb(arm)[0]] for arm in ("left_arm", "right_arm"))
    wide = position.astype(np.float64)
    up = unit((wide[..., left, :] + wide[..., right, :]) / 2 - wide[..., 0, :])
    across = wide[..., left, :] - wide[..., right, :]
    x = unit(across - (across * up).sum(-1, keepdims=True) * up, np.array([1.0, 0.0, 0.0]))
    return np.stack([x, up, np.cross(x, up)], axis=-1)
