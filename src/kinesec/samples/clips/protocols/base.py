"""What every clip protocol is: how one take becomes labelled clips of one length, and how they are normalised."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, ClassVar, Literal

import numpy as np

from kinesec.errors import ConfigError
from kinesec.motion.skeleton import Skeleton

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

    frames: int

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


def need_whole(settings: object, key: str, least: int = 1) -> None:
    """Raises ``ConfigError`` unless a setting is a whole number of at least ``least``."""
    value = getattr(settings, key)
    if type(value) is not int or value < least:
        raise ConfigError(f"{key}: found {value!r}, expected a whole number of {least} or more")


def need_number(settings: object, key: str, least: float, most: float = np.inf, *, above: bool = False) -> None:
    """Raises ``ConfigError`` unless a setting is a number from ``least`` (or ``above`` it) to ``most``."""
    value = getattr(settings, key)
    fits = type(value) in (int, float) and least <= value <= most and np.isfinite(value)
    if not fits or (above and value == least):
        bounds = f"more than {least:g}" if above else f"{least:g} or more"
        raise ConfigError(
            f"{key}: found {value!r}, expected a number, {bounds}{'' if most == np.inf else f', at most {most:g}'}"
        )


def need_choice(settings: object, key: str, choices: Sequence[object]) -> None:
    """Raises ``ConfigError`` unless a setting is one of ``choices``."""
    value = getattr(settings, key)
    if not any(type(value) is type(choice) and value == choice for choice in choices):
        raise ConfigError(f"{key}: found {value!r}, expected one of {', '.join(map(str, choices))}")


def need_keys(settings: Mapping[str, Any], *kinds: type[Any]) -> None:
    """Raises ``ConfigError`` for a setting that none of the dataclasses has."""
    known = sorted({field.name for kind in kinds for field in fields(kind)})
    for key in settings:
        if key not in known:
            raise ConfigError(f"{key}: found an unknown setting of clips, expected some of {', '.join(known)}")
