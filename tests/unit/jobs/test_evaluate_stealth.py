"""Stealth of the poisoned training windows, and means over seeds."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from stores import write_motions

from kinesec.evaluation.stealth import Stealth, moved, statistics, told_apart
from kinesec.files import store
from kinesec.files.kinds.poison import POISON
from kinesec.jobs.evaluate_stealth import evaluate_stealth
from kinesec.metrics.intervals import Sample
from kinesec.metrics.naturalness import naturalness
from kinesec.poisoning.prediction import badhmp
from kinesec.poisoning.prediction.badhmp import Poison
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.windows import load
from kinesec.tables import stealth as tables
from kinesec.tables.prediction import PREDICTION_BACKDOOR, with_all_seeds

HISTORY, FUTURE = 6, 5
IDENTITY: dict[str, Any] = {
    "dataset": "d", "protocol": "p", "trigger": "rigid", "target": "jammed", "selection": "natural", "level": "window",
    "ratio": 0.2, "seed": 0,
}  # fmt: skip


@pytest.mark.parametrize("selection", ["random", "balanced", "natural", "worst"])
def test_rows_are_of_the_poisoned_windows_of_what_they_were_and_of_all(tmp_path: Path, selection: str) -> None:
    write_motions(tmp_path / "m.zarr", [40, 30, 25], ["train", "train", "test"])
    cut(tmp_path / "m.zarr", tmp_path / "w.zarr", Protocol("ltd", HISTORY, FUTURE))
    poison = Poison("rigid", "jammed", selection, "left_arm", 0.2)
    badhmp.write(tmp_path / "w.zarr", tmp_path / "p.zarr", poison, "name", 3)
    evaluate_stealth(
        windows_path=tmp_path / "w.zarr",
        poison_path=tmp_path / "p.zarr",
        strategy=vars(poison),
        identity={"data": "d", "protocol": "p", "seed": "3"},
        table_path=tmp_path / "table.csv",
        test_path=tmp_path / "told_apart.csv",
        selected_path=tmp_path / "selected.csv",
    )
    table = pd.read_csv(tmp_path / "table.csv")
    assert tuple(table.columns) == PREDICTION_BACKDOOR
    assert set(table["model"]) == {"data"}
    assert table[["predictor", "sampling", "frame"]].isna().all(axis=None)
    train, poisoned = load(tmp_path / "w.zarr", "train"), store.read(tmp_path / "p.zarr", POISON)
    window, index = train.gather(), poisoned.index.values
    action = np.array([str(train.action[i]) for i in train.sequence_index])
    kinds = {
        "train_poisoned": (poisoned.position.values, action[index]),
        "train_before": (window[index], action[index]),
        "train_clean": (window, action),
    }
    for kind, (windows, actions) in kinds.items():
        for (metric, part), values in naturalness(windows, train.skeleton.parents, HISTORY).items():
            rows = table[(table["windows"] == kind) & (table["metric"] == metric) & (table["part"] == part)]
            rows = rows.set_index("action")
            by_action = {name: values[actions == name].mean() for name in sorted(set(actions))}
            expected = {**by_action, "mean": np.mean(list(by_action.values())), "windows": values.mean()}
            assert rows["value"].to_dict() == pytest.approx(expected, rel=1e-5)
            # none where too few windows lie apart
            assert not (rows["low"] > rows["value"] * 1.00001).any()
            assert not (rows["value"] > rows["high"] * 1.00001).any()
            assert kind != "train_clean" or rows["low"].notna().all()
            assert rows.loc["mean", "n"] == rows.loc["windows", "n"] == len(windows)
    selected = tables.read(tmp_path / "selected.csv")
    assert tuple(selected.columns) == tables.PREDICTION_SELECTED
    actions = selected[selected["sequence"] == ""].set_index("action")
    assert actions["selected"].to_dict() == {name: (action[index] == name).sum() for name in ("run", "walk")}
    assert actions["available"].to_dict() == {name: (action == name).sum() for name in ("run", "walk")}
    assert actions["tested"].to_dict() == {"run": "no", "walk": "yes"}  # the only test sequence is the third
    assert selected["share_percent"].sum() == pytest.approx(200.0)  # of actions and of sequences
    assert set(selected["sequence"]) == {"", "source 0", "source 1"}
    told = tables.read(tmp_path / "told_apart.csv")
    assert tuple(told.columns) == tables.PREDICTION_STEALTH
    assert (told["n"] + told["n_others"])[told["against"] == "train_unselected"].unique().tolist() == [len(window)]
    way = {"natural": "minimised", "worst": "maximised"}.get(selection, "")
    assert set(told.loc[told["part"] == "seam", "score"]) == {way}
    made_of_it = (told["part"] == "seam/whole") & told["metric"].isin(["Acc", "Jerk"])
    assert set(told.loc[made_of_it, "score"]) == {way}
    assert set(told.loc[(told["part"] != "seam") & ~made_of_it, "score"]) == {""}


def sample(action: list[str]) -> Sample:
    places = np.arange(len(action))
    return Sample(np.array(action), places, np.zeros(len(action), int), 20)


def measured(poisoned: np.ndarray, clean: np.ndarray, index: np.ndarray) -> Stealth:
    keys = [(metric, part) for metric in ("Acc", "Jerk", "BLC") for part in ("whole", "seam")]
    return Stealth(
        index,
        sample(["a"] * len(clean)),
        np.arange(len(clean)).astype(str),
        dict.fromkeys(keys, poisoned),
        dict.fromkeys(keys, clean),
    )


def area(rows: list[dict[str, Any]], **wanted: str) -> dict[str, Any]:
    chosen = [row for row in rows if all(row[name] == value for name, value in wanted.items())]
    assert len(chosen) == 1
    return chosen[0]


def test_areas_are_two_sided_and_have_the_selection_as_their_control() -> None:
    clean, index = np.arange(1.0, 101.0), np.arange(0, 20)  # the stillest fifth is selected
    seam = {"metric": "Acc", "part": "seam", "detector": "high"}
    against_all = {"windows": "train_poisoned", "against": "train_unselected"}
    # poison that changes nothing: all that a detector sees is the selection
    rows = told_apart(measured(clean[index], clean, index))
    assert area(rows, **seam, **against_all)["value"] == 0.0
    assert area(rows, **seam, windows="train_before", against="train_unselected")["value"] == 0.0
    assert area(rows, **{**seam, "detector": "either_tail"}, **against_all)["value"] == 1.0  # beyond all of the others
    assert area(rows, **seam, windows="train_poisoned", against="train_before")["value"] == 0.5
    # poison that makes them move as the others do: the control gives the selection away, the poison hides it
    middle = np.linspace(50.0, 71.0, 20)
    rows = told_apart(measured(middle, clean, index))
    hidden = area(rows, **seam, **against_all)
    assert hidden["low"] < 0.5 < hidden["high"]
    assert area(rows, **seam, windows="train_poisoned", against="train_before")["value"] == 1.0
    # more ordinary than the others are: rarely in either tail
    tails = area(rows, **{**seam, "detector": "either_tail"}, **against_all)
    assert tails["value"] == pytest.approx(
        np.mean(np.abs(middle[:, None] - 60.5) > np.abs(clean[20:] - 60.5)), abs=0.02
    )
    assert tails["high"] < 0.5
    # half far below and half far above: no side alone tells
    split = np.concatenate([np.full(10, 0.5), np.full(10, 200.0)])
    rows = told_apart(measured(split, clean, index))
    assert area(rows, **seam, **against_all)["value"] == 0.5
    assert area(rows, **{**seam, "detector": "either_tail"}, **against_all)["value"] == 1.0
    verdicts = tables.told_apart(rows, moved("natural", {"jerk": 0.0, "strata": "none"}), IDENTITY)
    of_seam = verdicts[(verdicts["metric"] == "Acc") & (verdicts["part"] == "seam")]
    said = of_seam.set_index(["windows", "against", "detector"])["told_apart"]
    assert said["train_poisoned", "train_unselected", "high"] == "no"
    assert said["train_poisoned", "train_unselected", "either_tail"] == "higher"
    assert said["train_before", "train_unselected", "high"] == "lower"
    assert set(verdicts.loc[verdicts["score"] == "minimised", "metric"]) == {"Acc", "BLC"}


def test_intervals_are_over_recordings_not_windows() -> None:
    """A hundred windows of two recordings that are alike within each tell no more than the two recordings."""
    clean = np.repeat([8.0, 12.0], 100) + np.random.default_rng(0).normal(0.0, 1.0, 200)
    apart = measured(clean[::2] + 1.0, clean, np.arange(0, 200, 2))
    wanted = {"metric": "Acc", "part": "seam", "detector": "high", "windows": "train_poisoned"}
    wide, narrow = (
        area(
            told_apart(replace(apart, sample=replace(apart.sample, sequence=of))), **wanted, against="train_unselected"
        )
        for of in (np.repeat([0, 1], 100), apart.sample.sequence)
    )
    assert wide["value"] == narrow["value"]
    assert wide["high"] - wide["low"] > 2 * (narrow["high"] - narrow["low"])


def test_rounding_tells_nothing_and_all_windows_poisoned_have_no_others() -> None:
    rng = np.random.default_rng(0)
    clean, index = rng.uniform(0, 4e-4, 50), np.arange(10)
    rows = told_apart(measured(clean[index] / 10, clean, index))
    assert {row["value"] for row in rows if row["part"] != "seam/whole"} == {0.5}
    every = told_apart(measured(clean, clean, np.arange(50)))
    assert {row["against"] for row in every} == {"train_before"}


def test_a_jump_at_the_seam_shows_beside_the_windows_own_pace() -> None:
    pace = np.linspace(1.0, 100.0, 60)
    measured_parts = statistics({("Acc", "whole"): pace, ("Acc", "seam"): pace, ("Jerk", "seam"): np.full(60, np.nan)})
    np.testing.assert_allclose(measured_parts["Acc", "seam/whole"], 1.0, atol=1e-3)
    assert not [key for key in measured_parts if key[0] == "Jerk"]
    jumped = statistics({("Acc", "whole"): pace[:5], ("Acc", "seam"): 3 * pace[:5]})
    assert (jumped["Acc", "seam/whole"] > 2.9).all()
    assert statistics({("Acc", "whole"): np.zeros(2), ("Acc", "seam"): np.zeros(2)})["Acc", "seam/whole"].tolist() == [
        1,
        1,
    ]


def test_means_of_all_kinds_are_over_the_actions_that_were_selected() -> None:
    values = {("Acc", "seam"): np.array([1.0, 2.0, 30.0, 4.0])}
    windows = sample(["a", "a", "b", "a"])
    kinds = Stealth(np.array([1]), windows, windows.action, {("Acc", "seam"): np.array([9.0])}, values).kinds()
    assert {kind: set(of.action) for kind, (of, _) in kinds.items()} == {kind: {"a"} for kind in kinds}
    assert kinds["train_clean"][1]["Acc", "seam"].tolist() == [1.0, 2.0, 4.0]
    assert kinds["train_before"][1]["Acc", "seam"].tolist() == [2.0]


def test_areas_over_seeds_stay_within_their_range_and_have_verdicts() -> None:
    rows = told_apart(measured(np.arange(200.0, 220.0), np.arange(100.0), np.arange(20)))
    by_seed = [tables.told_apart(rows, {}, {**IDENTITY, "seed": seed}) for seed in (0, 1)]
    table = tables.over_seeds(pd.concat(by_seed))
    pooled = table[table["seed"] == "all"]
    assert len(pooled) == len(by_seed[0])
    assert pooled[["value", "low", "high"]].stack().between(0, 1).all()
    told = pooled[(pooled["against"] == "train_before") & (pooled["detector"] == "high")]
    assert set(told.loc[told["part"] == "seam", "told_apart"]) == {"higher"}


def made(values: dict[int, float], **changes: object) -> pd.DataFrame:
    base = dict.fromkeys(PREDICTION_BACKDOOR, "x") | {"frame": 1, "n": 8, "n_effective": 2.5, **changes}
    return pd.DataFrame([{**base, "seed": s, "value": v, "low": v - 1, "high": v + 2} for s, v in values.items()])


def test_numbers_of_two_or_more_seeds_have_a_row_over_all() -> None:
    table = pd.concat([
        made({0: 10.0, 1: 14.0}, metric="CDE"), made({0: 5.0}, metric="BDE"), made({1: 7.0, 0: 9.0}, frame=None)
    ])  # fmt: skip
    pooled_table = with_all_seeds(table)
    assert len(pooled_table) == len(table) + 2
    pooled = pooled_table[pooled_table["seed"] == "all"].set_index("metric")
    assert pooled["value"].to_dict() == {"CDE": 12.0, "x": 8.0}
    assert (pooled["low"] <= pooled["value"]).all()
    assert (pooled["high"] >= pooled["value"]).all()
    assert with_all_seeds(made({4: 1.0})).equals(made({4: 1.0}))
