"""BVH files: a HIERARCHY of joints and a MOTION block of channels (Biovision; no unit, no up axis in the file)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kinesec.motion.kinematics import forward, matrices_from_quaternions
from kinesec.motion.recording import Motion, Recording
from kinesec.motion.skeleton import Skeleton, guess_groups
from kinesec.sources.errors import BadFile
from kinesec.sources.readers._axes import check_unit, from_euler, to_y_up, turn_quaternions
from kinesec.sources.readers._bvh_write import write as write
from kinesec.sources.readers._text import decode, load, number, shown, table

EXTENSIONS = (".bvh",)
_MOTION = re.compile(rb"(?<![^\s}])MOTION(?=\s|$)")
_CHANNELS = {f"{axis}{kind}": (kind, i) for i, axis in enumerate("XYZ") for kind in ("position", "rotation")}


@dataclass
class Hierarchy:
    """Joints in the file's order, End Sites included; ``channels`` are (position or rotation, axis) in their order."""

    names: list[str] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    offsets: list[list[float]] = field(default_factory=list)
    channels: list[list[tuple[str, int]]] = field(default_factory=list)


class _Tokens:
    """The hierarchy's words with their lines."""

    def __init__(self, path: Path, text: str) -> None:
        self.path = path
        self.words = [(word, n) for n, line in enumerate(text.split("\n"), start=1) for word in line.split()]
        self.end = text.count("\n") + 1
        self.at = 0

    @property
    def line(self) -> int:
        return self.words[self.at - 1][1] if self.at else 1

    def next(self, expected: str) -> str:
        if self.at == len(self.words):
            raise BadFile(self.path, self.end, "the end of the hierarchy", expected)
        self.at += 1
        return self.words[self.at - 1][0]

    def take(self, word: str) -> None:
        next_word = self.next(word)
        if next_word != word:
            raise BadFile(self.path, self.line, shown(next_word), word)

    def name(self) -> str:
        """Words up to the brace: some exporters leave blanks in joint names."""
        words = []
        while (word := self.next("a joint name and {")) != "{":
            words.append(word)
        if not words:
            raise BadFile(self.path, self.line, "no name", "a joint name before {")
        return " ".join(words)

    def several(self, count: int, expected: str) -> list[str]:
        if self.at + count > len(self.words):
            raise BadFile(self.path, self.end, "the end of the hierarchy", expected)
        self.at += count
        return [word for word, _ in self.words[self.at - count : self.at]]


def _channels(tokens: _Tokens) -> list[tuple[str, int]]:
    count = tokens.next("a number of channels")
    if count not in [str(n) for n in range(7)]:
        raise BadFile(tokens.path, tokens.line, f"{shown(count)} channels", "0 to 6")
    names = tokens.several(int(count), "channel names")
    channels = [_CHANNELS.get(name) for name in names]
    if None in channels or len(set(names)) < len(names):
        place = next(i for i, name in enumerate(names) if name not in _CHANNELS or name in names[:i])
        raise BadFile(
            tokens.path, tokens.line, f"channel {shown(names[place])}", f"each of {', '.join(_CHANNELS)} once"
        )
    return [channel for channel in channels if channel is not None]


def _joint(tokens: _Tokens, joints: Hierarchy, name: str, parent: int, end_site: bool) -> int:
    """Reads a joint's own entries and returns its index."""
    if name in joints.names:
        raise BadFile(tokens.path, tokens.line, f"joint {shown(name)} a second time", "unique joint names")
    joints.names.append(name)
    joints.parents.append(parent)
    tokens.take("OFFSET")
    words = tokens.several(3, "an offset")
    joints.offsets.append([number(tokens.path, tokens.line, word, "an offset") for word in words])
    joints.channels.append([])
    following = tokens.words[tokens.at][0] if tokens.at < len(tokens.words) else ""
    if following == "CHANNELS" and not end_site:
        tokens.take("CHANNELS")
        joints.channels[-1] = _channels(tokens)
    return len(joints.names) - 1


def read_hierarchy(path: Path, text: str) -> Hierarchy:
    """The joints of the text before MOTION; raises ``BadFile`` at the first word that does not fit."""
    tokens, joints = _Tokens(path, text), Hierarchy()
    tokens.take("HIERARCHY")
    tokens.take("ROOT")
    above = [_joint(tokens, joints, tokens.name(), -1, False)]
    while above:
        word = tokens.next("JOINT, End Site or }")
        if word == "JOINT":
            above.append(_joint(tokens, joints, tokens.name(), above[-1], False))
        elif word == "End":
            tokens.take("Site")
            tokens.take("{")
            _joint(tokens, joints, f"{joints.names[above[-1]]}_end", above[-1], True)
            tokens.take("}")
        elif word == "}":
            above.pop()
        else:
            raise BadFile(path, tokens.line, shown(word), "JOINT, End Site or }")
    if tokens.at < len(tokens.words):
        raise BadFile(path, tokens.words[tokens.at][1], shown(tokens.words[tokens.at][0]), "MOTION after one ROOT")
    return joints


