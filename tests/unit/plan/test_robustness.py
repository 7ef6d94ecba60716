"""What a run plans to do on defences of recognizers, and which configurations it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from kinesec.errors import ConfigError
from kinesec.plan import configuration, paths
from kinesec.plan.recognition import recognition
from kinesec.plan.robustness import Robustness, robustness
from kinesec.plan.run import plan as planned_run

DATA: dict[str, Any] = {
    **{"module": "procedural", "settings": {}, "folder": None, "manifest": None, "mirror_folder": ""},
    **{"nominal_unit_mm": 1, "root": "Hips", "test_sampling": {}},
}


def part(**changes: Any) -> dict[str, Any]:
    attack = {"preset": "paper", "strategy": "AB", "settings": {}, "batch": 8}
    defence = {"preset": "paper", "settings": {}, "recipe": {}}
    made: dict[str, Any] = {
        "datasets": ["generated"],
        "clips": {"native24": {"protocol": "native"}, "other": {"protocol": "native"}},
        "recognizers": {
            "small": {"recognizer": "st_gcn", "clips": "native24", "settings": "small"},
            "second": {"recognizer": "sgn", "clips": "native24", "settings": "small"},
            "apart": {"recognizer": "hrnn", "clips": "other", "settings": "small"},
        },
        "attacks": {},
        "transfer": [],
        "limit": 66,
        "robustness": {
            "recognizers": ["small", "second", "apart"],
            "seeds": [0, 1],
            "defences": {
                "beat": {"defence": "beat", **defence},
                "trades": {"defence": "trades", **defence},
                "smooth": {"defence": "smoothing", "certify": True, **defence},
            },
            "attacks": {
                "pgd": {"attack": "pgd", **attack},
                "basar": {"attack": "basar", "defences": ["clean", "beat"], "seeds": [0], "within_mm": 500, **attack},
                "eot": {
                    "attack": "eot",
                    "recognizers": ["small"],
                    **attack,
                    "settings": {"attack": {"attack": "smart"}},
                },
            },
            "transfer": ["pgd"],
            "limit": 50,
        },
    }
    made["robustness"] |= changes
    return made


def planned(shards: int = 1, **changes: Any) -> Robustness:
    return robustness(recognition(part(**changes) | {"shards": shards}, [7]))


def model(recognizer: str = "small", training: str = "beat", seed: int = 0, clips: str = "native24") -> dict[str, str]:
    known = {"data": "generated", "clips": clips, "recognizer": recognizer}
    return known | {"training": training, "seed": str(seed)}


def test_every_recognizer_is_made_undefended_and_by_each_defence() -> None:
    made = planned().files(paths.RECOGNIZER)
    assert len(made) == len(set(made)) == 3 * 4 * 2
    assert "results/models/recognition/generated/native24/clean/small/seed1/model.safetensors" in made
    assert "results/models/recognition/generated/other/beat/apart/seed0/model.safetensors" in made


def test_without_the_part_nothing_is_made() -> None:
    nothing = robustness(recognition({}, [0]))
    assert nothing.models == []
    assert nothing.certificates() == []


def test_attacks_are_tried_where_they_are_asked_for() -> None:
    plan = planned()
    assert plan.attacks_on(model()) == ["pgd", "basar", "eot"]
    assert plan.attacks_on(model(training="trades")) == ["pgd", "eot"]
    assert plan.attacks_on(model(seed=1)) == ["pgd", "eot"]
    assert plan.attacks_on(model("second")) == ["pgd", "basar"]


def test_an_attack_has_its_shards_apart_from_those_on_clean_recognizers_of_the_run() -> None:
    shards = planned(shards=2).shards_by_attack(model(training="trades"))
    folder = "results/robustness/generated/native24/trades/small/attacks"
    assert list(shards) == ["pgd", "eot"]
    assert shards["pgd"] == [f"{folder}/pgd/seed0/shard{part}of2.zarr/zarr.json" for part in (1, 2)]


def test_an_evaluation_reads_all_shards_and_each_surrogate_with_its_own() -> None:
    made = planned(shards=2).evaluated(model(training="trades"))
    assert len(made) == len(set(made)) == 2 * 2 + 2 * (1 + 2)
    assert [path for path in made if path.endswith("safetensors")] == [
        f"results/models/recognition/generated/native24/clean/{name}/seed0/model.safetensors"
        for name in ("small", "second")
    ]


def test_seeds_are_the_runs_where_it_names_none() -> None:
    some = part()
    some["robustness"].pop("seeds")
    made = robustness(recognition(some, [7, 8]))
    assert {known["seed"] for known in made.models} == {"7", "8"}


def test_only_where_an_attack_is_tried_do_its_clips_move() -> None:
    plan = planned(transfer=["basar", "eot"])
    moved = [(spec["attack"], spec["surrogate"]) for spec in plan.transfers(model(training="trades"))]
    assert moved == [("basar", "small"), ("basar", "second"), ("eot", "small")]
    assert [spec["attack"] for spec in plan.transfers(model(training="trades", seed=1))] == ["eot"]
    attacks = part()["robustness"]["attacks"] | {"pgd": {"attack": "pgd", "settings": {}, "defences": ["beat"]}}
    assert planned(attacks=attacks).transfers(model()) == []  # of the clean recognizer there are no clips


def test_clips_move_from_clean_recognizers_of_the_same_clips_but_not_to_themselves() -> None:
    plan = planned()
    assert [spec["surrogate"] for spec in plan.transfers(model())] == ["small", "second"]
    assert [spec["surrogate"] for spec in plan.transfers(model(training="clean"))] == ["second"]
    assert [spec["surrogate"] for spec in plan.transfers(model("apart", clips="other"))] == ["apart"]
    (spec,) = plan.transfers(model("apart", clips="other"))
    assert "/clean/apart/" in spec["path"]
    assert all(path in plan.evaluated(model("apart", clips="other")) for path in (spec["path"], *spec["shards"]))


def test_the_same_test_clips_are_attacked_on_every_recognizer() -> None:
    assert planned().attack("pgd") | {"settings": {}} == {
        **{"attack": "pgd", "preset": "paper", "strategy": "AB", "settings": {}, "batch": 8},
        **{"limit": 50, "among": "test"},
    }


def test_hashes_know_what_stands_around_a_recognizer() -> None:
    plan = planned()
    assert plan.wrapper_code("beat") == ["models.wrappers.appended"]
    assert plan.wrapper_code("trades") == plan.wrapper_code("clean") == []
    assert plan.defence_code("smooth") == ["defences.robust.smoothing", "models.wrappers.smoothed"]
    assert plan.attack_code("eot") == ["attacks.eot", "attacks.smart"]
    assert plan.defence_code("clean") == []
    assert plan.all_wrapper_code == ["models.wrappers.appended", "models.wrappers.smoothed"]


def test_costs_are_of_every_recognizer_of_the_same_clips_by_each_defence() -> None:
    plan = planned()
    assert plan.costs("generated", "native24") == [
        f"results/robustness/generated/native24/costs/{name}.csv" for name in ("small", "second")
    ]
    known = {"data": "generated", "clips": "native24", "recognizer": "second"}
    trained = [path.split("/")[5] for path in plan.of_recognizer(known)]
    assert trained == plan.trainings == ["clean", "beat", "trades", "smooth"]
    assert all("/second/seed0/" in path for path in plan.of_recognizer(known))


def test_a_defence_is_what_makes_it_and_not_whether_it_is_certified() -> None:
    assert planned().described()["smooth"] == {"defence": "smoothing", "preset": "paper", "settings": {}, "recipe": {}}


def test_an_attack_may_have_a_limit_of_its_own() -> None:
    attacks = part()["robustness"]["attacks"]
    attacks["pgd"] |= {"limit": None}
    plan = planned(attacks=attacks)
    assert (plan.attack("pgd")["limit"], plan.attack("basar")["limit"]) == (None, 50)


def test_a_run_has_tables_and_figures_of_what_it_defends(config: dict[str, Any]) -> None:
    given = {**config, "recognition": part() | {"shards": 1}}
    whole = planned_run(given, {"generated": DATA})
    assert whole.robustness_tables == ["robustness", "robustness_curves", "robustness_pairs", "certificates"]
    kinds = [figure.name for figure in whole.figures_of_robustness]
    assert kinds == [
        f"{kind}-generated-{clips}"
        for clips in ("native24", "other")
        for kind in ("robustness_iterations", "robustness_tradeoff", "robustness_costs")
    ] + [f"certified_accuracy-generated-{clips}" for clips in ("native24", "other")]
    given["recognition"]["robustness"]["defences"].pop("smooth")
    without = planned_run(given, {"generated": DATA})
    assert "certificates" not in without.table_names
    assert not any("certified" in figure.name for figure in without.figures)
    given["recognition"].pop("robustness")
    assert planned_run(given, {"generated": DATA}).robustness_tables == []


def test_certificates_are_of_what_certifies() -> None:
    made = planned().certificates()
    assert len(made) == 3 * 2
    assert all("/smooth/" in path for path in made)


def test_tables_are_told_how_attacks_are_judged() -> None:
    assert planned().judged()["basar"] == {"unbounded": False, "within_mm": 500}


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"recognizers": ["none"]}, "robustness.recognizers: found 'none', expected one of small"),
        ({"defences": {"x": {"defence": "none"}}}, "robustness.defences.x.defence: found 'none', expected one of beat"),
        ({"defences": {"x": {"defence": "trades", "certify": True}}}, "x.certify: found true, expected false"),
        ({"attacks": {"x": {"attack": "none"}}}, "robustness.attacks.x.attack: found 'none', expected one of"),
        (
            {"attacks": {"x": {"attack": "pgd", "defences": ["none"]}}},
            "x.defences: found 'none', expected one of clean",
        ),
        ({"transfer": ["none"]}, "robustness.transfer: found 'none', expected one of pgd"),
        (
            {"attacks": {"x": {"attack": "pgd", "recognizers": ["none"]}}},
            "x.recognizers: found 'none', expected one of small",
        ),
        ({"attacks": {"x": {"attack": "pgd", "seeds": [1, 5]}}}, "x.seeds: found 5, expected some of 0, 1"),
        ({"attacks": {"x": {"attack": "basar", "strategy": "AB3"}}}, "x.strategy: found AB3, expected AB or SA"),
    ],
)
def test_a_name_that_there_is_none_of_is_one_line(changes: dict[str, Any], line: str) -> None:
    config = {"datasets": {"generated": {}}, "recognition": part(**changes)}
    with pytest.raises(ConfigError) as error:
        configuration.check_recognition(config)
    assert line in str(error.value)


def test_an_attack_is_tried_on_none_that_is_not_defended() -> None:
    attacks = {"x": {"attack": "pgd", "recognizers": ["second"]}}
    config = {"datasets": {"generated": {}}, "recognition": part(recognizers=["small"], attacks=attacks, transfer=[])}
    with pytest.raises(ConfigError, match=r"x\.recognizers: found 'second', expected one of small$"):
        configuration.check_recognition(config)


def test_seeds_of_an_attack_are_the_runs_where_the_part_names_none() -> None:
    config: dict[str, Any] = {"seeds": [7, 8], "datasets": {"generated": {}}, "recognition": part()}
    config["recognition"]["robustness"].pop("seeds")
    config["recognition"]["robustness"]["attacks"] = {"pgd": {"attack": "pgd", "seeds": [8]}}
    configuration.check_recognition(config)
    config["recognition"]["robustness"]["attacks"]["pgd"]["seeds"] = [0]
    with pytest.raises(ConfigError, match=r"pgd\.seeds: found 0, expected some of 7, 8"):
        configuration.check_recognition(config)


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"defences": {"clean": {"defence": "trades"}}}, "recognition.robustness.defences: found 'clean'"),
        ({"defences": {"a b": {"defence": "trades"}}}, "recognition.robustness.defences: found 'a b'"),
        ({"attacks": {}}, "recognition.robustness.attacks: found {}"),
        ({"attacks": {"pgd": {"attack": "pgd", "within_mm": 0}}}, "attacks.pgd.within_mm: found 0"),
        ({"recognizers": []}, "recognition.robustness.recognizers: found []"),
        ({"certificates": {"alpha": 1}}, "recognition.robustness.certificates.alpha: found 1"),
        ({"certificates": {"sigma": 1}}, "certificates.sigma: found an unknown key, expected one of alpha"),
    ],
)
def test_what_the_schema_refuses_is_one_line(change: dict[str, Any], line: str, repository: Path) -> None:
    config = yaml.safe_load((repository / "config/config.yaml").read_text("utf-8"))
    schema = repository / "workflow/schemas/config.schema.yaml"
    configuration.check(config, schema)
    config["recognition"]["robustness"] |= change
    with pytest.raises(ConfigError) as error:
        configuration.check(config, schema)
    assert line in str(error.value)
    assert "\n" not in str(error.value)
