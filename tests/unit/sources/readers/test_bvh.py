"""BVH: written motions read back, any channel order and white space, and every bad file is one clear line."""

from __future__ import annotations

import subprocess
import sys
from itertools import permutations
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from damaged import Damage, DamagedText
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from kinesec.errors import ConfigError, KinesecError
from kinesec.motion.kinematics import bone_lengths, forward, matrices_from_quaternions
from kinesec.motion.recording import Motion, Recording
from kinesec.motion.skeleton import Skeleton
from kinesec.sources.readers import bvh
from kinesec.sources.readers._axes import to_y_up, turn_quaternions

HIERARCHY = """HIERARCHY
ROOT Hips
{
  OFFSET 0 90 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  JOINT LeftUpLeg
  {
    OFFSET 10 -5 0
    CHANNELS 3 Zrotation Xrotation Yrotation
    End Site
    {
      OFFSET 0 -40 0
    }
  }
}
"""
FRAMES = ["0 90 0 0 0 0 10 20 30", "1 91 2 5 6 7 11 21 31", "2 92 4 9 8 7 12 22 32"]
GOOD = HIERARCHY + "MOTION\nFrames: 3\nFrame Time: 0.0333333\n" + "\n".join(FRAMES) + "\n"


def read(path: Path, content: str | bytes, **settings: object) -> Motion:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    (motion,) = bvh.read(path, **{"unit_mm": 10.0, **settings})  # type: ignore[arg-type]
    return motion


@st.composite
def motions(draw: st.DrawFn) -> Motion:
    """A random tree, depth first, each leaf an end, turning at random."""
    names, parents = ["root"], [-1]

    def grow(parent: int, depth: int) -> None:
        for _ in range(draw(st.integers(0 if depth else 1, 2)) if depth < 4 else 0):
            names.append(f"joint{len(names)}")
            parents.append(parent)
            grow(len(names) - 1, depth + 1)
        if parent not in parents:
            names.append(f"{names[parent]}_end")
            parents.append(parent)

    grow(0, 0)
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    frames, joints = draw(st.integers(1, 5)), len(names)
    offsets = random.normal(size=(joints, 3)) * 200
    rotation = random.normal(size=(frames, joints, 4))
    rotation /= np.linalg.norm(rotation, axis=-1, keepdims=True)
    rotation[:, [name.endswith("_end") for name in names]] = [1, 0, 0, 0]
    root = random.normal(size=(frames, 3)) * 1000
    position = forward(matrices_from_quaternions(rotation), root, offsets, parents)
    skeleton = Skeleton(tuple(names), tuple(parents), offsets)
    fps = draw(st.sampled_from([24.0, 29.97, 30.0, 60.0, 120.0]))
    return Motion(
        skeleton, position.astype(np.float32), fps, Recording(1.0, "read", "read"), rotation.astype(np.float32)
    )


