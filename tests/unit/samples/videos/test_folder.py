from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from video_files import squares, store, ucf101

from kinesec.errors import ConfigError, KinesecError
from kinesec.files import store as stores
from kinesec.files.kinds.videos import VIDEOS
from kinesec.samples.videos.decode import BadVideo
from kinesec.samples.videos.folder import Reading, listed, read_folder, reading
from kinesec.samples.videos.lists import validated
from kinesec.samples.videos.videos import Videos, load

SMALL: dict[str, Any] = {"frames": 8, "height": 16, "width": 24, "fit": "stretch"}


@pytest.fixture
def ucf(tmp_path: Path) -> Path:
    return ucf101(tmp_path / "ucf", {"train": (8, 9, 10), "test": (1,)})


def read(root: Path, layout: str = "ucf101", **changes: Any) -> Videos:
    out = root.parent / "videos.zarr"
    read_folder(root, out, Reading(layout=layout, **{**SMALL, **changes}), dataset="made_up")
    stores.verify(out)
    return load(out)


def test_ucf101_is_split_by_its_lists_and_validates_on_whole_groups(ucf: Path) -> None:
    videos = read(ucf, validation_share=0.34)
    split = stores.read(ucf.parent / "videos.zarr", VIDEOS).split.values
    assert videos.classes == ["Archery", "Bowling"]
    assert len(videos) == 16
    assert set(videos.subject[split == "test"]) == {"g01"}
    held = set(videos.subject[split == "val"])
    assert len(held) == 1
    assert held | set(videos.subject[split == "train"]) == {"g08", "g09", "g10"}
    assert not held & set(videos.subject[split == "train"])
    assert videos.source[0] == "UCF-101/Archery/v_Archery_g01_c01.avi"
    assert videos.take[0] == "c01"
    assert videos.length.tolist() == 8 * [7, 8]
    assert videos.row.tolist() == 16 * [-1]
    for place, name in enumerate(videos.source):
        assert videos.classes[videos.label[place]] in name
    whole = read(ucf, height=None, width=None)
    np.testing.assert_array_equal(np.asarray(whole.video)[0, :7], squares(7, seed=101))
    assert (whole.fps, whole.attrs["protocol"], whole.attrs["left_out"]) == (25.0, "ucf101", [])


def test_hmdb51_is_split_by_its_numbers(tmp_path: Path) -> None:
    root = tmp_path / "hmdb"
    splits = root / "testTrainMulti_7030_splits"
    splits.mkdir(parents=True)
    for label in ("brush_hair", "run"):
        rows = []
        for number, (film, use) in enumerate([("April_09", 1), ("April_09", 1), ("B_B", 2), ("C", 0), ("D", 1)]):
            name = f"{film}_{label}_u_nm_np1_ba_goo_{number}.avi"
            rows.append(f"{name} {use} ")
            store(root / label / name, squares(8, seed=number))
        (splits / f"{label}_test_split2.txt").write_text("\n".join(rows))
    videos = read(root, "hmdb51", split=2, validation_share=0.4)
    split = stores.read(tmp_path / "videos.zarr", VIDEOS).split.values
    assert set(videos.subject[split == "test"]) == {"B_B"}
    assert sorted(set(videos.subject)) == ["April_09", "B_B", "D"]
    assert len(set(videos.subject[split == "val"])) == len(set(videos.subject[split == "train"])) == 1
    assert len(videos) == 8
    with pytest.raises(BadVideo, match=r"found no file \*_test_split1.txt"):
        read(root, "hmdb51")


def test_gsl_has_lists_of_paths_and_glosses(tmp_path: Path) -> None:
    root = tmp_path / "gsl"
    for part, signers in (("train", (1, 2)), ("dev", (3,)), ("test", (4,))):
        rows = []
        for signer in signers:
            for gloss in ("ΓΕΙΑ", "ΕΓΩ(1)"):
                name = f"health1_signer{signer}_rep1_glosses/glosses{len(rows):04d}"
                store(root / name, squares(9, seed=signer), "h264")
                rows.append(f"{name};{gloss}")
        (root / f"{part}_greek_iso.csv").write_text("\n".join(rows) + "\n", "utf-8")
    videos = read(root, "gsl")
    split = stores.read(tmp_path / "videos.zarr", VIDEOS).split.values
    assert videos.classes == ["ΓΕΙΑ", "ΕΓΩ(1)"]
    assert {name: set(videos.subject[split == name]) for name in ("train", "val", "test")} == {
        "train": {"signer1", "signer2"},
        "val": {"signer3"},
        "test": {"signer4"},
    }
    fewer = read(root, "gsl", classes=1)
    assert len(fewer.classes) == 1
    assert len(fewer) == 4


