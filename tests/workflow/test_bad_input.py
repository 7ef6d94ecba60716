"""Damaged recordings, from the user's own folder to the store: one line that says what is wrong and where, or a store
without them that says what it left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Literal

import numpy as np
import pytest
import recordings
from hypothesis import given, settings
from hypothesis import strategies as st
from project import Project
from recordings import FORMATS

from kinesec.files import store
from kinesec.files.kinds.motions import MOTIONS
from kinesec.sources.errors import BadFile
from kinesec.sources.ingest import ingest_receipt
from kinesec.sources.raw import provide

ONE_LINE = re.compile(r"(?P<path>[^\n]*?):(?P<line>\d+): found [^\n]+, expected [^\n]+")


@pytest.fixture(scope="session")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The bytes of a sound recording of each format."""
    made = recordings.c3d(tmp_path_factory.mktemp("c3d"))
    return {
        "bvh": recordings.BVH,
        "amc": recordings.AMC,
        "expmap": recordings.EXPMAP,
        "c3d": made,
        "ntu": recordings.NTU,
    }


def swallow(name: str, folder: Path, files: dict[str, bytes], on_bad_file: Literal["stop", "skip"] = "stop") -> None:
    """What the rules `retrieve` and `ingest` do with the user's own copy; the store is ``folder/motions.zarr``."""
    FORMATS[name].write(folder / "own", files)
    data = FORMATS[name].data(str(folder / "own"))
    provide(data, receipt=folder / "receipt.json", manifest=None, mirror=None)
    receipt, out = folder / "receipt.json", folder / "motions.zarr"
    ingest_receipt(data, receipt=receipt, out=out, name="own", on_bad_file=on_bad_file)


def left_behind(folder: Path) -> set[str]:
    return {path.name for path in folder.iterdir()} - {"own", "receipt.json"}


def swap(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def of(data: bytes) -> bytes:
        assert old in data
        return data.replace(old, new, 1)

    return of


def last(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    return lambda data: new.join(data.rsplit(old, 1))


def cut(share: float) -> Callable[[bytes], bytes]:
    return lambda data: data[: int(share * len(data))]


# what readers say of every damage is for their own tests; here one fault a format, and letters of another time
# format, damage: the function that does it, the line of the fault, what the message names
DAMAGES: dict[tuple[str, str], tuple[Callable[[bytes], bytes], int, str]] = {
    ("bvh", "cut short in a frame"): (last(b" 0 0 77\n", b""), 21, "6 columns"),
    ("bvh", "ISO-8859-1 for a number"): (swap(b"1 90", b"\xbd 90"), 20, "½"),
    ("amc", "cut short"): (swap(b"lfemur 11 12 -13\nltibia 33\n", b""), 9, "the end of frame 2"),
    ("amc", "ISO-8859-1 for a number"): (swap(b"ltibia 33", b"ltibia \xb3"), 10, "³"),
    ("expmap", "cut short"): (cut(0.9), 3, "columns"),
    ("c3d", "cut short"): (lambda data: data[:-700], 0, "5 frames of 4 points"),
    ("ntu", "cut short"): (cut(0.7), 62, "11 fields"),
}


@pytest.mark.parametrize(("name", "damage"), DAMAGES)
def test_a_damaged_file_is_one_line_and_no_store_or_is_left_out_and_said_so(
    name: str, damage: str, sound: dict[str, bytes], tmp_path: Path
) -> None:
    harm, line, word = DAMAGES[name, damage]
    end = FORMATS[name].ending
    files = {f"good/walk.{end}": sound[name], f"other/walk.{end}": harm(sound[name])}
    with pytest.raises(BadFile) as raised:
        swallow(name, tmp_path, files)
    told = ONE_LINE.fullmatch(str(raised.value))
    assert told is not None, str(raised.value)
    assert Path(told["path"]) == tmp_path / f"own/other/walk.{end}"
    assert word in raised.value.found
    assert not line or int(told["line"]) == line, str(raised.value)
    assert left_behind(tmp_path) == set()

    swallow(name, tmp_path, files, "skip")
    store.verify(tmp_path / "motions.zarr")
    motions = store.read(tmp_path / "motions.zarr", MOTIONS)
    assert motions["source"].values.tolist() == [f"good/walk.{end}"]
    (left_out,) = motions.attrs["left_out"]
    assert left_out["path"] == f"other/walk.{end}"
    assert word in left_out["reason"]
    assert left_behind(tmp_path) == {"motions.zarr"}


@pytest.mark.parametrize("name", FORMATS)
def test_a_sound_file_is_taken_whole(name: str, sound: dict[str, bytes], tmp_path: Path) -> None:
    """So what the others trip over is the damage."""
    end = FORMATS[name].ending
    swallow(name, tmp_path, {f"good/walk.{end}": sound[name], f"other/walk.{end}": sound[name]})
    motions = store.read(tmp_path / "motions.zarr", MOTIONS)
    assert motions["split"].values.tolist() == ["test", "train"]
    assert motions.attrs["left_out"] == []


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("bvh", swap(b"JOINT Knee", "JOINT Kn\xefe".encode("iso-8859-1"))),
        ("amc", lambda data: "# l\xe4uft\n".encode("iso-8859-1") + data),
    ],
)
def test_old_headers_are_no_damage(
    name: str, harm: Callable[[bytes], bytes], sound: dict[str, bytes], tmp_path: Path
) -> None:
    """Exporters of the time wrote ISO-8859-1."""
    swallow(name, tmp_path, {f"good/walk.{FORMATS[name].ending}": harm(sound[name])})
    assert store.read(tmp_path / "motions.zarr", MOTIONS).sizes["sequence"] == 1