@given(motion=motions(), unit=st.sampled_from([1.0, 10.0, 25.4, 1000.0]))
@settings(max_examples=40)
def test_a_written_motion_reads_back(motion: Motion, unit: float, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = tmp_path_factory.mktemp("bvh") / "motion.bvh"
    bvh.write(path, motion, unit_mm=unit, digits=8)
    (back,) = bvh.read(path, unit_mm=unit)
    assert back.skeleton.names == motion.skeleton.names
    assert back.skeleton.parents == motion.skeleton.parents
    assert back.fps == pytest.approx(motion.fps, rel=1e-8)
    np.testing.assert_allclose(back.position, motion.position, rtol=0, atol=0.01)
    np.testing.assert_allclose(back.skeleton.offsets, motion.skeleton.offsets, rtol=0, atol=1e-4)
    assert back.rotation is not None
    assert motion.rotation is not None
    same = np.abs((back.rotation * motion.rotation).sum(-1))
    np.testing.assert_allclose(same, 1, atol=1e-5)


@given(
    motion=motions(),
    up=st.sampled_from(["+x", "-x", "+y", "-y", "+z", "-z"]),
    handedness=st.sampled_from(["right", "left"]),
)
@settings(max_examples=40)
def test_a_motion_in_other_axes_reads_back_y_up(
    motion: Motion, up: str, handedness: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert motion.rotation is not None
    axes = to_y_up(up, handedness)
    source = Motion(
        Skeleton(motion.skeleton.names, motion.skeleton.parents, motion.skeleton.offsets @ axes),
        (motion.position @ axes).astype(np.float32),
        motion.fps,
        motion.recording,
        turn_quaternions(motion.rotation, axes.T).astype(np.float32),
    )
    path = tmp_path_factory.mktemp("bvh") / "motion.bvh"
    bvh.write(path, source)
    (back,) = bvh.read(path, unit_mm=10.0, up=up, handedness=handedness)
    np.testing.assert_allclose(back.position, motion.position, rtol=0, atol=0.01)
    np.testing.assert_allclose(back.skeleton.offsets, motion.skeleton.offsets, rtol=0, atol=0.01)
    assert back.rotation is not None
    again = forward(
        matrices_from_quaternions(back.rotation.astype(np.float64)),
        back.position[:, 0].astype(np.float64),
        back.skeleton.offsets,
        back.skeleton.parents,
    )
    np.testing.assert_allclose(again, back.position, rtol=0, atol=0.02)


@pytest.mark.parametrize("up", ["+x", "-x", "+y", "-y", "+z", "-z"])
@pytest.mark.parametrize("handedness", ["right", "left"])
def test_up_goes_up_and_only_a_left_handed_source_is_mirrored(up: str, handedness: str) -> None:
    axes = to_y_up(up, handedness)
    upward = np.zeros(3)
    upward["xyz".index(up[1])] = 1 if up[0] == "+" else -1
    np.testing.assert_array_equal(axes @ upward, [0, 1, 0])
    np.testing.assert_array_equal(axes @ axes.T, np.eye(3))
    assert np.linalg.det(axes) == pytest.approx(1 if handedness == "right" else -1)


@pytest.mark.parametrize("order", ["".join(order) for order in permutations("XYZ")])
def test_channels_turn_in_their_own_order(order: str, tmp_path: Path) -> None:
    names = " ".join(f"{axis}rotation" for axis in order)
    content = GOOD.replace("CHANNELS 3 Zrotation Xrotation Yrotation", f"CHANNELS 3 {names}")
    motion = read(tmp_path / "a.bvh", content)
    rows = np.array([[float(word) for word in line.split()] for line in FRAMES])
    root = Rotation.from_euler("ZXY", rows[:, 3:6], degrees=True)
    leg = root * Rotation.from_euler(order, rows[:, 6:], degrees=True)
    hip = rows[:, :3] + root.apply([10, -5, 0])
    np.testing.assert_allclose(motion.position[:, 1], 10 * hip, atol=1e-3)
    np.testing.assert_allclose(motion.position[:, 2], 10 * (hip + leg.apply([0, -40, 0])), atol=1e-3)


def test_position_channels_stand_in_place_of_the_offset(tmp_path: Path) -> None:
    names = "CHANNELS 6 Yrotation Yposition Xposition Zposition Zrotation Xrotation"
    frames = "\n".join(f"{line} 1 2 3" for line in FRAMES)
    content = GOOD.replace("CHANNELS 3 Zrotation Xrotation Yrotation", names).replace("\n".join(FRAMES), frames)
    motion = read(tmp_path / "a.bvh", content)
    rows = np.array([[float(word) for word in line.split()] for line in frames.split("\n")])
    root = Rotation.from_euler("ZXY", rows[:, 3:6], degrees=True)
    hip = rows[:, :3] + root.apply(rows[:, [8, 7, 9]])
    np.testing.assert_allclose(motion.position[:, 1], 10 * hip, atol=1e-3)
    np.testing.assert_allclose(motion.skeleton.offsets[1], [100, -50, 0])


def test_a_joint_without_channels_keeps_still(tmp_path: Path) -> None:
    content = GOOD.replace("    CHANNELS 3 Zrotation Xrotation Yrotation\n", "    CHANNELS 0\n")
    content = content.replace("\n".join(FRAMES), "\n".join(" ".join(line.split()[:6]) for line in FRAMES))
    with_zero = read(tmp_path / "a.bvh", content)
    without = read(tmp_path / "b.bvh", content.replace("    CHANNELS 0\n", ""))
    np.testing.assert_array_equal(with_zero.position, without.position)
    assert with_zero.rotation is not None
    np.testing.assert_array_equal(with_zero.rotation[:, 1], np.tile(np.float32([1, 0, 0, 0]), (3, 1)))


def test_names_that_are_not_utf8_are_read_as_iso_8859_1(tmp_path: Path) -> None:
    motion = read(tmp_path / "a.bvh", GOOD.replace("LeftUpLeg", "H\u00fcfte").encode("iso-8859-1"))
    assert motion.skeleton.names[1:] == ("H\u00fcfte", "H\u00fcfte_end")


@pytest.mark.parametrize(
    ("stated", "fps"), [("0.0333333", 30), ("0.00833333", 120), ("0.033366700", 1 / 0.0333667), ("0.04", 25)]
)
def test_frame_time_gives_whole_rates_where_they_are_meant(stated: str, fps: float, tmp_path: Path) -> None:
    assert read(tmp_path / "a.bvh", GOOD.replace("0.0333333", stated)).fps == fps


class TestDamaged(DamagedText):
    NAME = "bad.bvh"
    GOOD = GOOD
    WORDS = (b"nan", b"}", b"{", b"\n", b" 1", b"-", b"e9", b"\xff")
    DAMAGES: ClassVar[dict[str, Damage]] = {
        "blank": ("\n \n", 0, "white space"),
        "no root": (GOOD.replace("ROOT", "JOINT"), 2, "JOINT"),
        "second root": (GOOD.replace("MOTION", "ROOT Other\n{\nOFFSET 0 0 0\n}\nMOTION"), 16, "ROOT"),
        "no offset": (GOOD.replace("  OFFSET 0 90 0\n", "", 1), 4, "CHANNELS"),
        "offset nan": (GOOD.replace("OFFSET 10", "OFFSET nan"), 8, "nan"),
        "offset word": (GOOD.replace("OFFSET 10 -5 0", "OFFSET 10 -5"), 9, "CHANNELS"),
        "channel count": (GOOD.replace("CHANNELS 3", "CHANNELS 2000000000"), 9, "2000000000"),
        "channel name": (GOOD.replace("3 Zrotation", "3 Wrotation"), 9, "Wrotation"),
        "channel twice": (GOOD.replace("3 Zrotation", "3 Xrotation"), 9, "Xrotation"),
        "channels too few": (GOOD.replace("CHANNELS 3", "CHANNELS 4"), 10, "End"),
        "joint twice": (GOOD.replace("LeftUpLeg", "Hips"), 7, "second time"),
        "brace": (GOOD.replace("  }\n}\n", "  }\n"), 15, "end of the hierarchy"),
        "no motion": (HIERARCHY, 16, "end of the file"),
        "no frames": (GOOD.replace("Frames: 3\n", ""), 17, "Frame Time"),
        "no frame time": (GOOD.replace("Frame Time: 0.0333333\n", ""), 18, "0 90 0"),
        "zero frames": (GOOD.split("Frames")[0] + "Frames: 0\nFrame Time: 0.03\n", 17, "Frames: 0"),
        "half a frame": (GOOD.replace("Frames: 3", "Frames: 2.5"), 17, "2.5"),
        "frames are a word": (GOOD.replace("Frames: 3", "Frames: three"), 17, "three"),
        "frame time zero": (GOOD.replace("0.0333333", "0"), 18, "0"),
        "frame time inf": (GOOD.replace("0.0333333", "inf"), 18, "inf"),
        "two thousand million frames": (GOOD.replace("Frames: 3", "Frames: 2000000000"), 17, "2000000000"),
        "too many frames": (GOOD + FRAMES[0] + "\n", 17, "Frames: 3"),
        "no rows": (GOOD[: GOOD.index(FRAMES[0])], 17, "Frames: 3"),
        "truncated row": (GOOD.rstrip()[:-3], 21, "8 columns"),
        "long row": (GOOD.replace(FRAMES[1], FRAMES[1] + " 1"), 20, "10 columns"),
        "row is cut in two": (GOOD.replace("1 91 2 5", "1 91\n2 5"), 20, "2 columns"),
        "nan": (GOOD.replace("91", "nan"), 20, "nan"),
        "infinite": (GOOD.replace("91", "-inf"), 20, "-inf"),
        "too large": (GOOD.replace("91", "1e300"), 20, "1e300"),
        "word": (GOOD.replace("91", "9l"), 20, "9l"),
        "comma": (GOOD.replace("2 92 4", "2 92,5 4"), 21, "92,5"),
        "byte": (GOOD.replace("91", "\x009"), 20, "x009"),
    }
    LAYOUTS: ClassVar = {
        "trailing": lambda text: "\n".join(line + "  " for line in text.split("\n")),
        "tabs": lambda text: text.replace(" ", "\t"),
        "repeated": lambda text: text.replace(" ", "   "),
        "blank lines": lambda text: text.replace("Frames: ", "Frames:\t\t").replace("\n0 90", "\n\n\n  0 90"),
        "braces": lambda text: text.replace("\n{", " {").replace("\n  {", " {"),
        "mark": lambda text: "\ufeff" + text,
        "notation": lambda text: text.replace("0 90 0", "+0.0e0 9e+1 -0."),
    }

    def read(self, path: Path) -> list[Motion]:
        return bvh.read(path, unit_mm=10.0)


@pytest.mark.parametrize("settings", [{"unit_mm": 0.0}, {"unit_mm": float("nan")}, {"up": "y"}, {"handedness": "both"}])
def test_unknown_settings_are_named(settings: dict[str, object], tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=next(iter(settings))):
        read(tmp_path / "a.bvh", GOOD, **settings)


def test_writing_needs_rotations_of_children(tmp_path: Path) -> None:
    motion = read(tmp_path / "a.bvh", GOOD)
    without = Motion(motion.skeleton, motion.position, 30.0, motion.recording)
    with pytest.raises(KinesecError, match="rotations"):
        bvh.write(tmp_path / "b.bvh", without)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.bvh"]


def test_writing_replaces_a_file_whole(tmp_path: Path) -> None:
    motion = read(tmp_path / "a.bvh", GOOD)
    bvh.write(tmp_path / "a.bvh", motion)
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.bvh"]
    np.testing.assert_allclose(bvh.read(tmp_path / "a.bvh", unit_mm=10)[0].position, motion.position, atol=0.01)


def test_moving_bones_are_written_as_they_are(tmp_path: Path) -> None:
    motion = read(tmp_path / "a.bvh", GOOD)
    stretched = motion.position.copy()
    stretched[:, 2] += np.arange(3, dtype=np.float32)[:, None] * 20
    bvh.write(tmp_path / "b.bvh", Motion(motion.skeleton, stretched, 30.0, motion.recording, motion.rotation))
    (back,) = bvh.read(tmp_path / "b.bvh", unit_mm=10)
    np.testing.assert_allclose(back.position[:, :3], stretched, atol=0.01)


def test_importing_readers_loads_no_heavy_library() -> None:
    code = (
        "import sys, kinesec.sources.readers.bvh, kinesec.sources.readers.asf_amc, kinesec.sources.readers.expmap\n"
        "print(*sorted({'torch', 'pandas', 'pyarrow', 'scipy', 'xarray', 'zarr'} & set(sys.modules)))"
    )
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.split() == []


def test_all_bandai_files_read(shared: Path) -> None:
    files = sorted((shared / "data/bandai_namco_1/data").glob("*.bvh"))
    if not files:
        pytest.skip("no Bandai Namco files in ../shared/data")
    assert len(files) == 174
    frames = 0
    for file in files:
        (motion,) = bvh.read(file, unit_mm=10.0)
        frames += len(motion)
        height = motion.position[:, motion.skeleton.names.index("Head"), 1]
        assert motion.fps == 30
        assert 200 < np.median(height) < 2500, file.name
        limbs = [joint - 1 for joint in motion.skeleton.limb("left_leg")]
        lengths = bone_lengths(motion.position, motion.skeleton.parents)[:, limbs]
        np.testing.assert_allclose(lengths, np.broadcast_to(lengths[0], lengths.shape), atol=0.5)
    assert frames > 30_000


def test_a_bandai_file_survives_writing(shared: Path, tmp_path: Path) -> None:
    file = shared / "data/bandai_namco_1/data/dataset-1_bow_active_001.bvh"
    if not file.is_file():
        pytest.skip("no Bandai Namco files in ../shared/data")
    (motion,) = bvh.read(file, unit_mm=10.0)
    bvh.write(tmp_path / "again.bvh", motion)
    (again,) = bvh.read(tmp_path / "again.bvh", unit_mm=10.0)
    assert again.skeleton.names == motion.skeleton.names
    np.testing.assert_allclose(again.position, motion.position, atol=0.02)
