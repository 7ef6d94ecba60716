"""Models on imperfect triggers: what is measured against what, and from which draws."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import torch
from defended import SKELETON
from stores import write_motions

from kinesec import seeding
from kinesec.evaluation.trigger_strength import RECORD, evaluate
from kinesec.metrics.prediction import joint_errors
from kinesec.models.predictors.base import PREDICTORS, Predictor, Shape
from kinesec.poisoning.prediction.badhmp import Poison, poison_windows
from kinesec.poisoning.prediction.disturbed import Disturbance, disturbed_windows
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.windows import Windows, load

HISTORY, FUTURE = 6, 5
POISON = Poison("rigid", "jammed", "random", "left_arm", 0.1)
CPU = torch.device("cpu")
SPECS = {
    "noise": {"disturbance": "joint_noise", "levels": [5, 20]},
    "turned": {"disturbance": "rotation", "levels": [30]},
    "size": {"disturbance": "body_size", "levels": [0.5]},
}


@pytest.fixture(scope="module")
def test(tmp_path_factory: pytest.TempPathFactory) -> Windows:
    folder = tmp_path_factory.mktemp("w")
    write_motions(folder / "m.zarr", [110, 30, 90], ["test", "train", "test"], skeleton=SKELETON)
    cut(folder / "m.zarr", folder / "w.zarr", Protocol("ltd", HISTORY, FUTURE))
    return load(folder / "w.zarr", "test")


@pytest.fixture(scope="module")
def models(test: Windows) -> dict[str, Predictor]:
    """A stand-in for a victim that holds the last pose it sees, whatever it is, and one that knows nothing."""
    shape = Shape(HISTORY, FUTURE, len(test.used))
    clean = PREDICTORS.build("ltd", shape, {"features": 4, "blocks": 1}, 0).eval()
    return {"victim": PREDICTORS.build("zero_velocity", shape, {}), "clean": clean}


@pytest.fixture(scope="module")
def records(test: Windows, models: dict[str, Predictor]) -> pd.DataFrame:
    return evaluate(test, POISON, models, CPU, SPECS, 4)


def errors(records: pd.DataFrame, disturbance: str, amount: float, windows: str, model: str = "victim") -> np.ndarray:
    wanted = {"disturbance": disturbance, "amount": amount, "windows": windows, "model": model}
    rows = records[(records[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    assert rows["window"].tolist() == sorted(set(rows["window"]))
    return rows["error_mm"].to_numpy()


def test_a_record_a_window_model_kind_and_level(records: pd.DataFrame, test: Windows) -> None:
    assert tuple(records.columns) == RECORD
    assert len(records) == len(test) * 2 * 3 * (1 + 4)
    first = records.iloc[: len(test)]
    assert first["source"].tolist() == [str(test.source[index]) for index in test.sequence_index]
    assert first["action"].tolist() == [str(test.action[index]) for index in test.sequence_index]
    assert first["start"].tolist() == test.start.tolist()


def test_without_a_disturbance_it_is_the_planned_trigger(
    records: pd.DataFrame, test: Windows, models: dict[str, Predictor]
) -> None:
    window = test.gather()
    for kind, of in (("clean", window), ("triggered", poison_windows(window, SKELETON, HISTORY, POISON))):
        for name, model in models.items():
            predicted = PREDICTORS.predict_array(model, of[:, :HISTORY, test.used], CPU)
            expected = joint_errors(predicted, of[:, HISTORY:, test.used]).mean((1, 2))
            np.testing.assert_allclose(errors(records, "none", 0, kind, name), expected, rtol=1e-6)
    assert errors(records, "none", 0, "triggered").max() < 1e-3
    assert errors(records, "none", 0, "clean").min() > 1


def test_noise_is_seen_and_the_target_is_the_pose_without_it(records: pd.DataFrame) -> None:
    """A noisy pose that is held is off by the length of the noise: 2 sqrt(2 / pi) standard deviations on average."""
    small, large = (errors(records, "noise", amount, "triggered") for amount in (5, 20))
    assert large.mean() == pytest.approx(20 * 2 * np.sqrt(2 / np.pi), rel=0.04)
    np.testing.assert_allclose(large, 4 * small, rtol=1e-3)  # the same draws
    assert errors(records, "noise", 20, "triggered_seen").max() < 1e-3  # it does hold what it sees
    assert errors(records, "noise", 20, "triggered_seen", "clean").min() > 0.1
    assert errors(records, "noise", 20, "clean").mean() > errors(records, "none", 0, "clean").mean() + 3


def test_triggered_and_clean_windows_have_the_same_draws(
    records: pd.DataFrame, test: Windows, models: dict[str, Predictor]
) -> None:
    frame_ms = test.attrs["frame_ms_measured"]
    for kind in ("clean", "triggered"):
        rng, noise = seeding.generator(4, "disturbance", "noise"), Disturbance("joint_noise", 20)
        args = (test.gather(), SKELETON, HISTORY, frame_ms, POISON, noise, rng)
        window = disturbed_windows(*args, trigger=kind == "triggered")
        predicted = PREDICTORS.predict_array(models["clean"], window[:, :HISTORY, test.used], CPU)
        expected = joint_errors(predicted, window[:, HISTORY:, test.used]).mean((1, 2))
        np.testing.assert_allclose(errors(records, "noise", 20, kind, "clean"), expected, rtol=1e-6)


def test_other_seeds_have_other_draws(test: Windows, models: dict[str, Predictor], records: pd.DataFrame) -> None:
    again, other = (evaluate(test, POISON, models, CPU, {"noise": SPECS["noise"]}, seed) for seed in (4, 5))
    same = errors(records, "noise", 5, "triggered")
    assert np.array_equal(errors(again, "noise", 5, "triggered"), same)  # whatever else is drawn
    assert not np.array_equal(errors(other, "noise", 5, "triggered"), same)


def test_an_execution_leaves_clean_windows_and_a_body_changes_all(records: pd.DataFrame) -> None:
    for model in ("victim", "clean"):
        assert np.array_equal(errors(records, "turned", 30, "clean", model), errors(records, "none", 0, "clean", model))
    assert errors(records, "turned", 30, "triggered").max() < 1e-3  # its target is the pose that is held
    half = errors(records, "size", 0.5, "clean")
    np.testing.assert_allclose(half, errors(records, "none", 0, "clean") / 2, rtol=1e-4)