@pytest.mark.parametrize("beside", [{}, {"good/skeleton.asf": recordings.ASF.replace(b"name ltibia", b"name lfemur")}])
def test_a_skeleton_that_cannot_be_used(beside: dict[str, bytes], sound: dict[str, bytes], tmp_path: Path) -> None:
    """A missing ASF file, and one with a bone twice, are one line too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(FORMATS, "amc", recordings.Format("amc", FORMATS["amc"].settings, beside))
        with pytest.raises(BadFile) as raised:
            swallow("amc", tmp_path, {"good/walk.amc": sound["amc"]})
    assert ONE_LINE.fullmatch(str(raised.value))
    assert left_behind(tmp_path) == set()


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.data())
@settings(max_examples=20)
def test_any_damage_ends_in_a_sound_store_or_in_one_line(
    name: str, sound: dict[str, bytes], data: st.DataObject
) -> None:
    whole = sound[name]
    harmed = bytearray(whole)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, max(0, len(harmed) - 1)))
        match data.draw(st.sampled_from(["cut", "drop", "repeat", "overwrite"])):
            case "cut":
                del harmed[at:]
            case "drop":
                del harmed[at : at + data.draw(st.integers(1, 40))]
            case "repeat":
                harmed[at:at] = harmed[at : at + data.draw(st.integers(1, 40))]
            case _:
                harmed[at : at + 1] = data.draw(st.binary(min_size=1, max_size=3))
    end = FORMATS[name].ending
    with TemporaryDirectory() as folder:
        told = ""
        try:
            swallow(name, Path(folder), {f"good/walk.{end}": bytes(harmed)})
        except BadFile as error:
            told = str(error)
        if told:
            assert ONE_LINE.fullmatch(told), told
            assert left_behind(Path(folder)) == set()
        else:
            store.verify(Path(folder, "motions.zarr"))
            assert np.isfinite(store.read(Path(folder, "motions.zarr"), MOTIONS)["position"].values).all()


def test_the_rule_stops_with_one_line_or_goes_on_without(
    finished: Project, sound: dict[str, bytes], tmp_path: Path
) -> None:
    name, damage = "bvh", "cut short in a frame"
    project, end = finished.copy(tmp_path / "project"), FORMATS[name].ending
    harmed = DAMAGES[name, damage][0](sound[name])
    FORMATS[name].write(project.folder / "own", {f"good/walk.{end}": sound[name], f"other/walk.{end}": harmed})
    project.configure({"datasets.own": FORMATS[name].data("own")})
    process = project.run(target="results/motions/own/motions.zarr/zarr.json")
    assert process.returncode != 0
    told = [text for text in process.stderr.splitlines() if text.startswith("error:")]
    assert len(told) == 1, process.stderr
    assert re.fullmatch(rf"error: own/other/walk\.{end}:\d+: found .+, expected .+", told[0])
    assert "Traceback" not in process.stdout + process.stderr
    assert (project.folder / "logs/ingest/own.log").read_text().count(told[0]) == 1
    assert [path.name for path in project.folder.glob("results/motions/own/*")] in ([], ["motions.zarr"])
    assert not list(project.folder.glob("results/motions/own/motions.zarr/*"))

    project.configure({"datasets.own": FORMATS[name].data("own"), "on_bad_file": "skip"})
    project.build(target="results/motions/own/motions.zarr/zarr.json")
    motions = store.read(project.folder / "results/motions/own/motions.zarr", MOTIONS)
    assert [file["path"] for file in motions.attrs["left_out"]] == [f"other/walk.{end}"]
    log = (project.folder / "logs/ingest/own.log").read_text()
    assert f"left out other/walk.{end}" in log

    project.configure({"datasets.own": FORMATS[name].data("nowhere")})
    process = project.run(target="results/motions/own/motions.zarr/zarr.json")
    assert process.returncode != 0
    told = [text for text in process.stderr.splitlines() if text.startswith("error:")]
    assert len(told) == 1, process.stderr
    assert "nowhere" in told[0]
    assert "Traceback" not in process.stdout + process.stderr
