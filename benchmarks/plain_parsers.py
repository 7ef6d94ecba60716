"""Plain readers, line by line: what anyone would write first, and the yardstick of ``bench_readers.py``.

The ``*_channels`` functions stop at the numbers of the file, which is the least a reader can do; the ``*_motion``
functions give what kinesec's readers give, positions and rotations, frame by frame.
"""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np

Joint = dict[str, object]


def bvh_hierarchy(lines: list[str]) -> tuple[list[Joint], int]:
    """Joints with name, parent, offset and channels, and the index of the first frame's line."""
    joints: list[Joint] = []
    above: list[int] = []
    for index, line in enumerate(lines):
        words = line.split()
        if not words:
            continue
        if words[0] in ("ROOT", "JOINT", "End"):
            joints.append({"name": words[1], "parent": above[-1] if above else -1, "channels": []})
        elif words[0] == "{":
            above.append(len(joints) - 1)
        elif words[0] == "}":
            above.pop()
        elif words[0] == "OFFSET":
            joints[-1]["offset"] = np.array([float(word) for word in words[1:4]])
        elif words[0] == "CHANNELS":
            joints[-1]["channels"] = words[2:]
        elif words[0] == "Frame":
            return joints, index + 1
    raise ValueError("no motion")


def bvh_channels(path: Path) -> np.ndarray:
    """The motion block (frame, channel)."""
    lines = path.read_text().splitlines()
    joints, first = bvh_hierarchy(lines)
    columns = sum(len(joint["channels"]) for joint in joints)  # type: ignore[arg-type]
    rows = []
    for line in lines[first:]:
        words = line.split()
        if not words:
            continue
        if len(words) != columns:
            raise ValueError("columns")
        rows.append([float(word) for word in words])
    return np.array(rows)


def _turn(axis: str, degrees: float) -> np.ndarray:
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    if axis == "X":
        return np.array([[1, 0, 0], [0, c, -s], [0, s, c]])
    if axis == "Y":
        return np.array([[c, 0, s], [0, 1, 0], [-s, 0, c]])
    return np.array([[c, -s, 0], [s, c, 0], [0, 0, 1]])


def bvh_motion(path: Path) -> tuple[np.ndarray, np.ndarray]:
    """Positions (frame, joint, xyz) and local matrices (frame, joint, 3, 3), in the file's unit."""
    lines = path.read_text().splitlines()
    joints, first = bvh_hierarchy(lines)
    positions, rotations = [], []
    for line in lines[first:]:
        words = line.split()
        if not words:
            continue
        at = 0
        placed: list[np.ndarray] = []
        turned: list[np.ndarray] = []
        local: list[np.ndarray] = []
        for joint in joints:
            bone, turn = joint["offset"].copy(), np.eye(3)  # type: ignore[attr-defined]
            for channel in joint["channels"]:  # type: ignore[attr-defined]
                value = float(words[at])
                at += 1
                if channel.endswith("position"):
                    bone["XYZ".index(channel[0])] = value
                else:
                    turn = turn @ _turn(channel[0], value)
            parent: int = joint["parent"]  # type: ignore[assignment]
            placed.append(bone if parent < 0 else placed[parent] + turned[parent] @ bone)
            turned.append(turn if parent < 0 else turned[parent] @ turn)
            local.append(turn)
        positions.append(placed)
        rotations.append(local)
    return np.array(positions), np.array(rotations)


def amc_channels(path: Path) -> np.ndarray:
    """The frames' values (frame, channel) in the file's own order of bones."""
    frames: list[dict[str, list[float]]] = []
    for line in path.read_text(encoding="iso-8859-1").splitlines():
        words = line.split()
        if not words or words[0][0] in "#:":
            continue
        if len(words) == 1 and words[0].isdigit():
            frames.append({})
        else:
            frames[-1][words[0]] = [float(word) for word in words[1:]]
    bones = list(frames[0])
    return np.array([[value for bone in bones for value in frame[bone]] for frame in frames])


def expmap_rows(path: Path) -> np.ndarray:
    """The rows (frame, column)."""
    rows = []
    for line in path.read_text().splitlines():
        if line.strip():
            rows.append([float(field) for field in line.split(",")])
    return np.array(rows)
