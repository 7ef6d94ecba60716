from __future__ import annotations

from typing import Any

from kinesec.plan import paths
from kinesec.plan.prediction import prediction
from kinesec.plan.run import Plan
from kinesec.plan.trigger_strength import trigger_strength


def test_the_named_victims_are_shown_imperfect_triggers(whole: Plan, empty: Plan) -> None:
    tables = whole.strength.files(paths.STRENGTH_TABLE)
    # 2 data sets x 2 strategies x 1 predictor x 2 seeds
    assert len(set(tables)) == 8
    assert sum("-hardened-" in path for path in tables) == 4
    assert all("/short/" in path and "/ltd_small/" in path for path in tables)
    assert whole.strength.code == [f"poisoning.prediction.disturbances.{name}" for name in ("joint_noise", "timing")]
    assert whole.strength.sampling == 8
    assert empty.strength.files("{seed}") == []
    assert "trigger_strength" in whole.prediction_tables
    assert "trigger_strength" not in empty.prediction_tables


def test_all_victims_are_where_none_is_named(config: dict[str, Any]) -> None:
    part = {**config["prediction"], "samplings": ["all", 8]}
    part["trigger_strength"] = {"disturbances": part["trigger_strength"]["disturbances"]}
    strength = trigger_strength(prediction(part, {}, [0]))
    assert len(strength.files(paths.STRENGTH_TABLE)) == 2 * 2 * 2
    assert strength.sampling == "all"
    assert not strength.prediction.hardened


def test_a_hardened_poison_is_the_plain_one_with_its_disturbances(whole: Plan) -> None:
    name = "rigid-jammed-random-hardened-0.1"
    strategy, plain = whole.prediction.strategy(name), whole.prediction.strategy("rigid-jammed-random-0.1")
    assert strategy == {**plain, "hardening": whole.prediction.part["hardening"]}
    code = whole.prediction.strategy_code("rigid-jammed-random-0.1")
    assert whole.prediction.strategy_code(name) == [*code, "poisoning.prediction.disturbances.joint_noise"]
    # it is trained, and shown imperfect triggers alone
    assert whole.prediction.hardened == (name,)
    assert any(name in path for path in whole.prediction.trainings())
    others = (*whole.prediction.evaluations(), *whole.prediction.poisons(paths.CROISSANT))
    assert not any(name in path for path in (*others, *whole.defences.files(paths.DEFENCE_TABLE)))


def test_each_predictor_of_it_has_its_figure(whole: Plan, empty: Plan) -> None:
    figures = [figure.name for figure in whole.figures if figure.name.startswith("trigger_strength")]
    assert figures == ["trigger_strength-a-ltd_small", "trigger_strength-b-ltd_small"]
    assert not empty.figures
