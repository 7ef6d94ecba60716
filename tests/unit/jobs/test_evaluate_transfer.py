"""Transfer is counted over clips correctly classified by the target, and again over those that fool the surrogate."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from attack_stores import CLASSES, Case, make_case, write_clips, write_model

from kinesec.errors import ConfigError, KinesecError
from kinesec.evaluation.transfer import at_random, displacement_mm, shared_members, summary, transfer_success
from kinesec.jobs.evaluate_transfer import evaluate_transfer
from kinesec.models.recognizers.base import RECOGNIZERS

IDENTITY = {"data": "d", "clips": "smart", "surrogate": "sgn_small", "attack": "smart_ab", "seed": "0"}


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Case:
    return make_case(tmp_path_factory.mktemp("case"), size=0.7)


@pytest.fixture(scope="module")
def other(case: Case) -> Path:
    return write_model(case.model_path.with_name("other.safetensors"), case.clips_path, seed=1, steps=9)


def evaluate(case: Case, model: Path, shards: list[Path], table: Path, **given: Any) -> dict[str, Any]:
    evaluate_transfer(
        clips_path=case.clips_path,
        target_paths={model.stem: model},
        shard_paths=shards,
        identity=IDENTITY,
        table_path=table,
        **given,
    )
    (row,) = pd.read_csv(table).to_dict("records")
    return {str(key): value for key, value in row.items()}


def says(model: Path, position: np.ndarray) -> np.ndarray:
    loaded, _ = RECOGNIZERS.load(model, torch.device("cpu"))
    return np.asarray(RECOGNIZERS.predict(loaded, torch.from_numpy(position)).argmax(1).numpy())


def test_both_denominators_are_what_they_say(case: Case, other: Path, tmp_path: Path) -> None:
    shards = case.write(tmp_path, 2)
    row = evaluate(case, other, shards, tmp_path / "t.csv", surrogate_path=case.model_path)
    label = case.clips.label
    right = says(other, case.clips.normalised) == label
    wrong = says(other, case.position) != label
    fooled = says(case.model_path, case.position) != label
    assert 0 < (right & fooled).sum() < right.sum() < len(right)
    assert row["n"] == right.sum()
    assert row["success_percent"] == pytest.approx(100 * wrong[right].mean(), rel=1e-5)
    assert row["n_fooled"] == (right & fooled).sum()
    assert row["of_fooled_percent"] == pytest.approx(100 * wrong[right & fooled].mean(), rel=1e-5)
    assert row["low_percent"] <= row["success_percent"] <= row["high_percent"]
    assert not row["white_box"]
    assert (row["surrogate"], row["recognizer"], row["strategy"]) == ("sgn_small", "other", "AB")
    again = evaluate(case, other, case.write(tmp_path / "five", 5), tmp_path / "u.csv", surrogate_path=case.model_path)
    assert str(again) == str(row)


def test_the_diagonal_is_the_white_box_attack(case: Case, tmp_path: Path) -> None:
    row = evaluate(case, case.model_path, case.write(tmp_path), tmp_path / "t.csv", surrogate_path=case.model_path)
    assert row["white_box"]
    assert row["of_fooled_percent"] == 100
    assert row["n_fooled"] == round(row["success_percent"] * row["n"] / 100)


def test_without_a_surrogate_nothing_is_said_of_it(case: Case, other: Path, tmp_path: Path) -> None:
    row = evaluate(case, other, case.write(tmp_path), tmp_path / "t.csv")
    assert np.isnan(row["n_fooled"])
    assert np.isnan(row["of_fooled_percent"])
    assert row["success_percent"] > 0


def test_a_target_is_fooled_by_another_class_and_specially_by_the_fake_one(tmp_path: Path) -> None:
    logits = np.array([[0.0, 3, 2, 1], [3, 0, 2, 1], [1, 2, 3, 0]])
    label, target = np.array([0, 0, 0]), np.array([1, 1, 1])
    assert transfer_success(logits, label, target, "AB").tolist() == [True, False, True]
    assert transfer_success(logits, label, target, "AB3").tolist() == [True, False, True]
    assert transfer_success(logits, label, target, "SA").tolist() == [True, False, False]
    case = make_case(tmp_path, strategy="AB3")
    row = evaluate(case, case.model_path, case.write(tmp_path), tmp_path / "t.csv")
    assert 0 < row["by_strategy_percent"] < row["success_percent"]
    special = make_case(tmp_path / "sa", strategy="SA")
    assert (special.target == (special.clips.label + 1) % len(CLASSES)).all()
    towards = evaluate(special, special.model_path, special.write(tmp_path / "sa"), tmp_path / "s.csv")
    wrong = says(special.model_path, special.position) != special.clips.label
    right = says(special.model_path, special.clips.normalised) == special.clips.label
    assert towards["error_percent"] == pytest.approx(100 * (wrong | ~right).mean(), rel=1e-5)
    assert towards["success_percent"] == towards["by_strategy_percent"] < row["success_percent"]


def test_other_clips_of_surrogate_or_target_are_one_clear_line(case: Case, other: Path, tmp_path: Path) -> None:
    ntu = write_clips(tmp_path / "ntu.zarr", seed=4, protocol="ntu")
    target = write_model(tmp_path / "target.safetensors", ntu, steps=0)
    shards = case.write(tmp_path)
    with pytest.raises(ConfigError, match=r"target.safetensors: .*protocol ntu.*surrogate, target and evaluation need"):
        evaluate(case, target, shards, tmp_path / "t.csv")
    with pytest.raises(ConfigError, match="surrogate, target and evaluation need clips of the same protocol"):
        evaluate_transfer(
            clips_path=ntu,
            target_paths={"t": target},
            shard_paths=shards,
            identity=IDENTITY,
            table_path=tmp_path / "t.csv",
        )
    with pytest.raises(KinesecError, match="attack another model than"):
        evaluate(case, other, shards, tmp_path / "t.csv", surrogate_path=other)
    assert not (tmp_path / "t.csv").exists()


def test_every_target_has_its_row_with_controls_beside_success(case: Case, other: Path, tmp_path: Path) -> None:
    targets = {"first": other, "itself": case.model_path}
    evaluate_transfer(
        clips_path=case.clips_path,
        target_paths=targets,
        shard_paths=case.write(tmp_path),
        identity=IDENTITY,
        table_path=tmp_path / "t.csv",
        surrogate_path=case.model_path,
    )
    rows = pd.read_csv(tmp_path / "t.csv")
    assert rows["recognizer"].tolist() == [*targets]
    assert rows["shared_members"].tolist() == [0, 1]
    clean, label = case.clips.normalised, case.clips.label
    random = at_random(case.position, clean, 0)
    for row, path in zip(rows.to_dict("records"), targets.values(), strict=True):
        right = says(path, clean) == label
        assert row["clean_error_percent"] == pytest.approx(100 * (~right).mean(), rel=1e-5)
        assert row["error_percent"] == pytest.approx(100 * ((says(path, case.position) != label) | ~right).mean())
        assert row["random_percent"] == pytest.approx(100 * (says(path, random) != label)[right].mean(), rel=1e-5)
        for name in ("control", "random", "clean_error", "error"):
            assert row[f"{name}_low"] <= row[f"{name}_percent"] <= row[f"{name}_high"]
        far = np.linalg.norm(case.position - clean, axis=-1)[case.clips.present] * case.clips.normaliser.scale
        by_clip = [f.mean() for f in np.split(far, np.cumsum(case.clips.present.sum((1, 2)))[:-1])]
        assert row["displacement_mm"] == pytest.approx(np.mean(by_clip), rel=1e-4)


def test_a_change_at_random_keeps_every_size_and_no_way(case: Case) -> None:
    clean = case.clips.normalised
    random = at_random(case.position, clean, 3)
    moved, shuffled = case.position - clean, random - clean
    np.testing.assert_allclose(np.abs(shuffled), np.abs(moved), atol=1e-5)
    there = np.abs(moved) > 1e-3
    assert (np.sign(shuffled) == np.sign(moved))[there].mean() == pytest.approx(0.5, abs=0.02)
    assert not np.array_equal(at_random(case.position, clean, 4), random)
    assert np.array_equal(at_random(case.position, clean, 3), random)


def test_displacement_counts_what_is_there() -> None:
    clean = np.zeros((2, 2, 3, 4, 3), np.float32)
    moved = clean.copy()
    moved[..., 0] = 0.5
    present = np.zeros((2, 2, 3), bool)
    present[0, 0] = True
    moved *= present[..., None, None]
    assert displacement_mm(moved, clean, present, 80.0).tolist() == [40.0, 0.0]


def test_networks_in_common_are_counted_by_their_files() -> None:
    two, other = {"members": {"a": "1", "b": "2"}}, {"members": {"b": "2", "c": "3"}}
    assert shared_members(two, "x", other, "y") == 1
    assert shared_members(two, "x", {}, "1") == 1
    assert shared_members({}, "1", two, "x") == 1
    assert shared_members({}, "x", two, "x") == 0
    assert shared_members({}, "1", {}, "1") == 1
    assert shared_members({}, "1", {}, "2") == 0


def test_errors_are_over_all_clips_and_success_over_the_right_ones() -> None:
    correct = np.array([True, True, False, False])
    outcomes = {name: np.array([True, False, True, False]) for name in ("success", "by_strategy", "control", "random")}
    fooled, wrong = np.array([True, True, True, False]), np.array([True, False, True, False])
    row = summary(outcomes, np.arange(4), correct, fooled, wrong)
    assert (row["success_percent"], row["of_fooled_percent"], row["n_fooled"]) == (50.0, 50.0, 2)
    assert (row["clean_error_percent"], row["error_percent"]) == (50.0, 75.0)
    third = np.array([True, True, False, False])  # led to a third class, which is no success under SA
    assert summary(outcomes, np.arange(4), correct, fooled, third)["error_percent"] == 100.0
