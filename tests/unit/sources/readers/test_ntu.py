"""NTU .skeleton files, written here line by line as github.com/shahroudy/NTURGB-D reads them."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from damaged import Damage, DamagedText

from kinesec.motion import kinematics
from kinesec.motion.recording import Motion
from kinesec.sources.readers import ntu

HEADER = "0 1 1 0 0 0 0.1 -0.2 2"
Frame = dict[str, np.ndarray]  # id -> (joint, xyz) in metres


def joint_line(xyz: np.ndarray, state: int = 2) -> str:
    x, y, z = (f"{value:.7g}" for value in xyz)
    return f"{x} {y} {z} 276.4 117.3 NaN -Infinity 0.2 0 0.9 -0.1 {state}"


def text_of(frames: list[Frame], states: dict[tuple[int, int], int] | None = None) -> str:
    """The file of some frames; ``states`` gives single (frame, joint) another tracking state than 2."""
    lines = [str(len(frames))]
    for number, frame in enumerate(frames):
        lines.append(str(len(frame)))
        for body, joints in frame.items():
            lines += [f"{body} {HEADER}", "25"]
            lines += [joint_line(xyz, (states or {}).get((number, j), 2)) for j, xyz in enumerate(joints)]
    return "\n".join(lines) + "\n"


def pose(shift: float = 0.0, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(-0.5, 0.5, (25, 3)).round(4) + np.array([shift, 0.0, 3.0])


def write(folder: Path, text: str) -> Path:
    path = folder / "S001C001P001R001A001.skeleton"
    path.write_text(text)
    return path


def test_positions_are_the_files_in_millimetres_and_neither_turned_nor_mirrored(tmp_path: Path) -> None:
    frames = [{"7": pose(0.01 * t)} for t in range(5)]
    (motion,) = ntu.read(write(tmp_path, text_of(frames)))
    expected = 1000 * np.stack([frame["7"] for frame in frames])
    np.testing.assert_allclose(motion.position, expected, atol=1e-3)
    assert motion.missing is not None
    assert not motion.missing.any()
    assert motion.rotation is None
    assert (motion.fps, motion.recording.unit_mm, motion.recording.up) == (30.0, 1000.0, "+y")


def test_skeleton_is_the_data_sets_and_its_rest_pose_has_the_bodys_bone_lengths(tmp_path: Path) -> None:
    (motion,) = ntu.read(write(tmp_path, text_of([{"7": pose(0.01 * t)} for t in range(3)])))
    # papers/skeleton-attacks.md, section 1: 0-based, the root its own parent.
    links = [0, 0, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, 1, 7, 7, 11, 11]
    assert [max(parent, 0) for parent in motion.skeleton.parents] == links
    rest = np.zeros((25, 3, 3)) + np.eye(3)
    still = kinematics.forward(rest, np.zeros(3), motion.skeleton.offsets, motion.skeleton.parents)
    np.testing.assert_allclose(
        kinematics.bone_lengths(still, motion.skeleton.parents),
        kinematics.bone_lengths(motion.position[0], motion.skeleton.parents),
        rtol=1e-4,
    )
    assert still[3, 1] == still[:, 1].max()  # the head is highest
    for part, joints in motion.skeleton.groups.items():
        sides = {"l": ["Left"], "r": ["Right"], "t": ["Spine", "Neck", "Head", "Shoulder", "Hip"]}[part[0]]
        assert all(any(side in motion.skeleton.names[joint] for side in sides) for joint in joints)


def test_absent_frames_and_untracked_joints_are_marked_and_interpolated(tmp_path: Path) -> None:
    start, end = pose(), pose(0.2)
    frames: list[Frame] = [{}, {"7": start}, {}, {"7": end}, {"7": end}, {}]
    (motion,) = ntu.read(write(tmp_path, text_of(frames, states={(3, 9): 0})))
    assert motion.missing is not None
    np.testing.assert_array_equal(motion.missing.all(axis=1), [True, False, True, False, False, True])
    np.testing.assert_allclose(motion.position[0], 1000 * start, atol=1e-2)
    np.testing.assert_allclose(np.delete(motion.position[2], 9, 0), 500 * np.delete(start + end, 9, 0), atol=1e-2)
    assert motion.missing[3, 9]
    np.testing.assert_allclose(motion.position[3, 9], 1000 * (start + 2 * (end - start) / 3)[9], atol=1e-2)
    np.testing.assert_allclose(motion.position[5], 1000 * end, atol=1e-2)


def test_of_three_bodies_the_two_that_move_most_are_kept_liveliest_first(tmp_path: Path) -> None:
    still, slow, fast = pose(seed=1), pose(seed=1), pose(seed=1)
    frames = [{"1": still, "2": slow + 0.02 * t, "3": fast - 0.08 * t} for t in range(10)]
    path = write(tmp_path, text_of(frames))
    first, second = ntu.read(path)
    assert (first.body, second.body) == (0, 1)
    np.testing.assert_allclose(first.position[-1], 1000 * (fast - 0.72), atol=1e-2)
    np.testing.assert_allclose(second.position[-1], 1000 * (slow + 0.18), atol=1e-2)
    assert len(ntu.read(path, bodies=1)) == 1
    assert len(ntu.read(path, bodies=3)) == 3


@pytest.mark.parametrize(("shift", "bodies"), [(0.1, 1), (2.0, 2)])
def test_a_person_found_again_nearby_under_a_new_id_is_one_body(tmp_path: Path, shift: float, bodies: int) -> None:
    frames: list[Frame] = [{"1": pose()}, {"1": pose()}, {}, {"9": pose(shift)}, {"9": pose(shift)}]
    motions = ntu.read(write(tmp_path, text_of(frames)))
    assert len(motions) == bodies
    assert any("joined" in note for note in motions[0].recording.notes) == (bodies == 1)


def test_two_people_at_once_are_never_joined(tmp_path: Path) -> None:
    frames = [{"1": pose(), "2": pose(0.05)} for _ in range(3)]
    assert len(ntu.read(write(tmp_path, text_of(frames)))) == 2


GOOD = text_of([{"7": pose()}, {"7": pose(0.1), "8": pose(1.0)}])
LINES = GOOD.split("\n")


def replaced(line: int, text: str) -> str:
    return "\n".join([*LINES[: line - 1], text, *LINES[line:]])


class TestDamaged(DamagedText):
    NAME = "bad.skeleton"
    GOOD = GOOD
    DAMAGES: ClassVar[dict[str, Damage]] = {
        "no frames": ("0\n", 1, "'0'"),
        "no body in any frame": ("3\n0\n0\n0\n", 0, "no body in any"),
        "a negative frame count": (replaced(1, "-1"), 1, "'-1'"),
        "a frame count that is no number": (replaced(1, "two"), 1, "'two'"),
        "more frames than the file has": (replaced(1, "3"), len(LINES), "end of the file"),
        "an enormous frame count": (replaced(1, "9" * 5000), 1, "'9999"),
        "fewer frames than the file has": (replaced(1, "1"), 30, "55 more lines"),
        "seven bodies": (replaced(2, "7"), 2, "'7'"),
        "a body line of nine fields": (replaced(3, "7 0 1 1 0 0 0 0.1 2"), 3, "9 fields"),
        "a body id that is no number": (replaced(3, f"x {HEADER}"), 3, "'x 0"),
        "twenty joints": (replaced(4, "20"), 4, "'20'"),
        "a joint line of eleven fields": (replaced(5, "0 0 3 1 1 1 1 0 0 0 2"), 5, "11 fields"),
        "a blank line": (replaced(5, ""), 5, "0 fields"),
        "a position that is no number": (
            replaced(6, joint_line(pose()[0]).replace("276.4", "1").replace("3", "z", 1)),
            6,
            "0.1z7",
        ),
        "a position that is not finite": (replaced(6, "nan" + LINES[5][LINES[5].index(" ") :]), 6, "'nan"),
        "a body beyond the sensor's reach": (replaced(6, "1e300" + LINES[5][LINES[5].index(" ") :]), 6, "'1e300"),
        "a tracking state of 5": (replaced(7, joint_line(pose()[0], 5)), 7, "2.541 5'"),
        "a number that only Python reads": (replaced(6, "1_0" + LINES[5][LINES[5].index(" ") :]), 6, "'_'"),
        "a body twice in a frame": (GOOD.replace(f"\n8 {HEADER}", f"\n7 {HEADER}"), 58, "body 7 twice"),
        "not ASCII": (GOOD.replace("2", "\uff12", 1), 0, "not ASCII"),
    }

    def read(self, path: Path) -> list[Motion]:
        return ntu.read(path)
