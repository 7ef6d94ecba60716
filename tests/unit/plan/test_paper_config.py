"""The papers' grids: every published model, strategy and comparator, and one's own data that is not there."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from kinesec import names
from kinesec.attacks.base import build
from kinesec.errors import ConfigError
from kinesec.plan import configuration
from kinesec.samples.clips.cut import build as build_clips
from kinesec.sources.raw import provide

LICENSED = ("h36m", "mhad", "ntu60")
COMPARATORS = {"iaa", "ciasa", "pgd", "mi_fgsm", "eot"}
ON_LABELS = {"basar", "boundary", "subspace"}


@pytest.fixture(scope="module")
def config(repository: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((repository / "config/paper.yaml").read_text("utf-8"))
    for attack in loaded["recognition"]["attacks"].values():  # what the schema fills in
        attack.setdefault("preset", "paper")
        attack.setdefault("strategy", "AB")
        attack.setdefault("settings", {})
    for recognizer in loaded["recognition"]["recognizers"].values():
        recognizer.setdefault("settings", {})
    return loaded


def test_every_published_model_is_trained_as_published_on_three_seeds(config: dict[str, Any]) -> None:
    recognition, prediction = config["recognition"], config["prediction"]
    assert len(config["seeds"]) >= 3
    assert {spec["recognizer"] for spec in recognition["recognizers"].values()} == set(
        names.available("models.recognizers")
    )
    assert {spec["predictor"] for spec in prediction["predictors"].values()} == {"ltd", "hri", "simlpe", "auxformer"}
    for spec in recognition["recognizers"].values():
        assert not spec["settings"]
        assert not spec.get("recipe")
        assert set(spec["clips"]) == set(recognition["datasets"])


def test_the_attacks_are_the_published_ones(config: dict[str, Any]) -> None:
    attacks = config["recognition"]["attacks"].values()
    assert {a["strategy"] for a in attacks if a["attack"] == "smart"} == {"AB", "AB3", "AB5", "SA"}
    assert {a["settings"].get("terms", "smart") for a in attacks} == {"smart", "l2", "l2_acc", "l2_bone"}
    assert {a["attack"] for a in attacks} == {"smart", *COMPARATORS, *ON_LABELS}
    assert {(a["strategy"], a["preset"]) for a in attacks if a["attack"] == "basar"} > {
        ("SA", "paper"),
        ("AB", "official"),
    }
    crossed = [config["recognition"]["attacks"][name] for name in config["recognition"]["transfer"]]
    assert [(attack["attack"], attack["strategy"]) for attack in crossed] == [("smart", "AB"), ("smart", "AB5")]
    for attack in attacks:
        assert set(attack["settings"]) <= {"terms"}
        build(attack["attack"], attack["settings"], attack["preset"])


def test_recognizers_see_frames_as_published(config: dict[str, Any]) -> None:
    recognition = config["recognition"]
    frames = {name: build_clips(clips)[0].frames for name, clips in recognition["clips"].items()}
    for spec in recognition["recognizers"].values():
        assert frames[spec["clips"]["hdm05"]] == 60
        assert frames[spec["clips"]["ntu60"]] == (64 if spec["recognizer"] == "ctr_gcn" else 300)


@pytest.mark.parametrize("name", LICENSED)
def test_a_copy_that_is_not_there_is_one_line_when_it_is_needed(
    name: str, config: dict[str, Any], repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    schema = repository / "workflow/schemas/dataset.schema.yaml"
    data = configuration.data_set(name, config["datasets"][name], repository / "config/datasets", schema)
    with pytest.raises(ConfigError, match=f"{name}: folder: found no folder data/{name}, expected your copy") as raised:
        provide(data, receipt=tmp_path / "receipt.json", manifest=None, mirror=None)
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "receipt.json").exists()


@pytest.mark.parametrize(
    ("clips", "line"),
    [
        ({"hdm05": "smart61"}, "recognizers.st_gcn.clips: found 'smart61', expected one of smart60"),
        ({"hdm06": "smart60"}, "recognizers.st_gcn.clips: found 'hdm06', expected one of hdm05, mhad"),
    ],
)
def test_clips_by_data_set_name_clips_and_data_sets(clips: dict[str, str], line: str, config: dict[str, Any]) -> None:
    changed = deepcopy(config)
    changed["recognition"]["recognizers"]["st_gcn"]["clips"] = clips
    with pytest.raises(ConfigError, match=line):
        configuration.check_recognition(changed)
