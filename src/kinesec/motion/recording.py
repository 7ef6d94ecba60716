"""A motion: one body's joint positions over time, with what is known of how they were recorded."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

import numpy as np

from kinesec.errors import KinesecError
from kinesec.motion.skeleton import Skeleton


@dataclass(frozen=True)
class Recording:
    """How the source's numbers were turned into millimetres, y up and right-handed.

    ``unit_mm`` is the source's unit in millimetres; each ``*_from`` says whether the value was ``read`` from the file,
    ``configured`` by the user, or ``published`` with the data set: nothing is assumed in silence.
    ``up`` is the source's up axis (``+y``, ``+z``, ``-y`` ...), ``handedness`` is ``right`` or ``left``.
    """

    unit_mm: float
    unit_from: str
    fps_from: str
    up: str = "+y"
    handedness: str = "right"
    axes_from: str = "published"
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Motion:
    """One body over time.

    ``position`` (frame, joint, xyz) float32 in millimetres, global, y up, right-handed.
    ``rotation`` (frame, joint, wxyz) float32 local unit quaternions, or None where the source has no angles; with
    ``skeleton.turns`` and ``kinematics.forward`` they give ``position`` again, up to per-frame bone translations.
    ``fps`` is frames per second as the file or its publisher states it.
    ``body`` counts the bodies of one file from 0. ``missing`` (frame, joint) marks joints the source did not see;
    their positions are filled by interpolation and never NaN.

    Raises ``KinesecError`` when shapes disagree, there is no frame, or a position is not finite.
    """

    skeleton: Skeleton
    position: np.ndarray
    fps: float
    recording: Recording
    rotation: np.ndarray | None = None
    body: int = 0
    missing: np.ndarray | None = field(default=None)

    def __post_init__(self) -> None:
        frames, joints = len(self.position), len(self.skeleton)
        if self.position.shape != (frames, joints, 3) or frames == 0:
            raise KinesecError(f"motion: found positions {self.position.shape}, expected (frames > 0, {joints}, 3)")
        if self.rotation is not None and self.rotation.shape != (frames, joints, 4):
            raise KinesecError(f"motion: found rotations {self.rotation.shape}, expected ({frames}, {joints}, 4)")
        if not self.fps > 0:
            raise KinesecError(f"motion: found {self.fps} frames per second, expected more than 0")
        if not np.isfinite(self.position).all():
            frame, joint = np.argwhere(~np.isfinite(self.position))[0, :2]
            raise KinesecError(
                f"motion: frame {frame}, joint {self.skeleton.names[joint]!r}: found a position that is not finite"
            )

    def __len__(self) -> int:
        return len(self.position)

    def drop_frames(self, keep: np.ndarray, note: str) -> Self:
        """The motion without the frames where ``keep`` (frame,) is False, and a note of why."""
        return replace(
            self,
            position=self.position[keep],
            rotation=None if self.rotation is None else self.rotation[keep],
            missing=None if self.missing is None else self.missing[keep],
            recording=replace(self.recording, notes=(*self.recording.notes, note)),
        )
