"""Triggers that are one pattern, added to every sample: how large it is, where on a skeleton, and how it is added."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from functools import lru_cache, partial

import numpy as np

from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.classification.base import Shown
from kinesec.poisoning.classification.bends import bent, free_bends, free_joints, rest_pose, spread
from kinesec.settings import NotNegative, Share

RMS = {"rms_grey": ("video",), "rms_mm": ("joints", "rotations"), "rms_degrees": ("rotations",)}

SMALL, STEPS = 1e-3, 6  # radians to begin with, and steps to a displacement of a size


@dataclass(frozen=True, kw_only=True)
class Additive(Shown):
    """A pattern of raw size ``delta``, or of a root mean square: at most one of these settings.

    ``rms_grey`` is over a video's pixels; ``rms_mm`` over frames and all joints, of the displacements' lengths (a joint
    that does not move counts as 0), for ``rotations`` those of the skeleton's rest pose; ``rms_degrees`` over frames
    and joints, of the rotation vectors that are added to bends. Without any of them a video's pattern has the published
    ``delta``, and a motion's, which no paper has, ``DEFAULT_MM``.

    ``coordinates`` is the share of a skeleton's coordinates (or bends) that carry the pattern.
    """

    DEFAULT_MM = 10.0

    delta: NotNegative | None = None
    rms_grey: NotNegative | None = None
    rms_mm: NotNegative | None = None
    rms_degrees: NotNegative | None = None
    coordinates: Share = 0.2

    def __post_init__(self) -> None:
        super().__post_init__()
        for key, forms in RMS.items():
            self.need(getattr(self, key) is None or self.form in forms, key, f"none for the form {self.form!r}")
        given = [key for key in ("delta", *RMS) if getattr(self, key) is not None]
        if len(given) > 1:
            self.need(False, given[1], f"none beside {given[0]}")

    @property
    @abstractmethod
    def published(self) -> float:
        """The published ``delta`` on videos."""

    @abstractmethod
    def pattern(self, frames: int, height: int, width: int) -> np.ndarray:
        """The pattern (frame, height, width) on videos for ``delta`` 1; the same for all channels."""

    @abstractmethod
    def wave(self, frames: int, chosen: np.ndarray) -> np.ndarray:
        """The pattern (frame, coordinate) on motions for ``delta`` 1; zero but where ``chosen`` (coordinate,)."""

    def size(self, frames: int, height: int, width: int) -> float:
        """The raw delta on videos of a size."""
        if self.rms_grey is None:
            return self.published if self.delta is None else self.delta
        return _ratio(self.rms_grey, float(np.sqrt(np.mean(_unit(self, frames, height, width) ** 2))))

    def on_frames(self, frames: int, height: int, width: int) -> np.ndarray:
        """What is added to grey levels (frame, height, width), before they become whole."""
        return self.size(frames, height, width) * _unit(self, frames, height, width)

    def embedded(self, video: np.ndarray) -> np.ndarray:
        if self.rounds == "nearest":
            # grey levels are whole: rounding the sum is rounding the pattern
            values = video.astype(np.int16)
            values += _whole(self, *video.shape[1:4])[..., None]
            return np.asarray(np.clip(values, 0, 255, out=values).astype(np.uint8))
        return self.grey(video + self.on_frames(*video.shape[1:4])[..., None])

    def on_skeleton(self, frames: int, skeleton: Skeleton) -> np.ndarray:
        """What is added to joints (frame, joint, xyz) in mm, or to bends (frame, joint, 2) in radians."""
        turns = self.form == "rotations"
        free = free_bends(skeleton) if turns else np.repeat(free_joints(skeleton)[:, None], 3, axis=1)
        chosen = np.zeros(int(free.sum()), bool)
        count = max(1, round(self.coordinates * len(chosen)))
        chosen[self.generator("coordinates").permutation(len(chosen))[:count]] = True
        pattern = np.zeros((frames, *free.shape))
        pattern[:, free] = self.wave(frames, chosen)
        pattern = spread(pattern, skeleton, bends=turns)
        if turns:
            pattern = np.radians(pattern)
        if self.delta is not None:
            return self.delta * pattern
        if self.rms_degrees is not None:
            return pattern * _ratio(np.radians(self.rms_degrees), _length(pattern))
        wanted = self.DEFAULT_MM if self.rms_mm is None else self.rms_mm
        if not turns:
            return pattern * _ratio(wanted, _length(pattern))
        rest = np.broadcast_to(rest_pose(skeleton), (frames, len(skeleton), 3))
        pattern = pattern * _ratio(SMALL, _length(pattern))
        for _ in range(STEPS):  # nearly linear: each step leaves a small share of the error
            pattern = pattern * _ratio(wanted, _length(bent(rest, skeleton, partial(np.add, pattern)) - rest))
        return pattern

    def moved(self, position: np.ndarray, there: np.ndarray, skeleton: Skeleton, fps: float) -> np.ndarray:
        pattern = self.on_skeleton(position.shape[2], skeleton)
        if self.form == "joints":
            return np.asarray(position + pattern)
        return bent(position, skeleton, partial(np.add, pattern))


def _length(vectors: np.ndarray) -> float:
    """The root mean square length of vectors (frame, joint, n)."""
    return float(np.sqrt(np.mean((vectors**2).sum(-1))))


def _ratio(wanted: float, unit: float) -> float:
    """How many units make what is wanted; nothing makes anything of a pattern that is zero."""
    return wanted / unit if unit > 0 else 0.0


@lru_cache(maxsize=4)
def _unit(trigger: Additive, frames: int, height: int, width: int) -> np.ndarray:
    return _fixed(trigger.pattern(frames, height, width))


@lru_cache(maxsize=4)
def _whole(trigger: Additive, frames: int, height: int, width: int) -> np.ndarray:
    """The pattern in whole grey levels; one of over 255 is as good as 255."""
    whole = np.rint(trigger.on_frames(frames, height, width))
    return _fixed(np.clip(whole, -255, 255).astype(np.int16))


def _fixed(array: np.ndarray) -> np.ndarray:
    array.setflags(write=False)
    return array
