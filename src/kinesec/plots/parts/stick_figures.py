"""Stick figures of a scene's poses, for filmstrips and animations."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

from kinesec.plots.parts.style import COLOURS
from kinesec.samples.scenes import ITSELF, Scene

INK, PALE, TRIGGER, ATTACKED = "#222222", "#b4b4b4", COLOURS["defended"], COLOURS["victim"]
YAW_DEGREES = 25.0  # seen from the front and a little from the side, so that both arms and both legs part
PREDICTED = (("clean", "clean"), ("clean", "victim"), ("triggered", "clean"), ("triggered", "victim"))


@dataclass(frozen=True)
class Widths:
    """Line widths (points) of a motion itself, of it under another, and of that other."""

    ink: float
    pale: float
    over: float


@dataclass(frozen=True)
class Panel:
    """A motion (frame, joint, xyz) and, from frame ``first`` on, another one drawn over it in a colour.

    ``limb`` are the joints that are drawn in the trigger's colour before. ``label`` names who made the other.
    """

    label: str
    motion: np.ndarray
    parents: tuple[int, ...]
    over: np.ndarray | None = None
    colour: str = INK
    first: int = 0
    limb: tuple[int, ...] = ()

    def draw(self, axes: Axes, frame: int, widths: Widths, x: float = 0.0) -> None:
        """Draws one frame, ``x`` millimetres to the right."""
        if self.over is None or frame < self.first:
            add(axes, self.motion[frame], self.parents, colour=INK, width=widths.ink, x=x, limb=self.limb)
            return
        add(axes, self.motion[frame], self.parents, colour=PALE, width=widths.pale, x=x)
        add(axes, self.over[frame], self.parents, colour=self.colour, width=widths.over, x=x, zorder=3)


def predictions(scene: Scene) -> list[Panel]:
    """A panel a kind of window and model: its history, then the prediction over the truth or the target."""
    return [
        Panel(
            label=f"{windows} window, {model}" if windows == "clean" else f"{windows}, {model}",
            motion=scene.poses[windows, ITSELF],
            parents=scene.parents,
            over=scene.poses[windows, by],
            colour=COLOURS[by],
            first=scene.history,
            limb=scene.limb if windows == "triggered" else (),
        )
        for windows, by in PREDICTED
        if (windows, by) in scene.poses
        for model in ("clean model" if by == "clean" else by,)
    ]


def attacks(scene: Scene) -> list[Panel]:
    """The clean clip's panel, then one an attack: the attacked motion over the clean one."""
    clean = scene.poses["clean", ITSELF]
    attacked = [(label, pose) for (_, label), pose in scene.poses.items() if label != ITSELF]
    return [
        Panel("clean", clean, scene.parents),
        *(Panel(label, clean, scene.parents, over=pose, colour=ATTACKED) for label, pose in attacked),
    ]


def flat(pose: np.ndarray) -> np.ndarray:
    """Poses (..., joint, xyz) as they are seen (..., joint, xy): root in the middle, y up, without perspective."""
    centred = pose - pose[..., :1, :]
    yaw = np.radians(YAW_DEGREES)
    across = np.cos(yaw) * centred[..., 0] + np.sin(yaw) * centred[..., 2]
    return np.stack([across, centred[..., 1]], axis=-1)


def extent(scene: Scene) -> tuple[float, float, float]:
    """The largest distance to a side, the lowest and the highest point (mm) of all poses."""
    points = np.concatenate([flat(pose).reshape(-1, 2) for pose in scene.poses.values()])
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
    zorder: float = 2.0,
) -> None:
    """One pose (joint, xyz), ``x`` millimetres to the right; a ``limb`` is drawn in the trigger's colour."""
    points = flat(pose) + np.array([x, 0.0])
    rest = [joint for joint in range(1, len(parents)) if joint not in limb]
    for joints, ink in ((rest, colour), (list(limb), TRIGGER)):
        bones = (
            np.stack([points[[parents[j] for j in joints]], points[joints]], axis=1) if joints else np.zeros((0, 2, 2))
        )
        axes.add_collection(LineCollection(list(bones), colors=ink, linewidths=width, capstyle="round", zorder=zorder))
