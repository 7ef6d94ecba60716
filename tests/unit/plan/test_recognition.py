from __future__ import annotations

from typing import Any

from kinesec.plan import paths
from kinesec.plan.recognition import recognition as planned
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
    assert len(set(tables)) == 2 * (2 + 1)
    assert [path for path in tables if "/b/" in path and "two" in path] == []
    assert empty.recognition.transfers() == empty.recognition.attack_files("") == []


def test_an_attack_that_wraps_another_has_its_code_too(whole: Plan) -> None:
    assert whole.recognition.attack_code("smart") == ["attacks.smart"]
    assert whole.recognition.attack_code("eot") == ["attacks.eot", "attacks.pgd"]
    named = {"attack": "diverse_inputs", "settings": {}}
    assert whole.recognition.code_of_attack(named) == ["attacks.diverse_inputs", "attacks.mi_fgsm"]
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


TUNE: dict[str, Any] = {"candidates": [{"weight": 0.6}, {"weight": 0.9}], "limit": 16}


def tuned(config: dict[str, Any]) -> Plan:
    attacks = config["recognition"]["attacks"]
    attacks["smart"] = {**attacks["smart"], "tune": TUNE, "seeds": [1]}
    attacks["given"] = {**attacks["given"], "tune": {**TUNE, "match": "smart"}}
    attacks["eot"] = {**attacks["eot"], "bounds_mm": [10, 40]}
    attacks["eot_mi"] = {**attacks["eot_mi"], "choice_of": "smart"}
    return plan(config, {})


def test_a_tuned_attack_reads_its_choice(config: dict[str, Any]) -> None:
    recognition = tuned(config).recognition
    assert recognition.choice("smart") == ["results/attacks/{data}/{clips}/{recognizer}/smart/choice.json"]
    assert recognition.choice("eot") == []
    assert (recognition.choice("eot_mi"), recognition.tuned("eot_mi")) == (recognition.choice("smart"), None)
    assert (recognition.goal("smart"), recognition.goal("given")) == ([], recognition.choice("smart"))
    assert recognition.tuned("given") == TUNE
    assert len(recognition.tunings()) == 3 + 2
    assert "attack_tuning" in tuned(config).recognition_tables


def test_an_attack_may_have_fewer_seeds(config: dict[str, Any]) -> None:
    recognition = tuned(config).recognition
    files = recognition.attack_files(paths.ATTACK_TABLE, ["smart"])
    assert len(files) == 3
    assert all(file.endswith("seed1.csv") for file in files)
    assert all("seed1" in file for file in recognition.transfers())
    assert "smart" not in recognition.pictured_attacks("one")  # pictures are of the first seed


def test_a_recognizer_may_have_fewer_seeds(config: dict[str, Any]) -> None:
    config["recognition"]["recognizers"]["two"]["seeds"] = [1]
    recognition = plan(config, {}).recognition
    assert len(recognition.evaluations(paths.ACCURACY_TABLE)) == 2 * 2 + 1
    assert len([file for file in recognition.attack_files(paths.ATTACK_TABLE, ["smart"]) if "/two/" in file]) == 1
    wildcards = {"data": "a", "clips": "c24", "seed": "0"}
    assert (recognition.targets("a", "c24"), recognition.targets("a", "c24", 0)) == (["one", "two"], ["one"])
    assert ["/two/" in path for path in recognition.target_models(wildcards)] == [False]
    config["recognition"]["recognizers"]["one"]["attacked"] = False  # the only target is of seed 1
    config["recognition"]["attacks"]["smart"] = {**config["recognition"]["attacks"]["smart"], "recognizers": ["one"]}
    assert [path[-9:-4] for path in plan(config, {}).recognition.transfers()] == ["seed1"]


