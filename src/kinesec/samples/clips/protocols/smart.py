"""Clips as SMART, BASAR and BEAT cut HDM05: 25 joints, 60 frames, one body at the origin that faces +z.

Source: papers/skeleton-attacks.md, section 1, Data; the released BEAT dataPreProcessing.py. Other skeletons are
retargeted by position alone (``_joint_maps``): the released data goes through inverse kinematics onto one skeleton, so
its bones are as long for every actor, and here each keeps the actor's own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np

from kinesec.errors import ConfigError
from kinesec.motion import joint_maps
from kinesec.motion.skeleton import Skeleton
from kinesec.samples.clips.protocols._space import face_forward, yaw
from kinesec.samples.clips.protocols._time import sample, times_at, window_starts, windows
from kinesec.samples.clips.protocols.base import ClipProtocol, Cut, Scale, Take
from kinesec.settings import Count, NotNegative, Positive, Range


@dataclass(frozen=True, kw_only=True)
class Smart(ClipProtocol):
    """Windows of ``frames`` every ``stride`` at ``rate_hz``.

    A take of no more frames becomes one clip, its first and last pose repeated on both sides (``pad: none`` leaves
    shorter ones out). ``last_start: drop`` leaves out the window that ends with the take, as the released code does.
    ``facing_sigma`` (frames) smooths the heading. ``joint_map`` names a map of ``_joint_maps``, or gives the user's own
    from the 25 names to the skeleton's; by default the map that fits.
    """

    frames: Annotated[int, Range(2)] = 60
    stride: Count = 20
    rate_hz: Positive = 30.0
    pad: Literal["repeat", "none"] = "repeat"
    last_start: Literal["keep", "drop"] = "keep"
    facing_sigma: NotNegative = 20.0
    scale: Literal["overall", "about_mean"] = "overall"
    joint_map: str | Mapping[str, str] | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if isinstance(self.joint_map, Mapping):
            joint_maps.check(self.joint_map)
        elif self.joint_map is not None and self.joint_map not in joint_maps.MAPS:
            raise ConfigError(f"joint_map: found {self.joint_map!r}, expected one of {', '.join(joint_maps.MAPS)}")

    @property
    def scaling(self) -> Scale:
        return self.scale

    def skeleton(self, source: Skeleton) -> Skeleton:
        return joint_maps.retarget(source, joint_maps.resolve(source, self.joint_map))[0]

    def notes(self, source: Skeleton) -> dict[str, Any]:
        names = joint_maps.resolve(source, self.joint_map)
        return {"joint_map": dict(zip(joint_maps.NAMES, names, strict=True))}

    def _starts(self, frames: int) -> np.ndarray:
        return window_starts(frames, self.frames, self.stride, pad=self.pad == "repeat", last=self.last_start == "keep")

    def first_frames(self, frames: int, fps: float) -> np.ndarray:
        times = times_at(frames, fps, self.rate_hz)
        return np.asarray(times[self._starts(len(times))].astype(np.int64))

    def cut(self, take: Take) -> Cut:
        _, joints = joint_maps.retarget(take.skeleton, joint_maps.resolve(take.skeleton, self.joint_map))
        times = times_at(take.position.shape[1], take.fps, self.rate_hz)
        position = sample(take.position[0][:, joints], times)
        centred = position - position[:, joint_maps.ROOT : joint_maps.ROOT + 1]
        faced = face_forward(centred, yaw(centred, joint_maps.SHOULDERS_AND_HIPS, self.facing_sigma))
        clips = windows(faced, self._starts(len(times)), self.frames)
        return Cut(clips[:, None], bodies=1, length=self.frames)

    def rate(self, frames: np.ndarray, fps: np.ndarray) -> float:
        return float(self.rate_hz)


PROTOCOL = Smart
