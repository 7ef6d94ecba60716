from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
import yaml

from kinesec.names import available, load
from kinesec.sources.datasets import folder
from kinesec.sources.datasets.base import Item
from kinesec.sources.manifest import read_manifest

CONFIG = Path(__file__).resolve().parents[4] / "config/datasets"


@pytest.fixture
def config() -> dict[str, dict[str, object]]:
    loaded: dict[str, dict[str, object]] = yaml.safe_load((CONFIG / "bandai_namco.yaml").read_text("utf-8"))
    return loaded


@pytest.fixture
def items(config: dict[str, dict[str, object]]) -> list[Item]:
    entries = read_manifest(CONFIG / "bandai_namco.manifest.csv")
    return folder.items([entry.path for entry in entries if entry.present], config["settings"])


def test_labels_and_styles_come_from_the_names(items: list[Item]) -> None:
    assert len(items) == 174
    assert len({item.style for item in items}) == 15
    assert {item.action for item in items} >= {"walk", "walk-left", "byebye", "dance-short"}
    item = next(item for item in items if "walk-left_not-confident" in item.path)
    assert (item.action, item.style, item.take) == ("walk-left", "not-confident", "walk-left_not-confident_001")


def test_each_action_with_enough_takes_is_in_every_split(items: list[Item]) -> None:
    sizes = Counter(item.action for item in items)
    for action in (action for action, size in sizes.items() if size >= 10):
        assert {item.split for item in items if item.action == action} == {"train", "val", "test"}
    shares = Counter(item.split for item in items)
    assert abs(shares["test"] / 174 - 0.2) < 0.03
    assert abs(shares["val"] / 174 - 0.1) < 0.03


@pytest.mark.parametrize("name", ["cmu_expmap", "hdm05", "cmu_asfamc", "bandai_namco"])
def test_every_shipped_data_set_labels_its_manifest(name: str) -> None:
    config = yaml.safe_load((CONFIG / f"{name}.yaml").read_text("utf-8"))
    assert config["module"] in available("sources.datasets")
    assert config["manifest"] == f"config/datasets/{name}.manifest.csv"
    files = [entry.path for entry in read_manifest(CONFIG / f"{name}.manifest.csv") if entry.present]
    items = load("sources.datasets", config["module"]).items(files, config["settings"])
    assert {item.split for item in items} == {"train", "val", "test"}
