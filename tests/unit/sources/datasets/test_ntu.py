"""NTU RGB+D 60 and 120: labels and splits from file names alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.sources.datasets import _ntu, ntu60, ntu120
from kinesec.sources.datasets.base import SPLITS


def name(setup: int = 1, camera: int = 1, subject: int = 1, repetition: int = 1, action: int = 1) -> str:
    return f"S{setup:03d}C{camera:03d}P{subject:03d}R{repetition:03d}A{action:03d}"


EVERY = [
    f"part/{name(setup, camera, subject, 1, action)}.skeleton"
    for setup in (1, 2, 17, 18, 32)
    for camera in (1, 2, 3)
    for subject in (1, 3, 34, 40, 103, 106)
    for action in (1, 60, 61, 120)
]


def test_each_class_has_a_name_of_its_own_and_labels_sort_by_number() -> None:
    assert len(set(_ntu.ACTIONS)) == 120
    labels = [_ntu.label(action) for action in range(1, 121)]
    assert labels == sorted(labels)
    assert labels[0] == "A001 drink water"
    assert labels[59] == "A060 walking apart from each other"


def test_training_subjects_are_half_of_the_papers_subjects() -> None:
    assert (len(_ntu.TRAIN_SUBJECTS_60), max(_ntu.TRAIN_SUBJECTS_60)) == (20, 38)
    assert (len(ntu120.TRAIN_SUBJECTS), max(ntu120.TRAIN_SUBJECTS)) == (53, 103)
    assert set(ntu60.VALIDATION_SUBJECTS) < _ntu.TRAIN_SUBJECTS_60
    assert set(ntu120.VALIDATION_SUBJECTS) < ntu120.TRAIN_SUBJECTS


@pytest.mark.parametrize(("module", "setups", "actions"), [(ntu60, 17, 60), (ntu120, 32, 120)])
def test_each_data_set_takes_its_own_setups_and_actions(module: object, setups: int, actions: int) -> None:
    items = module.items(EVERY, {})  # type: ignore[attr-defined]
    assert {int(item.take[1:4]) for item in items} == {s for s in (1, 2, 17, 18, 32) if s <= setups}
    assert {int(item.action[1:4]) for item in items} == {a for a in (1, 60, 61, 120) if a <= actions}
    assert {item.split for item in items} == set(SPLITS)


def test_xsub_separates_subjects() -> None:
    for module in (ntu60, ntu120):
        by_split = {split: {i.subject for i in module.items(EVERY, {}) if i.split == split} for split in SPLITS}
        assert not by_split["train"] & by_split["test"]
        assert not by_split["train"] & by_split["val"]
        assert not by_split["val"] & by_split["test"]
        assert by_split["val"] == {"P034"}


def test_xview_tests_on_camera_1_and_xset_on_odd_setups() -> None:
    for item in ntu60.items(EVERY, {"protocol": "xview"}):
        assert (item.split == "test") == (item.take[4:8] == "C001")
    for item in ntu120.items(EVERY, {"protocol": "xset"}):
        assert (item.split == "test") == (int(item.take[1:4]) % 2 == 1)


def test_the_publishers_list_of_missing_skeletons_is_left_out(tmp_path: Path) -> None:
    listed = name(subject=3)
    file = tmp_path / "missing.txt"
    file.write_text(f"1 of the captured samples has missing skeleton data.\n\n{listed}\n")
    files = [f"{listed}.skeleton", f"{name()}.skeleton"]
    assert [item.path for item in ntu60.items(files, {"missing_list": str(file)})] == [f"{name()}.skeleton"]
    assert len(ntu60.items(files, {"missing_list": None})) == 2


def test_files_of_other_names_are_left_out() -> None:
    files = ["README.md", f"{name()}.avi", f"{name()}_rgb.skeleton", f"a/{name()}.skeleton"]
    assert [item.path for item in ntu60.items(files, {})] == [f"a/{name()}.skeleton"]


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"protocol": "xset"}, "protocol"),
        ({"protokol": "xsub"}, r"settings\.protokol"),
        ({"validation_subjects": [3]}, "validation_subjects"),
        ({"validation_subjects": sorted(_ntu.TRAIN_SUBJECTS_60)}, "validation_subjects"),
        ({"validation_subjects": "34"}, "validation_subjects"),
        ({"missing_list": "nowhere/list.txt"}, "missing_list"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigError, match=f"^{key}: found "):
        ntu60.items(EVERY, settings)


def test_no_sample_at_all_is_an_error_that_shows_a_name() -> None:
    with pytest.raises(ConfigError, match=r"S001C001P001R001A001\.skeleton"):
        ntu60.items(["a.txt"], {})


def test_both_are_found_by_name_and_say_where_to_ask() -> None:
    for module in ("ntu60", "ntu120"):
        assert "https://rose1.ntu.edu.sg" in (names.load("sources.datasets", module).INFO.access or "")


@pytest.mark.parametrize("module", ["ntu60", "ntu120"])
def test_the_configurations_settings_are_the_modules_own_defaults(repository: Path, module: str) -> None:
    config = yaml.safe_load((repository / "config" / "datasets" / f"{module}.yaml").read_text())
    assert (config["module"], config["manifest"], config["folder"]) == (module, None, None)
    loaded = names.load("sources.datasets", module)
    assert loaded.items(EVERY, config["settings"]) == loaded.items(EVERY, {})
