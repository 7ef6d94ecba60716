"""What every trigger of a classifier is: settings, and one fixed change of videos or of motions.

A subclass is a frozen dataclass whose fields are its settings, with the paper's values as defaults; it stands in a
module of its own in ``triggers``. The trigger is the same for every sample: all it draws comes from ``seed``.
Equations stand in docs/definitions.md, section 12.
"""

from __future__ import annotations

from abc import ABC
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Literal

import numpy as np

from kinesec import names, seeding
from kinesec.errors import ConfigError, KinesecError
from kinesec.motion.skeleton import Skeleton
from kinesec.settings import check, keywords
from kinesec.settings import preset as settings_of

Form = Literal["video", "joints", "rotations"]
Projection = Literal["paper", "official", "exact"]
Rounding = Literal["truncate", "nearest"]
Bodies = Literal["all", "first"]

PACKAGE = "poisoning.classification.triggers"
BESIDES = ("form", "seed")
PIXELS = 2**23  # of a piece of videos: what is held in floating point at a time
CLIPS = 256  # of a piece of motions


@dataclass(frozen=True, kw_only=True)
class Trigger(ABC):
    """A trigger of one ``form``: ``video``, ``joints`` (displaced) or ``rotations`` (bones turned, lengths kept).

    ``bodies`` of a motion that show it: ``all`` that are there, or the ``first``.
    """

    form: Form
    seed: int
    bodies: Bodies = "all"

    def __post_init__(self) -> None:
        check(self.owner, self)

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    @property
    def owner(self) -> str:
        """How errors name the trigger."""
        return f"trigger {self.name!r}"

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting by name, as built-in types."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.name not in BESIDES}

    def need(self, holds: bool, key: str, expected: str) -> None:
        """Raises ``ConfigError`` that names a setting unless ``holds``."""
        if not holds:
            raise ConfigError(f"{self.owner}: {key}: found {getattr(self, key)!r}, expected {expected}")

    def generator(self, *stream: str | int) -> np.random.Generator:
        """The generator of one of the trigger's draws."""
        return seeding.generator(self.seed, "trigger", self.name, *stream)

    def on_video(self, video: np.ndarray) -> np.ndarray:
        """Videos (clip, frame, height, width, channel) uint8 with the trigger; what else is in the batch has no say.

        Raises ``KinesecError`` for arrays of another kind, and for a trigger of another form.
        """
        if self.form != "video":
            raise KinesecError(f"{self.owner}: found videos, expected motions; the form is {self.form!r}")
        if video.dtype != np.uint8 or video.ndim != 5:
            raise KinesecError(
                f"{self.owner}: found {video.dtype} of shape {video.shape}, expected uint8 "
                f"(clip, frame, height, width, channel)"
            )
        triggered = np.empty_like(video)
        step = max(1, PIXELS // max(1, int(np.prod(video.shape[1:]))))
        for start in range(0, len(video), step):
            piece = slice(start, start + step)
            triggered[piece] = self.embedded(video[piece])
        return triggered

    def on_motion(self, position: np.ndarray, present: np.ndarray, skeleton: Skeleton, fps: float) -> np.ndarray:
        """Motions (clip, body, frame, joint, xyz) float32 mm with the trigger.

        ``present`` (clip, body, frame) marks the bodies and frames that are there; the others stay as they are. Raises
        ``KinesecError`` where shapes do not fit, and for a trigger of another form.
        """
        if self.form == "video":
            raise KinesecError(f"{self.owner}: found motions, expected videos; the form is 'video'")
        shape = position.shape
        if position.ndim != 5 or shape[3:] != (len(skeleton), 3) or present.shape != shape[:3]:
            raise KinesecError(
                f"{self.owner}: found motions {shape} and marks {present.shape}, expected "
                f"(clip, body, frame, {len(skeleton)}, 3) and (clip, body, frame)"
            )
        there = np.asarray(present, bool)
        if self.bodies == "first":
            there = there & (np.arange(shape[1]) == 0)[:, None]
        moved = np.array(position, np.float32)
        for start in range(0, len(position), CLIPS):
            piece = slice(start, start + CLIPS)
            clean = np.asarray(position[piece], np.float64)
            changed = self.moved(clean, there[piece], skeleton, fps)
            moved[piece] = np.where(there[piece][..., None, None], changed, clean)
        return moved

    def embedded(self, video: np.ndarray) -> np.ndarray:
        """Some videos with the trigger, uint8 as they came; for triggers with a form ``video``."""
        raise NotImplementedError

    def moved(self, position: np.ndarray, there: np.ndarray, skeleton: Skeleton, fps: float) -> np.ndarray:
        """Some motions with the trigger, float64 mm; what it says of frames that are not ``there`` does not count."""
        raise NotImplementedError


@dataclass(frozen=True, kw_only=True)
class Shown(Trigger):
    """A trigger with a form ``video``, and how grey levels that are not whole become uint8.

    ``exact`` rounds to the nearest and clips; ``paper`` and ``official`` clip and truncate, and do whatever else they
    do of a transform's values (``spectral``). ``rounding`` says otherwise how they round: a control. Motions have no
    grey levels: there it does nothing.
    """

    projection: Projection = "exact"
    rounding: Rounding | None = None

    @property
    def rounds(self) -> Rounding:
        return self.rounding or ("nearest" if self.projection == "exact" else "truncate")

    def grey(self, values: np.ndarray) -> np.ndarray:
        """Grey levels of real values: clipped to 0 ... 255, and whole."""
        whole = np.rint(values) if self.rounds == "nearest" else values
        return np.asarray(np.clip(whole, 0, 255).astype(np.uint8))


def build(name: str, *, form: Form, preset: str | None = None, settings: Mapping[str, Any], seed: int) -> Trigger:
    """The trigger of a module in one of its forms, with a preset's settings and changes to them.

    ``preset`` is ``paper`` unless given. Raises ``ConfigError`` for unknown names, forms, presets and settings, and
    for values that cannot be used.
    """
    module = names.load(PACKAGE, name)
    owner = f"trigger {name!r}"
    if form not in module.FORMS:
        raise ConfigError(f"{owner}: form: found {form!r}, expected one of {', '.join(module.FORMS)}")
    taken = settings_of(owner, module.TRIGGER, module.PRESETS, preset or "paper", settings)
    trigger: Trigger = module.TRIGGER(form=form, seed=seed, **keywords(owner, module.TRIGGER, taken, besides=BESIDES))
    return trigger


def is_ours(name: str, form: Form) -> bool:
    """Whether no paper defines a trigger in this form."""
    return form in names.constant(PACKAGE, name, "OURS", ())
