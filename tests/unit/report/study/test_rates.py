"""Simulated subjects, and what their answers must come to, worked out by hand."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from studies import LABELS, SHA256, made_trials, saved

from kinesec.report.study.answers import read
from kinesec.report.study.rates import COLUMNS, pairs, rates, subjects
from kinesec.report.study.trials import CHECK, INDISTINGUISHABILITY, ORIGINAL, PARTS, Trial

TRIALS = made_trials()
Choose = Callable[[Trial], int]


def perfect(trial: Trial) -> int:
    """Sees the true class, no difference where there is none to be seen, and takes SMART for the more natural."""
    return trial.counted or (trial.shown.index("smart") + 1 if "smart" in trial.shown else 3)


def sharp(trial: Trial) -> int:
    """Sees every change."""
    return 2 if trial.part == INDISTINGUISHABILITY and trial.condition not in (ORIGINAL, CHECK) else perfect(trial)


def left(trial: Trial) -> int:
    """Always the first answer."""
    return 1


def careless(trial: Trial) -> int:
    """Calls everything changed: fails the screen."""
    return 2


def coin(seed: int) -> Choose:
    rng = np.random.default_rng(seed)
    return lambda trial: int(rng.integers(1, len(trial.options) + 1))


def answered(folder: Path, *who: Choose) -> pd.DataFrame:
    paths = [saved(folder, TRIALS, choose, number=number) for number, choose in enumerate(who)]
    return read(paths, TRIALS, SHA256)


def table(records: pd.DataFrame) -> pd.DataFrame:
    made = rates(records, TRIALS, LABELS, 0)
    assert list(made) == list(COLUMNS)
    return made.set_index(["screen", "measure", "attack"])


def test_perfect_subjects(tmp_path: Path) -> None:
    made = table(answered(tmp_path, *[perfect] * 4))
    for measure, attack in (
        *(("deceitfulness", "smart"), ("deceitfulness", "iaa"), ("recognized", ORIGINAL)),
        *(("indistinguishability", "smart"), ("sensitivity", ORIGINAL), ("checks", CHECK)),
    ):
        row = made.loc["both", measure, attack]
        # Wilson's low end for four independent subjects who all agree
        assert (row["percent"], row["high_percent"]) == (100, 100)
        assert row["low_percent"] == pytest.approx(100 * 4 / (4 + 3.8415), abs=0.01)
        assert (row["subjects"], row["discarded"]) == (4, 0)
    assert made.loc["both", "deceitfulness", "smart"]["n"] == 4 * 10
    assert made.loc["both", "deceitfulness", "smart"]["label"] == "SMART"
    assert made.loc["both", "deceitfulness", "smart"]["answer_s_median"] == 2.5


def test_preferences(tmp_path: Path) -> None:
    """SMART wins its 12 trials; the others win none of the 4 + 8 that show each of them."""
    records = answered(tmp_path, *[perfect] * 3)
    made = table(records)
    for name, expected in {"smart": 100, "l2": 0, "l2_acc": 0, "l2_bone": 0}.items():
        assert made.loc["none", "preference", name]["percent"] == expected
        assert made.loc["none", "preference_normalised", name]["percent"] == expected
        assert made.loc["none", "preference", name]["n"] == 3 * 12
    assert made.loc["none", "cannot_tell", ""]["percent"] == pytest.approx(50)
    against = pairs(records, TRIALS, LABELS)
    assert (against.groupby("screen")["n"].sum() == 3 * 24).all()
    row = against[(against["screen"] == "none") & (against["attack"] == "smart") & (against["other"] == "l2")].iloc[0]
    assert (row["attack_chosen"], row["other_chosen"], row["cannot_tell"], row["n"]) == (12, 0, 0, 12)
    assert (row["label"], row["other_label"]) == ("SMART", "SMART, l2")


def test_normalised_preferences_sum_to_100_within_intervals_that_draw_subjects(tmp_path: Path) -> None:
    records = answered(tmp_path, *(coin(seed) for seed in range(12)))
    made = table(records).loc["none"].loc["preference_normalised"]
    assert made["percent"].sum() == pytest.approx(100)
    assert (made["low_percent"] < made["percent"]).all()
    assert (made["percent"] < made["high_percent"]).all()
    plain = table(records).loc["none"].loc["preference"]["percent"]
    np.testing.assert_allclose(made["percent"], 100 * plain / plain.sum())


def test_who_fails_the_screen_counts_in_no_part(tmp_path: Path) -> None:
    made = table(answered(tmp_path, perfect, perfect, careless))
    assert made.loc["none", "indistinguishability", "smart"]["percent"] == pytest.approx(100 * 2 / 3)
    for screen in ("sensitivity", "both"):
        row = made.loc[screen, "indistinguishability", "smart"]
        assert (row["percent"], row["subjects"], row["discarded"], row["n"]) == (100, 2, 1, 20)
        assert made.loc[screen, "deceitfulness", "smart"]["percent"] == 100


def test_who_always_answers_the_same_way_is_seen_by_the_checks_alone(tmp_path: Path) -> None:
    made = table(answered(tmp_path, sharp, left))
    assert made.loc["sensitivity", "indistinguishability", "smart"]["percent"] == 50
    assert made.loc["both", "indistinguishability", "smart"]["percent"] == 0
    # half of the true classes stand on the left
    assert made.loc["none", "deceitfulness", "smart"]["percent"] == pytest.approx(100 * (10 + 5) / 20)


def test_guesses_lie_about_chance(tmp_path: Path) -> None:
    made = table(answered(tmp_path, *(coin(seed) for seed in range(30)))).loc["none"]
    for measure, attack in (("deceitfulness", "smart"), ("indistinguishability", "iaa"), ("sensitivity", ORIGINAL)):
        row = made.loc[measure, attack]
        assert row["low_percent"] < 50 < row["high_percent"]
        assert 30 < row["percent"] < 70


def test_an_interval_is_as_wide_as_subjects_differ(tmp_path: Path) -> None:
    """Two of four subjects see all of SMART's changes and two none: 50 %, by a t of 3 degrees of freedom at least."""
    row = table(answered(tmp_path, perfect, perfect, sharp, sharp)).loc["both", "indistinguishability", "smart"]
    assert row["percent"] == 50
    assert row["n"] == 40
    assert row["n_effective"] <= 4
    assert row["low_percent"] < 15
    assert row["high_percent"] > 85


