"""Verdicts follow from how near a number is, and from what keeps it from being compared."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from inspect import signature
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from backdoor_table import ACTIONS, backdoor_table
from hypothesis import given
from hypothesis import strategies as st

from kinesec import names
from kinesec.tables import strategies
from kinesec.tables.papers import cmu_mocap
from kinesec.tables.papers.cmu_mocap import EIGHT
from kinesec.tables.papers.compare import COLUMNS, compare
from kinesec.tables.papers.verdicts import VERDICTS

PUBLISHED: dict[str, Any] = {
    "predictor": "ltd",
    "module": "ltd",
    "settings": {"features": 256, "blocks": 12, "coefficients": 30, "dropout": 0.5},
    "recipe": {"epochs": 50, "batch": 16, "rate": 5e-4},
    "missing_files": ["test/gone.txt"],
    "parameters": 2700904,
}
HORIZONS = {80: 2, 160: 4, 320: 8, 400: 10, 560: 14, 1000: 25}


@pytest.fixture(scope="module")
def reference() -> pd.DataFrame:
    return pd.read_csv(Path(__file__).resolve().parents[4] / "config/papers/reference.csv", dtype=str)


@pytest.fixture(scope="module")
def table() -> pd.DataFrame:
    return backdoor_table(predictor="ltd", samplings=("8", "all"), seeds=(0, 1))


def scaled_to(table: pd.DataFrame, reference: pd.DataFrame, pick: Callable[[pd.Series], bool], factor: float) -> Any:
    """The table with the clean-window numbers of some reference rows put at ``factor`` times the published value."""
    scaled = strategies.typed(table)
    for row in reference[reference.apply(pick, axis=1)].to_dict("records"):
        query = cmu_mocap._query(row)
        assert query is not None
        action = query.actions[0] if len(query.actions) == 1 else "mean"
        wanted = {"metric": "MPJPE_at", "windows": "clean", "model": query.model, "action": action}
        wanted |= {"sampling": query.sampling, "joints": query.joints, "frame": float(query.frame)}
        cells = (scaled[list(wanted)] == pd.Series(wanted)).all(axis=1)
        assert cells.any()
        scaled.loc[cells, ["value", "low", "high"]] = factor * float(row["value"])
    return scaled


def test_every_reference_number_in_scope_has_one_row_a_predictor(table: pd.DataFrame, reference: pd.DataFrame) -> None:
    comparison = compare(
        {"prediction_backdoor": table}, reference, [PUBLISHED, {**PUBLISHED, "predictor": "ltd_small"}]
    )
    assert tuple(comparison.columns) == COLUMNS
    cmu = reference[reference["dataset"] == "CMU-mocap"]
    assert (comparison["model"] == "zero-velocity").sum() == (cmu["model"] == "zero-velocity").sum() == 60
    mpjpe = comparison[(comparison["model"] == "LTD") & comparison["metric"].str.startswith("MPJPE")]
    assert mpjpe.groupby("predictor").size().tolist() == [63, 63]
    assert set(comparison["verdict"]) <= set(VERDICTS)
    assert (comparison["reason"] != "").all()
    assert not comparison.duplicated(["paper", "table", "setting", "metric", "predictor"]).any()


@pytest.mark.parametrize(("milliseconds", "frame"), HORIZONS.items())
def test_a_published_horizon_is_the_frame_forty_milliseconds_apart(milliseconds: int, frame: int) -> None:
    row = {"dataset": "CMU-mocap", "model": "LTD", "setting": "action=walking", "metric": f"MPJPE@{milliseconds}ms"}
    query = cmu_mocap._query(row)
    assert query is not None
    assert query.frame == frame


@pytest.mark.parametrize("factor", [1.0, 1.009, 0.991, 1.02, 0.98])
def test_zero_velocity_is_reproduced_within_one_per_cent(
    table: pd.DataFrame, reference: pd.DataFrame, factor: float
) -> None:
    near = scaled_to(table, reference, lambda row: row["model"] == "zero-velocity", factor)
    comparison = compare({"prediction_backdoor": near}, reference, [])
    zero = comparison[comparison["model"] == "zero-velocity"]
    expected = (abs(factor - 1) * zero["paper_value"] <= zero["tolerance"] + 1e-9).map(
        {True: "reproduced", False: "differs"}
    )
    assert zero["verdict"].tolist() == expected.tolist()
    assert ("differs" in set(expected)) == (abs(factor - 1) > 0.01)
    assert (zero["value"] - factor * zero["paper_value"]).abs().max() < 1e-9


@pytest.mark.parametrize(("factor", "verdict"), [(1.0, "reproduced"), (0.86, "reproduced"), (1.16, "differs")])
def test_a_published_model_is_judged_action_by_action(
    table: pd.DataFrame, reference: pd.DataFrame, factor: float, verdict: str
) -> None:
    def pick(row: pd.Series) -> bool:
        return row["model"] == "LTD" and "action=walking" in row["setting"]

    comparison = compare({"prediction_backdoor": scaled_to(table, reference, pick, factor)}, reference, [PUBLISHED])
    walking = comparison[(comparison["model"] == "LTD") & comparison["setting"].str.contains("action=walking")]
    assert len(walking) == 6
    assert set(walking["verdict"]) == {verdict}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"settings": {**PUBLISHED["settings"], "features": 64}}, "features 64 instead of 256"),
        ({"settings": {"features": 256}}, "coefficients all instead of 30"),
        ({"recipe": {"epochs": 4}}, "epochs 4 instead of 50"),
        ({"recipe": {"schedule": "one_cycle"}}, "schedule one_cycle instead of step"),
        ({"missing_files": ["train/a.txt", "train/b.txt", "test/c.txt"]}, "2 training files absent"),
        ({"held_out": ["train/a.txt"]}, "1 training files held out for validation"),
    ],
)
def test_what_differs_from_the_published_model_is_named_beside_our_value(
    table: pd.DataFrame, reference: pd.DataFrame, change: dict[str, Any], reason: str
) -> None:
    comparison = compare({"prediction_backdoor": table}, reference, [{**PUBLISHED, **change}])
    rows = comparison[(comparison["model"] == "LTD") & comparison["setting"].str.contains("action=soccer")]
    assert set(rows["verdict"]) == {"not comparable"}
    assert set(rows["reason"]) == {reason}
    assert rows["value"].notna().all()


def test_a_mean_over_absent_actions_is_not_comparable(table: pd.DataFrame, reference: pd.DataFrame) -> None:
    comparison = compare({"prediction_backdoor": table}, reference, [PUBLISHED])
    means = comparison[comparison["setting"].str.contains("8-action mean")]
    assert len(means) == 21
    assert set(means["verdict"]) == {"not comparable"}
    expected = "test files of basketball_signal, directing_traffic are absent; the value here is the mean of 6 actions"
    assert set(means["reason"]) == {expected}
    assert means["value"].notna().all()
    single = comparison[comparison["setting"].str.contains("action=directing_traffic")]
    assert set(single["verdict"]) == {"not comparable"}
    assert single["value"].isna().all()


def test_with_all_eight_actions_their_mean_is_judged(reference: pd.DataFrame) -> None:
    whole = backdoor_table(predictor="ltd", samplings=("8", "all"), actions=EIGHT)
    comparison = compare({"prediction_backdoor": whole}, reference, [PUBLISHED])
    means = comparison[comparison["setting"].str.contains("8-action mean")]
    assert set(means["verdict"]) <= {"reproduced", "differs"}


def test_the_mean_of_six_is_of_those_six_even_when_more_were_run(reference: pd.DataFrame) -> None:
    whole = backdoor_table(samplings=("8", "all"), actions=EIGHT)
    comparison = compare({"prediction_backdoor": whole}, reference, [])
    rows = comparison[
        comparison["setting"].str.startswith("MEAN of 6 actions; all windows; 25")
        & (comparison["metric"] == "MPJPE@80ms")
    ]
    cells = whole.query("metric == 'MPJPE_at' and model == 'zero_velocity' and sampling == 'all' and joints == 'used'")
    six = cells[(cells["frame"] == 2) & cells["action"].isin(ACTIONS)]
    assert rows["value"].tolist() == pytest.approx([six["value"].mean()])


def test_the_number_of_parameters_is_exact_or_not_comparable(table: pd.DataFrame, reference: pd.DataFrame) -> None:
    small = {**PUBLISHED, "predictor": "small", "settings": {"features": 64}, "parameters": 1000}
    wrong = {**PUBLISHED, "predictor": "wrong", "parameters": 2700905}
    silent = {key: value for key, value in PUBLISHED.items() if key != "parameters"} | {"predictor": "silent"}
    comparison = compare({"prediction_backdoor": table}, reference, [PUBLISHED, small, wrong, silent])
    rows = comparison[comparison["metric"] == "parameters"].set_index("predictor")["verdict"]
    assert rows.to_dict() == {
        "ltd": "reproduced",
        "small": "not comparable",
        "wrong": "differs",
        "silent": "not run",
    }


def test_what_was_not_run_is_said(table: pd.DataFrame, reference: pd.DataFrame) -> None:
    eight = table[table["sampling"] == "8"]
    comparison = compare({"prediction_backdoor": eight}, reference, [])
    assert set(comparison[comparison["setting"].str.contains("all windows")]["verdict"]) == {"not run"}
    ltd = comparison[comparison["model"] == "LTD"]
    assert set(ltd["verdict"]) == {"not run"}
    assert ltd["value"].isna().all()


def test_a_run_of_other_data_speaks_to_nothing(reference: pd.DataFrame) -> None:
    other = backdoor_table(dataset="procedural", actions=("walking",))
    assert compare({"prediction_backdoor": other}, reference, [PUBLISHED]).empty
    assert compare({}, reference, [PUBLISHED]).empty


def test_a_variant_of_the_data_set_speaks_by_its_module_and_a_protocol_by_what_it_is(reference: pd.DataFrame) -> None:
    variant = backdoor_table(dataset="cmu_expmap_all", predictor="ltd", samplings=("8",), strategies=())
    assert compare({"prediction_backdoor": variant}, reference, [PUBLISHED]).empty
    told = {**PUBLISHED, "dataset": "cmu_expmap_all"}
    modules = {"cmu_expmap_all": "cmu_expmap"}
    comparison = compare({"prediction_backdoor": variant}, reference, [told], modules=modules)
    assert set(comparison["run_dataset"]) == {"cmu_expmap_all"}
    assert comparison["value"].notna().any()
    renamed = variant.assign(protocol="mine")
    assert compare({"prediction_backdoor": renamed}, reference, [told], modules=modules)["value"].dropna().size == 1
    again = compare({"prediction_backdoor": renamed}, reference, [told], modules=modules, protocols=["mine"])
    pd.testing.assert_frame_equal(again, comparison)


def test_two_data_sets_of_the_module_have_their_own_rows(reference: pd.DataFrame) -> None:
    both = pd.concat([backdoor_table(dataset=name, predictor="ltd", strategies=()) for name in ("a", "b")])
    comparison = compare(
        {"prediction_backdoor": both}, reference, [PUBLISHED], modules={"a": "cmu_expmap", "b": "cmu_expmap"}
    )
    assert (comparison["run_dataset"] == "a").sum() == (comparison["run_dataset"] == "b").sum() > 60


def test_other_published_predictors_speak_where_the_reference_has_them(reference: pd.DataFrame) -> None:
    recipe = cmu_mocap.PUBLISHED_RECIPE["hri"]
    hri = {"predictor": "attention", "module": "hri", "settings": {}, "recipe": recipe, "parameters": 3591794}
    table = backdoor_table(predictor="attention", samplings=("8", "all"), strategies=())
    comparison = compare({"prediction_backdoor": table}, reference, [hri])
    rows = comparison[comparison["model"] == "HRI"]
    assert rows[["metric", "verdict"]].values.tolist() == [["parameters", "reproduced"]]
    assert set(comparison.loc[comparison["model"] == "LTD", "verdict"]) == {"not run"}
    pgbig = reference[(reference["model"] == "PGBIG") & reference["setting"].str.contains("action=walking")]
    speaking = pgbig.assign(model="AuxFormer")
    aux = {"predictor": "attention", "module": "auxformer", "settings": {"layers": 2}, "recipe": {}}
    comparison = compare({"prediction_backdoor": table}, speaking, [aux])
    assert len(comparison) == len(speaking) > 0
    assert set(comparison["reason"]) == {"layers 2 instead of 5"}


@pytest.mark.parametrize("name", ["ltd", "hri", "simlpe", "auxformer"])
def test_the_published_values_are_the_modules_own(name: str) -> None:
    module = names.load("models.predictors", name)
    recipe = asdict(module.RECIPE)
    assert {key: recipe[key] for key in cmu_mocap.PUBLISHED_RECIPE[name]} == cmu_mocap.PUBLISHED_RECIPE[name]
    defaults = {key: parameter.default for key, parameter in signature(module.PREDICTOR.__init__).parameters.items()}
    published = {key: value for key, value in cmu_mocap.PUBLISHED_SETTINGS[name].items() if key != "coefficients"}
    assert {key: defaults[key] for key in published} == published


@given(st.floats(1.0, 300.0), st.floats(0.5, 2.0), st.booleans())
def test_a_verdict_is_the_distance_against_the_tolerance(paper: float, factor: float, trained: bool) -> None:
    tolerance = 0.15 * paper if trained else max(0.01 * paper, 0.1)
    verdict, reason = cmu_mocap._judge(cmu_mocap._Cell(factor * paper, 0.0, 0.0), paper, tolerance)
    if abs(abs(factor - 1) * paper - tolerance) > 1e-6:
        assert (verdict == "reproduced") == (abs(factor - 1) * paper < tolerance)
    assert reason.startswith(("+", "-"))
