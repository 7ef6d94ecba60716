from __future__ import annotations

from typing import Any

from kinesec.plan import paths
from kinesec.plan.run import Plan, plan


def test_a_recognizer_is_trained_only_where_it_has_clips(whole: Plan) -> None:
    recognition = whole.recognition
    assert (recognition.clips_on("two", "a"), recognition.clips_on("two", "b")) == ("c24", None)
    assert len(recognition.evaluations(paths.ACCURACY_TABLE)) == 2 * 3
    assert recognition.models(paths.CONFUSION_TABLE, "b", "two") == []


def test_attacks_are_tried_on_those_they_name_or_all(whole: Plan) -> None:
    recognition = whole.recognition
    assert (recognition.attacked("given"), recognition.attacked("smart")) == (["one"], ["one", "two"])
    assert len(set(recognition.attack_files(paths.ATTACK_TABLE))) == 2 * (3 + 2 + 3 + 3 + 2 + 2)


def test_transfer_is_between_recognizers_of_the_same_clips(whole: Plan, empty: Plan) -> None:
    tables = whole.recognition.transfers()
    assert len(set(tables)) == 2 * (4 + 1)
    assert [path for path in tables if "/b/" in path and "two" in path] == []
    assert empty.recognition.transfers() == empty.recognition.attack_files("") == []


def test_an_attack_that_wraps_another_has_its_code_too(whole: Plan) -> None:
    assert whole.recognition.attack_code("smart") == ["attacks.smart"]
    assert whole.recognition.attack_code("eot") == ["attacks.eot", "attacks.pgd"]
    assert whole.recognition.attack_code("eot_mi") == ["attacks.eot", "attacks.mi_fgsm"]


def test_an_attacks_parameters_do_not_say_whom_it_is_tried_on(whole: Plan) -> None:
    published = {"attack": "smart", "preset": "paper", "strategy": "SA", "settings": {}}
    assert whole.recognition.attack("given") == {**published, "batch": 32, "limit": None}


def test_an_attack_may_have_a_limit_of_its_own(whole: Plan, config: dict[str, Any]) -> None:
    assert whole.recognition.attack("basar")["limit"] == 5
    config["recognition"]["limit"] = 9
    limits = {name: plan(config, {}).recognition.attack(name)["limit"] for name in ("smart", "basar")}
    assert limits == {"smart": 9, "basar": 5}


def test_attacks_on_labels_are_told_by_their_modules_word(whole: Plan) -> None:
    recognition = whole.recognition
    assert recognition.hard_label == ["basar", "basar_sa"]
    files = recognition.attack_files(paths.ATTACK_TABLE, recognition.hard_label)
    assert {path.split("/")[-2] for path in files} == {"basar", "basar_sa"}
    assert len(files) == 2 * 2 * 2


def test_attacks_on_labels_are_pictured_apart(whole: Plan) -> None:
    recognition = whole.recognition
    assert recognition.pictured_attacks("one", "blackbox") == ["basar"]
    assert recognition.pictured_attacks("two", "blackbox") == []
    assert recognition.pictured("a", "one", "blackbox")["tables"] == [
        "results/evaluations/attacks/a/c24/one/basar/seed0.csv"
    ]


def test_pictures_show_every_shard_of_the_first_seed(whole: Plan) -> None:
    shown = whole.recognition.pictured("a", "one")
    assert whole.recognition.pictured_attacks("one") == ["smart", "eot", "eot_mi"]
    assert [len(shown[key]) for key in ("shards", "records", "tables")] == [6, 3, 3]
    assert shown["shards"][1] == "results/attacks/a/c24/one/smart/seed0/shard2of2.zarr/zarr.json"
    assert whole.recognition.shards_of("{data}/{shard}") == ["{data}/1of2", "{data}/2of2"]
