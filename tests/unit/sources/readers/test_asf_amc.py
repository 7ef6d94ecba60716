"""ASF/AMC: the publisher's own joint positions, the skeleton's file, and bad files as one clear line."""

from __future__ import annotations

import re
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from damaged import Damage, DamagedText
from scipy.io import loadmat
from scipy.spatial.transform import Rotation

from kinesec.motion.kinematics import forward, matrices_from_quaternions
from kinesec.motion.recording import Motion
from kinesec.sources.errors import BadFile
from kinesec.sources.readers import asf_amc

ASF = """# made for a test
:version 1.10
:name TEST
:units
  mass 1.0
  length 0.45
  angle deg
:documentation
  nothing to say
:root
  order TX TY TZ RX RY RZ
  axis XYZ
  position 0 0 0
  orientation 0 0 0
:bonedata
  begin
    id 1
    name lfemur
    direction 0.6 -0.8 0
    length 7.5
    axis 10 -20 30 XYZ
    dof rx ry rz
    limits (-160.0 20.0)
           (-70.0 70.0)
           (-60.0 70.0)
  end
  begin
    id 2
    name ltibia
    direction 0 -1 0
    length 7
    axis 0 0 20 XYZ
    dof rz rx
  end
  begin
    id 3
    name lfoot
    direction 0 0 1
    length 2
    axis 0 0 0 XYZ
  end
:hierarchy
  begin
    root lfemur
    lfemur ltibia
    ltibia lfoot
  end
"""
FRAMES = [
    "1\nroot 1 17 -3 5 6 7\nlfemur 11 12 13\nltibia -21 22\n",
    "2\nroot 1.5 17 -3 5 16 7\nlfemur 11 12 -13\nltibia -21 2e1\n",
    "3\nroot 2 17.5 -3 -5 6 7\nlfemur 31 12 13\nltibia 0 -0\n",
]
HEADER = "#!OML:ASF C:\\test.asf\n:FULLY-SPECIFIED\n:DEGREES\n"
AMC = HEADER + "".join(FRAMES)
MM = 25.4 / 0.45


def read(folder: Path, amc: str | bytes = AMC, asf: str | bytes | None = ASF, **settings: object) -> Motion:
    if asf is not None:
        (folder / "01.asf").write_bytes(asf.encode() if isinstance(asf, str) else asf)
    path = folder / "01_02.amc"
    path.write_bytes(amc.encode() if isinstance(amc, str) else amc)
    (motion,) = asf_amc.read(path, **{"fps": 120.0, **settings})  # type: ignore[arg-type]
    return motion


def expected(degrees: bool = True) -> np.ndarray:
    """The test's motion by scipy: lower case turns about fixed axes, the first letter first."""
    values = np.array([[float(word) for word in frame.split() if word[0] not in "rl"][1:] for frame in FRAMES])
    turn = [
        (Rotation.identity(), Rotation.from_euler("xyz", values[:, 3:6], degrees=degrees)),
        (
            Rotation.from_euler("xyz", [10, -20, 30], degrees=True),
            Rotation.from_euler("xyz", values[:, 6:9], degrees=degrees),
        ),
        (Rotation.from_euler("z", 20, degrees=True), Rotation.from_euler("zx", values[:, 9:], degrees=degrees)),
    ]
    whole, position = Rotation.identity(), [values[:, :3]]
    for (axis, motion), bone in zip(turn, [[0, 0, 0], [4.5, -6, 0], [0, -7, 0]], strict=True):
        whole = whole * axis * motion * axis.inv()
        position.append(position[-1] + whole.apply(bone))
    position.append(position[-1] + whole.apply([0, 0, 2]))
    return np.stack(position[1:], axis=1) * MM