def test_settings_are_chosen_on_a_model_that_is_trained_anyway(config: dict[str, Any]) -> None:
    config["recognition"]["recognizers"]["two"]["seeds"] = [1]
    smart = {**config["recognition"]["attacks"]["smart"], "tune": TUNE}
    config["recognition"]["attacks"]["smart"] = smart
    recognition = plan(config, {}).recognition
    assert (recognition.tuning_seed("smart", "one"), recognition.tuning_seed("smart", "two")) == (0, 1)
    assert len(recognition.tunings()) == 3
    smart["seeds"] = [0]
    recognition = plan(config, {}).recognition
    assert len(recognition.tunings()) == 2
    assert recognition.tuning_seed("smart", "two") == 1


def test_bounds_make_attacks_of_their_own(config: dict[str, Any]) -> None:
    planned = tuned(config)
    recognition = planned.recognition
    assert [name for name in recognition.attacks if name.startswith("eot_")] == ["eot_10mm", "eot_40mm", "eot_mi"]
    assert "epsilon_mm" not in recognition.attack("eot")
    assert recognition.attack("eot_40mm") == {**recognition.attack("eot"), "epsilon_mm": 40}
    assert "eot_10mm" not in recognition.pictured_attacks("one")
    assert "attack_bounds" in planned.recognition_tables
    assert any(figure.name == "attack_bounds-a-c24" for figure in planned.figures)


def test_strategies_of_attacks_by_gradients_have_curves(whole: Plan) -> None:
    names = [figure.name for figure in whole.figures if figure.name.startswith("attack_curves-a")]
    assert names == ["attack_curves-a-c24-AB", "attack_curves-a-c24-SA"]


def test_attacks_for_transfer_alone_have_neither_tables_nor_figures_of_attacks(config: dict[str, Any]) -> None:
    attacks = config["recognition"]["attacks"]
    for name in ("given", "eot_mi", "basar", "basar_sa"):
        attacks[name] = {**attacks[name], "transfer_only": True}
    attacks["eot_mi"]["bounds_mm"] = [10]
    of = plan(config, {})
    assert of.recognition.strategies(["one"]) == ["AB"]
    assert not {"attack_bounds", "blackbox"} & {*of.recognition_tables, *of.blackbox_tables}
    drawn = [figure.name for figure in of.figures]
    assert not [name for name in drawn if name.startswith(("attack_bounds", "queries", "attack_curves-a-c24-SA"))]


def test_ensembles_are_surrogates_and_where_they_say_so_targets(config: dict[str, Any]) -> None:
    recognition = config["recognition"]
    recognition["ensembles"] = {
        "pair": {"members": ["one", "two"], "average": "logits", "target": False},
        "votes": {"members": ["one", "two"], "average": "softmax", "target": True},
    }
    recognition["recognizers"]["two"] = {**recognition["recognizers"]["one"], "stream": "bones", "attacked": False}
    smart = {**recognition["attacks"]["smart"], "recognizers": ["one", "pair"], "transfer_only": True}
    recognition["attacks"]["smart"] = smart
    of = planned(recognition, [0, 1])
    assert of.targets("a", "c24") == ["one", "votes"]
    assert of.targets("a", "c60") == []
    wildcards = {"data": "a", "clips": "c24", "seed": "1", "recognizer": "pair"}
    model = "results/models/recognition/a/c24/clean/{}/seed1/model.safetensors"
    assert of.members(wildcards) == [model.format("one"), model.format("two")]
    assert of.target_models(wildcards) == [model.format("one"), model.format("votes")]
    table = "results/evaluations/transfer/{}/c24/smart/{}/seed{}.csv"
    assert of.transfers() == [table.format(d, s, k) for d in "ab" for s in ("one", "pair") for k in (0, 1)]
    assert of.recognizer("two")["stream"] == "bones"
    assert "stream" not in of.recognizer("one")
    assert of.recognizer_code("pair") == "models.wrappers.ensemble"
    assert of.attacked("given") == ["one"]
    assert not [path for path in of.attack_files(paths.ATTACK_TABLE) if "/smart/" in path]
    assert of.pictured_attacks("one") == ["eot", "eot_mi"]
    assert len(of.evaluations("{data}/{clips}/{recognizer}/{seed}")) == 2 * 2 * 4
