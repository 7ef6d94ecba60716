from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kinesec.evaluation.prediction import RECORD
from kinesec.tables.files import write_csv
from kinesec.tables.prediction import ALL_ACTIONS, PREDICTION_BACKDOOR, joined, prediction_backdoor

IDENTITY = {
    "dataset": "d", "protocol": "p", "predictor": "ltd", "trigger": "rigid", "target": "jammed",
    "selection": "random", "level": "window", "ratio": 0.1, "seed": 0,
}  # fmt: skip
ACTIONS = np.array(["walk"] * 6 + ["run"] * 2)
FRAMES = 4


def made() -> tuple[pd.DataFrame, dict[tuple[str, str], np.ndarray]]:
    """Records of 8 windows, in no order, and their errors by (model, windows)."""
    rng = np.random.default_rng(0)
    rows: list[dict[str, Any]] = []
    errors = {}
    for model in ("clean", "victim"):
        for kind in ("clean", "triggered"):
            values = errors[model, kind] = rng.uniform(0, 60, (8, FRAMES)).astype(np.float32)
            base = {"sampling": "8", "source": "s", "model": model, "windows": kind}
            for window in range(8):
                base |= {"window": window, "action": ACTIONS[window], "sequence": window % 4, "start": 9 * window}
                rows += [
                    {
                        **base,
                        "metric": "MPJPE_at",
                        "part": "",
                        "joints": "used",
                        "frame": f + 1,
                        "value": values[window, f],
                    }
                    for f in range(FRAMES)
                ]
                rows.append(
                    {**base, "metric": "Acc", "part": "seam", "joints": "used", "frame": 0, "value": float(window)}
                )
    table = pd.DataFrame(rows)[list(RECORD)].sample(frac=1, random_state=0)
    return table.astype(
        {name: "category" for name in RECORD if name not in ("window", "sequence", "start", "frame", "value")}
    ), errors


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return prediction_backdoor(
        made()[0], IDENTITY, frame_ms_nominal=40.0, frame_ms_measured=16.5, threshold_mm=30.0, span=5
    )


def cell(table: pd.DataFrame, column: str = "value", **labels: Any) -> np.ndarray:
    for name, value in labels.items():
        table = table[table[name] == value]
    return table.sort_values("frame")[column].to_numpy()


@pytest.mark.parametrize("kind", ["clean", "triggered"])
@pytest.mark.parametrize("model", ["clean", "victim"])
def test_values_are_direct_means(table: pd.DataFrame, model: str, kind: str) -> None:
    at = made()[1][model, kind].astype(np.float64)
    upto = np.stack([at[:, : f + 1].mean(1) for f in range(FRAMES)], 1)
    expected = {"MPJPE_at": at, "MPJPE_upto": upto, ("CDE" if kind == "clean" else "BDE"): upto}
    if kind == "triggered":
        expected["ASR"] = 100.0 * (upto < 30.0)
    rows = table[(table["model"] == model) & (table["windows"] == kind)]
    compared = {"CDE_change", "CDE_change_percent"} if kind == "clean" else {"BDE_change", "gap_closed", "ASR_half_gap"}
    assert set(rows["metric"]) == {*expected, "Acc", *(compared if model == "victim" else ())}
    for metric, values in expected.items():
        by_action = {action: values[action == ACTIONS].mean(0) for action in ("walk", "run")}
        by_action["mean"] = (by_action["walk"] + by_action["run"]) / 2
        for action, means in by_action.items():
            labels = {"metric": metric, "action": action}
            np.testing.assert_allclose(cell(rows, **labels).astype(float), means, rtol=1e-6)
            assert (cell(rows, "low", **labels) <= means + 1e-6).all()
            assert (cell(rows, "high", **labels) >= means - 1e-6).all()
            assert set(cell(rows, "n", **labels)) == {{"walk": 6, "run": 2, "mean": 8}[action]}
            assert cell(rows, "horizon_ms_nominal", **labels).tolist() == [40, 80, 120, 160]
            assert cell(rows, "horizon_ms_measured", **labels).tolist() == [16.5, 33, 49.5, 66]
            assert set(cell(rows, "unit", **labels)) == {"%" if metric == "ASR" else "mm"}
    smooth = rows[rows["metric"] == "Acc"]
    assert smooth["frame"].isna().all()
    assert smooth["horizon_ms_nominal"].isna().all()
    assert cell(smooth, action="walk").tolist() == [2.5]
    assert cell(smooth, action="mean").tolist() == [(2.5 + 6.5) / 2]
    assert set(smooth["unit"]) == {"mm/frame^2"}


def mean_of_actions(values: np.ndarray) -> np.ndarray:
    return np.asarray((values[ACTIONS == "walk"].mean(0) + values[ACTIONS == "run"].mean(0)) / 2)


