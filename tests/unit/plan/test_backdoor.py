"""What a run plans to do on backdoors of classifiers, and which configurations it refuses."""

from __future__ import annotations

from typing import Any

import pytest

from kinesec.errors import ConfigError
from kinesec.plan import configuration, paths
from kinesec.plan.backdoor import Backdoor, backdoor, swept
from kinesec.plan.figures import of_backdoors

SPEC: dict[str, Any] = {
    **{"trigger": "dft", "form": "joints", "preset": "paper", "settings": {"delta": 1.0}, "target": 0},
    **{"ratio": 0.2, "per": "class", "labels": "dirty"},
}


def part(**changes: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "networks": ["small", "second"],
        "seeds": [0, 1],
        "poisons": {"dft": SPEC, "badnet": {**SPEC, "trigger": "badnet", "settings": {}, "networks": ["small"]}},
        "sweeps": {"dft": {"delta": [2.0], "ratio": [0.1]}},
        "across": {"dft": ["badnet"]},
        "null_models": 3,
        "detectors": {"nc": {"detector": "neural_cleanse", "settings": {}, "poisons": ["badnet"]}},
    }
    return made | changes


def planned(modality: str = "skeleton", **changes: Any) -> Backdoor:
    samples_of = {("generated", "small"): "native24", ("generated", "second"): "other"}
    return backdoor(modality, part(**changes), seeds=[7], datasets=["generated"], samples_of=samples_of)


def test_sweeps_change_one_key_at_a_time() -> None:
    every = swept({"dft": SPEC}, {"dft": {"delta": [2.0, 3.0], "ratio": [0.1]}})
    assert list(every) == ["dft", "dft-delta2.0", "dft-delta3.0", "dft-ratio0.1"]
    assert every["dft-delta3.0"]["settings"] == {"delta": 3.0}
    assert every["dft-delta3.0"]["ratio"] == 0.2
    assert every["dft-ratio0.1"] == {**SPEC, "ratio": 0.1}
    assert SPEC["settings"] == {"delta": 1.0}


def test_each_network_is_poisoned_on_its_own_samples() -> None:
    victims = planned().victims
    pairs = {(victim["network"], victim["samples"], victim["training"]) for victim in victims}
    of_dft = ("dft", "dft-delta2.0", "dft-ratio0.1")
    expected = {
        (name, clips, poison) for name, clips in (("small", "native24"), ("second", "other")) for poison in of_dft
    }
    assert pairs == expected | {("small", "native24", "badnet")}
    assert len(victims) == 2 * len(pairs)


def test_clean_networks_of_other_seeds_are_searched_beside_the_victims() -> None:
    searched = planned().searched
    clean = [model for model in searched if model["training"] == "clean"]
    assert {model["seed"] for model in clean} == {"0", "1", "2"}
    assert len(clean) == 6
    assert {model["training"] for model in searched} == {"clean", "badnet"}


def test_figures_are_of_what_is_trained_on_the_samples() -> None:
    names = [figure.name for figure in of_backdoors([planned()])]
    assert [name for name in names if name.startswith("backdoor_filmstrip")] == [
        "backdoor_filmstrip-skeleton-generated-native24-dft",
        "backdoor_filmstrip-skeleton-generated-native24-badnet",
        "backdoor_filmstrip-skeleton-generated-other-dft",
    ]
    assert len([name for name in names if name.startswith("backdoor_sweeps")]) == 2
    assert [name for name in names if name.startswith("detector_nulls")] == [
        "detector_nulls-skeleton-generated-native24-small",
        "detector_nulls-skeleton-generated-other-second",
    ]
    one = planned(poisons={"dft": {**SPEC, "networks": ["small"]}}, across={}, detectors={})
    names = [figure.name for figure in of_backdoors([one])]
    assert [name for name in names if "sweeps" in name] == ["backdoor_sweeps-skeleton-generated-native24-small"]


def test_a_victim_is_tested_on_the_triggers_of_others_too() -> None:
    tested = {(model["training"], model["tested"]) for model in planned().evaluated}
    assert ("dft", "badnet") in tested
    assert ("badnet", "dft") not in tested
    files = planned().files(paths.BACKDOOR_RECORDS)
    assert len(files) == len(set(files)) == len(planned().evaluated)
    assert len(planned().files(paths.POISONED_STORE)) == 2 * 3 + 2 * 3 + 2


def test_paths_of_clean_and_poisoned_networks() -> None:
    known = {"data": "generated", "samples": "native24", "network": "small", "seed": "1"}
    clips, videos = planned(), planned("video")
    assert clips.model(known, "clean").startswith("results/models/recognition/generated/native24/clean/small/seed1/")
    assert videos.model(known, "clean").startswith("results/models/video/generated/native24/small/seed1/")
    poisoned = videos.model({**known, "training": "dft"})
    assert poisoned.startswith("results/models/backdoor/video/generated/native24/dft/small/seed1/")
    assert clips.samples(known).startswith("results/clips/generated/native24/")
    assert videos.samples(known).startswith("results/videos/generated/native24/")
    assert clips.poisoned({**known, "training": "clean"}) == []
    assert len(clips.poisoned({**known, "training": "dft"})) == 1


def test_nothing_is_planned_without_a_part() -> None:
    nothing = backdoor("video", {}, seeds=[0], datasets=["generated"], samples_of={})
    assert nothing.victims == nothing.searched == nothing.evaluated == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"networks": ["none"]}, "backdoor.networks: found 'none', expected one of small"),
        ({"poisons": {"x": {**SPEC, "trigger": "none"}}}, "backdoor.poisons.x.trigger: found 'none', expected one of"),
        (
            {"poisons": {"x": {**SPEC, "form": "video"}}},
            "poisons.x.form: found 'video', expected one of joints",
        ),
        ({"poisons": {"x": {**SPEC, "preset": "none"}}}, "backdoor.poisons.x.preset: found 'none', expected one of"),
        ({"sweeps": {"none": {}}}, "backdoor.sweeps: found 'none', expected one of dft"),
        ({"across": {"dft": ["none"]}}, "backdoor.across.dft: found 'none', expected one of dft"),
        ({"detectors": {"x": {"detector": "none"}}}, "backdoor.detectors.x.detector: found 'none', expected one of"),
        (
            {"detectors": {"x": {"detector": "sanitise_energy"}}},
            "backdoor.detectors.x.detector: found 'sanitise_energy', which searches prediction alone",
        ),
        (
            {"detectors": {"x": {"detector": "neural_cleanse", "poisons": ["none"]}}},
            "backdoor.detectors.x.poisons: found 'none', expected one of dft, badnet, dft-delta2.0",
        ),
    ],
)
def test_mistakes_are_named(change: dict[str, Any], words: str) -> None:
    config: dict[str, Any] = {
        "datasets": {"generated": {}},
        "recognition": {
            "datasets": ["generated"],
            "clips": {"native24": {"protocol": "native"}},
            "recognizers": {
                name: {"recognizer": "sgn", "clips": "native24", "settings": "small"} for name in ("small", "second")
            },
            "attacks": {},
            "transfer": [],
            "backdoor": part(**change),
        },
    }
    with pytest.raises(ConfigError, match=words):
        configuration.check_recognition(config)
