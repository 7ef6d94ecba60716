from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from kinesec.errors import ConfigError
from kinesec.sources.datasets import hdm05
from kinesec.sources.manifest import read_manifest

MANIFEST = Path(__file__).resolve().parents[4] / "config/datasets/hdm05.manifest.csv"


@pytest.fixture
def files() -> list[str]:
    return [entry.path for entry in read_manifest(MANIFEST) if entry.present]


def test_the_classes_and_the_split_by_subject(files: list[str]) -> None:
    items = hdm05.items(files, {})
    assert len(items) == 288
    assert {item.action for item in items} == set(hdm05.CLASSES)
    sizes = Counter(item.action for item in items)
    assert (min(sizes.values()), max(sizes.values())) == (14, 52)
    of = {split: {item.subject for item in items if item.split == split} for split in ("train", "val", "test")}
    assert of == {"train": {"bd", "bk"}, "val": {"dg"}, "test": {"mm", "tr"}}
    for split in of:
        assert {item.action for item in items if item.split == split} == set(hdm05.CLASSES)


def test_the_file_that_ends_in_capitals_is_there(files: list[str]) -> None:
    (item,) = [item for item in hdm05.items(files, {}) if item.path.endswith(".AMC")]
    assert (item.action, item.subject, item.take) == ("sneak2StepsLStart", "bk", "006")


@pytest.mark.parametrize("held", [[], ["bd"], ["bd", "bk"]])
def test_other_actors_for_validation(files: list[str], held: list[str]) -> None:
    items = hdm05.items(files, {"validation_subjects": held})
    assert {item.subject for item in items if item.split == "val"} == set(held)
    assert {item.subject for item in items if item.split == "test"} == {"mm", "tr"}


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"validation_subjects": ["mm"]}, "validation_subjects: found 'mm', expected some of bd, bk, dg"),
        ({"validation_subjects": "dg"}, "expected a list"),
        ({"validation": ["dg"]}, "settings.validation"),
    ],
)
def test_settings_that_cannot_be_used(files: list[str], settings: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        hdm05.items(files, settings)


@pytest.mark.parametrize(
    "path",
    [
        "train/12/HDM_bd_throwBasketball_001_120.amc",
        "train/1/HDM_bd_throwBasketball_001_120.amc",
        "val/11/HDM_bd_throwBasketball_001_120.amc",
        "train/11/bd_throwBasketball.amc",
    ],
)
def test_a_file_that_is_named_otherwise(path: str) -> None:
    with pytest.raises(ConfigError, match=path):
        hdm05.items([path], {})


def test_each_actor_has_his_own_skeleton(files: list[str], shared: Path) -> None:
    root = shared / "data/hdm05_asfamc"
    lengths = {}
    for actor in ("bd", "bk", "dg", "mm", "tr"):
        item = next(item for item in hdm05.items(files, {}) if item.subject == actor)
        (motion,) = hdm05.read(root, item, {})
        lengths[actor] = motion.skeleton.bone_lengths.round(3).tolist()
        assert (len(motion.skeleton), motion.fps) == (31, 120.0)
    assert len({tuple(some) for some in lengths.values()}) == 5
