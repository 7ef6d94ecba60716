"""Stick figures of poses: how a store of ``samples`` is read and drawn, for filmstrips and animations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from kinesec.errors import KinesecError
from kinesec.files import store
from kinesec.files.kinds.scenes import SCENES
from kinesec.motion.skeleton import Skeleton

INK, PALE, TRIGGER = "#222222", "#b4b4b4", "#111111"
YAW_DEGREES = 25.0  # seen from the front and a little from the side, so that both arms and both legs part


@dataclass(frozen=True)
class Samples:
    """One window's poses (frame, joint, xyz) by (kind of windows, model); ``data`` is the window itself."""

    poses: dict[tuple[str, str], np.ndarray]
    parents: tuple[int, ...]
    limb: tuple[int, ...]
    history: int
    frame_ms: float
    action: str


def read(path: str | Path, place: int = 0) -> Samples:
    """The ``place``-th window of a store of kind ``samples``, the median one at first.

    Raises ``KinesecError`` when there are fewer windows.
    """
    found = store.read(path, SCENES)
    windows = list(dict.fromkeys(found.window.values.tolist()))
    kinds = list(map(str, found.windows.values)), list(map(str, found.model.values))
    copies: dict[tuple[str, str], list[int]] = {}
    for index, key in enumerate(zip(*kinds, strict=True)):
        copies.setdefault(key, []).append(index)
    if any(place >= len(rows) for rows in copies.values()):
        raise KinesecError(f"{path}: found {len(windows)} windows, expected more than {place}; make it again")
    return Samples(
        poses={key: found.pose[rows[place]].values.astype(np.float64) for key, rows in copies.items()},
        parents=Skeleton.from_attrs(found.attrs["skeleton"]).parents,
        limb=tuple(found.attrs["limb"]),
        history=int(found.attrs["history"]),
        frame_ms=float(found.attrs["frame_ms_nominal"]),
        action=str(found.action.values[next(iter(copies.values()))[place]]),
    )


def flat(pose: np.ndarray) -> np.ndarray:
    """Poses (..., joint, xyz) as they are seen (..., joint, xy): root in the middle, y up, without perspective."""
    centred = pose - pose[..., :1, :]
    yaw = np.radians(YAW_DEGREES)
    across = np.cos(yaw) * centred[..., 0] + np.sin(yaw) * centred[..., 2]
    return np.stack([across, centred[..., 1]], axis=-1)


def extent(samples: Samples) -> tuple[float, float, float]:
    """The largest distance to a side, the lowest and the highest point (mm) of all poses."""
    points = np.concatenate([flat(pose).reshape(-1, 2) for pose in samples.poses.values()])
    return float(np.abs(points[:, 0]).max()), float(points[:, 1].min()), float(points[:, 1].max())


def add(
    axes: Axes,
    pose: np.ndarray,
    parents: Sequence[int],
    *,
    colour: str,
    width: float,
    x: float = 0.0,
    limb: Sequence[int] = (),
    limb_colour: str = INK,
    zorder: float = 2.0,
) -> None:
    """One pose (joint, xyz), ``x`` millimetres to the right; a ``limb`` may have a colour of its own."""
    points = flat(pose) + np.array([x, 0.0])
    for joints, ink in (
        ([j for j in range(1, len(parents)) if j not in limb], colour),
        (list(limb), limb_colour),
    ):
        bones = (
            np.stack([points[[parents[j] for j in joints]], points[joints]], axis=1) if joints else np.zeros((0, 2, 2))
        )
        axes.add_collection(LineCollection(list(bones), colors=ink, linewidths=width, capstyle="round", zorder=zorder))
