"""Motions on their way into a store, one after the other, and what the store says of all of them."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from kinesec.files.store import Writer
from kinesec.motion.recording import Motion
from kinesec.motion.skeleton import Skeleton
from kinesec.sources.datasets.base import Item
from kinesec.sources.errors import BadFile

ROWS = 256


class Mixed(Exception):
    """A motion without rotations among some that have them."""


def _rows(motion: Motion, item: Item, sha256: str, start: int) -> dict[str, Any]:
    return {
        "start": np.int64(start),
        "length": np.int64(len(motion)),
        "body": np.int64(motion.body),
        "fps": np.float64(motion.fps),
        "offset": motion.skeleton.offsets,
        "source": item.path,
        "sha256": sha256,
        "subject": item.subject,
        "action": item.action,
        "take": item.take,
        "style": item.style,
        "split": item.split,
    }


class Sequences:
    """Writes motions one after the other, and gathers what the store says of all of them."""

    def __init__(self, writer: Writer, rotations: bool) -> None:
        self._writer, self._rotations = writer, rotations
        self._waiting: list[dict[str, Any]] = []
        self.frames = self.count = 0
        self.rates: set[float] = set()
        self.first: Motion | None = None
        self.differing: list[dict[str, Any]] = []
        self._offsets = np.zeros(0)
        self._same = True

    def check(self, motions: tuple[Motion, ...], path: Path) -> None:
        """Raises ``BadFile`` when a motion's joints are not those of the first of all."""
        want = (self.first or motions[0]).skeleton
        for have in (motion.skeleton for motion in motions):
            if have.names != want.names:
                strange = [name for name in (*have.names, *want.names) if (name in have.names) != (name in want.names)]
                difference = f"joint {strange[0]!r} on one side alone" if strange else "its joints in another order"
                raise BadFile(
                    path, 0, f"{len(have)} joints, {difference}", f"the {len(want)} joints of the files before it"
                )
            if have.parents != want.parents or have.turns != want.turns:
                raise BadFile(path, 0, "another tree of the same joints", "the tree of the files before it")

    def add(self, motion: Motion, item: Item, sha256: str) -> None:
        if self._rotations and motion.rotation is None:
            raise Mixed
        recording = asdict(motion.recording)
        if self.first is None:
            self.first = motion.drop_frames(np.arange(len(motion)) < 1, "")
            self._recording = recording
            self._offsets = np.zeros_like(motion.skeleton.offsets)
        self._same = self._same and np.array_equal(motion.skeleton.offsets, self.first.skeleton.offsets)
        self._offsets += motion.skeleton.offsets
        changed = {key: value for key, value in recording.items() if value != self._recording[key]}
        if changed:
            self.differing.append({"path": item.path, "body": motion.body, **changed})
        self.rates.add(float(motion.fps))
        missing = motion.missing if motion.missing is not None else np.zeros(motion.position.shape[:2], bool)
        self._writer.append(position=motion.position.astype(np.float32), missing=missing.astype(bool))
        if self._rotations and motion.rotation is not None:
            self._writer.append(rotation=motion.rotation.astype(np.float32))
        self._waiting.append(_rows(motion, item, sha256, self.frames))
        self.frames += len(motion)
        self.count += 1
        if len(self._waiting) >= ROWS:
            self.flush()

    def flush(self) -> None:
        if self._waiting:
            columns = {key: [row[key] for row in self._waiting] for key in self._waiting[0]}
            self._writer.append(**{key: np.asarray(values) for key, values in columns.items()})
            self._waiting.clear()

    def skeleton(self) -> dict[str, Any]:
        """The first motion's skeleton with the mean of all rest offsets: each subject has its own in ``offset``."""
        assert self.first is not None
        first = self.first.skeleton
        offsets = first.offsets if self._same else self._offsets / self.count
        return Skeleton(first.names, first.parents, offsets, first.turns, first.groups).to_attrs()

    def recording(self) -> dict[str, Any]:
        """The first file's recording, and what differs from it in others."""
        return {**self._recording, "differing": self.differing}
