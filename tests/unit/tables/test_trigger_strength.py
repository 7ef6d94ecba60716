"""The table of imperfect triggers: its numbers from made-up records, and rows over seeds."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kinesec.tables.files import write_csv
from kinesec.tables.trigger_strength import COLUMNS, DIFFERENCE, joined, read, trigger_strength

IDENTITY = {
    **{"dataset": "d", "protocol": "p", "sampling": 8, "predictor": "ltd", "seed": 0, "poison": "plain"},
    **{"trigger": "rigid", "target": "jammed", "selection": "random", "level": "window", "ratio": 0.1},
}
DESCRIBED = {"noise": {"module": "joint_noise", "stage": "capture", "amount_unit": "mm", "neutral": 0.0}}
ACTIONS = np.array(["run"] * 10 + ["walk"] * 30)


def records(seed: int) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    parts = []
    for (name, amount), windows, model in product(
        [("none", 0.0), ("noise", 20.0)], ["clean", "triggered", "triggered_seen"], ["clean", "victim"]
    ):
        keys = {"disturbance": name, "amount": amount, "windows": windows, "model": model}
        error = rng.uniform(5, 45, len(ACTIONS)) + np.where(ACTIONS == "run", 10, 0)
        place = np.arange(len(ACTIONS))
        of = {"window": place, "action": ACTIONS, "sequence": place, "start": 0}  # each in a file of its own
        parts.append(pd.DataFrame({**of, "error_mm": error, **keys}))
    return pd.concat(parts, ignore_index=True)


def table(seed: int = 0) -> pd.DataFrame:
    return trigger_strength(records(seed), {**IDENTITY, "seed": seed}, DESCRIBED, 25.0, 35)


def row(made: pd.DataFrame, **wanted: Any) -> pd.Series[Any]:
    (index,) = np.flatnonzero((made[list(wanted)] == pd.Series(wanted)).all(axis=1))
    return made.iloc[index]


def errors(of: pd.DataFrame, **wanted: Any) -> np.ndarray:
    return of[(of[list(wanted)] == pd.Series(wanted)).all(axis=1)]["error_mm"].to_numpy()


def mean_of_actions(values: np.ndarray) -> float:
    return float(np.mean([values[ACTIONS == "run"].mean(), values[ACTIONS == "walk"].mean()]))


def test_numbers_are_means_of_the_actions_means_with_intervals_about_them() -> None:
    made, given = table(), records(0)
    seen: dict[str, Any] = {"windows": "triggered_seen", "disturbance": "noise", "model": "victim"}
    success = row(made, metric="ASR", **seen)["value"]
    assert success == pytest.approx(mean_of_actions(100.0 * (errors(given, **seen) < 25)))
    assert tuple(made.columns) == COLUMNS
    for amount, model in product((0.0, 20.0), ("clean", "victim")):
        key: dict[str, Any] = {"disturbance": "noise" if amount else "none", "amount": amount, "model": model}
        error = errors(given, windows="triggered", **key)
        assert row(made, metric="BDE", windows="triggered", **key)["value"] == pytest.approx(mean_of_actions(error))
        success = row(made, metric="ASR", windows="triggered", **key)
        assert success["value"] == pytest.approx(mean_of_actions(100.0 * (error < 25)))
        assert (success["unit"], success["threshold_mm"]) == ("%", 25.0)
        clean = row(made, metric="CDE", **key)
        assert clean["value"] == pytest.approx(mean_of_actions(errors(given, windows="clean", **key)))
        assert clean["windows"] == "clean"
    assert (made["low"] < made["value"]).all()
    assert (made["value"] < made["high"]).all()
    assert set(made["n"]) == {40}


def test_windows_of_few_files_are_worth_little() -> None:
    of = records(0)
    alike = of.assign(sequence=np.where(of["action"] == "run", 0, 1 + of["window"] % 4), start=of["window"])
    widths = []
    for given in (of, alike):
        made = trigger_strength(given, IDENTITY, DESCRIBED, 25.0, 35)
        rate = row(made, metric="ASR", windows="triggered", model="victim", disturbance="none")
        assert 0 <= rate["low"] <= rate["value"] <= rate["high"] <= 100
        widths.append((rate["high"] - rate["low"], rate["n_effective"]))
    assert widths[1][0] > 1.2 * widths[0][0]
    assert widths[1][1] < widths[0][1]


def test_differences_are_paired_by_window() -> None:
    of, key = records(0), {"disturbance": "noise", "amount": 20.0, "windows": "clean"}
    victim = of["model"].eq("victim") & of["windows"].eq("clean") & of["disturbance"].eq("noise")
    of.loc[victim, "error_mm"] = errors(of, model="clean", **key) + 3  # no window differs by anything else
    made = trigger_strength(of, IDENTITY, DESCRIBED, 25.0, 35)
    difference = row(made, model=DIFFERENCE, metric="CDE", disturbance="noise")
    np.testing.assert_allclose(difference[["value", "low", "high"]].to_numpy(float), 3, atol=1e-9)
    assert set(made.loc[made["model"] == DIFFERENCE, "metric"]) == {"CDE", "BDE"}


def test_rows_say_what_their_disturbance_is() -> None:
    made = table()
    noise, none = made[made["disturbance"] == "noise"], made[made["disturbance"] == "none"]
    assert noise[["module", "stage", "amount_unit", "neutral"]].drop_duplicates().values.tolist() == [
        ["joint_noise", "capture", "mm", 0.0]
    ]
    assert none[["module", "stage", "amount_unit", "neutral"]].isna().all().all()


def test_a_table_comes_back_from_its_file_with_rows_over_seeds(tmp_path: Path) -> None:
    for seed in (0, 1):
        write_csv(table(seed), str(tmp_path / f"{seed}.csv"))
    both = joined(read(tmp_path / f"{seed}.csv") for seed in (0, 1))
    write_csv(both, str(tmp_path / "all.csv"))
    again = read(tmp_path / "all.csv")
    assert tuple(again.columns) == COLUMNS
    assert again["seed"].value_counts().to_dict() == {"0": 26, "1": 26, "all": 26}
    key = {"disturbance": "noise", "metric": "BDE", "model": "victim", "windows": "triggered"}
    values = [row(again, seed=seed, **key)["value"] for seed in ("0", "1", "all")]
    assert values[2] == pytest.approx(np.mean(values[:2]), rel=1e-4)
    assert again["sampling"].unique().tolist() == ["8"]
    assert again["module"].unique().tolist() == ["", "joint_noise"]
