"""Of an attack on hard labels: its search is kept, and whether a clip is on the manifold is measured, not believed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from attack_stores import Case, make_case, make_search

from kinesec.evaluation import hard_label
from kinesec.jobs.evaluate_attack import evaluate_attack
from kinesec.jobs.table_recognition import write_all
from kinesec.samples.adversarial import QUERY_GRID, Adversarial, gather
from kinesec.tables import blackbox, recognition

IDENTITY = {"data": "d", "clips": "c", "recognizer": "r", "attack": "basar", "seed": "0"}
OF_LABELS: dict[str, Any] = {"attack": "basar", "settings": {"margin_degrees": 1.0}}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    """Clips that are not moved, clips that are shifted as a whole, and clips moved joint by joint, in turns."""
    made = make_case(tmp_path_factory.mktemp("case"))
    clips = made.clips
    shifted = np.where(clips.present[..., None, None], clips.normalised + np.float32(2), 0).astype(np.float32)
    way = (np.arange(len(clips)) % 3)[:, None, None, None, None]
    return replace(made, position=np.where(way == 0, clips.normalised, np.where(way == 1, shifted, made.position)))


@pytest.fixture(scope="module")
def job(case: Case, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("job")
    paths = {"records_path": folder / "records.parquet", "table_path": folder / "table.csv"}
    shards = case.write(folder, 3, search=make_search(case), **OF_LABELS)
    evaluate_attack(
        clips_path=case.clips_path, model_path=case.model_path, shard_paths=shards, identity=IDENTITY, **paths
    )
    return paths


@pytest.fixture(scope="module")
def records(job: dict[str, Path]) -> pd.DataFrame:
    return pd.read_parquet(job["records_path"])


def test_a_search_stands_in_the_records(case: Case, records: pd.DataFrame) -> None:
    for name, values in vars(make_search(case)).items():
        kept = blackbox.traces(records) if name == "trace_l" else records[name].to_numpy()
        np.testing.assert_array_equal(kept, values, err_msg=name)


def test_only_motions_that_bend_no_joint_too_far_are_on_the_manifold(records: pd.DataFrame) -> None:
    """The attack says of nearly all clips that they are projections; a shift of the whole body bends no joint."""
    way = np.arange(len(records)) % 3
    assert (records.loc[way < 2, "limit_violations_percent"] == 0).all()
    assert (records.loc[way == 2, "limit_violations_percent"].iloc[1:] > 0).mean() > 0.5
    assert not records.loc[(way == 2) & (records.index > 2), "on_manifold"].any()
    shifted = records[(way == 1) & records["success"]]
    assert len(shifted) > 2
    assert shifted["on_manifold"].all()
    assert not records.loc[~records["success"], "on_manifold"].any()


class Measured:
    """A manifold's word on each attacked clip; clean clips are within."""

    def __init__(self, excess: np.ndarray) -> None:
        self.excess = excess

    def violations(self, moved: np.ndarray, clean: np.ndarray | None, present: np.ndarray) -> Any:
        excess = np.zeros(len(moved)) if clean is None else self.excess
        return 100.0 * (excess > 0), excess


def test_success_bones_and_joints_must_all_hold(case: Case, tmp_path: Path) -> None:
    rows = np.arange(4)
    gathered = gather(case.write(tmp_path, rows=rows, search=make_search(case), **OF_LABELS), case.clips)
    made = pd.DataFrame({"bone_change_percent": [0.0, 0.0, 0.2, 0.0], "success": [True, True, True, False]})
    manifold: Any = Measured(np.array([0.0, 3.0, 0.0, 0.0]))
    kept = hard_label.add_search(made, gathered, case.clips.take_rows(rows), manifold)
    assert kept["on_manifold"].tolist() == [True, False, False, False]


def test_limits_are_of_the_training_clips_and_a_clips_own(case: Case) -> None:
    tight, wide = (hard_label.limits(case.clips_path, margin) for margin in (0.0, 360.0))
    clean = case.clips.normalised
    narrow = hard_label.beyond_limits(clean, case.clips, tight)
    assert not narrow["limit_violations_percent"].any()  # a clip may do what it does unattacked
    assert narrow["clean_limit_violations_percent"].any()  # the control has no such leave
    assert (narrow["clean_limit_excess_degrees"] > 0).any()
    moved = hard_label.beyond_limits(case.position, case.clips, wide)
    assert not any(values.any() for values in moved.values())


