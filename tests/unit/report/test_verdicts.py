"""Verdicts of made-up runs: one that works, one that fails, one untrained, one without a control, one not run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from backdoor_table import backdoor_table

from kinesec.report.verdicts import attacks, classifiers, defences, prediction
from kinesec.report.verdicts.base import MIXED, NOT_RUN, NOT_SHOWN, SHOWN, Range, together
from kinesec.report.verdicts.run import verdicts
from kinesec.tables import strategies

WORKS: dict[tuple[str, str, str], Range] = {
    ("victim", "triggered", "BDE"): Range(8.9, 8.0, 10.0),
    ("clean", "triggered", "BDE"): Range(104.0, 90.0, 118.0),
    ("victim", "wrong_limb", "BDE"): Range(96.0, 80.0, 112.0),
    ("victim", "triggered", "BDE_change"): Range(-95.1, -110.0, -80.0),
    ("clean", "clean", "CDE"): Range(84.8, 73.6, 97.4),
    ("zero_velocity", "clean", "CDE"): Range(121.0, 100.0, 142.0),
    ("victim", "clean", "CDE_change_percent"): Range(1.8, -0.5, 4.1),
}


def judged(changes: dict[tuple[str, str, str], Range | None] | None = None) -> prediction.Judged:
    cells = {**WORKS, **(changes or {})}
    return prediction.judge(lambda *key: cells.get(key), "case")


@pytest.mark.parametrize(
    ("changes", "mark", "why"),
    [
        ({}, SHOWN, ""),
        ({("victim", "triggered", "BDE_change"): Range(-5.0, -11.0, 0.0)}, NOT_SHOWN, "as near"),  # 0 is no difference
        ({("victim", "triggered", "BDE_change"): Range(-5.0, -11.0, -1e-9)}, SHOWN, ""),
        ({("victim", "triggered", "BDE_change"): Range(-5.0, np.nan, np.nan)}, NOT_SHOWN, "too few"),
        ({("clean", "clean", "CDE"): Range(121.0, 100.0, 142.0)}, NOT_SHOWN, "standing still"),
        ({("victim", "wrong_limb", "BDE"): Range(12.0, 10.0, 14.0)}, MIXED, "wrong limb"),
        ({("victim", "clean", "CDE_change_percent"): Range(14.0, 10.0, 18.0)}, SHOWN, ""),  # 10 % may be the truth
        ({("victim", "clean", "CDE_change_percent"): Range(14.0, 10.1, 18.0)}, MIXED, "more than 10 %"),
        ({("clean", "triggered", "BDE"): None}, NOT_SHOWN, "control"),
        ({("zero_velocity", "clean", "CDE"): None}, NOT_SHOWN, "control"),
    ],
)
def test_a_backdoor_is_judged_beside_its_controls(changes: Any, mark: str, why: str) -> None:
    assert (judged(changes).mark, why in judged(changes).why) == (mark, True)


def typed(table: pd.DataFrame) -> pd.DataFrame:
    return strategies.typed(table)


def test_a_run_whose_backdoor_works_says_so_with_its_controls() -> None:
    table = typed(backdoor_table())
    verdict = prediction.backdoors(table, None)
    assert verdict.mark == SHOWN
    assert "times nearer the attacker's target than a clean model's" in verdict.words
    assert " mm against " in verdict.words
    assert "changes by" in verdict.words
    score = {"metric": "AUC", "model": "victim", "defence": "energy", "detector_auc": 1.0, "detector_auc_low": 0.99}
    scores = pd.DataFrame([{**score, "detector_auc_high": 1.0, "detector_auc_null": 0.5}])
    assert prediction.backdoors(table, scores).words.endswith(
        "Of 1 detector energy tells poisoned windows best: area under the ROC curve 1.00 (0.99\u20131.00), 0.50 where "
        "nothing is poisoned."
    )


def test_a_run_whose_models_learnt_nothing_shows_no_backdoor() -> None:
    table = typed(backdoor_table())
    clean = (table["model"] == "clean") & (table["windows"] == "clean")
    table.loc[clean, ["value", "low", "high"]] *= 10.0
    verdict = prediction.backdoors(table, None)
    assert verdict.mark == NOT_SHOWN
    assert verdict.words == "No backdoor is shown: no model is better than standing still."


def test_a_run_without_a_control_shows_nothing() -> None:
    table = typed(backdoor_table())
    verdict = prediction.backdoors(table[table["windows"] != "wrong_limb"], None)
    assert (verdict.mark, verdict.words) == (NOT_SHOWN, "No backdoor is shown: a control beside the victim is missing.")


def test_what_a_run_does_not_do_is_said_with_the_part_that_would(tmp_path: Path) -> None:
    made = verdicts({})
    assert [verdict.mark for verdict in made] == [NOT_RUN] * 5
    assert all("has no part `" in verdict.words for verdict in made)
    assert len({verdict.system for verdict in made}) == 5


def attack(**changes: Any) -> dict[str, Any]:
    return {
        **{"dataset": "hdm05", "clips": "c", "recognizer": "sgn", "training": "clean", "seed": "0", "classes": 11},
        **{"attack": "smart", "attack_module": "smart", "strategy": "AB", "terms": "smart"},
        **{"success_percent": 98.0, "low_percent": 93.0, "high_percent": 99.5},
        **{"control_percent": 5.0, "control_low": 2.0, "control_high": 11.0},
        **{"displacement_mm": 5.21, "bone_change_percent": 0.4},
        **changes,
    }


def accuracy(low: float = 90.0, recognizer: str = "sgn") -> dict[str, Any]:
    of = {"dataset": "hdm05", "clips": "c", "recognizer": recognizer, "training": "clean", "seed": "0"}
    return {**of, "split": "test", "class": "mean", "low_percent": low, "high_percent": 99.0}


def test_an_attack_is_judged_beside_its_control_on_recognizers_that_have_learnt() -> None:
    accurate = pd.DataFrame([accuracy(), accuracy(recognizer="hrnn")])
    rows = pd.DataFrame([attack(), attack(recognizer="hrnn", success_percent=97.0)])
    verdict = attacks.by_gradients(rows, accurate)
    assert verdict.mark == SHOWN
    assert "in 2 of 2 recognizers" in verdict.words
    assert "(hdm05, hrnn) says another class of 97.0 (93.0\u201399.5) %" in verdict.words  # the hardest
    assert "on other clips does so for 5.00 (2.00\u201311.0) %" in verdict.words
    # as often as by chance, though by the mean more often
    equal = pd.DataFrame([attack(low_percent=93.0, control_high=93.0), attack(recognizer="hrnn")])
    assert attacks.by_gradients(equal, accurate).mark == MIXED
    untrained = attacks.by_gradients(rows, pd.DataFrame([accuracy(100 / 11), accuracy(9.0, "hrnn")]))
    assert untrained.mark == NOT_SHOWN
    assert "learnt nothing" in untrained.words
    other = attacks.by_gradients(pd.DataFrame([attack(attack_module="pgd")]), accurate)
    assert (other.mark, other.words) == (NOT_RUN, "This run does not try SMART's whole loss, strategy AB.")


def test_an_attack_on_labels_says_whether_it_keeps_to_human_motion() -> None:
    ends = {"on_manifold_percent": 90.0, "on_manifold_low": 80.0, "on_manifold_high": 95.0}
    row = attack(attack_module="basar", clean_within_limits_percent=60.0, **ends)
    verdict = attacks.by_labels(pd.DataFrame([row]), pd.DataFrame([accuracy()]))
    assert verdict.mark == SHOWN
    assert verdict.words.endswith(
        "90.0 (80.0\u201395.0) % of the clips keep to the joint angles of human motion, of clean clips 60.0 %."
    )


def defended(low: float, flag: str = "", **changes: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    of = {"dataset": "hdm05", "clips": "c", "recognizer": "sgn", "defence": "beat", "seed": "0"}
    weak = {**of, "attack": "pgd", "success_percent": 20.0, "access": "white box", "unbounded": False, "flag": ""}
    strong = {**weak, "attack": "smart", "success_percent": 70.0, "flag": flag, **changes}
    rows = pd.DataFrame([{**weak, "defence": "clean", "success_percent": 100.0}, weak, strong])
    pair = {**of, "attack": "pgd", "against": "clean", "less_percent": 80.0, "less_low": 60.0, "less_high": 90.0}
    less = {"attack": "smart", "less_percent": 10.0, "less_low": low, "less_high": 20.0}
    return rows, pd.DataFrame([pair, {**pair, **less}])


@pytest.mark.parametrize(
    ("case", "mark", "words"),
    [
        (defended(1.0), SHOWN, "smart, succeeds less often by 10.0 (1.00\u201320.0) points"),
        (defended(0.0), NOT_SHOWN, "No defence is shown to help: the strongest attack succeeds as often"),
        (defended(1.0, "black box stronger"), MIXED, "masked gradients"),
        (defended(0.0, unbounded=True), SHOWN, "pgd, succeeds less often"),  # an unbounded attack says nothing of help
        (defended(0.0, access="labels"), SHOWN, "pgd, succeeds less often"),
    ],
)
def test_a_defence_is_judged_by_the_strongest_attack(case: Any, mark: str, words: str) -> None:
    verdict = defences.robust(*case)
    assert verdict.mark == mark
    assert words in verdict.words


def poisoned(verdict: str, **changes: Any) -> dict[str, Any]:
    ends = {"asr_non_target_percent": 95.0, "asr_non_target_low": 88.0, "asr_non_target_high": 98.0}
    change = {
        "acc_change_points": -1.0,
        "acc_change_points_low": -3.0,
        "acc_change_points_high": 0.5,
        "asr_over_base_points": 94.0,
    }
    return {
        **{"modality": "skeleton", "dataset": "hdm05", "samples": "c", "recognizer": "sgn", "attack": "dft"},
        **{"tested": "dft", "stored": "", "seed": "0", "verdict": verdict, **ends, **change},
        **{"base_rate_percent": 1.0, "clean_model_asr_percent": 0.0, **changes},
    }


def test_backdoors_of_classifiers_stand_beside_both_controls() -> None:
    rows = pd.DataFrame(
        [poisoned(SHOWN), poisoned(NOT_SHOWN, attack="wanet", tested="wanet", asr_over_base_points=1.0)]
    )
    verdict = classifiers.backdoors(rows, None)
    assert verdict.mark == MIXED
    assert "in 1 of 2 backdoors" in verdict.words
    assert "without the trigger 1.00 %, by the clean network 0 %" in verdict.words
    assert classifiers.backdoors(rows[1:], None).mark == NOT_SHOWN
    said = {"detector": "nc", "model": "victim", "validated_by": "badnet", "verdict": "flagged"}
    other = {**said, "attack_module": "dft"}
    looked = pd.DataFrame([{**said, "attack_module": "badnet"}, other, {**other, "verdict": "not flagged"}])
    assert classifiers.backdoors(rows, looked).words.endswith("flag 1 in 2 tries.")
    silent = classifiers.backdoors(rows, looked.assign(validated_by="not validated here"))
    assert silent.words.endswith("none finds here what it was published against, so their silence says nothing.")


def test_cases_are_one_verdict_only_where_they_agree() -> None:
    assert together([SHOWN, SHOWN]) == SHOWN
    assert together([NOT_SHOWN]) == NOT_SHOWN
    assert together([SHOWN, NOT_SHOWN]) == MIXED
