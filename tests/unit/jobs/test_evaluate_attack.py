"""An attack's success is what the model says of the stored clips, over those it got right, in any number of shards."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from attack_stores import Case, make_case, write_clips, write_model

from kinesec.errors import ConfigError, KinesecError
from kinesec.evaluation.attacks import described, swapped
from kinesec.jobs.evaluate_attack import evaluate_attack
from kinesec.metrics.bootstrap import clustered_medians
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


def test_medians_count_what_is_unknown_as_the_largest() -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(61, 3))
    values[:20, 1], values[:40, 2] = np.nan, np.nan
    middle, low, high = clustered_medians(values, np.arange(61), np.random.default_rng(1))
    assert middle[0] == np.median(values[:, 0])
    assert middle[1] == np.sort(values[20:, 1])[30]
    assert np.isnan(middle[2])
    drawn = [np.median(values[rng.integers(0, 61, 61), 0]) for _ in range(4000)]
    ranks = np.searchsorted(np.sort(values[:, 0]), [low[0], high[0], *np.percentile(drawn, [2.5, 97.5])])
    assert np.abs(ranks[:2] - ranks[2:]).max() <= 1  # medians are values, and values stand apart
    assert ranks[1] - ranks[0] >= 10
    assert low[1] < middle[1] < high[1]
    repeated = clustered_medians(np.repeat(values, 3, 0), np.repeat(np.arange(61), 3), np.random.default_rng(1))
    np.testing.assert_array_equal(repeated, (middle, low, high))


def test_a_bound_is_that_of_the_attack_that_is_wrapped() -> None:
    clips: Any = SimpleNamespace(
        attrs={"split_by": "recording"}, classes=["a"], normaliser=SimpleNamespace(scale=400.0)
    )
    named = {"attack": "any", "preset": "paper", "strategy": "AB"}
    around = {"draws": 2, "attack": {"attack": "mi_fgsm", "settings": {"epsilon": 0.2}}}
    for settings, bound in (({"epsilon": 0.1}, 40.0), (around, 80.0), ({}, np.nan), ({"attack": None}, np.nan)):
        attacked: Any = SimpleNamespace(attrs={**named, "settings": settings}, setting=lambda name: "")
        assert described(attacked, clips, IDENTITY)["epsilon_mm"] == pytest.approx(bound, nan_ok=True)