def test_a_bad_file_stops_the_reading_or_is_left_out(ucf: Path) -> None:
    names = [f"Archery/v_Archery_g08_c0{clip}.avi" for clip in (1, 2)]
    (ucf / "UCF-101" / names[0]).write_bytes(b"")
    (ucf / "UCF-101" / names[1]).unlink()
    with pytest.raises(BadVideo, match=rf"{names[0]}: found an empty file"):
        read(ucf)
    assert not (ucf.parent / "videos.zarr").exists()
    reports: list[str] = []
    out = ucf.parent / "videos.zarr"
    read_folder(ucf, out, Reading(layout="ucf101", on_bad_file="skip", **SMALL), dataset="d", report=reports.append)
    videos = load(out)
    assert len(videos) == 14
    assert [entry["path"] for entry in videos.attrs["left_out"]] == [f"UCF-101/{name}" for name in names]
    assert "no such file or directory" in videos.attrs["left_out"][1]["reason"]
    assert str(ucf) not in str(videos.attrs)
    assert reports[0].startswith(f"d: left out UCF-101/{names[0]}: found an empty file")


def test_nothing_to_train_on_is_one_line(ucf: Path) -> None:
    for path in ucf.rglob("*.avi"):
        path.write_bytes(b"")
    with pytest.raises(KinesecError, match="found none of 16 videos to train on that can be decoded; the first"):
        read(ucf, on_bad_file="skip")


def test_pictures_of_several_sizes_need_one(ucf: Path) -> None:
    store(ucf / "UCF-101/Archery/v_Archery_g08_c01", squares(7, 48, 48))
    with pytest.raises(KinesecError, match=r"found pictures of \(48, 48\), expected \(32, 48\) as before; set height"):
        read(ucf, height=None, width=None)
    assert read(ucf).video.shape == (16, 8, 16, 24, 3)


@pytest.mark.parametrize(
    ("file", "content", "message"),
    [
        ("classInd.txt", "Archery\n", "classInd.txt:1: found 'Archery', expected a number and a class"),
        ("trainlist01.txt", "Fencing/v_Fencing_g08_c01.avi 3\n", "trainlist01.txt:1: found"),
        ("trainlist01.txt", "Archery/v_Archery_g08_c01.avi 1\nArchery/a.avi 1\n", "trainlist01.txt:2: found"),
        ("trainlist01.txt", 2 * "Archery/v_Archery_g08_c01.avi 1\n", "twice in its lists"),
        ("trainlist01.txt", "../Archery/v_Archery_g08_c01.avi 1\n", "expected paths within it"),
        ("trainlist01.txt", "", "found no video to train on"),
        ("testlist01.txt", None, "found No such file or directory, expected the data set's list"),
    ],
)
def test_lists_that_cannot_be_used_are_one_line(ucf: Path, file: str, content: str | None, message: str) -> None:
    path = ucf / "ucfTrainTestlist" / file
    path.unlink() if content is None else path.write_text(content)
    with pytest.raises(KinesecError) as caught:
        listed(ucf, Reading(layout="ucf101"))
    assert message in str(caught.value)


def test_validation_leaves_a_group_to_train_on(ucf: Path) -> None:
    everything = listed(ucf, Reading(layout="ucf101", validation_share=0))
    assert {video.split for video in everything} == {"train", "test"}
    held = {
        frozenset(video.group for video in validated(everything, 0.1, seed) if video.split == "val")
        for seed in range(20)
    }
    assert held == {frozenset([group]) for group in ("g08", "g09", "g10")}
    with pytest.raises(ConfigError, match=r"validation_share: found 0\.9, which is 3 of 3 groups, expected fewer"):
        validated(everything, 0.9, 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({}, "videos: layout: found none, expected one of gsl, hmdb51, ucf101"),
        ({"layout": "kinetics"}, "videos: layout: found 'kinetics', expected one of gsl, hmdb51, ucf101"),
        ({"layout": "ucf101", "split": 4}, "videos: split: found 4, expected one of 1, 2, 3"),
        ({"layout": "ucf101", "frames": 0}, "videos: frames: found 0"),
        ({"layout": "ucf101", "skip": True}, "videos: skip: found an unknown key"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        reading(settings)
    assert str(caught.value).startswith(message)
