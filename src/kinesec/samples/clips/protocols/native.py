"""Clips of a data set's own joints: each take resampled to one length, or windows of it.

Ours, in the manner of section 8 of papers/skeleton-attacks.md.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from kinesec.motion.skeleton import Skeleton
from kinesec.samples.clips.protocols._space import face_forward, shoulders_and_hips, yaw
from kinesec.samples.clips.protocols._time import sample, times_at, times_over, window_starts, windows
from kinesec.samples.clips.protocols.base import ClipProtocol, Cut, Scale, Take
from kinesec.settings import Count, NotNegative, Positive, Range

LEAST_FRAMES = 2  # a single pose has no motion to resample


@dataclass(frozen=True, kw_only=True)
class Native(ClipProtocol):
    """One clip a take, resampled linearly to ``frames`` (``cover: take``), or windows at ``rate_hz``, every ``stride``.

    The root's position is removed: that of the clip's first frame, or every frame's (``centre``). ``facing: first``
    turns each clip so that its body faces +z at first, ``frames`` in every frame; ``facing_sigma`` counts clip frames.
    ``pad`` says what becomes of a take shorter than a window.
    """

    frames: Annotated[int, Range(LEAST_FRAMES)] = 48
    cover: Literal["take", "windows"] = "take"
    stride: Count = 24
    rate_hz: Positive = 30.0
    pad: Literal["repeat", "none"] = "repeat"
    centre: Literal["first", "frame"] = "first"
    facing: Literal["none", "first", "frames"] = "none"
    facing_sigma: NotNegative = 20.0
    scale: Literal["overall", "about_mean"] = "overall"

    @property
    def scaling(self) -> Scale:
        return self.scale

    def skeleton(self, source: Skeleton) -> Skeleton:
        if self.facing != "none":
            shoulders_and_hips(source)
        return source

    def _times(self, frames: int, fps: float) -> np.ndarray:
        return times_over(frames, self.frames) if self.cover == "take" else times_at(frames, fps, self.rate_hz)

    def _starts(self, frames: int) -> np.ndarray:
        return window_starts(frames, self.frames, self.stride, pad=self.pad == "repeat")

    def first_frames(self, frames: int, fps: float) -> np.ndarray:
        if self.cover == "take":
            return np.zeros(int(frames >= LEAST_FRAMES), dtype=np.int64)
        times = self._times(frames, fps)
        return np.asarray(times[self._starts(len(times))].astype(np.int64))

    def cut(self, take: Take) -> Cut:
        position = sample(take.position[0], self._times(take.position.shape[1], take.fps))
        starts = self._starts(len(position))
        clips = windows(position, starts, self.frames)
        root = clips[:, :, :1]
        clips = clips - (root if self.centre == "frame" else root[:, :1])
        if self.facing != "none":
            angle = yaw(position, shoulders_and_hips(take.skeleton), self.facing_sigma)
            turn = windows(angle[:, None, None], starts, self.frames)[..., 0, 0]
            clips = face_forward(clips, turn if self.facing == "frames" else turn[:, :1])
        return Cut(clips[:, None], bodies=1, length=self.frames)

    def rate(self, frames: np.ndarray, fps: np.ndarray) -> float:
        if self.cover == "windows":
            return float(self.rate_hz)
        return float(np.mean(fps * (self.frames - 1) / (frames - 1)))


PROTOCOL = Native