def test_the_margin_is_the_attacks_or_basars() -> None:
    nothing: Any = np.zeros(0)
    arrays = dict.fromkeys(
        ("position", "row", "label", "target", "claimed", "iterations", "queries", "class_loss", "perceptual_loss"),
        nothing,
    )
    assert hard_label.margin_of(Adversarial(**arrays, attrs={"settings": {"margin_degrees": 7}})) == 7
    assert hard_label.margin_of(Adversarial(**arrays, attrs={"settings": {}})) == hard_label.MARGIN_DEGREES


def test_a_row_says_what_it_counted(job: dict[str, Path], records: pd.DataFrame) -> None:
    row = recognition.read(job["table_path"]).iloc[0]
    right = records[records["right"]]
    won = right[right["success"]]
    assert set(blackbox.SEARCH) <= set(row.index)
    assert row["on_manifold_percent"] == pytest.approx(100 * right["on_manifold"].mean(), rel=1e-5)
    assert row["on_manifold_low"] <= row["on_manifold_percent"] <= row["on_manifold_high"]
    within = right["clean_limit_violations_percent"] == 0
    assert row["clean_within_limits_percent"] == pytest.approx(100 * within.mean(), rel=1e-5)
    made = right[right["projections"] > 0]
    assert row["n_projected"] == len(made) < len(right) + 1
    assert row["converged_percent"] == pytest.approx(100 * made["converged"].mean(), rel=1e-5)
    for name in ("boundary_l", "search_l", "l_normalised"):
        assert row[f"{name}_median"] == pytest.approx(won[name].median(), rel=1e-5)
    ratio = (won["boundary_l"] / won["search_l"]).median()
    assert row["boundary_over_search_median"] == pytest.approx(ratio, rel=1e-5)
    assert row["limit_excess_degrees_max"] == pytest.approx(won["limit_excess_degrees"].max(), rel=1e-5)


def test_the_tables_have_the_designs_columns_and_the_least_l_after_queries(
    case: Case, job: dict[str, Path], records: pd.DataFrame, tmp_path: Path
) -> None:
    white = {"records_path": tmp_path / "w.parquet", "table_path": tmp_path / "w.csv"}
    evaluate_attack(
        clips_path=case.clips_path,
        model_path=case.model_path,
        shard_paths=case.write(tmp_path / "w"),
        identity={**IDENTITY, "attack": "smart"},
        **white,
    )
    names = ("recognition_attacks", "blackbox", "blackbox_queries")
    out = {name: tmp_path / f"{name}.csv" for name in names}
    write_all(
        accuracy=[],
        attacks=[white["table_path"], job["table_path"]],
        records=[white["records_path"], job["records_path"]],
        transfer=[],
        out=out,
    )
    attacks, table, queries = (recognition.read(out[name]) for name in names)
    assert attacks["attack"].tolist() == ["smart", "basar"]
    assert not set(attacks) & set(blackbox.SEARCH)
    assert table["attack"].tolist() == ["basar"]
    assert tuple(table.columns[: len(recognition.FIRST["blackbox"])]) == recognition.FIRST["blackbox"]
    trace = blackbox.traces(records[records["right"]])
    after = np.where(np.isnan(trace), np.inf, trace)[:, QUERY_GRID.tolist().index(1000)]
    assert table["l_after_1000"][0] == pytest.approx(np.median(after), rel=1e-5)
    assert table["l_after_1000_low"][0] <= table["l_after_1000"][0] <= table["l_after_1000_high"][0]
    assert queries["queries"].tolist() == QUERY_GRID.tolist()
    known = queries[queries["l_median"].notna()]
    assert known["queries"].min() == 50
    assert (known["l_median"].diff().dropna() <= 1e-9).all()
    assert (known["l_quartile_1"] <= known["l_median"]).all()
    assert (known["l_median"] <= known["l_quartile_3"]).all()
    assert queries["started_percent"].iloc[0] == 0
    assert set(queries["queries_max"]) == {records.loc[records["right"], "queries"].max()}


def test_rows_over_seeds_are_of_one_number_of_queries(job: dict[str, Path], records: pd.DataFrame) -> None:
    row = recognition.read(job["table_path"])
    parts = [blackbox.queries(records, row.assign(seed=str(seed))) for seed in (0, 1)]
    pooled = recognition.with_all_seeds(pd.concat(parts, ignore_index=True))
    whole = pooled[pooled["seed"] == "all"]
    assert whole["queries"].tolist() == QUERY_GRID.tolist()
    np.testing.assert_allclose(whole["l_median"], parts[0]["l_median"])