def read_channels(path: Path) -> tuple[Hierarchy, float, np.ndarray]:
    """The joints, the frame time in seconds and the channels (frame, channel) as the file has them."""
    data = load(path)
    mark = _MOTION.search(data)
    header = data[: mark.start()] if mark else data
    joints = read_hierarchy(path, decode(header))
    line = header.count(b"\n") + 1
    if not mark:
        raise BadFile(path, line, "the end of the file", "MOTION after the hierarchy")
    frames, at, claimed = _setting(path, data, mark.end(), line, "Frames:", "a number of frames")
    frame_time, at, line = _setting(path, data, at, claimed + 1, "Frame Time:", "seconds a frame")
    if frames != int(frames) or frame_time < 1e-6:
        raise BadFile(path, claimed, f"{frames:g} frames of {frame_time:g} s", "whole frames of a microsecond or more")
    line += 1
    columns = sum(map(len, joints.channels))
    if not columns:
        raise BadFile(path, 1, "no channels", "at least one joint with channels")
    rows = table(path, data, at, line, columns)
    if len(rows) != frames:
        raise BadFile(path, claimed, f"Frames: {frames:.0f}", f"the {len(rows)} frames that follow")
    return joints, frame_time, rows


def _setting(path: Path, data: bytes, at: int, line: int, key: str, what: str) -> tuple[float, int, int]:
    """A positive number after its key, on the next line that is not blank; where the line after it starts."""
    while data[at : at + 1].isspace():
        line += data[at : at + 1] == b"\n"
        at += 1
    stop = data.find(b"\n", at)
    stop = len(data) if stop < 0 else stop
    text = " ".join(decode(data[at:stop]).split())
    if not text.startswith(key):
        raise BadFile(path, line, shown(text), f"{key} and {what}")
    value = number(path, line, text[len(key) :].strip(), what)
    if value <= 0:
        raise BadFile(path, line, shown(text), f"{what} above 0")
    return value, stop + 1, line


def _frames_per_second(frame_time: float) -> float:
    """Files give few digits: 0.0333333 means 30. Anything further than 0.05 % from a whole rate is kept."""
    fps = 1.0 / frame_time
    return float(round(fps)) if abs(fps - round(fps)) <= 5e-4 * round(fps) else fps


def read(
    path: str | Path,
    *,
    unit_mm: float,
    up: str = "+y",
    handedness: str = "right",
    unit_from: str = "configured",
    axes_from: str = "configured",
) -> tuple[Motion, ...]:
    """The one body of a BVH file.

    ``unit_mm`` is the file's unit in millimetres; the format does not state it. A joint's position channels stand in
    place of its OFFSET, frame by frame (the root's too). An End Site becomes a joint named ``<parent>_end``.

    Raises ``BadFile`` at the first line that does not follow the format, holds another number of values than the
    hierarchy has channels, or a value that is not finite; ``ConfigError`` for an unknown axis or unit.
    """
    path, unit, axes = Path(path), check_unit(unit_mm), to_y_up(up, handedness)
    joints, frame_time, rows = read_channels(path)
    count = len(joints.names)
    rest = np.array(joints.offsets)
    translation = np.broadcast_to(rest, (len(rows), count, 3)).copy()
    angles, turns = np.zeros((len(rows), count, 3)), np.zeros((count, 3), dtype=np.intp)
    column, translated = 0, False
    for joint, channels in enumerate(joints.channels):
        turn = 0
        for kind, axis in channels:
            if kind == "position":
                translation[:, joint, axis] = rows[:, column]
                translated |= joint > 0
            else:
                angles[:, joint, turn], turns[joint, turn] = rows[:, column], axis
                turn += 1
            column += 1
    quaternion = from_euler(np.radians(angles), turns)
    translation *= unit
    root = translation[:, 0]
    bones = translation if translated else rest * unit
    position = forward(matrices_from_quaternions(quaternion), root, bones, joints.parents) @ axes.T
    names, parents = tuple(joints.names), tuple(joints.parents)
    skeleton = Skeleton(names, parents, rest * unit @ axes.T, "children", guess_groups(names, parents))
    recording = Recording(unit, unit_from, "read", up, handedness, axes_from)
    rotation = turn_quaternions(quaternion, axes).astype(np.float32)
    return (Motion(skeleton, position.astype(np.float32), _frames_per_second(frame_time), recording, rotation),)
