"""The table of detectors: each model's number against those of clean models, and what a detector may say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from backdoor_records import POISONS, searched

from kinesec.errors import KinesecError
from kinesec.tables.detection import FIRST, detection, repairs


def made(clean: list[float], victims: dict[str, list[float]], **more: Any) -> pd.DataFrame:
    jobs = [searched("clean", seed, index, **more) for seed, index in enumerate(clean)]
    jobs += [searched(name, seed, index, **more) for name, of in victims.items() for seed, index in enumerate(of)]
    return detection(jobs, POISONS)


NULL = [round(0.5 + 0.05 * place, 2) for place in range(20)]  # 0.5 ... 1.45


def test_a_row_a_model_with_its_rank_among_clean_ones() -> None:
    table = made(NULL, {"badnet": [9.0, 1.0], "dft": [0.1]})
    assert tuple(table.columns[: len(FIRST)]) == FIRST
    assert len(table) == 23
    victims = table[table["model"] == "victim"]
    np.testing.assert_allclose(victims["p_value"], [1 / 21, 11 / 21, 1])
    assert list(victims["null_n"]) == [20] * 3
    assert victims["null_mean"].iloc[0] == pytest.approx(np.mean(NULL))
    assert victims["null_sd"].iloc[0] == pytest.approx(np.std(NULL, ddof=1))
    assert list(victims["index_scaled"]) == pytest.approx([9 / 1.4826, 1 / 1.4826, 0.1 / 1.4826])
    assert set(table["class"]) == {"walk"}
    assert list(victims["attack_module"]) == ["badnet", "badnet", "dft"]


def test_a_search_for_triggers_is_ranked_by_the_ratio_of_norms_and_the_index_stands_beside() -> None:
    jobs = [searched("clean", seed, index, ratio=2 + index) for seed, index in enumerate(NULL)]
    table = detection([*jobs, searched("badnet", 0, 1.0, ratio=40.0), searched("badnet", 1, 9.0, ratio=2.6)], POISONS)
    victims = table[table["model"] == "victim"]
    assert set(table["ranked"]) == {"norm_ratio"}
    np.testing.assert_allclose(victims["p_value"], [1 / 21, 19 / 21])
    np.testing.assert_allclose(victims["p_index"], [11 / 21, 1 / 21])
    assert victims["null_mean"].iloc[0] == pytest.approx(2 + np.mean(NULL))
    assert (victims["attack_tpr_percent"].iloc[0], victims["attack_tpr_index_percent"].iloc[0]) == (50, 50)
    assert victims["attack_auc"].iloc[0] == pytest.approx((20 + 2.5) / 40)
    assert victims["auc_index"].iloc[0] == pytest.approx((20 + 10.5) / 40)
    assert set(made(NULL, {"badnet": [9.0]})["ranked"]) == {"index"}


def test_a_clean_model_is_ranked_among_the_others() -> None:
    clean = made(NULL, {"badnet": [9.0]})[lambda table: table["model"] == "clean"].reset_index(drop=True)
    assert set(clean["null_n"]) == {19}
    assert clean["p_value"].iloc[-1] == pytest.approx(1 / 20)  # the largest: no other is as large
    assert clean["p_value"].iloc[0] == 1
    assert clean["null_mean"].iloc[0] == pytest.approx(np.mean(NULL[1:]))


def test_both_rules_are_told() -> None:
    table = made([*NULL[:-1], 2.5], {"badnet": [9.0, 2.2]})
    victims = table[table["model"] == "victim"]
    assert list(victims["flagged"]) == [True, True]
    assert list(victims["flagged_scaled"]) == [True, False]
    assert list(victims["flagged_p"]) == [True, False]
    first = table.iloc[0]
    assert (first["tpr_percent"], first["tpr_scaled_percent"], first["tpr_p_percent"]) == (100, 50, 50)
    assert (first["fpr_percent"], first["fpr_p_percent"]) == (5, 0)


def test_a_detector_that_compares_no_classes_has_no_published_rule() -> None:
    table = made(NULL, {"badnet": [9.0]}, detector="strip", scaled=False)
    assert table["flagged"].isna().all()
    assert table["tpr_percent"].isna().all()
    assert table["tpr_p_percent"].iloc[0] == 100


def test_a_detectors_own_verdict_goes_before_the_published_rule(tmp_path: Path) -> None:
    jobs = [searched("clean", seed, index).assign(flagged=False) for seed, index in enumerate(NULL)]
    jobs += [searched("badnet", 0, 9.0).assign(flagged=[False, None, False])]
    jobs += [searched("badnet", 1, 1.0).assign(flagged=[True, None, False])]
    for place, job in enumerate(jobs):
        job.to_csv(tmp_path / f"{place}.csv", index=False)
    table = detection([pd.read_csv(tmp_path / f"{place}.csv") for place in range(len(jobs))], POISONS)
    assert list(table[table["model"] == "victim"]["flagged"]) == [False, True]
    assert (table["tpr_percent"].iloc[0], table["fpr_percent"].iloc[0]) == (50, 0)


def test_what_a_detector_says_of_samples_stands_beside_its_index() -> None:
    job = searched("badnet", 0, 9.0)
    samples = job[:1].assign(metric="tpr_at_15_fpr", value=0.8, action="test")
    table = detection([pd.concat([job, samples])], POISONS)
    assert table["sample_tpr_at_15_fpr"].iloc[0] == 0.8
    assert np.isnan(table["sample_auc"].iloc[0])


def test_repairs_are_rows_with_accuracy_and_success() -> None:
    victim = searched("badnet", 0, 9.0, detector="mend")
    clean = searched("clean", 0, 1.0, detector="mend")
    parts = [
        job[:1].assign(metric=metric, value=value - 10.0 * epoch, epoch=epoch, n=30)
        for job, metrics in ((victim, {"ACC": 90.0, "ASR": 80.0}), (clean, {"ACC": 90.0}))
        for epoch in (0, 1)
        for metric, value in metrics.items()
    ]
    table = repairs([pd.concat([victim, *parts])], POISONS, {"skeleton": {"mend": {"detector": "fine_tuning"}}})
    assert list(table["acc_percent"]) == [90, 80, 90, 80]
    assert list(table["asr_percent"][:2]) == [80, 70]
    assert table["asr_percent"][2:].isna().all()
    assert set(table["detector_module"]) == {"fine_tuning"}
    assert list(table["model"]) == ["victim"] * 2 + ["clean"] * 2
    with pytest.raises(KinesecError, match="backdoor_repairs: found no row of metric 'ACC'"):
        repairs([victim], POISONS)


def test_the_area_is_over_all_victims_and_by_attack() -> None:
    table = made(NULL, {"badnet": [9.0] * 4, "dft": [0.1] * 4})
    assert table["auc"].iloc[0] == pytest.approx(0.5)
    by_attack = table.groupby("attack")["attack_auc"].first()
    assert (by_attack["badnet"], by_attack["dft"]) == (1, 0)
    assert np.isnan(table["attack_auc"].iloc[0])  # a clean model is of no attack
    assert 0 <= table["auc_low"].iloc[0] < 0.5 < table["auc_high"].iloc[0] <= 1


def test_an_infinite_index_is_the_largest_and_a_missing_one_is_nothing() -> None:
    table = made(NULL, {"badnet": [np.inf, np.nan]})
    victims = table[table["model"] == "victim"]
    assert victims["p_value"].iloc[0] == pytest.approx(1 / 21)
    assert np.isnan(victims["p_value"].iloc[1])
    assert pd.isna(victims["flagged"].iloc[1])
    assert table["auc"].iloc[0] == 1


@pytest.mark.parametrize(
    ("victims", "clean", "validated"),
    [
        ({"badnet": [9.0, 9.0, 1.0], "dft": [9.0, 0.1]}, NULL, True),
        ({"badnet": [9.0, 1.0], "dft": [9.0, 0.1]}, NULL, False),  # half is not more than half
        ({"dft": [9.0, 0.1]}, NULL, False),
        ({"badnet": [9.0, 9.0, 1.0], "dft": [9.0, 0.1]}, NULL[:5], False),  # of five, none can be below 0.05
    ],
)
def test_a_verdict_needs_the_attack_that_the_detector_was_published_against(
    victims: dict[str, list[float]], clean: list[float], validated: bool
) -> None:
    table = made(clean, victims)
    dft = table[table["attack"] == "dft"]
    assert set(table["published_against"]) == {"badnet"}
    if validated:
        assert set(table["validated_by"]) == {"badnet"}
        assert list(dft["verdict"]) == ["flagged", "not flagged"]
    else:
        assert set(table["validated_by"]) == set(table["verdict"]) == {"not validated here"}


def test_nulls_are_of_the_same_data_network_detector_and_setting() -> None:
    jobs = [searched("clean", seed, index) for seed, index in enumerate(NULL)]
    jobs += [searched("badnet", 0, 9.0), searched("badnet", 0, 9.0, detector="tabor")]
    jobs += [searched("badnet", 0, 9.0, network="sgn_s"), searched("badnet", 0, 9.0, samples="other")]
    table = detection(jobs, POISONS)
    victims = table[table["model"] == "victim"]
    assert sorted(victims["null_n"]) == [0, 0, 0, 20]
    assert victims["p_value"].isna().sum() == 3


def test_what_a_detector_is_called_in_a_configuration_is_not_what_it_is() -> None:
    named = {"skeleton": {"reverse": {"detector": "pt_red", "settings": {}}}}
    jobs = [searched("clean", seed, index, detector="reverse") for seed, index in enumerate(NULL)]
    table = detection(jobs, POISONS, named)
    assert set(table["detector_module"]) == {"pt_red"}
    assert set(table["published_against"]) == {"blend"}


def test_nothing_found_is_one_line() -> None:
    with pytest.raises(KinesecError, match="detection: found no row, expected those of one job or more"):
        detection([], POISONS)
    with pytest.raises(KinesecError, match="detection: found no row of metric 'index'"):
        detection([searched("clean", 0, 1.0).assign(metric="norm")], POISONS)