def test_bones_turn_about_their_own_axes(tmp_path: Path) -> None:
    motion = read(tmp_path)
    assert motion.skeleton.names == ("root", "lfemur", "ltibia", "lfoot")
    assert motion.skeleton.turns == "own"
    assert motion.recording.unit_mm == pytest.approx(MM)
    np.testing.assert_allclose(motion.position, expected(), atol=1e-3)
    assert motion.rotation is not None
    again = forward(
        matrices_from_quaternions(motion.rotation.astype(np.float64)),
        motion.position[:, 0].astype(np.float64),
        motion.skeleton.offsets,
        motion.skeleton.parents,
        turns=motion.skeleton.turns,
    )
    np.testing.assert_allclose(again, motion.position, atol=1e-3)


@pytest.mark.parametrize("where", ["flag", "units"])
def test_radians_are_radians(where: str, tmp_path: Path) -> None:
    if where == "flag":
        motion = read(tmp_path, AMC.replace(":DEGREES", ":RADIANS"))
    else:
        radians = "axis 0.17453292519943295 -0.3490658503988659 0.5235987755982988 XYZ"
        asf = ASF.replace("angle deg", "angle rad").replace("axis 10 -20 30 XYZ", radians)
        motion = read(
            tmp_path, AMC.replace(":DEGREES\n", ""), asf.replace("axis 0 0 20", "axis 0 0 0.3490658503988659")
        )
    np.testing.assert_allclose(motion.position, expected(degrees=False), atol=2e-3)


