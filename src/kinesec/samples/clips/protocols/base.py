"""What every clip protocol is: how one take becomes labelled clips of one length, and how they are normalised."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from kinesec.motion.skeleton import Skeleton
from kinesec.settings import Count, check

Scale = Literal["overall", "about_mean", "metres"]


@dataclass(frozen=True)
class Take:
    """One recording: ``position`` (body, frame, joint, xyz) float64 in millimetres, y up; ``fps`` frames per second."""

    position: np.ndarray
    fps: float
    skeleton: Skeleton


@dataclass(frozen=True)
class Cut:
    """A take's clips: ``position`` (clip, body, frame, joint, xyz) float64 mm, zero where no body or frame is.

    ``bodies`` and ``length`` count the bodies and frames that are there, the same in all of them.
    """

    position: np.ndarray
    bodies: int
    length: int


@dataclass(frozen=True, kw_only=True)
class ClipProtocol(ABC):
    """A protocol with its settings, which are its fields; their defaults are the published ones.

    ``max_bodies`` are the bodies of a clip; a protocol that ``joins_bodies`` sees all bodies of a file as one take,
    else each is a take of its own. ``scale`` says what the clips are divided by: the standard deviation of all
    coordinates about one mean (``overall``), about the mean pose (``about_mean``), or a metre, with no mean removed.
    Raises ``ConfigError`` naming the setting, what was found and what was expected.
    """

    max_bodies: ClassVar[int] = 1
    joins_bodies: ClassVar[bool] = False

    frames: Count

    def __post_init__(self) -> None:
        check(f"clips of protocol {type(self).__module__.rpartition('.')[2]!r}", self)

    @property
    @abstractmethod
    def scaling(self) -> Scale: ...

    @property
    def up(self) -> str:
        """The clips' axis that points up."""
        return "+y"

    def skeleton(self, source: Skeleton) -> Skeleton:
        """The clips' skeleton; raises ``ConfigError`` where a take's skeleton lacks what the protocol needs."""
        return source

    def notes(self, source: Skeleton) -> dict[str, Any]:
        """What the store says besides the settings."""
        return {}

    @abstractmethod
    def first_frames(self, frames: int, fps: float) -> np.ndarray:
        """The take's own frame (clip,) int64 that each clip of a take begins with; none where the take is too short."""

    @abstractmethod
    def cut(self, take: Take) -> Cut:
        """The clips of a take, as many as ``first_frames`` says."""

    @abstractmethod
    def rate(self, frames: np.ndarray, fps: np.ndarray) -> float:
        """Frames per second of the clips of takes (take,); the mean where each take is resized to one length.

        Raises ``ConfigError`` where takes of several rates would make clips of several rates.
        """

    def truncates(self, frames: int, fps: float) -> bool:
        """Whether a take's end is in no clip because clips are too short for it."""
        return False
