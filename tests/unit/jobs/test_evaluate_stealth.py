"""Stealth of the poisoned training windows, and means over seeds."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stores import write_motions

from kinesec.files import store
from kinesec.files.kinds.poison import POISON
from kinesec.jobs.evaluate_stealth import evaluate_stealth
from kinesec.metrics.naturalness import naturalness
from kinesec.poisoning.prediction import badhmp
from kinesec.poisoning.prediction.badhmp import Poison
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.windows import load
from kinesec.tables.prediction import PREDICTION_BACKDOOR, with_all_seeds

HISTORY, FUTURE = 6, 5


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
            expected = {**by_action, "mean": np.mean(list(by_action.values()))}
            assert rows["value"].to_dict() == pytest.approx(expected, rel=1e-5)
            # none where too few windows lie apart
            assert not (rows["low"] > rows["value"] * 1.00001).any()
            assert not (rows["value"] > rows["high"] * 1.00001).any()
            assert kind != "train_clean" or rows["low"].notna().all()
            assert rows.loc["mean", "n"] == len(windows)


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
