"""Writes BVH files; the way in is ``bvh.write``."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from kinesec.errors import KinesecError
from kinesec.motion.kinematics import matrices_from_quaternions
from kinesec.motion.recording import Motion
from kinesec.motion.skeleton import Skeleton, tree_order
from kinesec.sources.readers._axes import check_unit

_ROWS = 256  # frames formatted at a time


def write(path: str | Path, motion: Motion, *, unit_mm: float = 10.0, digits: int = 6) -> None:
    """Writes a motion with rotations as BVH: y up, ``unit_mm`` millimetres a unit (10: centimetres).

    The root has six channels, another joint three (Zrotation Xrotation Yrotation), or six where its bone's length or
    rest direction changes over time. A leaf named ``<parent>_end`` becomes its parent's End Site; another leaf gets an
    End Site of length 0, as the format asks. Joints are written depth first. The file appears whole or not at all.

    Raises ``KinesecError`` when the motion has no rotations or they turn joints' own bones (``turns="own"``).
    """
    path, unit, skeleton = Path(path), check_unit(unit_mm), motion.skeleton
    if motion.rotation is None or skeleton.turns != "children":
        raise KinesecError(f"{path}: a BVH file needs rotations that turn the bones to a joint's children")
    quaternion = motion.rotation.astype(np.float64)
    quaternion /= np.linalg.norm(quaternion, axis=-1, keepdims=True)
    matrices = matrices_from_quaternions(quaternion)
    translation = _translations(motion.position.astype(np.float64), matrices, skeleton.parents)
    tolerance = 2e-3 + 4e-7 * float(np.abs(motion.position).max())
    moving = np.abs(translation - skeleton.offsets).max(axis=(0, 2)) > tolerance
    moving[0] = True
    header: list[str] = ["HIERARCHY"]
    columns: list[np.ndarray] = []
    angles = _zxy_degrees(matrices)

    def place(joint: int, depth: int) -> None:
        pad, children = "\t" * depth, [j for j, parent in enumerate(skeleton.parents) if parent == joint]
        header.append(f"{pad}{'JOINT' if depth else 'ROOT'} {skeleton.names[joint]}")
        header.extend([pad + "{", f"{pad}\tOFFSET {_triple(skeleton.offsets[joint] / unit, digits)}"])
        axes = "Xposition Yposition Zposition " if moving[joint] else ""
        header.append(f"{pad}\tCHANNELS {6 if moving[joint] else 3} {axes}Zrotation Xrotation Yrotation")
        if moving[joint]:
            columns.append(translation[:, joint] / unit)
        columns.append(angles[:, joint])
        ends = [child for child in children if _is_end(skeleton, child, bool(moving[child]))]
        for offset in [skeleton.offsets[end] for end in ends] or ([] if children else [np.zeros(3)]):
            site = [f"{pad}\tEnd Site", pad + "\t{", f"{pad}\t\tOFFSET {_triple(offset / unit, digits)}", pad + "\t}"]
            header.extend(site)
        for child in children:
            if child not in ends:
                place(child, depth + 1)
        header.append(pad + "}")

    place(0, 0)
    header.extend(["MOTION", f"Frames: {len(motion)}", f"Frame Time: {1.0 / motion.fps:.10g}", ""])
    _write_whole(path, "\n".join(header), np.concatenate(columns, axis=1), digits)


def _is_end(skeleton: Skeleton, joint: int, moving: bool) -> bool:
    named = skeleton.names[joint] == f"{skeleton.names[skeleton.parents[joint]]}_end"
    return named and joint not in skeleton.parents and not moving


def _triple(vector: np.ndarray, digits: int) -> str:
    return " ".join(f"{value:.{digits}f}" for value in vector)


def _translations(position: np.ndarray, matrices: np.ndarray, parents: tuple[int, ...]) -> np.ndarray:
    """Each joint's place in its parent's axes (frame, joint, xyz); the root's is its position."""
    turned: dict[int, np.ndarray] = {0: matrices[:, 0]}
    local = np.array(position)
    for joint in tree_order(parents)[1:]:
        parent = parents[joint]
        bone = position[:, joint] - position[:, parent]
        local[:, joint] = (bone[:, None] @ turned[parent])[:, 0]
        turned[joint] = turned[parent] @ matrices[:, joint]
    return local


def _zxy_degrees(matrices: np.ndarray) -> np.ndarray:
    """Angles (..., zxy) in degrees with R = Rz Rx Ry; where Rx is a quarter turn, y is 0."""
    m = matrices
    level = np.hypot(m[..., 0, 1], m[..., 1, 1])
    locked = level < 1e-9
    x = np.arctan2(m[..., 2, 1], level)
    z = np.where(locked, np.arctan2(m[..., 1, 0], m[..., 0, 0]), np.arctan2(-m[..., 0, 1], m[..., 1, 1]))
    y = np.where(locked, 0.0, np.arctan2(-m[..., 2, 0], m[..., 2, 2]))
    return np.asarray(np.degrees(np.stack([z, x, y], axis=-1)))


def _write_whole(path: Path, header: str, values: np.ndarray, digits: int) -> None:
    row = " ".join([f"%.{digits}f"] * values.shape[1]) + "\n"
    part = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        with part.open("w", encoding="utf-8", newline="\n") as file:
            file.write(header)
            for first in range(0, len(values), _ROWS):
                block = values[first : first + _ROWS]
                file.write((row * len(block)) % tuple(block.ravel().tolist()))
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
