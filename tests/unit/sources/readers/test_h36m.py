"""Human3.6M exponential maps, in files that are written here."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from damaged import Damage, DamagedText
from scipy.spatial.transform import Rotation

from kinesec.motion import kinematics
from kinesec.motion.recording import Motion
from kinesec.sources.readers import h36m


def write(folder: Path, rows: np.ndarray) -> Path:
    path = folder / "walking_1.txt"
    path.write_text("".join(",".join(f"{value:.7f}" for value in row) + "\n" for row in rows))
    return path


def rows_of(frames: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.concatenate([rng.normal(0, 10, (frames, 3)), rng.normal(0, 0.5, (frames, 96))], axis=1).round(7)


def test_the_skeleton_is_the_shared_table(shared: Path) -> None:
    with (shared / "data" / "h36m_skeleton.csv").open() as file:
        table = list(csv.DictReader(file))
    joints = h36m.skeleton()
    assert joints.parents == tuple(int(row["parent"]) for row in table)
    offsets = [[float(row[f"offset_{axis}_mm"]) for axis in "xyz"] for row in table]
    np.testing.assert_array_equal(joints.offsets, offsets)
    used = tuple(int(row["joint"]) for row in table if row["used_by_ltd"] == "1")
    assert joints.groups["ltd_used"] == used
    assert len(used) == 22


def test_the_reference_recurrence_on_row_vectors_gives_the_same_positions(tmp_path: Path) -> None:
    rows = rows_of(9)
    (motion,) = h36m.read(write(tmp_path, rows))
    joints, turn, place = h36m.skeleton(), np.eye(3), np.zeros(3)
    for frame, row in enumerate(rows):
        local = Rotation.from_rotvec(row[3:].reshape(32, 3)).as_matrix()  # used on rows: p = offset @ R
        place = place + turn.T @ row[:3]
        turn = local[0] @ turn
        turned, position = {0: turn}, {0: place}
        for joint, parent in enumerate(joints.parents[1:], start=1):
            position[joint] = joints.offsets[joint] @ turned[parent] + position[parent]
            turned[joint] = local[joint] @ turned[parent]
        np.testing.assert_allclose(motion.position[frame], np.stack(list(position.values())), atol=1e-2)


def test_a_still_pelvis_leaves_the_body_upright_facing_front(tmp_path: Path) -> None:
    (motion,) = h36m.read(write(tmp_path, np.zeros((3, 99))))
    place = dict(zip(motion.skeleton.names, motion.position[-1], strict=True))
    assert place["HeadTop"][1] > place["Hips"][1] > place["LeftFoot"][1]
    assert place["LeftUpLeg"][0] > place["RightUpLeg"][0]
    assert place["LeftToeEnd"][2] > place["LeftFoot"][2]


def test_a_steady_step_and_turn_walk_a_circle(tmp_path: Path) -> None:
    rows = np.zeros((360, 99))
    rows[:, 2], rows[:, 4] = 10.0, -np.radians(1)
    (motion,) = h36m.read(write(tmp_path, rows))
    root = motion.position[:, 0]
    assert np.linalg.norm(root[-1]) < 0.1  # a full turn of 10 mm steps ends where it began
    radius = 10 / (2 * np.sin(np.radians(0.5)))
    assert np.ptp(root[:, 2]) == pytest.approx(2 * radius, rel=1e-3)
    assert np.abs(root[:, 1]).max() == 0.0


def test_rotations_give_the_positions_again_and_bones_keep_their_lengths(tmp_path: Path) -> None:
    (motion,) = h36m.read(write(tmp_path, rows_of(20)))
    assert motion.rotation is not None
    again = kinematics.forward(
        kinematics.matrices_from_quaternions(motion.rotation.astype(np.float64)),
        motion.position[:, 0],
        motion.skeleton.offsets,
        motion.skeleton.parents,
    )
    np.testing.assert_allclose(again, motion.position, atol=0.01)
    lengths = kinematics.bone_lengths(motion.position, motion.skeleton.parents)
    np.testing.assert_allclose(
        lengths, np.broadcast_to(motion.skeleton.bone_lengths[1:], lengths.shape), rtol=1e-4, atol=0.01
    )
    assert motion.fps == 50.0


ROW = ",".join(["0.1"] * 99) + "\n"


class TestDamaged(DamagedText):
    NAME = "bad.txt"
    GOOD = 3 * ROW
    DAMAGES: ClassVar[dict[str, Damage]] = {
        "98 columns": (ROW + ROW.replace("0.1,", "", 1), 2, "98 columns"),
        "117 columns, which is CMU": (",".join(["0"] * 117) + "\n", 1, "117 columns"),
        "a value that is not finite": (ROW + ROW + ROW.replace("0.1", "nan", 1), 3, "nan"),
        "an infinite value": (ROW.replace("0.1", "1e999", 1), 1, "1e999"),
        "a word": (ROW.replace("0.1", "left", 1), 1, "left"),
        "a row cut short": (ROW + ROW[:-20], 2, "columns"),
    }

    def read(self, path: Path) -> list[Motion]:
        return h36m.read(path)