def test_a_victim_is_compared_with_the_clean_model_on_the_same_windows(table: pd.DataFrame) -> None:
    errors = {key: np.cumsum(values, 1) / np.arange(1, FRAMES + 1) for key, values in made()[1].items()}
    for kind in ("clean", "triggered"):
        rows = table[(table["windows"] == kind) & (table["action"] == "mean") & (table["model"] == "victim")]
        after, before = errors["victim", kind], errors["clean", kind]
        change, quotient = mean_of_actions(after - before), mean_of_actions(after) / mean_of_actions(before)
        expected = {"CDE_change": change, "CDE_change_percent": 100 * (quotient - 1)}
        if kind == "triggered":
            half = mean_of_actions(100.0 * (after < before / 2))
            expected = {"BDE_change": change, "gap_closed": 1 - quotient, "ASR_half_gap": half}
        for metric, values in expected.items():
            np.testing.assert_allclose(cell(rows, metric=metric).astype(float), values, rtol=1e-5, atol=1e-5)
            low, high = (cell(rows, end, metric=metric).astype(float) for end in ("low", "high"))
            assert ((low < values + 1e-5) & (values - 1e-5 < high)).all()
    assert not set(table.loc[table["model"] == "clean", "metric"]) & {"CDE_change", "BDE_change", "gap_closed"}


def test_a_paired_difference_is_surer_than_what_it_is_of() -> None:
    records, _ = made()
    same = records["windows"] == "clean"
    # the victim errs by 1 mm more in every window, whatever the window
    keys = ["window", "frame", "metric"]
    clean = records[same & (records["model"] == "clean")]
    records = pd.concat([clean, clean.assign(model="victim", value=clean["value"] + 1)], ignore_index=True)
    assert not records.duplicated([*keys, "model"]).any()
    rows = prediction_backdoor(
        records.astype({"model": "category"}),
        IDENTITY,
        frame_ms_nominal=40.0,
        frame_ms_measured=16.5,
        threshold_mm=30.0,
        span=5,
    )
    rows = rows[(rows["model"] == "victim") & (rows["action"] == "mean") & (rows["frame"] == FRAMES)].set_index(
        "metric"
    )
    assert rows.loc["CDE_change", ["low", "value", "high"]].tolist() == pytest.approx([1, 1, 1], abs=1e-4)
    assert rows.loc["CDE", "high"] - rows.loc["CDE", "low"] > 5
    assert rows.loc["CDE", "n_effective"] < 8


def test_the_threshold_is_the_success_rates_alone(table: pd.DataFrame) -> None:
    assert set(table.loc[table["metric"] == "ASR", "threshold_mm"]) == {30.0}
    assert table.loc[table["metric"] != "ASR", "threshold_mm"].isna().all()


def test_the_order_of_the_records_changes_nothing(table: pd.DataFrame) -> None:
    again = made()[0].sample(frac=1, random_state=1)
    pd.testing.assert_frame_equal(
        prediction_backdoor(again, IDENTITY, frame_ms_nominal=40.0, frame_ms_measured=16.5, threshold_mm=30.0, span=5),
        table,
    )


def test_csv(table: pd.DataFrame, tmp_path: Path) -> None:
    write_csv(table, str(tmp_path / "t.csv"))
    lines = (tmp_path / "t.csv").read_text().splitlines()
    assert lines[0] == ",".join(PREDICTION_BACKDOOR)
    assert len(lines) == len(table) + 1
    back = pd.read_csv(tmp_path / "t.csv", dtype={"frame": "Int64"})
    np.testing.assert_allclose(back["value"], table["value"].astype(float), rtol=1e-5)
    assert back["frame"].isna().tolist() == table["frame"].isna().tolist()


def test_a_joined_table_holds_everything_unless_told_otherwise(table: pd.DataFrame) -> None:
    other = table.assign(trigger="soft")
    pd.testing.assert_frame_equal(joined([table, other], None, "every"), pd.concat([table, other], ignore_index=True))


def test_a_joined_table_can_leave_out_frames_and_later_actions(table: pd.DataFrame) -> None:
    other, third = table.assign(trigger="soft"), table.assign(seed=1)
    selected = joined([table, other, third], [1, 3], "first")
    assert set(selected["frame"].dropna()) == {1, 3}
    assert set(selected["metric"]) == set(table["metric"])
    first, later, seeded = (
        selected[(selected["trigger"] == t) & (selected["seed"] == s)]
        for t, s in (("rigid", 0), ("soft", 0), ("rigid", 1))
    )
    assert set(later["action"]) == {ALL_ACTIONS} < set(first["action"]) == set(seeded["action"])
