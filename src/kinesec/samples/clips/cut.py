"""Cuts motions into labelled clips of one length for recognizers: one take at a time, by a protocol.

``kinesec.samples.clips.protocols`` holds the protocols; what they do is in docs/definitions.md, "Clips".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.files import store
from kinesec.files.errors import StoreError
from kinesec.files.kinds.clips import CLIPS
from kinesec.files.kinds.motions import MOTIONS
from kinesec.motion.skeleton import Skeleton
from kinesec.progress import track
from kinesec.samples.clips.moments import Moments
from kinesec.samples.clips.protocols.base import ClipProtocol, Take
from kinesec.samples.clips.split import Split
from kinesec.samples.frames import Frames
from kinesec.settings import known_keys, parameters

LEAST_SCALE_MM = 1e-3


def build(protocol: Mapping[str, Any]) -> tuple[ClipProtocol, Split]:
    """The protocol and the split that a configuration's mapping asks for.

    ``protocol`` is the name of the module; the settings of the protocol and of ``Split`` stand beside it or under
    ``settings``. Raises ``ConfigError`` naming the key, what was found and what was expected.
    """
    beside = {key: value for key, value in protocol.items() if key not in ("protocol", "settings")}
    under = protocol.get("settings") or {}
    if not isinstance(under, Mapping):
        raise ConfigError(f"settings: found {under!r}, expected a mapping of settings of clips")
    twice = sorted(set(beside) & set(under))
    if twice:
        raise ConfigError(f"{twice[0]}: found twice, beside `settings` and under it, expected once")
    settings = {**beside, **under}
    name = names.check("samples.clips.protocols", str(protocol.get("protocol")), "protocol")
    kind: type[ClipProtocol] = names.load("samples.clips.protocols", name).PROTOCOL
    of_split = parameters(Split)
    known_keys("clips", settings, {**parameters(kind), **of_split})
    split = {key: value for key, value in settings.items() if key in of_split}
    return kind(**{key: value for key, value in settings.items() if key not in split}), Split(**split)


@dataclass(frozen=True)
class _Index:
    """What a motions store says of its sequences, without their frames; ``takes`` are the rows of each take."""

    path: Path
    start: np.ndarray
    length: np.ndarray
    fps: np.ndarray
    source: list[str]
    split: list[str]
    label: np.ndarray
    classes: list[str]
    takes: list[list[int]]

    @classmethod
    def of(cls, path: Path, motions: xr.Dataset, joins_bodies: bool) -> _Index:
        source = [str(name) for name in motions.source.values]
        takes: list[list[int]] = []
        for row, name in enumerate(source):
            if joins_bodies and takes and source[takes[-1][-1]] == name:
                takes[-1].append(row)
            else:
                takes.append([row])
        length = motions.length.values
        for rows in takes:
            lengths = length[rows].tolist()
            if len(set(lengths)) > 1:
                raise StoreError(
                    f"{path}: {source[rows[0]]}: found bodies of {lengths} frames, expected as many in each"
                )
        action = [str(name) for name in motions.action.values]
        classes = sorted(set(action))
        return cls(
            path=path,
            start=motions.start.values,
            length=length,
            fps=motions.fps.values,
            source=source,
            split=[str(name) for name in motions.split.values],
            label=np.array([classes.index(name) for name in action], dtype=np.int64),
            classes=classes,
            takes=takes,
        )

    def read(self, frames: Frames, rows: list[int], skeleton: Skeleton) -> Take:
        bodies = []
        for row in rows:
            position = frames.read(int(self.start[row]), int(self.length[row])).astype(np.float64)
            bad = np.argwhere(~np.isfinite(position))
            if len(bad):
                frame, joint = (int(place) for place in bad[0, :2])
                raise StoreError(
                    f"{self.path}: {self.source[row]}, frame {frame}, joint {skeleton.names[joint]!r}: found a "
                    "position that is not finite, expected millimetres; ingest it again"
                )
            bodies.append(position)
        return Take(np.stack(bodies), float(self.fps[rows[0]]), skeleton)


@dataclass(frozen=True)
class _Plan:
    """Every clip before any is cut: which take it is of, the frame it begins with, and its split (clip,)."""

    take: np.ndarray
    first_frame: np.ndarray
    split: np.ndarray

    @classmethod
    def of(cls, index: _Index, chosen: ClipProtocol, split: Split) -> _Plan:
        firsts = [chosen.first_frames(int(index.length[rows[0]]), float(index.fps[rows[0]])) for rows in index.takes]
        take = np.repeat(np.arange(len(firsts)), [len(first) for first in firsts])
        recorded = np.array([index.split[rows[0]] for rows in index.takes], dtype=object)
        dealt = split.deal(recorded[take])
        if "train" not in dealt:
            why = f"{len(take)} clips, of {', '.join(sorted(set(dealt)))}" if len(take) else "no take long enough"
            raise StoreError(f"{index.path}: found {why}, expected at least one clip to train on")
        return cls(take, np.concatenate(firsts), dealt)


def cut(motions_path: Path, out: Path, protocol: Mapping[str, Any]) -> None:
    """Cuts a motions store into a clips store at ``out``; see ``build`` for ``protocol``.

    Takes too short for the protocol are listed in the store's ``too_short``, those whose end is in no clip in
    ``truncated``. The mean pose and the scale are of the training clips as stored. Raises ``ConfigError`` for settings
    that do not fit the data, ``StoreError`` where no clip is left to train on, training clips do not move, bodies of a
    file differ in length, or a position is not finite.
    """
    chosen, split = build(protocol)
    motions = store.read(motions_path, MOTIONS)
    source = Skeleton.from_attrs(motions.attrs["skeleton"])
    skeleton = chosen.skeleton(source)
    index = _Index.of(motions_path, motions, chosen.joins_bodies)
    plan = _Plan.of(index, chosen, split)
    of_take = np.searchsorted(plan.take, np.arange(len(index.takes) + 1))
    used = [rows[0] for rows, count in zip(index.takes, np.diff(of_take), strict=True) if count]
    rate = chosen.rate(index.length[used], index.fps[used])
    frames = Frames(motions.position)
    moments = Moments(len(skeleton))
    with store.Writer(out, CLIPS) as writer:
        for take, rows in enumerate(track(index.takes, "cutting clips")):
            clips = slice(of_take[take], of_take[take + 1])
            count = len(plan.take[clips])
            if not count:
                continue
            made = chosen.cut(index.read(frames, rows, source))
            position = made.position.astype(np.float32)
            training = plan.split[clips] == "train"
            moments.add(position[training, : made.bodies, : made.length])
            writer.append(
                position=position,
                label=np.full(count, index.label[rows[0]]),
                bodies=np.full(count, made.bodies),
                length=np.full(count, made.length),
                first_frame=plan.first_frame[clips],
                sequence_index=np.full(count, rows[0]),
                split=plan.split[clips],
            )
        writer.append(**{name: motions[name].values for name in ("source", "subject", "take")})
        mean, scale = moments.normalisation(chosen.scaling)
        if not scale > LEAST_SCALE_MM:
            raise StoreError(f"{motions_path}: found training clips that are all one point, expected motion")
        writer.attrs = {
            "skeleton": skeleton.to_attrs(),
            "dataset": motions.attrs["dataset"],
            "protocol": protocol["protocol"],
            "settings": asdict(chosen) | asdict(split),
            "classes": index.classes,
            "fps": rate,
            "up": chosen.up,
            "mean_mm": mean.tolist(),
            "scale_mm": scale,
            "split_by": split.split_by,
            "too_short": [index.source[rows[0]] for rows in index.takes if rows[0] not in set(used)],
            "truncated": [
                index.source[row] for row in used if chosen.truncates(int(index.length[row]), float(index.fps[row]))
            ],
            **chosen.notes(source),
        }
