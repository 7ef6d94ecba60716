"""What an attack works on: clips as recognizers see them, and the body that they are of."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import torch
from torch import Tensor

from kinesec.errors import KinesecError
from kinesec.samples.adversarial import spread
from kinesec.samples.clips.clips import Clips

TRAINING_CLIPS = 4000  # that an attack on labels starts from and takes joint limits of


@dataclass(frozen=True)
class Geometry:
    """The body in normalised units: ``parents`` (-1: none), ``mean`` (joint, xyz) and the ``trunk``'s joints.

    A joint stands at ``x + mean`` in units of ``scale_mm``: normalised coordinates alone have lost each joint's mean,
    so that their differences are no bones. ``fps`` is the clips' rate.
    """

    parents: tuple[int, ...]
    mean: np.ndarray
    scale_mm: float
    fps: float
    trunk: tuple[int, ...] = ()

    @property
    def links(self) -> list[tuple[int, int]]:
        """Bones as (parent, child)."""
        return [(parent, joint) for joint, parent in enumerate(self.parents) if parent >= 0]


@dataclass(frozen=True)
class Problem:
    """Clips to attack.

    ``position`` (clip, body, frame, joint, xyz) normalised, float32 or float64; ``label`` (clip,); ``present`` (clip,
    body, frame) marks bodies and frames that are there: the others are zero and stay so. ``row`` (clip,) are the clips'
    rows in their store, which all chance depends on; ``place`` (clip,) where each stands among all clips of the attack,
    whatever the shard (see ``kinesec.attacks.base``). ``training`` are the clips that the attacker has, where the
    attack needs some.

    Raises ``KinesecError`` for arrays that do not fit together, values that are not finite or negative labels.
    """

    position: Tensor
    label: Tensor
    present: Tensor
    row: np.ndarray
    place: np.ndarray
    geometry: Geometry
    training: Problem | None = None

    def __post_init__(self) -> None:
        shape = tuple(self.position.shape)
        counts = (len(self.label), len(self.row), len(self.place))
        joints = len(self.geometry.parents)
        if len(shape) != 5 or shape[3:] != (joints, 3) or set(counts) != {shape[0]}:
            raise KinesecError(
                f"attack: found clips {shape} with {counts} labels, rows and places, expected "
                f"(clip, body, frame, {joints}, 3) and one of each a clip"
            )
        if tuple(self.present.shape) != shape[:3]:
            raise KinesecError(f"attack: found marks {tuple(self.present.shape)} of frames, expected {shape[:3]}")
        strange = (~self.position.isfinite()).nonzero()
        if len(strange):
            clip, body, frame, joint, _ = strange[0].tolist()
            raise KinesecError(
                f"attack: clip {self.row[clip]}: found a value that is not finite at body {body}, frame {frame}, "
                f"joint {joint}, expected numbers; correct the clips"
            )
        if len(self.label) and int(self.label.min()) < 0:
            raise KinesecError(f"attack: found label {int(self.label.min())}, expected 0 or more")

    @classmethod
    def of(cls, clips: Clips, place: np.ndarray | None = None) -> Self:
        """Some of a store's clips; ``place`` by default counts them."""
        skeleton, normaliser = clips.skeleton, clips.normaliser
        return cls(
            position=torch.from_numpy(clips.normalised),
            label=torch.from_numpy(clips.label.astype(np.int64)),
            present=torch.from_numpy(clips.present),
            row=clips.row.astype(np.int64),
            place=np.arange(len(clips)) if place is None else place,
            geometry=Geometry(
                parents=skeleton.parents,
                mean=normaliser.mean / normaliser.scale,
                scale_mm=normaliser.scale,
                fps=clips.fps,
                trunk=tuple(sorted({0, *skeleton.groups.get("trunk", ())})),
            ),
        )

    @classmethod
    def of_training(cls, clips: Clips) -> Self:
        """The training clips that an attacker has: at most ``TRAINING_CLIPS``, spread over classes."""
        return cls.of(clips.take_rows(spread(clips.label, TRAINING_CLIPS)))

    def __len__(self) -> int:
        return len(self.label)

    def take(self, index: Sequence[int] | np.ndarray) -> Self:
        """Some of the clips, each at its place."""
        where = torch.as_tensor(np.asarray(index, dtype=np.int64))
        return replace(
            self,
            position=self.position[where],
            label=self.label[where],
            present=self.present[where],
            row=self.row[where.numpy()],
            place=self.place[where.numpy()],
        )

    def check(self, classes: int) -> None:
        """Raises ``KinesecError`` for a label that is none of a recognizer's classes."""
        if len(self.label) and int(self.label.max()) >= classes:
            clip = int(self.label.argmax())
            raise KinesecError(
                f"attack: clip {self.row[clip]}: found label {int(self.label[clip])}, expected 0 to {classes - 1}"
            )
