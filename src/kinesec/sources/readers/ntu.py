"""NTU RGB+D ``.skeleton`` files: text, 25 joints a body, as a Kinect v2 tracks them.

Layout and joint links: github.com/shahroudy/NTURGB-D (Matlab/read_skeleton_file.m, show_skeleton_on_depthmaps.m).
Axes: Kinect v2 camera space (learn.microsoft.com, "Coordinate mapping"): metres, right-handed, x to the sensor's left,
y up as far as the sensor stands level, z away from it. The files hold no rate; the data set's paper states 30 Hz.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from kinesec.motion.recording import Motion, Recording
from kinesec.motion.skeleton import Skeleton
from kinesec.sources.errors import BadFile
from kinesec.sources.readers._gaps import fill
from kinesec.sources.readers._text import load, shown

EXTENSIONS = (".skeleton",)
FPS = 30.0
KINECT_BODIES = 6  # a Kinect v2 tracks no more at once
FARTHEST_M = 100.0  # over ten times a Kinect's reach: what lies beyond is damage, not a body
JOIN_MM = 500.0

_UP, _LEFT, _RIGHT, _DOWN, _FRONT = (0, 1, 0), (1, 0, 0), (-1, 0, 0), (0, -1, 0), (0, 0, 1)
# Name, parent, direction of the bone in a T-pose that faces +z; in the data set's own order, which recognizers use.
_JOINTS: tuple[tuple[str, int, tuple[int, int, int]], ...] = (
    ("SpineBase", -1, (0, 0, 0)),
    ("SpineMid", 0, _UP),
    ("Neck", 20, _UP),
    ("Head", 2, _UP),
    ("ShoulderLeft", 20, _LEFT),
    ("ElbowLeft", 4, _LEFT),
    ("WristLeft", 5, _LEFT),
    ("HandLeft", 6, _LEFT),
    ("ShoulderRight", 20, _RIGHT),
    ("ElbowRight", 8, _RIGHT),
    ("WristRight", 9, _RIGHT),
    ("HandRight", 10, _RIGHT),
    ("HipLeft", 0, _LEFT),
    ("KneeLeft", 12, _DOWN),
    ("AnkleLeft", 13, _DOWN),
    ("FootLeft", 14, _FRONT),
    ("HipRight", 0, _RIGHT),
    ("KneeRight", 16, _DOWN),
    ("AnkleRight", 17, _DOWN),
    ("FootRight", 18, _FRONT),
    ("SpineShoulder", 1, _UP),
    ("HandTipLeft", 7, _LEFT),
    ("ThumbLeft", 7, _FRONT),
    ("HandTipRight", 11, _RIGHT),
    ("ThumbRight", 11, _FRONT),
)
NAMES = tuple(name for name, _, _ in _JOINTS)
PARENTS = tuple(parent for _, parent, _ in _JOINTS)
_DIRECTIONS = np.array([direction for _, _, direction in _JOINTS], dtype=np.float64)
GROUPS = {
    "trunk": (1, 20, 2, 3, 4, 8, 12, 16),
    "left_arm": (5, 6, 7, 21, 22),
    "right_arm": (9, 10, 11, 23, 24),
    "left_leg": (13, 14, 15),
    "right_leg": (17, 18, 19),
}


@dataclass
class _Track:
    """The frames in which one tracking id is seen, and the line of its first joint in each."""

    frames: list[int] = field(default_factory=list)
    lines: list[int] = field(default_factory=list)
    pieces: int = 1


def skeleton(position: np.ndarray, seen: np.ndarray) -> Skeleton:
    """The 25 joints with a T-pose as rest pose, its bones as long as their median over ``seen`` (frame,) frames."""
    bones = position - position[:, [max(parent, 0) for parent in PARENTS]]
    lengths = np.median(np.linalg.norm(bones[seen], axis=-1), axis=0)
    return Skeleton(names=NAMES, parents=PARENTS, offsets=_DIRECTIONS * lengths[:, None], groups=GROUPS)


def _lines(path: Path) -> list[list[str]]:
    try:
        text = load(path).decode("ascii")
    except UnicodeDecodeError as error:
        raise BadFile(path, 0, f"byte {error.start} that is not ASCII", "text: numbers alone") from None
    if "_" in text:  # Python reads 1_0 as a number, no other reader of this format does
        raise BadFile(path, text[: text.index("_")].count("\n") + 1, "'_'", "numbers alone")
    return [line.split() for line in text.rstrip().split("\n")]


def _count(path: Path, lines: list[list[str]], at: int, what: str, least: int, most: int) -> int:
    if at >= len(lines):
        raise BadFile(path, at + 1, "the end of the file", what)
    words = lines[at]
    if len(words) != 1 or not re.fullmatch(r"[0-9]{1,9}", words[0]) or not least <= int(words[0]) <= most:
        raise BadFile(path, at + 1, shown(" ".join(words)), what)
    return int(words[0])


def _tracks(path: Path, lines: list[list[str]]) -> tuple[int, dict[str, _Track]]:
    frames = _count(path, lines, 0, "the number of frames, 1 to 99999, alone on line 1", 1, 99_999)
    tracks: dict[str, _Track] = {}
    at = 1
    for frame in range(frames):
        bodies = _count(path, lines, at, f"the number of bodies in frame {frame}, 0 to 6", 0, KINECT_BODIES)
        at += 1
        for _ in range(bodies):
            head = lines[at] if at < len(lines) else []
            if len(head) != 10 or not re.fullmatch(r"-?[0-9]{1,20}", head[0]):
                text = f"{len(head)} fields ({shown(' '.join(head))})" if head else "the end of the file"
                raise BadFile(path, at + 1, text, f"10 fields, the first a body's id, in frame {frame}")
            _count(path, lines, at + 1, f"25, the number of joints, in frame {frame}", 25, 25)
            for line in range(at + 2, at + 27):
                fields = len(lines[line]) if line < len(lines) else 0
                if fields != 12:
                    name = NAMES[line - at - 2]
                    raise BadFile(path, line + 1, f"{fields} fields", f"12, of joint {name!r} in frame {frame}")
            track = tracks.setdefault(head[0], _Track())
            if track.frames and track.frames[-1] == frame:
                raise BadFile(path, at + 1, f"body {head[0]} twice in frame {frame}", "each body once a frame")
            track.frames.append(frame)
            track.lines.append(at + 2)
            at += 27
    if at < len(lines):
        raise BadFile(path, at + 1, f"{len(lines) - at} more lines", f"the end of the file after {frames} frames")
    if not tracks:
        raise BadFile(path, 0, f"no body in any of {frames} frames", "at least one")
    return frames, tracks


def _values(path: Path, lines: list[list[str]], track: _Track) -> tuple[np.ndarray, np.ndarray]:
    """Positions (seen frame, joint, xyz) in metres, and which joints are tracked or inferred (seen frame, joint)."""
    rows = [lines[line][:3] + lines[line][11:] for first in track.lines for line in range(first, first + 25)]
    try:
        numbers = np.array(rows, dtype=np.float64).reshape(-1, 25, 4)
    except ValueError:
        numbers = np.array([[_number(word) for word in row] for row in rows]).reshape(-1, 25, 4)
    position, state = numbers[..., :3], numbers[..., 3]
    bad = ~(np.abs(position) <= FARTHEST_M).all(axis=-1) | ~np.isin(state, (0, 1, 2))
    if bad.any():
        frame, joint = (int(index) for index in np.argwhere(bad)[0])
        line = track.lines[frame] + joint
        words = [*lines[line][:3], lines[line][11]]
        raise BadFile(
            path,
            line + 1,
            f"position and tracking state {shown(' '.join(words))} of joint {NAMES[joint]!r}",
            f"three numbers within {FARTHEST_M:g} m and a state of 0, 1 or 2",
        )
    return position, state > 0


def _number(word: str) -> float:
    try:
        return float(word)
    except ValueError:
        return float("nan")


def _join(values: list[tuple[_Track, np.ndarray, np.ndarray]]) -> list[tuple[_Track, np.ndarray, np.ndarray]]:
    """Tracks in order of appearance, a person who was lost and found again under a new id being one track.

    A track goes on in the one that starts after its end with the spine base at most ``JOIN_MM`` away; ours.
    """
    chains: list[tuple[_Track, np.ndarray, np.ndarray]] = []
    for track, position, seen in sorted(values, key=lambda value: value[0].frames[0]):
        gaps = [
            float(np.linalg.norm(chain[1][-1, 0] - position[0, 0])) * 1000
            if chain[0].frames[-1] < track.frames[0]
            else np.inf
            for chain in chains
        ]
        nearest = int(np.argmin(gaps)) if gaps else -1
        if nearest < 0 or gaps[nearest] > JOIN_MM:
            chains.append((track, position, seen))
            continue
        first, before, seen_before = chains[nearest]
        whole = _Track(first.frames + track.frames, first.lines + track.lines, first.pieces + 1)
        chains[nearest] = (whole, np.concatenate([before, position]), np.concatenate([seen_before, seen]))
    return chains


def _energy(position: np.ndarray) -> float:
    """2s-AGCN's measure of a body's motion: the standard deviations of x, y and z over its frames and joints, added."""
    return float(position.reshape(-1, 3).std(axis=0).sum())


def _motion(track: _Track, position: np.ndarray, seen: np.ndarray, frames: int, body: int) -> Motion:
    whole = np.zeros((frames, 25, 3))
    whole[track.frames] = position * 1000
    present = np.zeros(frames, dtype=bool)
    present[track.frames] = True
    tracked = np.zeros((frames, 25), dtype=bool)
    tracked[track.frames] = seen
    # A joint that was never tracked keeps the sensor's guesses, where the body is there at all.
    known = np.where(tracked.any(axis=0), tracked, present[:, None])
    whole = fill(whole, known)
    notes = [f"{frames - len(track.frames)} of {frames} frames without this body: interpolated"]
    if track.pieces > 1:
        notes.append(f"{track.pieces} tracking ids joined: each starts at most {JOIN_MM:g} mm from the last one's end")
    return Motion(
        skeleton=skeleton(whole, present),
        position=whole.astype(np.float32),
        fps=FPS,
        recording=Recording(unit_mm=1000.0, unit_from="published", fps_from="published", notes=tuple(notes)),
        body=body,
        missing=~tracked,
    )


def read(path: str | Path, *, bodies: int = 2) -> tuple[Motion, ...]:
    """One ``Motion`` for each of the at most ``bodies`` bodies that move most, the liveliest first.

    Every motion has all frames of the file; where its body is absent or a joint not tracked, ``missing`` says so and
    the position is interpolated. Raises ``BadFile`` for anything that does not follow the format, and when no frame
    has a body.
    """
    path = Path(path)
    lines = _lines(path)
    frames, tracks = _tracks(path, lines)
    chains = _join([(track, *_values(path, lines, track)) for track in tracks.values()])
    chains.sort(key=lambda chain: -_energy(chain[1]))
    return tuple(_motion(*chain, frames, body) for body, chain in enumerate(chains[:bodies]))
