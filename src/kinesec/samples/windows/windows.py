"""Prediction windows: every start frame of every sequence, as views into one array of frames.

A window is ``history + future`` consecutive frames. Neighbouring windows share all but one frame, so the store holds
the frames once and each window's first frame: a thirty-fifth of the bytes, small enough to sit on the device whole.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinesec.files import store
from kinesec.files.kinds.windows import WINDOWS
from kinesec.motion.skeleton import Skeleton

TEST_SEED = 1234567890  # of the released test samplings, LearnTrajDep utils/data_utils.py
SPLIT_ROWS = 2**16


@dataclass(frozen=True)
class Windows:
    """A windows store in memory; ``position`` (frame, joint, xyz), ``start`` (window,) of one or more splits."""

    position: np.ndarray
    start: np.ndarray
    sequence_index: np.ndarray
    action: np.ndarray
    subject: np.ndarray
    source: np.ndarray
    attrs: dict[str, Any]

    @property
    def history(self) -> int:
        return int(self.attrs["history"])

    @property
    def future(self) -> int:
        return int(self.attrs["future"])

    @property
    def skeleton(self) -> Skeleton:
        return Skeleton.from_attrs(self.attrs["skeleton"])

    @property
    def used(self) -> list[int]:
        return list(self.attrs["used_joints"])

    def __len__(self) -> int:
        return len(self.start)

    def gather(self, index: np.ndarray | slice = slice(None)) -> np.ndarray:
        """Windows (window, frame, joint, xyz) of some indices, copied out of the frames."""
        length = self.history + self.future
        return np.asarray(self.position[self.start[index][:, None] + np.arange(length)])

    def at(self, starts: np.ndarray, sequence_index: np.ndarray) -> Windows:
        """The windows that begin at other frames of the same sequences."""
        return Windows(self.position, starts, sequence_index, self.action, self.subject, self.source, self.attrs)


def in_split(data: xr.Dataset, split: str) -> np.ndarray:
    """Which windows (window,) of a windows store are of a split; the names are read piece by piece."""
    count = data.sizes["window"]
    pieces = (data.split[first : first + SPLIT_ROWS].values == split for first in range(0, count, SPLIT_ROWS))
    return np.concatenate([np.zeros(0, bool), *pieces])


def load(path: Path, split: str) -> Windows:
    """Reads one split of a windows store (``train``, ``val``, ``test``)."""
    data = store.read(path, WINDOWS)
    chosen = in_split(data, split)
    return Windows(
        position=data.position.values,
        start=data.start.values[chosen],
        sequence_index=data.sequence_index.values[chosen],
        action=data.action.values,
        subject=data.subject.values,
        source=data.source.values,
        attrs=dict(data.attrs),
    )


def sample_test(
    windows: Windows, draws: int | None, *, low: int = 0, margin: int = 75, paired: bool = False
) -> Windows:
    """The released test sampling: ``draws`` seeded windows a sequence, or all of them for None.

    A draw in [low, frames - margin) is the frame 50 before the future, whatever the history. Each sequence re-creates
    its generator (LearnTrajDep, load_data_cmu_3d); with ``paired`` the sequences of one subject and action share one
    and take turns, ``draws`` in all (find_indices_srnn; Human3.6M: low 16, margin 150). A sequence too short for that
    range is drawn from all its windows. Draws repeat where windows are few (CMU running: 7 starts, 8 draws).
    """
    if draws is None:
        return windows
    present = np.unique(windows.sequence_index)
    groups: dict[object, list[int]] = {}
    for sequence in present.tolist():
        key = (str(windows.subject[sequence]), str(windows.action[sequence])) if paired else sequence
        groups.setdefault(key, []).append(sequence)
    starts, owners = [], []
    for members in groups.values():
        rng = np.random.RandomState(TEST_SEED)  # the released code's generator, or the draws would differ
        for turn in range(draws):
            sequence = members[turn % len(members)]
            available = windows.start[windows.sequence_index == sequence]
            high = len(available) + windows.history + windows.future - 1 - margin
            ahead = 50 - windows.history
            fits = low < high and ahead >= 0 and high - 1 + ahead < len(available)
            starts.append(available[rng.randint(low, high) + ahead if fits else rng.randint(0, len(available))])
            owners.append(sequence)
    order = np.argsort(owners, kind="stable")
    return windows.at(np.array(starts)[order], np.array(owners)[order])
