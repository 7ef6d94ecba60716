from __future__ import annotations

from typing import Any

from kinesec.plan import paths
from kinesec.plan.run import Plan, plan


def test_a_strategy_is_what_its_name_and_its_parts_settings_say(whole: Plan) -> None:
    strategy = whole.prediction.strategy("rigid-jammed-random-sequence-0.1")
    assert (strategy["trigger"], strategy["level"], strategy["ratio"]) == ("rigid", "sequence", 0.1)
    assert (strategy["trigger_settings"], strategy["target_settings"]) == ({"frames": 3}, {})
    assert strategy["limb"] == "left_arm"
    assert whole.prediction.strategy_code("rigid-jammed-random-0.1") == [
        "poisoning.prediction.triggers.rigid",
        "poisoning.prediction.targets.jammed",
        "poisoning.prediction.selections.random",
    ]


def test_each_victim_has_its_evaluation_and_each_model_its_training(whole: Plan) -> None:
    prediction = whole.prediction
    # 2 data sets x 2 ratios x 2 predictors x 2 seeds; trainings of clean models, and of a hardened strategy's one
    assert len(set(prediction.evaluations())) == 16
    assert len(set(prediction.trainings())) == 16 + 8 + 4
    assert all(path.endswith("training.json") for path in prediction.trainings())
    assert prediction.samples("a", "mlp", "s") == (
        "results/evaluations/prediction/a/long/s/mlp/seed0.samples.zarr/zarr.json"
    )


def test_without_strategies_clean_models_are_evaluated(whole: Plan, empty: Plan) -> None:
    clean = {**whole.prediction.part}
    del clean["strategies"]
    alone = type(whole.prediction)(
        **{**vars(whole.prediction), "part": clean, "strategies": (), "compared": (), "hardened": ()}
    )
    assert all("/clean/" in path for path in alone.evaluations())
    assert len(alone.trainings()) == 8
    assert alone.poisons(paths.CROISSANT) == []
    assert empty.prediction.evaluations() == empty.prediction.windows() == []


def test_a_victim_can_be_repeated_with_more_seeds(config: dict[str, Any]) -> None:
    part = config["prediction"]
    plain = plan(config, {}).prediction
    strategy, predictor = plain.strategies[0], next(iter(plain.predictors))
    before = (plain.evaluations(), plain.trainings(), plain.poisons(paths.STEALTH_TABLE))
    part["repeated"] = {"predictors": [predictor], "strategies": [strategy], "seeds": [1, 7]}
    more = plan(config, {}).prediction
    added = sorted(set(more.evaluations()) - set(before[0]))
    assert len(added) == 2  # seed 7 on two data sets; seed 1 is the run's
    assert all(f"/{strategy}/{predictor}/seed7" in path for path in added)
    trained = sorted(set(more.trainings()) - set(before[1]))
    assert len(trained) == 2 * 2  # the victim and its clean model
    assert more.poisons(paths.STEALTH_TABLE) == before[2]
    assert more.all_seeds == (0, 1, 7)


def test_poisons_are_compared_with_those_that_train_no_victim(whole: Plan) -> None:
    tables = whole.prediction.poisons(paths.STEALTH_TABLE)
    assert len(set(tables)) == 2 * 2 * 4 * 2
    assert any("natural" in path for path in tables)


def test_a_protocol_knows_its_data_sets_unit_and_root(whole: Plan) -> None:
    assert whole.prediction.protocol("a", "long") == {"future": 50, "nominal_unit_mm": 1, "root": "Hips"}
    assert whole.prediction.protocols == ["long", "short"]
    assert whole.prediction.published_protocols() == ["short"]