def test_many_frames_are_the_frames_one_by_one(tmp_path: Path) -> None:
    """Longer than the reader parses at a time, so that frames straddle its pieces."""
    count = 9000
    frames = [FRAMES[frame % 3].replace(f"{frame % 3 + 1}\n", f"{frame + 1}\n", 1) for frame in range(count)]
    long = read(tmp_path, HEADER + "".join(frames))
    short = read(tmp_path)
    np.testing.assert_array_equal(long.position, np.tile(short.position, (count // 3, 1, 1)))
    frames[8500] = frames[8500].replace("ltibia", "rtibia")
    with pytest.raises(BadFile) as caught:
        read(tmp_path, HEADER + "".join(frames))
    assert caught.value.line == 3 + 4 * 8500 + 4


def test_headers_may_be_iso_8859_1(tmp_path: Path) -> None:
    amc = AMC.replace("test.asf", "M\u00fcller.asf").encode("iso-8859-1")
    asf = ASF.replace("nothing", "M\u00fcller").replace("lfoot", "lfu\u00df").encode("iso-8859-1")
    motion = read(tmp_path, amc, asf)
    assert motion.skeleton.names[-1] == "lfu\u00df"


@pytest.mark.parametrize(
    ("amc", "asf"),
    [
        ("01_02.amc", "01.asf"),
        ("01_02.AMC", "01.ASF"),
        ("HDM_bd_squat1Reps_001_120.amc", "HDM_bd.asf"),
        ("walk.amc", "walk.asf"),
        ("walk.amc", "anyone.asf"),
    ],
)
def test_the_skeleton_is_found(amc: str, asf: str, tmp_path: Path) -> None:
    (tmp_path / amc).write_text(AMC)
    (tmp_path / asf).write_text(ASF)
    if asf != "anyone.asf":
        (tmp_path / "other.asf").write_text(ASF.replace("length 7.5", "length 70"))
    (motion,) = asf_amc.read(tmp_path / amc, fps=120.0)
    np.testing.assert_allclose(motion.position, expected(), atol=1e-3)


def test_a_skeleton_may_be_given_and_is_read_anew_when_it_changes(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.asf"
    elsewhere.write_text(ASF)
    (tmp_path / "01_02.amc").write_text(AMC)
    (before,) = asf_amc.read(tmp_path / "01_02.amc", asf=elsewhere, fps=120.0)
    elsewhere.write_text(ASF.replace("length 7\n", "length 14\n"))
    (after,) = asf_amc.read(tmp_path / "01_02.amc", asf=elsewhere, fps=120.0)
    assert after.skeleton.bone_lengths[2] == pytest.approx(2 * before.skeleton.bone_lengths[2])


def test_a_missing_or_ambiguous_skeleton_says_what_was_looked_for(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"found no ASF file beside it, expected one of 01_02\.asf, 01\.asf"):
        read(tmp_path, asf=None)
    (tmp_path / "a.asf").write_text(ASF)
    (tmp_path / "b.asf").write_text(ASF)
    with pytest.raises(BadFile, match="2 ASF files in"):
        read(tmp_path, asf=None)
    with pytest.raises(BadFile, match=r"none\.asf:0"):
        asf_amc.read(tmp_path / "01_02.amc", asf=tmp_path / "none.asf", fps=120.0)


class TestDamagedMotion(DamagedText):
    NAME = "01_02.amc"
    GOOD = AMC
    WORDS = (b"nan", b"root", b":", b"\n", b" 1", b"-", b"e9", b"\xff", b"#")
    DAMAGES: ClassVar[dict[str, Damage]] = {
        "zero frames": (HEADER, 4, "end of the file"),
        "no first number": (AMC.replace("1\nroot", "root", 1), 4, "root"),
        "unknown bone": (AMC.replace("ltibia -21 2e1", "lfoot -21 2e1"), 11, "lfoot"),
        "repeated bone": (AMC.replace("ltibia -21 2e1", "lfemur 11 12 -13"), 11, "second time"),
        "missing bone": (AMC.replace("ltibia -21 2e1\n", ""), 11, "end of frame 2"),
        "missing bone at the end": (AMC.replace("ltibia 0 -0\n", ""), 15, "end of frame 3"),
        "value too few": (AMC.replace("ltibia -21 2e1", "ltibia -21"), 11, "1 values"),
        "value too many": (AMC.replace("ltibia -21 2e1", "ltibia -21 2e1 0"), 11, "3 values"),
        "value on the next line": (AMC.replace("-13\nltibia -21", "\n-13 ltibia -21"), 10, "2 values"),
        "names run together": (AMC.replace("12 -13\nltibia", "12 -13 ltibia"), 10, "6 values"),
        "frame skipped": (AMC.replace("2\nroot", "4\nroot"), 8, "4"),
        "frame repeated": (AMC.replace("3\nroot", "2\nroot"), 12, "2"),
        "frame number lost": (
            AMC.replace("2\nroot", "root", 1).replace("ltibia -21 2root", "ltibia -21 22\nroot"),
            8,
            "",
        ),
        "nan": (AMC.replace("-13", "nan"), 10, "nan"),
        "infinite": (AMC.replace("-13", "-inf"), 10, "-inf"),
        "too large": (AMC.replace("-13", "1e200"), 10, "1e200"),
        "word": (AMC.replace("-13", "l3"), 10, "l3"),
        "truncated": (AMC[:-8], 15, ""),
        "truncated value": (AMC.rstrip()[:-3], 15, "1 values"),
        "control byte": (AMC.replace("-13", "-1\x003"), 10, "x003"),
        "first frame lacks a bone": (AMC.replace("lfemur 11 12 13\n", "", 1), 7, "end of frame 1"),
        "huge frame number": (HEADER + "9" * 5000 + "\n", 4, "999"),
        "garbage": (bytes(range(256)) * 4, 1, ""),
    }
    LAYOUTS: ClassVar = {
        "blanks": lambda text: text.replace(" ", " \t "),
        "blank lines": lambda text: text.replace("\n", " \n\n"),
        "bones change places": lambda text: text.replace(
            "lfemur 11 12 13\nltibia -21 22\n", "ltibia -21 22\nlfemur 11 12 13\n"
        ),
        "frames from 7": lambda text: re.sub(
            r"^(\d)$", lambda number: str(int(number[1]) + 6), text, flags=re.MULTILINE
        ),
    }

    def read(self, path: Path) -> list[Motion]:
        (path.parent / "01.asf").write_text(ASF)
        return asf_amc.read(path, fps=120.0)


class TestDamagedSkeleton(DamagedText):
    NAME = "01.asf"
    GOOD = ASF
    WORDS = (b"nan", b"root", b":", b"\n", b" 1", b"-", b"e9", b"\xff", b"#", b"end")
    DAMAGES: ClassVar[dict[str, Damage]] = {
        "no root": (ASF.replace(":root", ":toor"), 48, ":root"),
        "no hierarchy": (ASF.split(":hierarchy")[0], 42, ":hierarchy"),
        "section twice": (ASF + ":root\n", 48, "second time"),
        "no order": (ASF.replace("  order TX TY TZ RX RY RZ\n", ""), 11, "no order"),
        "order word": (ASF.replace("TX TY", "TX TW"), 11, "TW"),
        "angle": (ASF.replace("angle deg", "angle grad"), 7, "grad"),
        "length unit": (ASF.replace("length 0.45", "length 0"), 6, "length 0"),
        "axis order": (ASF.replace("20 XYZ", "20 XYY"), 32, "XYY"),
        "dof twice": (ASF.replace("rz rx", "rx rx"), 33, "rx"),
        "dof of length": (ASF.replace("rz rx", "rz l"), 33, "'l'"),
        "direction nan": (ASF.replace("direction 0 -1 0", "direction 0 nan 0"), 30, "nan"),
        "direction short": (ASF.replace("direction 0 -1 0", "direction 0 -1"), 30, "2 values"),
        "no length": (ASF.replace("    length 7\n", ""), 27, "lacks"),
        "no end": (ASF.replace("dof rz rx\n  end", "dof rz rx"), 34, "begin"),
        "duplicate bone": (ASF.replace("name ltibia", "name lfemur"), 27, "second time"),
        "unknown bone": (ASF.replace("    ltibia lfoot", "    ltibia lfeet"), 46, "lfeet"),
        "two parents": (ASF.replace("root lfemur", "root lfemur ltibia"), 45, "second parent"),
        "no parent": (ASF.replace("    ltibia lfoot\n", ""), 42, "lfoot"),
        "loop": (ASF.replace("root lfemur", "lfoot lfemur"), 42, "hang from the root"),
        "garbage": (bytes(range(256)) * 4, 5, ":root"),
    }

    def read(self, path: Path) -> list[Motion]:
        (path.parent / "01_02.amc").write_text(AMC)
        return asf_amc.read(path.parent / "01_02.amc", asf=path, fps=120.0)


def test_the_publishers_positions_of_hdm05(shared: Path) -> None:
    files = sorted((shared / "data/hdm05_asfamc").rglob("*.amc.mat"))
    if not files:
        pytest.skip("no HDM05 files in ../shared/data")
    for file in files:
        published = loadmat(file, squeeze_me=True)["mot"]
        positions = np.stack(list(published["jointTrajectories"].item()))  # joint, xyz, frame; inches
        (motion,) = asf_amc.read(file.with_suffix(""), fps=120.0)
        assert list(motion.skeleton.names) == list(published["boneNames"].item())
        inches = motion.position.astype(np.float64).transpose(1, 2, 0) / 25.4
        np.testing.assert_allclose(inches, positions, rtol=0, atol=1e-3)


@pytest.mark.parametrize(("folder", "count"), [("cmu_asfamc", 24), ("hdm05_asfamc", 288)])
def test_all_files_read(folder: str, count: int, shared: Path) -> None:
    files = sorted(file for file in (shared / "data" / folder).rglob("*") if file.suffix.lower() == ".amc")
    if not files:
        pytest.skip(f"no {folder} in ../shared/data")
    assert len(files) == count
    for file in files:
        (motion,) = asf_amc.read(file, fps=120.0)
        assert len(motion.skeleton) == 31
        assert np.abs(motion.position).max() < 10_000, file.name
