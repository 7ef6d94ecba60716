"""C3D files, written here byte by byte after c3d.org's user guide, and two real ones."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest
from damaged import Damage, DamagedFile

from kinesec.errors import ConfigError
from kinesec.motion.recording import Motion
from kinesec.sources.errors import BadFile
from kinesec.sources.readers import c3d

LABELS = ("HEAD", "LHND", "RHND", "FOOT")


def reals(values: object, processor: int) -> bytes:
    """Floats as Intel (84) or DEC (85: words swapped, four times the value) stores them."""
    array = np.atleast_1d(np.asarray(values, dtype=np.float64))
    if processor == 85:
        return (4 * array).astype("<f4").view("<u2").reshape(-1, 2)[:, ::-1].tobytes()
    return array.astype("<f4").tobytes()


def words(*values: int) -> bytes:
    return struct.pack(f"<{len(values)}H", *values)


@dataclass
class File:
    """What to write; the claims can be made to lie."""

    points: np.ndarray  # (frame, marker, xyz), in the file's unit
    residual: np.ndarray | None = None
    labels: tuple[str, ...] = LABELS
    units: str | None = "mm"
    rate: float = 120.0
    screen: str | None = "+Z"
    scale: float = -0.1
    prefixes: tuple[str, ...] = ()
    analog: int = 0
    processor: int = 84
    lie: dict[str, int] = field(default_factory=dict)

    def whole(self, *values: int) -> bytes:
        """A parameter of 16-bit integers, a scalar where there is one."""
        dims = bytes([1, len(values)]) if len(values) != 1 else bytes(1)
        return b"\x02" + dims + words(*values)

    def real(self, *values: float) -> bytes:
        dims = bytes([1, len(values)]) if len(values) != 1 else bytes(1)
        return b"\x04" + dims + reals(values, self.processor)

    def text(self, values: tuple[str, ...], width: int = 8) -> bytes:
        data = "".join(value.ljust(width) for value in values).encode()
        return bytes([255, 2, width, len(values)]) + data

    def entries(self) -> list[tuple[str, list[tuple[str, bytes]]]]:
        frames, markers = self.points.shape[:2]
        point = [
            ("USED", self.whole(self.lie.get("used", markers))),
            ("SCALE", self.real(self.lie.get("scale", self.scale))),
            ("RATE", self.real(self.rate)),
            ("DATA_START", self.whole(self.lie.get("start", 4))),
            ("FRAMES", self.whole(self.lie.get("frames", frames))),
            ("LABELS", self.text(self.labels)),
        ]
        if self.units is not None:
            point.append(("UNITS", self.text((self.units,), 4)))
        if self.screen is not None:
            point.append(("Y_SCREEN", self.text((self.screen,), 2)))
        groups = [("POINT", point), ("ANALOG", self.analog_entries())]
        if self.prefixes:
            groups.append(("SUBJECTS", [("LABEL_PREFIXES", self.text(self.prefixes, 4))]))
        if "trial" in self.lie:
            high, low = divmod(self.lie["trial"], 65536)
            ends = [("ACTUAL_START_FIELD", self.whole(1, 0)), ("ACTUAL_END_FIELD", self.whole(low, high))]
            groups.append(("TRIAL", ends))
        if "rotations" in self.lie:
            groups.append(("ROTATION", [("USED", self.whole(self.lie["rotations"]))]))
        return groups

    def analog_entries(self) -> list[tuple[str, bytes]]:
        if not self.analog:
            return [("USED", self.whole(0))]
        return [
            ("USED", self.whole(self.analog)),
            ("LABELS", self.text(tuple(f"EMG{channel}" for channel in range(self.analog)), 4)),
            ("GEN_SCALE", self.real(1.0)),
            ("SCALE", self.real(*[1.0] * self.lie.get("scales", self.analog))),
            ("OFFSET", self.whole(*[0] * self.analog)),
            ("RATE", self.real(self.lie.get("samples", 2) * self.rate)),
        ]

    def encode(self) -> bytes:
        frames, markers = self.points.shape[:2]
        head = bytes([2, 80]) + words(markers, 2 * self.analog, 1, self.lie.get("last", frames), 10)
        head += reals(self.scale, self.processor) + words(4, 2) + reals(self.rate, self.processor)
        blocks = bytes([1, 80, 2, self.processor])
        for index, (group, parameters) in enumerate(self.entries(), start=1):
            for name, value in [(group, None), *parameters]:
                data = b"\0" if value is None else value + b"\0"
                blocks += struct.pack("<bb", len(name), -index if value is None else index) + name.encode()
                blocks += words(len(data) + 2) + data
        assert len(blocks) <= 1024 - 2
        residual = np.zeros((frames, markers)) if self.residual is None else self.residual
        places = self.points if self.scale < 0 else np.round(self.points / self.scale)
        values = np.concatenate([places, residual[..., None]], axis=-1).reshape(frames, -1)
        rows = np.concatenate([values, np.ones((frames, 2 * self.analog))], axis=1)
        data = rows.astype("<i2").tobytes() if self.scale > 0 else reals(rows, self.processor)
        return head.ljust(512, b"\0") + blocks.ljust(1024, b"\0") + data


def body(frames: int = 6) -> np.ndarray:
    """Four markers, z up, one of which moves."""
    points = np.array([[0, 0, 1700], [-300, 0, 1000], [300, 10, 1000], [0, 20, 50]], dtype=np.float64)
    moving = np.array([0, 1, 0, 0])[:, None] * np.array([10, 0, 0])
    return np.stack([points + t * moving for t in range(frames)])


def write(folder: Path, file: File | bytes) -> Path:
    path = folder / "walk.c3d"
    path.write_bytes(file if isinstance(file, bytes) else file.encode())
    return path


def markers_of(motion: Motion) -> np.ndarray:
    return motion.position[:, 1:]


def y_up(points: np.ndarray) -> np.ndarray:
    return points[..., [0, 2, 1]] * [1, 1, -1]


@pytest.mark.parametrize(("units", "factor"), [("mm", 1.0), ("cm", 10.0), ("m", 1000.0), (" MM ", 1.0)])
def test_unit_rate_axis_and_labels_are_the_files(tmp_path: Path, units: str, factor: float) -> None:
    (motion,) = c3d.read(write(tmp_path, File(body() / factor, units=units)))
    np.testing.assert_allclose(markers_of(motion), y_up(body()), atol=0.01)
    assert motion.skeleton.names == ("centroid", *LABELS)
    record = motion.recording
    assert (record.unit_mm, record.unit_from, record.up, record.axes_from) == (factor, "read", "+z", "read")
    assert (motion.fps, record.fps_from) == (120.0, "read")


def test_markers_hang_from_their_centroid(tmp_path: Path) -> None:
    (motion,) = c3d.read(write(tmp_path, File(body())))
    assert motion.skeleton.parents == (-1, 0, 0, 0, 0)
    np.testing.assert_allclose(motion.position[:, 0], markers_of(motion).mean(axis=1), atol=1e-3)
    mean = (motion.position - motion.position[:, :1]).mean(axis=0)
    np.testing.assert_allclose(motion.skeleton.offsets, mean, atol=1e-3)
    assert motion.rotation is None


@pytest.mark.parametrize("processor", [84, 85])
@pytest.mark.parametrize("scale", [-0.1, 0.5])
@pytest.mark.parametrize("analog", [0, 3])
def test_all_formats_of_numbers_are_read_and_analog_samples_passed_over(
    tmp_path: Path, processor: int, scale: float, analog: int
) -> None:
    (motion,) = c3d.read(write(tmp_path, File(body(), processor=processor, scale=scale, analog=analog)))
    np.testing.assert_allclose(markers_of(motion), y_up(body()), atol=0.25)
    assert motion.fps == 120.0


@pytest.mark.parametrize("kind", ["residual", "nan", "origin"])
def test_an_occluded_marker_is_marked_and_interpolated(tmp_path: Path, kind: str) -> None:
    points, residual = body(), np.zeros((6, 4))
    hidden = [(0, 1), (2, 1), (3, 1)]
    for frame, marker in hidden:
        points[frame, marker] = {"residual": 7.0, "nan": np.nan, "origin": 0.0}[kind]
        residual[frame, marker] = -1.0 if kind == "residual" else 0.0
    (motion,) = c3d.read(write(tmp_path, File(points, residual)))
    assert motion.missing is not None
    assert [tuple(at) for at in np.argwhere(motion.missing[:, 1:])] == hidden
    np.testing.assert_array_equal(motion.missing[:, 0], [True, False, True, True, False, False])
    expected = y_up(body())
    expected[0, 1] = expected[1, 1]  # held at the end, straight in between
    np.testing.assert_allclose(markers_of(motion), expected, atol=0.01)


def test_what_the_file_does_not_say_is_taken_from_the_configuration(tmp_path: Path) -> None:
    path = write(tmp_path, File(body(), units=None, screen=None))
    (motion,) = c3d.read(path, unit_mm=10.0, up="+z")
    np.testing.assert_allclose(markers_of(motion), 10 * y_up(body()), atol=0.1)
    assert (motion.recording.unit_from, motion.recording.axes_from) == ("configured", "configured")
    (mirrored,) = c3d.read(path, unit_mm=10.0, up="+z", handedness="left")
    np.testing.assert_allclose(mirrored.position, motion.position * [-1, 1, 1], atol=0.1)


def test_a_subjects_prefix_and_unlabelled_markers_are_left_out(tmp_path: Path) -> None:
    file = File(body(), labels=("Ann:HEAD", "Ann:LH", "*12", ""), prefixes=("Ann:",))
    (motion,) = c3d.read(write(tmp_path, file))
    assert motion.skeleton.names == ("centroid", "HEAD", "LH")
    assert motion.recording.notes == ("2 of 4 markers left out",)


def test_two_subjects_keep_their_prefixes(tmp_path: Path) -> None:
    file = File(body(), labels=("Ann:H", "Ann:F", "Bob:H", "Bob:F"), prefixes=("Ann:", "Bob:"))
    (motion,) = c3d.read(write(tmp_path, file))
    assert motion.skeleton.names[1:] == ("Ann:H", "Ann:F", "Bob:H", "Bob:F")


def test_configured_markers_are_kept_in_their_order(tmp_path: Path) -> None:
    path = write(tmp_path, File(body()))
    (motion,) = c3d.read(path, markers=["FOOT", "HEAD"])
    assert motion.skeleton.names == ("centroid", "FOOT", "HEAD")
    np.testing.assert_allclose(markers_of(motion), y_up(body())[:, [3, 0]], atol=0.01)
    with pytest.raises(BadFile, match="no marker 'KNEE'"):
        c3d.read(path, markers=["HEAD", "KNEE"])


def test_more_frames_than_16_bits_count(tmp_path: Path) -> None:
    points = np.broadcast_to(body(1)[:, :1], (70_000, 1, 3))
    file = File(points, labels=("HEAD",), lie={"frames": 65_535, "last": 65_535, "trial": 70_000})
    (motion,) = c3d.read(write(tmp_path, file))
    assert len(motion) == 70_000


def never_seen() -> File:
    residual = np.zeros((6, 4))
    residual[:, 2] = -1
    return File(body(), residual)


GOOD = File(body()).encode()
DAMAGES: dict[str, tuple[File | bytes, str]] = {
    "a header alone": (GOOD[:512], "512 bytes"),
    "another format": (b"HIERARCHY\n" * 200, "begin with 4849"),
    "cut short": (GOOD[:-16], "cut short"),
    "a claim of two gigabytes": (File(body(), lie={"frames": 65_535, "last": 65_535, "trial": 2**25}), "2147483648"),
    "a frame count that the header contradicts": (File(body(), lie={"frames": 5}), "6 frames in the header and 5"),
    "zero frames": (File(body(), lie={"frames": 0, "last": 0}), "0 frames"),
    "a point count that the header contradicts": (File(body(), lie={"used": 40}), "4 points in the header and 40"),
    "no points": (File(np.zeros((3, 0, 3)), labels=()), "0 points"),
    "a label twice": (File(body(), labels=("HEAD", "LHND", "HEAD", "FOOT")), "marker 'HEAD' twice"),
    "a label like the root's": (File(body(), labels=("HEAD", "centroid", "RHND", "FOOT")), "'centroid'"),
    "fewer labels than points": (File(body(), labels=("HEAD",)), "1 labels"),
    "no labelled marker": (File(body(), labels=("*1", "*2", "*3", "")), "no labelled marker"),
    "no unit": (File(body(), units=None), "nothing in POINT:UNITS"),
    "an unknown unit": (File(body(), units="yd"), "yd in POINT:UNITS"),
    "no up axis": (File(body(), screen=None), "no up axis"),
    "a rate of zero": (File(body(), rate=0.0), "POINT:RATE"),
    "a rate that is no number": (File(body(), rate=float("nan")), "POINT:RATE"),
    "a rate so low that samples would fill the memory": (File(body(), rate=1e-30), "POINT:RATE"),
    "an analog rate that the header contradicts": (File(body(), analog=2, lie={"samples": 3}), "ANALOG:RATE"),
    "fewer analog scales than channels": (File(body(), analog=2, lie={"scales": 1}), "1 numbers in ANALOG:SCALE"),
    "integers by one claim and floats by another": (File(body(), lie={"scale": 1}), "in POINT, but not in the header"),
    "two places of the data": (File(body(), lie={"start": 3}), "data at block 3 in POINT"),
    "text without a dimension": (
        GOOD.replace(b"\xff\x02\x02\x01+Z", b"\xff\x00\x02\x01+Z"),
        "type -1 and 0 dimensions",
    ),
    "a description that is too long": (GOOD.replace(b"+Z\0", b"+Z\xff"), "a description of 255 bytes at 'Y_SCREEN'"),
    "rotations": (File(body(), lie={"rotations": 40}), "ROTATION:USED"),
    "a marker that is never seen": (never_seen(), "marker 'RHND' in no frame"),
    "a marker that is far out": (File(body() * 1e30), "beyond"),
    "parameters outside the file": (bytes([200]) + GOOD[1:], "block 200"),
    "big-endian numbers": (GOOD[:515] + b"\x56" + GOOD[516:], "processor type 86"),
    "a processor that never was": (GOOD[:515] + b"\x01" + GOOD[516:], "processor type 1"),
    "a parameter that does not fit": (GOOD.replace(b"LABELS", b"LABELS" + b"\xff", 1)[: len(GOOD)], ""),
}


class TestDamaged(DamagedFile):
    NAME = "walk.c3d"
    GOOD = GOOD
    KEEPS_LENGTH = True
    DAMAGES: ClassVar[dict[str, Damage]] = {
        name: (file if isinstance(file, bytes) else file.encode(), 0, message)
        for name, (file, message) in DAMAGES.items()
    }

    def read(self, path: Path) -> list[Motion]:
        return c3d.read(path)


@pytest.mark.parametrize("setting", [{"up": "z"}, {"handedness": "both", "up": "+z"}, {"markers": "HEAD"}])
def test_a_setting_that_cannot_be_used_is_named(tmp_path: Path, setting: dict[str, str]) -> None:
    with pytest.raises(ConfigError, match=r"^(up|handedness|markers): found"):
        c3d.read(write(tmp_path, File(body())), **setting)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["HDM_bd_05-01_01_120", "HDM_mm_01-02_03_120"])
def test_hdm05_stands_upright(shared: Path, name: str) -> None:
    (motion,) = c3d.read(shared / "data" / "hdm05_c3d" / f"{name}.c3d", up="+z")
    assert (motion.fps, motion.recording.unit_mm, len(motion.skeleton)) == (120.0, 1.0, 42)
    place = dict(zip(motion.skeleton.names, np.median(motion.position, axis=0), strict=True))
    assert 1300 < place["LFHD"][1] < 2000
    assert -50 < place["LTOE"][1] < 150
    # Left, up and front of the pelvis make a right-handed frame; the motion is mirrored if they do not.
    across = (
        motion.position[:, motion.skeleton.names.index("LFWT")]
        - motion.position[:, motion.skeleton.names.index("RFWT")]
    )
    front = (
        motion.position[:, motion.skeleton.names.index("LFWT")]
        - motion.position[:, motion.skeleton.names.index("LBWT")]
    )
    assert (np.cross(across, [0, 1, 0]) * front).sum(axis=-1).mean() > 0
