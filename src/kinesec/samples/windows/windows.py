"""Prediction windows: every start frame of every sequence, as views into one array of frames.

A window is ``history + future`` consecutive frames. Neighbouring windows share all but one frame, so the store holds
the frames once and each window's first frame: a thirty-fifth of the bytes, small enough to sit on the device whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinesec.errors import ConfigError
from kinesec.files import store
from kinesec.files.errors import StoreError
from kinesec.files.kinds.motions import MOTIONS
from kinesec.files.kinds.windows import WINDOWS
from kinesec.motion.skeleton import Skeleton
from kinesec.progress import track
from kinesec.samples.frames import Frames
from kinesec.samples.windows.protocols.base import PROTOCOLS, Sequence, used_joints

TEST_SEED = 1234567890  # of the released test samplings, LearnTrajDep utils/data_utils.py
NOMINAL_FRAME_MS = 40.0
MOVES_MM = 1e-3
SPLIT_ROWS = 2**16


@dataclass(frozen=True)
class Protocol:
    """How motions become windows.

    ``stride`` keeps every so-manieth row; ``nominal_unit_mm`` is the millimetres that a unit of the source counts as
    under ``ltd`` (None: as many as it has); ``root`` names the joint to re-root at.
    """

    protocol: str
    history: int
    future: int
    stride: int = 1
    nominal_unit_mm: float | None = None
    root: str | None = None

    def scale(self, unit_mm: float) -> float:
        """Multiplies millimetres."""
        return self.nominal_unit_mm / unit_mm if self.protocol == "ltd" and self.nominal_unit_mm else 1.0


def sequences(motions: xr.Dataset, root: str | None) -> Iterator[Sequence]:
    """The sequences of a motions store, read one at a time, re-rooted at a joint where ``root`` names one."""
    skeleton = Skeleton.from_attrs(motions.attrs["skeleton"])
    joints = list(range(len(skeleton)))
    if root is not None:
        if root not in skeleton.names:
            raise ConfigError(f"root: found {root!r}, expected one of {', '.join(skeleton.names)}")
        top = skeleton.names.index(root)
        below = {top}
        for joint in skeleton.order:
            if skeleton.parents[joint] in below:
                below.add(joint)
        joints = [top, *sorted(below - {top})]
        skeleton = skeleton.select(tuple(joints))
    starts, lengths, sources = motions.start.values, motions.length.values, motions.source.values
    offsets = motions.offset.values
    position = Frames(motions.position)
    rotation = Frames(motions.rotation) if "rotation" in motions else None
    for index, (first, length) in enumerate(zip(starts.tolist(), lengths.tolist(), strict=True)):
        yield Sequence(
            position=position.read(first, length)[:, joints],
            rotation=rotation.read(first, length)[:, joints] if rotation is not None else None,
            offsets=offsets[index][joints],
            skeleton=skeleton,
            name=str(sources[index]),
        )


def cut(motions_path: Path, out: Path, protocol: Protocol) -> None:
    """Cuts a motions store into a windows store, one sequence at a time.

    Raises ``StoreError`` when no sequence is long enough for one window, or when their frame rates differ.
    """
    motions = store.read(motions_path, MOTIONS)
    rates = sorted(set(motions.fps.values.tolist()))
    if len(rates) > 1:
        raise StoreError(
            f"{motions_path}: found sequences of {rates[0]:g} to {rates[-1]:g} frames per second, expected one rate: "
            "a window's frames would not mean the same time"
        )
    place = PROTOCOLS[protocol.protocol]
    scale = protocol.scale(motions.attrs["recording"]["unit_mm"])
    length = protocol.history + protocol.future
    extent: np.ndarray | None = None
    frames, short = 0, []
    splits = motions.split.values
    with store.Writer(out, WINDOWS) as writer:
        total = motions.sizes["sequence"]
        for index, sequence in enumerate(track(sequences(motions, protocol.root), "cutting windows", total)):
            position = np.ascontiguousarray(place(sequence, scale)[:: protocol.stride])
            count = len(position) - length + 1
            if count < 1:
                short.append(sequence.name)
            writer.append(
                position=position,
                start=frames + np.arange(max(count, 0)),
                sequence_index=np.full(max(count, 0), index),
                split=np.full(max(count, 0), str(splits[index]), dtype=object),
            )
            frames += len(position)
            moved = np.ptp(position, axis=0).max(-1)
            extent = moved if extent is None else np.maximum(extent, moved)
        if frames == 0 or len(short) == total:
            raise StoreError(f"{motions_path}: found no sequence of {length} frames, expected one or more")
        writer.append(**{name: motions[name].values for name in ("source", "subject", "action")})
        moves = np.asarray(extent) > MOVES_MM
        rate = float(motions.fps[0]) / protocol.stride
        writer.attrs = {
            "skeleton": sequence.skeleton.to_attrs(),
            "dataset": motions.attrs["dataset"],
            "protocol": protocol.protocol,
            "history": protocol.history,
            "future": protocol.future,
            "stride": protocol.stride,
            "scale": scale,
            "used_joints": list(used_joints(sequence.skeleton, moves)),
            "fps": rate,
            "frame_ms_measured": 1000 / rate,
            "frame_ms_nominal": NOMINAL_FRAME_MS if protocol.protocol == "ltd" else 1000 / rate,
            "too_short": short,
        }


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
