"""Cuts motions into prediction windows by a protocol, one sequence at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import xarray as xr

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.files import store
from kinesec.files.errors import StoreError
from kinesec.files.kinds.motions import MOTIONS
from kinesec.files.kinds.windows import WINDOWS
from kinesec.motion.skeleton import Skeleton, representative
from kinesec.progress import track
from kinesec.samples.frames import Frames
from kinesec.samples.windows.protocols.base import Sequence

PROTOCOLS = "samples.windows.protocols"
NOMINAL_FRAME_MS = 40.0
MOVES_MM = 1e-3


@dataclass(frozen=True)
class Protocol:
    """How motions become windows.

    ``stride`` keeps every n-th row; ``nominal_unit_mm`` is the millimetres that a unit of the source counts as
    under a protocol with nominal units (None: as many as it has); ``root`` names the joint to re-root at.
    """

    protocol: str
    history: int
    future: int
    stride: int = 1
    nominal_unit_mm: float | None = None
    root: str | None = None

    def scale(self, unit_mm: float) -> float:
        """What turns millimetres into the protocol's unit, of a source whose unit is ``unit_mm``."""
        nominal = names.load(PROTOCOLS, self.protocol).NOMINAL
        return self.nominal_unit_mm / unit_mm if nominal and self.nominal_unit_mm else 1.0


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
    module = names.load(PROTOCOLS, protocol.protocol)
    scale = protocol.scale(motions.attrs["recording"]["unit_mm"])
    length = protocol.history + protocol.future
    extent: np.ndarray | None = None
    frames, short = 0, []
    splits = motions.split.values
    with store.Writer(out, WINDOWS) as writer:
        total = motions.sizes["sequence"]
        for index, sequence in enumerate(track(sequences(motions, protocol.root), "cutting windows", total)):
            position = np.ascontiguousarray(module.place(sequence, scale)[:: protocol.stride])
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
            "frame_ms_nominal": NOMINAL_FRAME_MS if module.NOMINAL else 1000 / rate,
            "too_short": short,
        }


def used_joints(skeleton: Skeleton, moves: np.ndarray) -> tuple[int, ...]:
    """The joints a predictor sees: those that move (``moves`` (joint,) bool) and are not another's duplicate.

    On CMU and Human3.6M under ``ltd`` these are the reference code's 25 and 22 joints.
    """
    same = representative(skeleton)
    return tuple(joint for joint in range(len(skeleton)) if same[joint] == joint and moves[joint])
