"""Exponential maps: rotations for column vectors, physical sense on real files, and bad files as one clear line."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from damaged import Damage, DamagedText
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.spatial.transform import Rotation

from kinesec.errors import ConfigError
from kinesec.motion.kinematics import bone_lengths, forward, matrices_from_quaternions
from kinesec.motion.recording import Motion
from kinesec.motion.skeleton import Skeleton
from kinesec.sources.readers import expmap

CHAIN = Skeleton(("hips", "knee", "foot"), (-1, 0, 1), np.array([[0.0, 0, 0], [0, -40, 0], [0, -30, 10]]))
ROWS = ["0,90,0,0,0,0,0.5,-0,0,0,0,0", "1,91,2,0.1,0.2,0.3,0.5,0,0,0,0,1e-3", "2,92,4,0,1.5,0,0.25,0,-3,0,0,0"]
GOOD = "\n".join(ROWS) + "\n"


def read(path: Path, content: str | bytes, **changes: object) -> Motion:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    given = {"skeleton": CHAIN, "unit_mm": 10.0, "fps": 120.0, **changes}
    (motion,) = expmap.read(path, **given)  # type: ignore[arg-type]
    return motion


@given(arrays(np.float64, (5, 3), elements=st.floats(-4, 4)))
def test_quaternions_are_the_row_vectors_matrices_transposed(maps: np.ndarray) -> None:
    quaternion = expmap.quaternions_from_maps(maps)
    np.testing.assert_allclose(np.linalg.norm(quaternion, axis=-1), 1, atol=1e-12)
    rows = Rotation.from_rotvec(maps).as_matrix()  # R(r), which the format applies to rows: p = o R
    np.testing.assert_allclose(matrices_from_quaternions(quaternion), np.swapaxes(rows, -1, -2), atol=1e-12)


def test_root_translation_and_rotation_are_applied(tmp_path: Path) -> None:
    motion = read(tmp_path / "a.txt", GOOD)
    rows = np.array([[float(field) for field in row.split(",")] for row in ROWS])
    np.testing.assert_allclose(motion.position[:, 0], 10 * rows[:, :3], atol=1e-4)
    turns = [Rotation.from_rotvec(rows[:, 3 * joint : 3 * joint + 3]).inv() for joint in (1, 2)]
    knee = 10 * rows[:, :3] + turns[0].apply([0, -40, 0])
    np.testing.assert_allclose(motion.position[:, 1], knee, atol=1e-3)
    np.testing.assert_allclose(motion.position[:, 2], knee + (turns[0] * turns[1]).apply([0, -30, 10]), atol=1e-3)


@pytest.mark.parametrize("up", ["+x", "-y", "+z"])
@pytest.mark.parametrize("handedness", ["right", "left"])
def test_other_axes_turn_the_whole_motion(up: str, handedness: str, tmp_path: Path) -> None:
    plain = read(tmp_path / "a.txt", GOOD)
    turned = read(tmp_path / "a.txt", GOOD, up=up, handedness=handedness)
    height = "xyz".index(up[1])
    np.testing.assert_allclose(turned.position[..., 1], (1 if up[0] == "+" else -1) * plain.position[..., height])
    np.testing.assert_allclose(
        np.linalg.norm(turned.position[:, :, None] - turned.position[:, None], axis=-1),
        np.linalg.norm(plain.position[:, :, None] - plain.position[:, None], axis=-1),
        atol=1e-3,
    )
    assert turned.rotation is not None
    again = forward(
        matrices_from_quaternions(turned.rotation.astype(np.float64)),
        turned.position[:, 0].astype(np.float64),
        turned.skeleton.offsets,
        turned.skeleton.parents,
    )
    np.testing.assert_allclose(again, turned.position, atol=1e-3)


class TestDamaged(DamagedText):
    NAME = "bad.txt"
    GOOD = GOOD
    WORDS = (b"nan", b",", b"\n", b" 1", b"-", b"e9", b"\xff")
    DAMAGES: ClassVar[dict[str, Damage]] = {
        "truncated row": (GOOD.rstrip()[:-4], 3, "10 columns"),
        "truncated value": (GOOD.rstrip()[:-1], 3, "''"),
        "one column more": (GOOD.replace("91", "91,1"), 2, "13 columns"),
        "two commas": (GOOD.replace("91,2", "91,,2").replace(",1e-3", ""), 2, "''"),
        "no comma": (GOOD.replace("91,2", "91 2"), 2, "11 columns"),
        "comma moved": (GOOD.replace("91,2,0.1", "91 2,,0.1"), 2, "91 2"),
        "other separator": (GOOD.replace(",", ";"), 1, "1 columns"),
        "nan": (GOOD.replace("1e-3", "NaN"), 2, "NaN"),
        "infinite": (GOOD.replace("1e-3", "inf"), 2, "inf"),
        "too large": (GOOD.replace("1e-3", "-1e13"), 2, "-1e13"),
        "header": ("x,y,z\n" + GOOD, 1, "3 columns"),
        "iso-8859-1": (GOOD.replace("1e-3", "1\u00b0").encode("iso-8859-1"), 2, "1\u00b0"),
        "other skeleton": (",".join(["0"] * 117), 1, "117 columns"),
        "control byte": (GOOD.replace("91", "\x0091"), 2, "91"),
    }
    LAYOUTS: ClassVar = {
        "blank after comma": lambda text: text.replace(",", ", "),
        "blanks": lambda text: text.replace(",", " ,\t"),
        "blank lines": lambda text: "\n\n" + text.replace("\n", " \n\n"),
    }

    def read(self, path: Path) -> list[Motion]:
        return expmap.read(path, skeleton=CHAIN, unit_mm=10.0, fps=120.0)


@pytest.mark.parametrize("change", [{"unit_mm": -1.0}, {"fps": 0.0}, {"fps": float("inf")}, {"up": "z"}])
def test_unknown_settings_are_named(change: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=next(iter(change))):
        read(tmp_path / "a.txt", GOOD, **change)


def test_the_cmu_skeleton_is_a_person_that_stands_and_faces_z() -> None:
    skeleton = expmap.cmu_skeleton()
    identity = np.broadcast_to(np.eye(3), (38, 3, 3))
    pose = forward(identity, np.zeros(3), skeleton.offsets, skeleton.parents)
    place = dict(zip(skeleton.names, pose, strict=True))
    assert place["Head"][1] > place["Hips"][1] > place["LeftFoot"][1]
    assert place["LeftToeEnd"][2] > place["LeftFoot"][2] + 100
    assert place["LeftHand"][0] > 300 > -300 > place["RightHand"][0]
    assert 1300 < place["Head"][1] - place["LeftFoot"][1] < 1800
    assert len(skeleton.groups["ltd_used"]) == 25
    for part, anchor in {"left_arm": 21, "right_arm": 30, "left_leg": 2, "right_leg": 8}.items():
        members = skeleton.limb(part)
        assert skeleton.parents[members[0]] == anchor
        assert all(skeleton.parents[joint] in (anchor, *members) for joint in members)
    limbs = [joint for part, joints in skeleton.groups.items() if part != "ltd_used" for joint in joints]
    assert sorted(limbs) == list(range(1, 38))


def test_all_cmu_files_read_upright(shared: Path) -> None:
    files = sorted((shared / "data/cmu_mocap_expmap").rglob("*.txt"))
    if not files:
        pytest.skip("no CMU files in ../shared/data")
    skeleton = expmap.cmu_skeleton()
    rest = skeleton.bone_lengths[1:]
    frames = 0
    for file in files:
        (motion,) = expmap.read(file, skeleton=skeleton, unit_mm=expmap.CMU_UNIT_MM, fps=120.0)
        frames += len(motion)
        up = motion.position[:, skeleton.names.index("Head"), 1] - motion.position[:, 0, 1]
        assert np.median(up) > 300, file.name
        np.testing.assert_allclose(bone_lengths(motion.position[1:], skeleton.parents)[::50].max(0), rest, atol=0.05)
    assert frames == 67_870


def test_a_walker_walks_forwards(shared: Path) -> None:
    file = shared / "data/cmu_mocap_expmap/test/walking/walking_1.txt"
    if not file.is_file():
        pytest.skip("no CMU files in ../shared/data")
    skeleton = expmap.cmu_skeleton()
    (motion,) = expmap.read(file, skeleton=skeleton, unit_mm=expmap.CMU_UNIT_MM, fps=120.0)
    place = {name: motion.position[1:, joint] for joint, name in enumerate(skeleton.names)}
    travel = motion.position[-1, 0] - motion.position[1, 0]
    toes = (place["LeftToeBase"] - place["LeftFoot"]).mean(0)
    left = (place["LeftUpLeg"] - place["RightUpLeg"]).mean(0)
    speed = np.linalg.norm(travel[[0, 2]]) / (len(motion) - 2) * 120
    assert 1000 < speed < 1700  # millimetres a second
    assert toes @ travel > 0
    assert np.cross([0, 1, 0], travel) @ left > 0
    assert -60 < min(place["LeftToeEnd"][:, 1].min(), place["RightToeEnd"][:, 1].min()) < 100