def test_one_subject_has_no_interval_and_nobody_no_rate(tmp_path: Path) -> None:
    made = table(answered(tmp_path, careless))
    assert made.loc["none", "deceitfulness", "smart"][["low_percent", "high_percent"]].isna().all()
    assert made.loc["none", "preference_normalised", "smart"][["low_percent", "high_percent"]].isna().all()
    row = made.loc["sensitivity", "indistinguishability", "smart"]
    assert (row["n"], row["subjects"], row["discarded"]) == (0, 0, 1)
    assert np.isnan(row["percent"])


def test_subjects(tmp_path: Path) -> None:
    made = subjects(answered(tmp_path, perfect, sharp, careless))
    assert list(made["sensitivity_percent"]) == [100, 100, 0]
    assert list(made["kept_by_sensitivity"]) == [True, True, False]
    assert list(made["indistinguishability_percent"]) == [100, 0, 0]
    assert list(made["deceitfulness_percent"]) == [100, 100, 50]
    assert list(made["cannot_tell_percent"]) == [50, 50, 0]
    assert list(made["answer_s_median"]) == [1, 2, 3]
    assert list(made["n"]) == [len(TRIALS)] * 3


def test_the_same_answers_give_the_same_table(tmp_path: Path) -> None:
    records = answered(tmp_path, *(coin(seed) for seed in range(5)))
    assert rates(records, TRIALS, LABELS, 0).equals(rates(records, TRIALS, LABELS, 0))
    assert set(rates(records, TRIALS, LABELS, 0)["part"]) == set(PARTS)
