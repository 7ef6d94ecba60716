"""Recognition clips in memory: labelled pieces of motion of one length, in millimetres and as recognizers see them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self

import numpy as np

from kinesec.files import store
from kinesec.files.kinds.clips import CLIPS
from kinesec.motion.skeleton import Skeleton


@dataclass(frozen=True)
class Normaliser:
    """Millimetres to what a recognizer sees and back: ``(x - mean) / scale``, one scale for all joints and axes.

    ``mean`` (joint, xyz) and ``scale`` are millimetres, both of the training clips alone. Bodies and frames that are
    not there are zero on both sides.
    """

    mean: np.ndarray
    scale: float

    def apply(self, position: np.ndarray, present: np.ndarray) -> np.ndarray:
        """Positions (..., joint, xyz) in mm to normalised float32; ``present`` (...) marks bodies and frames there."""
        return np.asarray((position - self.mean) / self.scale * present[..., None, None], dtype=np.float32)

    def undo(self, normalised: np.ndarray, present: np.ndarray) -> np.ndarray:
        """Normalised positions (..., joint, xyz) to float64 mm."""
        return np.asarray((normalised.astype(np.float64) * self.scale + self.mean) * present[..., None, None])


@dataclass(frozen=True)
class Clips:
    """A clips store in memory, or some of its clips.

    ``position`` (clip, body, frame, joint, xyz) float32 mm as the protocol places them; ``label`` (clip,) indexes
    ``classes``; ``bodies`` and ``length`` (clip,) count the bodies and frames that are there, the rest is zero;
    ``row`` (clip,) is each clip's row in the store; ``subject``, ``take`` and ``source`` (clip,) say whose it is.
    """

    position: np.ndarray
    label: np.ndarray
    bodies: np.ndarray
    length: np.ndarray
    row: np.ndarray
    subject: np.ndarray
    take: np.ndarray
    source: np.ndarray
    attrs: dict[str, Any]

    def __len__(self) -> int:
        return len(self.label)

    @property
    def classes(self) -> list[str]:
        return list(self.attrs["classes"])

    @property
    def skeleton(self) -> Skeleton:
        return Skeleton.from_attrs(self.attrs["skeleton"])

    @property
    def fps(self) -> float:
        return float(self.attrs["fps"])

    @property
    def normaliser(self) -> Normaliser:
        return Normaliser(np.asarray(self.attrs["mean_mm"], dtype=np.float64), float(self.attrs["scale_mm"]))

    @property
    def present(self) -> np.ndarray:
        """Which bodies and frames are there (clip, body, frame)."""
        _, bodies, frames = self.position.shape[:3]
        there = np.arange(bodies) < self.bodies[:, None]
        return np.asarray(there[:, :, None] & (np.arange(frames) < self.length[:, None])[:, None])

    @property
    def normalised(self) -> np.ndarray:
        """What recognizers see: (clip, body, frame, joint, xyz) float32."""
        return self.normaliser.apply(self.position, self.present)

    def take_rows(self, index: np.ndarray) -> Self:
        """Some of the clips, by index or mask (clip,)."""
        names = ("position", "label", "bodies", "length", "row", "subject", "take", "source")
        return replace(self, **{name: getattr(self, name)[index] for name in names})


def load(path: Path, split: str | None = None) -> Clips:
    """Reads a clips store, or one split of it (``train``, ``val``, ``test``)."""
    data = store.read(path, CLIPS)
    row = np.arange(data.sizes["clip"])
    if split is not None:
        row = row[data.split.values == split]
    owner = data.sequence_index.values[row]
    return Clips(
        position=data.position.values[row],
        label=data.label.values[row],
        bodies=data.bodies.values[row],
        length=data.length.values[row],
        row=row,
        subject=data.subject.values[owner],
        take=data["take"].values[owner],
        source=data.source.values[owner],
        attrs=dict(data.attrs),
    )
