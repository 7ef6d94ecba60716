from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinesec.errors import ConfigError
from kinesec.motion.kinematics import bone_lengths
from kinesec.sources.datasets import cmu_asfamc
from kinesec.sources.manifest import read_manifest

MANIFEST = Path(__file__).resolve().parents[4] / "config/datasets/cmu_asfamc.manifest.csv"


@pytest.fixture
def files() -> list[str]:
    return [entry.path for entry in read_manifest(MANIFEST) if entry.present]


def test_every_take_of_the_two_subjects_has_a_label(files: list[str]) -> None:
    items = cmu_asfamc.items(files, {})
    assert len(items) == 24
    assert cmu_asfamc.UNLABELLED not in {item.action for item in items}
    assert {(item.subject, item.take): item.action for item in items}[("02", "01")] == "walk"


def test_the_split_is_by_subject(files: list[str]) -> None:
    items = cmu_asfamc.items(files, {})
    assert {item.subject for item in items if item.split == "test"} == {"02"}
    assert [item.take for item in items if item.split == "val"] == ["14"]
    other = cmu_asfamc.items(files, {"test_subjects": [], "validation_subjects": ["01"]})
    assert {(item.subject, item.split) for item in other} == {("01", "val"), ("02", "train")}
    assert {item.split for item in cmu_asfamc.items(files, {"test_subjects": [], "validation": "none"})} == {"train"}


def test_other_subjects_are_unlabelled() -> None:
    (item,) = cmu_asfamc.items(["subjects/144/144_03.AMC"], {})
    assert (item.subject, item.action, item.split) == ("144", cmu_asfamc.UNLABELLED, "train")


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"test_subjects": ["03"]}, "test_subjects: found '03', expected some of 01, 02"),
        ({"validation_subjects": ["02"]}, "validation_subjects: found '02', expected none that is in test_subjects"),
        ({"validation": "first"}, "validation"),
        ({"subjects": []}, "settings.subjects"),
    ],
)
def test_settings_that_cannot_be_used(files: list[str], settings: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        cmu_asfamc.items(files, settings)


@pytest.mark.parametrize("path", ["01/02_01.amc", "01/01.amc", "readme.txt"])
def test_a_file_that_is_named_otherwise(path: str) -> None:
    with pytest.raises(ConfigError, match=path):
        cmu_asfamc.items([path], {})


def test_a_real_motion_keeps_its_subject_s_bones(files: list[str], shared: Path) -> None:
    item = next(item for item in cmu_asfamc.items(files, {}) if item.path.endswith("02_01.amc"))
    (motion,) = cmu_asfamc.read(shared / "data/cmu_asfamc", item, {})
    lengths = bone_lengths(motion.position, motion.skeleton.parents)
    assert np.allclose(lengths, motion.skeleton.bone_lengths[1:], atol=0.05)
