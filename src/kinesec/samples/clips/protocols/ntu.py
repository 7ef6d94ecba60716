"""Clips as recognizers see NTU RGB+D: two bodies, 300 frames or the take resized to 64, in metres.

Sources: 2s-AGCN's pre-normalisation (data_gen/preprocess.py) and CTR-GCN's resizing (feeders/tools.py). Any skeleton
with arms will do.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar, Literal

import numpy as np

from kinesec.errors import ConfigError
from kinesec.motion.graph import Graph
from kinesec.motion.skeleton import Skeleton
from kinesec.samples.clips.protocols._space import rotation_between, shoulders_and_hips
from kinesec.samples.clips.protocols._time import NEAR, sample, times_at, times_in_cells
from kinesec.samples.clips.protocols.base import ClipProtocol, Cut, Scale, Take
from kinesec.settings import Positive, Range

NTU_CENTRE = "SpineMid"


def liveliness(position: np.ndarray) -> float:
    """2s-AGCN's measure of a body's motion (frame, joint, xyz): the sum of the standard deviations of x, y and z."""
    return float(position.reshape(-1, 3).std(axis=0).sum())


@dataclass(frozen=True, kw_only=True)
class Ntu(ClipProtocol):
    """One clip a take of at most two bodies, those that move most, the liveliest first.

    ``fit: pad`` keeps the first ``frames`` and pads shorter takes with zeros, or (``pad: repeat``, as 2s-AGCN does)
    with the take from its beginning, over and over; ``fit: resize`` resizes the whole take linearly. Both bodies are
    moved by the first one's centre: where it is in the first frame (``centre: first``), or in every frame (``frame``,
    as 2s-AGCN does). ``centre_joint`` is ``SpineMid`` where there is one, else the joint with the fewest hops to all
    others. With ``align`` the take is turned so that in the first body's first frame root to centre points to +z, and
    then its right shoulder from the left to +x. ``rate_hz`` resamples first; by default every frame is kept.
    """

    max_bodies: ClassVar[int] = 2
    joins_bodies: ClassVar[bool] = True

    frames: Annotated[int, Range(2)] = 300
    fit: Literal["pad", "resize"] = "pad"
    pad: Literal["zero", "repeat"] = "zero"
    rate_hz: Positive | None = None
    centre: Literal["first", "frame"] = "first"
    centre_joint: str | None = None
    align: bool = True

    @property
    def scaling(self) -> Scale:
        return "metres"

    @property
    def up(self) -> str:
        return "+z" if self.align else "+y"

    def skeleton(self, source: Skeleton) -> Skeleton:
        if self.align:
            shoulders_and_hips(source, need=("arm",))
        self._centre(source)
        return source

    def _centre(self, skeleton: Skeleton) -> int:
        if self.centre_joint is not None and self.centre_joint not in skeleton.names:
            raise ConfigError(f"centre_joint: found {self.centre_joint!r}, expected one of {', '.join(skeleton.names)}")
        name = self.centre_joint or NTU_CENTRE
        return skeleton.names.index(name) if name in skeleton.names else Graph.of(skeleton).centre

    def _times(self, frames: int, fps: float) -> np.ndarray:
        every = np.arange(frames, dtype=np.float64) if self.rate_hz is None else times_at(frames, fps, self.rate_hz)
        if self.fit == "pad":
            return every[: self.frames]
        return sample(every[:, None, None], times_in_cells(len(every), self.frames))[:, 0, 0]

    def first_frames(self, frames: int, fps: float) -> np.ndarray:
        return np.zeros(1, dtype=np.int64)

    def truncates(self, frames: int, fps: float) -> bool:
        rate = self.rate_hz or fps
        return self.fit == "pad" and len(times_at(frames, fps, rate)) > self.frames

    def cut(self, take: Take) -> Cut:
        order = np.argsort([-liveliness(body) for body in take.position], kind="stable")[: self.max_bodies]
        position = sample(take.position[order], self._times(take.position.shape[1], take.fps))
        centre = position[:1, :, [self._centre(take.skeleton)]]
        position = position - (centre if self.centre == "frame" else centre[:, :1])
        if self.align:
            position = self._aligned(position, take.skeleton)
        length = position.shape[1]
        if self.pad == "repeat":
            position = position[:, np.arange(self.frames) % length]
            length = self.frames
        clip = np.zeros((self.max_bodies, self.frames, *position.shape[2:]))
        clip[: len(position), :length] = position
        return Cut(clip[None], bodies=len(position), length=length)

    def _aligned(self, position: np.ndarray, skeleton: Skeleton) -> np.ndarray:
        spine = position[0, 0, self._centre(skeleton)] - position[0, 0, 0]
        upright = position @ rotation_between(spine, np.array([0.0, 0.0, 1.0])).T
        ((left, right),) = shoulders_and_hips(skeleton, need=("arm",))
        across = upright[0, 0, right] - upright[0, 0, left]
        return np.asarray(upright @ rotation_between(across, np.array([1.0, 0.0, 0.0])).T)

    def rate(self, frames: np.ndarray, fps: np.ndarray) -> float:
        if self.fit == "resize":
            return float(np.mean(fps * self.frames / frames))
        if self.rate_hz is not None:
            return float(self.rate_hz)
        if np.ptp(fps) > NEAR * fps.max():
            raise ConfigError(
                f"rate_hz: found none, and takes of {fps.min():g} to {fps.max():g} frames per second, expected a rate: "
                "a clip's frames would not mean the same time"
            )
        return float(fps[0])


PROTOCOL = Ntu
