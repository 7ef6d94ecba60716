"""An attack's success is what the model says of the stored clips, over those it got right, in any number of shards."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from attack_stores import CLASSES, Case, make_case, write_clips, write_model
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesec.errors import ConfigError, KinesecError
from kinesec.evaluation.attacks import rank_of, succeeded, swapped
from kinesec.files import store
from kinesec.files.kinds.clips import CLIPS
from kinesec.jobs.evaluate_attack import evaluate_attack
from kinesec.metrics.clusters import clustered_means
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.samples import adversarial
from kinesec.samples.clips import clips

IDENTITY = {"data": "d", "clips": "smart", "recognizer": "sgn_small", "attack": "smart_ab", "seed": "3"}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("case"))


def evaluate(case: Case, shards: list[Path], folder: Path) -> tuple[pd.DataFrame, dict[str, Any]]:
    paths = {"records_path": folder / "a" / "records.parquet", "table_path": folder / "a" / "table.csv"}
    evaluate_attack(
        clips_path=case.clips_path, model_path=case.model_path, shard_paths=shards, identity=IDENTITY, **paths
    )
    (row,) = pd.read_csv(paths["table_path"]).to_dict("records")
    return pd.read_parquet(paths["records_path"]), {str(key): value for key, value in row.items()}


@pytest.fixture(scope="module")
def found(case: Case, tmp_path_factory: pytest.TempPathFactory) -> tuple[pd.DataFrame, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("found")
    return evaluate(case, case.write(folder), folder)


def test_success_is_the_models_word_on_the_stored_clips(case: Case, found: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    records, row = found
    model, _ = RECOGNIZERS.load(case.model_path, torch.device("cpu"))
    said = RECOGNIZERS.predict(model, torch.from_numpy(case.position)).argmax(1).numpy()
    before = RECOGNIZERS.predict(model, torch.from_numpy(case.clips.normalised)).argmax(1).numpy()
    right = before == case.clips.label
    assert 12 < right.sum() < len(right)  # or the denominator could be any
    assert records["predicted"].tolist() == said.tolist()
    assert records["right"].tolist() == right.tolist()
    fooled = said[right] != case.clips.label[right]
    assert 0 < fooled.sum() < right.sum()
    assert row["n"] == right.sum()
    assert row["n_wrong"] == (~right).sum()
    assert row["success_percent"] == pytest.approx(100 * fooled.mean(), rel=1e-5)
    assert row["low_percent"] <= row["success_percent"] <= row["high_percent"]
    assert row["claimed_disagree"] == (~fooled).sum()  # this attack claims to succeed on all


def test_costs_are_means_over_successes(found: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    records, row = found
    won = records[records["right"] & records["success"]]
    for name in ("displacement_mm", "acceleration_deviation_mm", "bone_change_percent", "l_normalised"):
        assert row[name] == pytest.approx(won[name].mean(), rel=1e-5)
    assert row["displacement_mm_median"] == pytest.approx(won["displacement_mm"].median(), rel=1e-5)
    assert row["displacement_mm_low"] < row["displacement_mm"] < row["displacement_mm_high"]


def test_millimetres_are_normalised_units_times_the_scale(case: Case, found: tuple[pd.DataFrame, Any]) -> None:
    records = found[0]
    for name in ("l", "displacement", "acceleration_deviation"):
        expected = records[f"{name}_normalised"] * case.clips.normaliser.scale
        np.testing.assert_allclose(records[f"{name}_mm"], expected, rtol=1e-5, atol=1e-9)
    # the first clip was not moved at all: what is read back is what was there
    assert (records.loc[0, ["l_mm", "bone_change_percent", "acceleration_deviation_mm"]] == 0).all()


@pytest.mark.parametrize("cuts", [2, 5])
def test_any_number_of_shards_gives_the_same_numbers(
    cuts: int, case: Case, found: tuple[pd.DataFrame, dict[str, Any]], tmp_path: Path
) -> None:
    records, row = evaluate(case, case.write(tmp_path, cuts)[::-1], tmp_path)
    pd.testing.assert_frame_equal(records, found[0])
    assert row.keys() == found[1].keys()
    assert str(row) == str(found[1])


def test_a_shard_may_have_nothing_to_attack(case: Case, tmp_path: Path) -> None:
    few = adversarial.gather(case.write(tmp_path, 5, rows=[4, 9]), case.clips)
    assert few.row.tolist() == case.clips.row[[4, 9]].tolist()


def test_a_control_moves_clips_by_anothers_change(case: Case, found: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    records, row = found
    right = records["right"].to_numpy()
    assert row["control_percent"] == pytest.approx(100 * records["control_success"][right].mean(), rel=1e-5)
    clean, present = case.clips.normalised, case.clips.present
    control = swapped(case.position, clean, present)
    half = len(clean) // 2
    both = present & np.roll(present, half, axis=0)
    change, other = control - clean, np.roll(case.position - clean, half, axis=0)
    np.testing.assert_allclose(change[both], other[both], atol=1e-5)
    assert not control[~present].any()
    # all but the first clip were moved
    assert (np.abs(change).max((1, 2, 3, 4)) > 0).sum() == len(clean) - 1


def test_a_table_row_says_which_attack_it_was(found: tuple[pd.DataFrame, dict[str, Any]]) -> None:
    row = found[1]
    wanted = {"dataset": "d", "clips": "smart", "recognizer": "sgn_small", "attack": "smart_ab", "preset": "paper"}
    wanted |= {"strategy": "AB", "reduction": "mean", "after_success": "stop", "split_by": "recording", "seed": 3}
    assert {name: row[name] for name in wanted} == wanted
    design = "dataset recognizer attack preset strategy seed n success_percent low_percent high_percent"
    design += " iterations_median displacement_mm acceleration_deviation_mm bone_change_percent"
    assert set(design.split()) <= set(row)


MIXED: dict[str, dict[str, Any]] = {
    "found strategy SA, expected AB as in": {"strategy": "SA"},
    "found seed 1, expected 0 as in": {"seed": 1},
    "found settings": {"settings": {"reduction": "sum"}},
    "found model_sha256": {"model_sha256": "f" * 64},
}


@pytest.mark.parametrize("message", MIXED)
def test_shards_of_other_attacks_are_one_clear_line(message: str, case: Case, tmp_path: Path) -> None:
    first = case.write(tmp_path / "first", 2)
    second = case.write(tmp_path / "second", 2, **MIXED[message])
    with pytest.raises(KinesecError, match=message):
        adversarial.gather([first[0], second[1]], case.clips)


def test_missing_and_doubled_shards_are_one_clear_line(case: Case, tmp_path: Path) -> None:
    shards = case.write(tmp_path / "three", 3)
    with pytest.raises(KinesecError, match="found no shard 2 of 3, expected every shard once"):
        adversarial.gather([shards[0], shards[2]], case.clips)
    with pytest.raises(KinesecError, match="found shard 1 of 3 twice"):
        adversarial.gather([*shards, shards[0]], case.clips)
    with pytest.raises(KinesecError, match=r"cuts in \[2, 3\]"):
        adversarial.gather([shards[0], case.write(tmp_path / "two", 2)[1]], case.clips)
    with pytest.raises(KinesecError, match="found no shard, expected one or more"):
        adversarial.gather([], case.clips)
    overlap = case.write(tmp_path / "overlap", 1, rows=[0, 1, 1])
    with pytest.raises(KinesecError, match=f"found clip {case.clips.row[1]} in two shards"):
        adversarial.gather(overlap, case.clips)


def test_clips_that_no_attack_may_make_are_one_clear_line(case: Case, tmp_path: Path) -> None:
    def attempt(folder: str, position: np.ndarray | None = None, **changes: Any) -> None:
        changed = Case(case.clips_path, case.model_path, case.clips, case.position, case.target)
        if position is not None:
            changed = Case(case.clips_path, case.model_path, case.clips, position, case.target)
        adversarial.gather(changed.write(tmp_path / folder, **changes), case.clips)

    strange = case.position.copy()
    strange[7, 0, 3, 2, 1] = np.nan
    with pytest.raises(KinesecError, match=f"clip {case.clips.row[7]} attacked with a value that is not finite"):
        attempt("nan", strange)
    strange = case.position.copy()
    absent = int(np.flatnonzero(case.clips.bodies == 1)[0])
    strange[absent, 1, 0, 0, 0] = 0.5
    with pytest.raises(KinesecError, match=f"clip {case.clips.row[absent]} moved where no body is"):
        attempt("absent", strange)
    with pytest.raises(KinesecError, match=r"found clips \(2, 20, 6, 3\), expected \(2, 24, 6, 3\)"):
        attempt("short", case.position[:, :, :20])
    with pytest.raises(KinesecError, match="towards class -1, expected a wrong class"):
        attempt("untargeted", strategy="SA")


def test_other_clips_and_other_models_are_one_clear_line(case: Case, tmp_path: Path) -> None:
    shards = case.write(tmp_path)
    other = write_clips(tmp_path / "other.zarr", seed=9, protocol="ntu")
    with pytest.raises(ConfigError, match="need clips of the same protocol"):
        adversarial.gather(shards, clips.load(other, "test"))
    model = write_model(tmp_path / "other.safetensors", case.clips_path, seed=5, steps=0)
    paths = {"records_path": tmp_path / "r.parquet", "table_path": tmp_path / "t.csv"}
    given = {"clips_path": case.clips_path, "shard_paths": shards, "identity": IDENTITY, **paths}
    with pytest.raises(KinesecError, match="found clips that attack another model than"):
        evaluate_attack(model_path=model, **given)
    foreign = write_model(tmp_path / "foreign.safetensors", other, steps=0)
    with pytest.raises(ConfigError, match=r"protocol ntu.*need the same clips"):
        evaluate_attack(model_path=foreign, **given)
    assert not paths["table_path"].exists()


def test_a_shard_of_another_kind_is_one_clear_line(case: Case, tmp_path: Path) -> None:
    data = store.read(case.clips_path, CLIPS)
    arrays = {str(name): array.values for name, array in data.variables.items()}
    attrs = {key: value for key, value in data.attrs.items() if key not in ("kind", "content_sha256")}
    store.write(tmp_path / "shard1of1.zarr", CLIPS, arrays, attrs)
    with pytest.raises(KinesecError, match="found a store of kind 'clips', expected 'adversarial'"):
        adversarial.gather([tmp_path / "shard1of1.zarr"], case.clips)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, len(CLASSES) - 1))
def test_leaving_the_first_n_is_harder_the_larger_n_is(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    logits, label = rng.normal(size=(20, len(CLASSES))), rng.integers(0, len(CLASSES), 20)
    target = (label + 1) % len(CLASSES)
    first, more = succeeded(logits, label, target, "AB"), succeeded(logits, label, target, f"AB{n}")
    assert (first == (logits.argmax(1) != label)).all()
    assert (more <= first).all()
    ordered = np.argsort(-logits, axis=1)
    assert (more == [label[i] not in ordered[i, :n] for i in range(20)]).all()
    special = succeeded(logits, label, target, "SA")
    assert (special == (logits.argmax(1) == target)).all()
    assert (special <= first).all()


def test_a_tie_is_no_success() -> None:
    logits, label, target = np.zeros((2, 4)), np.array([0, 3]), np.array([1, 0])
    assert rank_of(logits, label).tolist() == [0, 0]
    for strategy in ("AB", "AB3", "SA"):
        assert not succeeded(logits, label, target, strategy).any()
    with pytest.raises(ConfigError, match="found 'XY', expected AB, ABn"):
        succeeded(logits, label, target, "XY")


def test_clips_of_one_recording_count_as_one_draw() -> None:
    rng = np.random.default_rng(0)
    alone = rng.normal(size=(60, 1))
    repeated = np.repeat(alone, 5, axis=0)
    names = np.arange(60)
    once = clustered_means(alone, names, np.random.default_rng(1))
    many = clustered_means(repeated, np.repeat(names, 5), np.random.default_rng(1))
    for first, second in zip(once, many, strict=True):
        np.testing.assert_allclose(first, second)
    free = clustered_means(repeated, np.arange(300), np.random.default_rng(1))
    assert (free[2] - free[1]) < 0.6 * (many[2] - many[1])


def test_means_are_over_what_is_known() -> None:
    values = np.array([[1.0, np.nan], [3.0, np.nan], [np.nan, np.nan]])
    mean, low, high = clustered_means(values, np.array(["a", "b", "c"]), np.random.default_rng(0))
    assert mean[0] == 2
    assert 1 <= low[0] <= high[0] <= 3
    assert np.isnan([mean[1], low[1], high[1]]).all()
