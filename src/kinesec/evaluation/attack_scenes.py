"""Attacked clips beside the clean ones, read for figures; one clip, chosen and made ready to be drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
import pandas as pd

from kinesec.errors import NothingToDraw
from kinesec.metrics.joints import correlations as joint_correlations
from kinesec.metrics.joints import joint_displacements
from kinesec.motion.skeleton import Skeleton
from kinesec.plots.parts.stick_figures import flat
from kinesec.samples import adversarial
from kinesec.samples.adversarial import Adversarial
from kinesec.samples.clips import checks
from kinesec.samples.clips.clips import Clips
from kinesec.tables.recognition import attack_labels
from kinesec.tables.recognition import read as read_table


@dataclass(frozen=True)
class Poses:
    """A clip's poses (frame, joint, xyz) in mm, y up, with a first joint that stands where the clean root does.

    ``attacks`` holds, by label, the attacked poses and the class that the recognizer then says. All bodies of the clip
    are one tree of ``parents``, in which each body's root is its own parent.
    """

    clean: np.ndarray
    attacks: dict[str, tuple[np.ndarray, str]]
    parents: tuple[int, ...]
    action: str
    frame_ms: float

    def __len__(self) -> int:
        return len(self.clean)

    @property
    def extent(self) -> tuple[float, float, float]:
        """The largest distance to a side, the lowest and the highest point (mm)."""
        points = np.concatenate(
            [flat(one).reshape(-1, 2) for one in (self.clean, *(a for a, _ in self.attacks.values()))]
        )
        return float(np.abs(points[:, 0]).max()), float(points[:, 1].min()), float(points[:, 1].max())


@dataclass(frozen=True)
class Jobs:
    """Some attacks on one recognizer: their clips and records, by the attack's label, the main one first."""

    clips: Clips
    attacks: dict[str, Adversarial]
    records: dict[str, pd.DataFrame]

    @classmethod
    def of(
        cls,
        clips: str | Path,
        shards: Sequence[str | Path],
        records: Sequence[str | Path],
        tables: Sequence[str | Path],
    ) -> Self:
        """Reads stores named by their ``zarr.json``; ``records`` and ``tables`` are one an attack, shards one or more.

        A shard's folder is its attack's, and the attacks' order is the same in all three.
        """
        every = checks.checked(Path(clips).parent, "test")
        folders: dict[Path, list[Path]] = {}
        for path in shards:
            store = Path(path).parent
            folders.setdefault(store.parent, []).append(store)
        named = pd.concat([read_table(path) for path in tables], ignore_index=True)
        labels = [attack_labels(named)[attack] for attack in named["attack"]]
        gathered = [adversarial.gather(paths, every) for paths in folders.values()]
        return cls(
            every,
            dict(zip(labels, gathered, strict=True)),
            {label: pd.read_parquet(path) for label, path in zip(labels, records, strict=True)},
        )

    def _won(self, label: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Clean and attacked clips (mm) on which an attack succeeds, and what is there of them."""
        done, found = self.attacks[label], self.records[label]
        kept = np.isin(done.row, found.loc[found["right"] & found["success"], "row"])
        own = adversarial.of_clips(done, self.clips).take_rows(kept)
        undo = own.normaliser.undo
        return undo(own.normalised, own.present), undo(done.position[kept], own.present), own.present

    def displacements(self) -> tuple[dict[str, np.ndarray], Skeleton]:
        """Each attack's mean displacement (clip, joint) of the clips on which it succeeds, mm."""
        return {label: joint_displacements(*self._won(label)) for label in self.attacks}, self.clips.skeleton

    def correlations(self) -> tuple[dict[str, np.ndarray], Skeleton]:
        """The first attack's ``joint_analysis.correlations`` over the clips on which it succeeds."""
        return joint_correlations(*self._won(next(iter(self.attacks)))), self.clips.skeleton

    def typical(self) -> Poses:
        """The clip that ``typical_row`` chooses."""
        row = typical_row([*self.records.values()])
        own = self.clips.take_rows(np.array([np.searchsorted(self.clips.row, row)]))
        clean = _joined(own, own.normalised)
        found: dict[str, tuple[np.ndarray, str]] = {}
        for label, done in self.attacks.items():
            here = np.flatnonzero(done.row == row)
            if len(here):
                moved = _joined(own, done.position[here])
                moved[:, 0] = clean[:, 0]
                said = self.records[label].set_index("row")["predicted"]
                found[label] = moved, own.classes[int(said[row])]
        return Poses(clean, found, _tree(own), own.classes[int(own.label[0])], 1000.0 / own.fps)


def typical_row(records: Sequence[pd.DataFrame]) -> int:
    """The row of the clip to show: of those on which all attacks succeed, that of the first's median displacement.

    Where there is none, of those on which the first succeeds; else of all. Raises ``NothingToDraw`` where the first has
    no clip.
    """
    first = records[0][records[0]["right"]]
    won = [set(one.loc[one["right"] & one["success"], "row"]) for one in records]
    for rows in (set.intersection(*won), won[0], set(first["row"])):
        here = first[first["row"].isin(rows)].sort_values(["displacement_mm", "row"])
        if len(here):
            return int(here["row"].iloc[(len(here) - 1) // 2])
    raise NothingToDraw("figure of attacked clips: found no clip that the recognizer gets right, expected one or more")


def _tree(own: Clips) -> tuple[int, ...]:
    parents, joints = own.skeleton.parents, len(own.skeleton)
    bodies = int(own.bodies[0])
    # a root is its own parent: a bone of no length
    return (-1, *(1 + body * joints + (j if p < 0 else p) for body in range(bodies) for j, p in enumerate(parents)))


def _joined(own: Clips, normalised: np.ndarray) -> np.ndarray:
    """One clip's bodies (1, body, frame, joint, xyz) as one tree (frame, 1 + joint, xyz), y up."""
    bodies, length = int(own.bodies[0]), int(own.length[0])
    real = own.normaliser.undo(normalised, own.present)[0, :bodies, :length]
    if own.attrs.get("up") == "+z":
        real = np.stack([real[..., 0], real[..., 2], -real[..., 1]], -1)
    together = real.transpose(1, 0, 2, 3).reshape(length, -1, 3)
    return np.concatenate([together[:, :1], together], axis=1)
