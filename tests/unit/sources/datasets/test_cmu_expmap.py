from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from kinesec.errors import ConfigError
from kinesec.sources.datasets import cmu_expmap
from kinesec.sources.manifest import read_manifest

MANIFEST = Path(__file__).resolve().parents[4] / "config/datasets/cmu_expmap.manifest.csv"


@pytest.fixture
def files() -> list[str]:
    return [entry.path for entry in read_manifest(MANIFEST) if entry.present]


def test_the_last_training_take_of_an_action_validates(files: list[str]) -> None:
    items = cmu_expmap.items(files, {})
    assert len(items) == 38
    val = {item.path for item in items if item.split == "val"}
    actions = ["basketball", "basketball_signal", "jumping", "running", "soccer", "walking"]
    assert val == {f"train/{action}/{action}_5.txt" for action in actions}
    assert {item.path for item in items if item.split == "test"} == {
        f for f in files if f.startswith("test/") and "extra" not in f
    }
    assert {item.subject for item in items} == {""}
    assert all(item.path == f"{item.path.split('/')[0]}/{item.action}/{item.take}.txt" for item in items)


def test_takes_count_by_number_not_by_letter() -> None:
    files = [f"train/walking/walking_{take}.txt" for take in (2, 9, 10)]
    assert [item.take for item in cmu_expmap.items(files, {}) if item.split == "val"] == ["walking_10"]


def test_no_validation_and_the_extra_files(files: list[str]) -> None:
    items = cmu_expmap.items(files, {"validation": "none", "walking_extra": True})
    assert len(items) == 96
    assert {item.split for item in items} == {"train", "test"}


def test_the_order_of_the_files_does_not_matter(files: list[str]) -> None:
    assert cmu_expmap.items(files[::-1], {}) == cmu_expmap.items(files, {})


@pytest.mark.parametrize(
    ("settings", "word"),
    [
        ({"validation": "last"}, "validation: found 'last', expected one of last_take, none"),
        ({"walking_extra": "yes"}, "walking_extra: found 'yes'"),
        ({"valdation": "none"}, "valdation"),
    ],
)
def test_settings_that_cannot_be_used(files: list[str], settings: dict[str, object], word: str) -> None:
    with pytest.raises(ConfigError, match=word):
        cmu_expmap.items(files, settings)


def test_a_file_elsewhere() -> None:
    with pytest.raises(ConfigError, match=r"README\.md"):
        cmu_expmap.items(["README.md"], {})


def test_a_real_body_has_true_millimetres(shared: Path) -> None:
    """The root of a walker is about 1 m above the ground, and every bone keeps its length."""
    root = shared / "data/cmu_mocap_expmap"
    item = cmu_expmap.items(["test/walking/walking_1.txt"], {})[0]
    (motion,) = cmu_expmap.read(root, item, {})
    assert 800 < np.median(motion.position[:, 0, 1]) < 1100
    assert (motion.fps, motion.recording.fps_from) == (120.0, "published")
    assert np.isclose(motion.recording.unit_mm, 25.4 / 0.45)
