"""Human3.6M: labels and splits from file names alone."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kinesec.errors import ConfigError
from kinesec.sources.datasets import h36m

EVERY = [f"dataset/S{s}/{action}_{n}.txt" for s in h36m.SUBJECTS for action in h36m.ACTIONS for n in (1, 2)]


def test_210_sequences_of_15_actions_are_split_by_subject() -> None:
    items = h36m.items(EVERY, {})
    assert (len(items), len({item.action for item in items})) == (210, 15)
    subjects = {split: {item.subject for item in items if item.split == split} for split in ("train", "val", "test")}
    assert subjects == {"train": {"S1", "S6", "S7", "S8", "S9"}, "val": {"S11"}, "test": {"S5"}}
    assert {item.take for item in items} == {"1", "2"}


def test_actions_whose_name_begins_with_anothers_are_told_apart() -> None:
    files = ["S1/walking_1.txt", "S1/walkingdog_1.txt", "S1/walkingtogether_1.txt", "S1/sittingdown_2.txt"]
    assert {item.path: item.action for item in h36m.items(files, {})} == {
        file: file.split("/")[1].split("_")[0] for file in files
    }


def test_files_of_other_names_are_left_out() -> None:
    files = ["S1/walking_3.txt", "S2/walking_1.txt", "xS1/walking_1.txt", "S1/walking_1.txt~", "S9/posing_2.txt"]
    assert [item.path for item in h36m.items(files, {})] == ["S9/posing_2.txt"]


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"validation_subjects": [5]}, "validation_subjects"),
        ({"test_subjects": [4]}, "test_subjects"),
        ({"protokol": "xsub"}, r"settings\.protokol"),
        ({"test_subjects": "5"}, "test_subjects"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigError, match=f"^{key}: found "):
        h36m.items(EVERY, settings)


def test_no_sequence_at_all_is_an_error_that_shows_a_name() -> None:
    with pytest.raises(ConfigError, match=r"S1/walking_1\.txt"):
        h36m.items(["walking.txt"], {})


def test_a_sequence_is_read_at_the_configured_rate(tmp_path: Path) -> None:
    (tmp_path / "S1").mkdir()
    (tmp_path / "S1" / "walking_1.txt").write_text(",".join(["0"] * 99) + "\n")
    (item,) = h36m.items(["S1/walking_1.txt"], {})
    assert [motion.fps for motion in h36m.read(tmp_path, item, {})] == [50.0]
    assert [motion.fps for motion in h36m.read(tmp_path, item, {"fps": 25})] == [25.0]


def test_the_configurations_settings_are_the_modules_own_defaults(repository: Path) -> None:
    config = yaml.safe_load((repository / "config" / "datasets" / "h36m.yaml").read_text())
    assert (config["module"], config["manifest"], config["folder"]) == ("h36m", None, None)
    assert h36m.items(EVERY, config["settings"]) == h36m.items(EVERY, {})
    assert config["settings"]["fps"] == h36m.INFO.fps_published
