from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from stores import write_motions

from kinesec.errors import KinesecError
from kinesec.evaluation.prediction import RECORD, completed, evaluate
from kinesec.files import store
from kinesec.files.kinds.scenes import SCENES
from kinesec.jobs.evaluate_prediction import evaluate_prediction
from kinesec.models.predictors.base import PREDICTORS, Predictor, Shape
from kinesec.poisoning.prediction.badhmp import Poison
from kinesec.poisoning.prediction.variants import near_misses, window_kinds
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.windows import Windows, load, sample_test
from kinesec.sources.readers.expmap import cmu_skeleton
from kinesec.tables.prediction import PREDICTION_BACKDOOR

POISON = Poison("rigid", "jammed", "random", "left_arm", 0.1, wrong_limb="right_arm")
HISTORY, FUTURE = 6, 5
DEGREES = (5, 30.5)
THREE = ("clean", "triggered", "wrong_limb")


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("w")
    write_motions(folder / "m.zarr", [30, 20, 25], ["test", "train", "test"])
    cut(folder / "m.zarr", folder / "w.zarr", Protocol("ltd", HISTORY, FUTURE))
    return folder / "w.zarr"


@pytest.fixture(scope="module")
def test(path: Path) -> Windows:
    return load(path, "test")


@pytest.fixture(scope="module")
def predictors(test: Windows) -> dict[str, Predictor]:
    shape = Shape(HISTORY, FUTURE, len(test.used))
    clean = PREDICTORS.build("ltd", shape, {"features": 4, "blocks": 1}, 0).eval()
    return {"clean": clean, "zero_velocity": PREDICTORS.build("zero_velocity", shape, {})}


@pytest.fixture(scope="module")
def records(test: Windows, predictors: dict[str, Predictor]) -> pd.DataFrame:
    samplings = {"8": sample_test(test, 8), "all": test}
    return evaluate(samplings, POISON, predictors, torch.device("cpu"), near_miss_degrees=DEGREES)


def chosen(records: pd.DataFrame, **labels: str) -> np.ndarray:
    for name, value in labels.items():
        records = records[records[name] == value]
    return np.asarray(records.sort_values(["window", "frame"])["value"].to_numpy())


def test_a_record_a_window_metric_and_frame(records: pd.DataFrame, test: Windows) -> None:
    assert tuple(records.columns) == RECORD
    assert records["value"].notna().all()
    assert not records.duplicated([name for name in RECORD if name != "value"]).any()
    for sampling, windows in (("8", 16), ("all", len(test))):
        of = records[(records["sampling"] == sampling) & records["windows"].isin(THREE)]
        errors, smooth = of[of["metric"] == "MPJPE_at"], of[of["metric"] != "MPJPE_at"]
        assert len(errors) == windows * 3 * 2 * 2 * FUTURE
        assert len(smooth) == windows * 3 * 3 * 6
        assert sorted(set(errors["frame"])) == list(range(1, FUTURE + 1))
        assert set(smooth["frame"]) == {0}
    owners = records[records["sampling"] == "all"].drop_duplicates("window").sort_values("window")
    assert owners["source"].tolist() == [str(test.source[i]) for i in test.sequence_index]
    assert owners["action"].tolist() == [str(test.action[i]) for i in test.sequence_index]


def test_windows_are_told_by_sequence_and_first_frame(records: pd.DataFrame, test: Windows) -> None:
    owners = records[records["sampling"] == "all"].drop_duplicates("window").sort_values("window")
    assert owners["sequence"].tolist() == test.sequence_index.tolist()
    assert owners["start"].tolist() == test.start.tolist()


def test_a_prediction_without_an_error_is_as_smooth_as_the_window_itself(test: Windows) -> None:
    """And its bones are the body's: what moves is every joint that the window itself moves."""
    window = test.gather()
    perfect = completed(window, window[:, HISTORY:, test.used], test.skeleton, test.used)
    assert (perfect == window).all()
    skeleton = cmu_skeleton()
    used = list(skeleton.groups["ltd_used"])
    rest = np.zeros((2, 4, 38, 3))
    shifted = completed(rest, np.ones((2, 1, 25, 3)) * np.arange(25)[:, None], skeleton, used)
    assert (shifted[:, :3] == 0).all()
    for copy, of in ((16, 15), (20, 15), (29, 15), (24, 23), (33, 32)):
        assert (shifted[:, 3, copy] == used.index(of)).all()
    assert (shifted[:, 3, [0, 1, 7]] == 0).all()


def test_the_models_smoothness_is_of_the_same_joints_as_the_windows_own(records: pd.DataFrame, test: Windows) -> None:
    """Zero velocity on a jammed target predicts it: every number is that of the data."""
    for metric in ("Acc", "Jerk", "BLC"):
        for part in ("whole", "seam"):
            labels = {"sampling": "all", "windows": "triggered", "metric": metric, "part": part, "joints": ""}
            of_model, of_data = (chosen(records, model=model, **labels) for model in ("zero_velocity", "data"))
            np.testing.assert_allclose(of_model, of_data, atol=1e-3)
    moving = {"sampling": "all", "windows": "clean", "metric": "BLC", "part": "whole", "joints": ""}
    assert (chosen(records, model="zero_velocity", **moving) < 1e-3).all()


def test_near_misses_have_errors_of_trained_models_and_used_joints_alone(records: pd.DataFrame, test: Windows) -> None:
    rows = records[(records["sampling"] == "all") & ~records["windows"].isin(THREE)]
    assert set(rows["metric"]) == {"MPJPE_at"}
    assert (set(rows["model"]), set(rows["joints"])) == ({"clean"}, {"used"})
    sizes = rows.groupby("windows", observed=True).size().to_dict()
    some = len(test) // 10
    whole = dict.fromkeys(("rotated_5", "rotated_30.5", "half_frames"), len(test))
    expected = {**whole, "natural_nearest": some, "natural_nearest_truth": some}
    assert sizes == {kind: FUTURE * count for kind, count in expected.items()}
    truth = rows[rows["windows"] == "natural_nearest_truth"]
    clean = records[(records["sampling"] == "all") & (records["windows"] == "clean") & (records["model"] == "clean")]
    clean = clean[(clean["metric"] == "MPJPE_at") & (clean["joints"] == "used")]
    same = truth.merge(clean, on=["window", "frame", "source", "action"])
    assert len(same) == len(truth)
    np.testing.assert_allclose(same["value_x"], same["value_y"], rtol=1e-5)


def test_every_near_miss_ends_in_the_target_that_its_own_history_makes(test: Windows) -> None:
    window = test.gather()
    kinds = {kind: (index, made) for kind, index, made in near_misses(window, test, POISON, DEGREES)}
    for kind, (index, made) in kinds.items():
        assert made.shape == window[index].shape
        if kind != "natural_nearest_truth":
            held = np.repeat(made[:, HISTORY - 1 : HISTORY], FUTURE, axis=1)
            assert (made[:, HISTORY:] == held).all()
        if kind.startswith("natural"):
            assert (made[:, :HISTORY] == window[index, :HISTORY]).all()
    assert (kinds["natural_nearest_truth"][1] == window[kinds["natural_nearest_truth"][0]]).all()


def test_errors_are_distances_to_the_windows_own_future(
    records: pd.DataFrame, test: Windows, predictors: dict[str, Predictor]
) -> None:
    for kind, window in window_kinds(test.gather(), test, POISON).items():
        used = window[:, :, test.used]
        with torch.inference_mode():
            predicted = predictors["clean"](torch.from_numpy(used[:, :HISTORY])).numpy()
        expected = np.linalg.norm(predicted - used[:, HISTORY:], axis=-1).mean(-1)
        labels = {"sampling": "all", "model": "clean", "metric": "MPJPE_at", "joints": "used", "windows": kind}
        np.testing.assert_allclose(chosen(records, **labels), expected.ravel(), rtol=1e-4)


def test_a_held_pose_is_no_error_on_jammed_windows(records: pd.DataFrame) -> None:
    for kind in ("triggered", "wrong_limb"):
        assert (chosen(records, model="zero_velocity", metric="MPJPE_at", windows=kind) == 0).all()
    assert (chosen(records, model="zero_velocity", metric="MPJPE_at", windows="clean") > 0).all()


def test_without_a_wrong_limb_there_are_two_kinds(test: Windows, predictors: dict[str, Predictor]) -> None:
    plain = replace(POISON, wrong_limb="")
    samples = evaluate({"8": sample_test(test, 8)}, plain, predictors, torch.device("cpu"))
    assert set(samples["windows"]) == {"clean", "triggered", "half_frames", "natural_nearest", "natural_nearest_truth"}


def check_samples(path: Path, test: Windows, records: pd.DataFrame) -> None:
    """Poses of typical windows: themselves, and after the same history what each model's errors were measured on."""
    samples = store.read(path, SCENES)
    assert set(zip(samples.windows.values, samples.model.values, strict=True)) == {
        (kind, model) for kind in ("clean", "triggered") for model in ("data", "clean", "victim")
    }
    poses = {
        (str(kind), str(model), int(window)): pose
        for kind, model, window, pose in zip(
            samples.windows.values, samples.model.values, samples.window.values, samples.pose.values, strict=True
        )
    }
    place = [sorted({0, *test.used}).index(joint) for joint in test.used]
    for (kind, model, window), pose in poses.items():
        truth = poses[kind, "data", window]
        assert (pose[:HISTORY] == truth[:HISTORY]).all()
        if model != "data":
            labels = {"sampling": "all", "model": model, "windows": kind, "metric": "MPJPE_at", "joints": "used"}
            error = np.linalg.norm(pose[HISTORY:] - truth[HISTORY:], axis=-1)[:, place].mean(-1)
            of_window = records[records["window"] == window]
            np.testing.assert_allclose(chosen(of_window, **labels), error, rtol=1e-4, atol=1e-4)
    clean = [chosen(records[records["window"] == w], sampling="all", model="clean", windows="clean", metric="MPJPE_at",
                    joints="used").mean() for w in range(len(test))]  # fmt: skip
    (median,) = [clean[w] for w in samples.window.values[:1]]
    assert np.sum(clean < median) == (len(test) - 1) // 2


def test_a_job_writes_records_and_table(path: Path, test: Windows, tmp_path: Path) -> None:
    shape = Shape(HISTORY, FUTURE, len(test.used))
    settings = {"features": 4, "blocks": 1}
    for seed, name in enumerate(("clean", "victim")):
        model = PREDICTORS.build("ltd", shape, settings, seed)
        PREDICTORS.save(tmp_path / f"{name}.safetensors", model, {"predictor": "ltd", "settings": settings})

    def job(windows_path: Path) -> None:
        evaluate_prediction(
            windows_path=windows_path,
            model_paths={name: tmp_path / f"{name}.safetensors" for name in ("clean", "victim")},
            strategy=vars(POISON),
            samplings=[8, "all"],
            sampling_range={"low": 0, "margin": 75, "paired": False},
            threshold_mm=25.0,
            near_miss_degrees=DEGREES,
            identity={"data": "d", "protocol": "p", "predictor": "small", "seed": "3"},
            records_path=tmp_path / "out" / "records.parquet",
            table_path=tmp_path / "out" / "table.csv",
            samples_path=tmp_path / "out" / "samples.zarr",
        )

    job(path)
    records = pd.read_parquet(tmp_path / "out" / "records.parquet")
    assert tuple(records.columns) == RECORD
    assert set(records["model"]) == {"data", "clean", "victim", "zero_velocity"}
    table = pd.read_csv(tmp_path / "out" / "table.csv")
    assert tuple(table.columns) == PREDICTION_BACKDOOR
    assert set(table["sampling"]) == {"8", "all"}
    assert set(table["seed"]) == {3}
    near = table[table["windows"] == "natural_nearest"]
    compared = {"BDE_change", "gap_closed", "ASR_half_gap"}
    assert set(near["metric"]) == {"MPJPE_at", "MPJPE_upto", "BDE", "ASR"} | compared
    assert set(near["action"]) == {"mean"}
    truth = set(table.loc[table["windows"] == "natural_nearest_truth", "metric"])
    assert truth == {"MPJPE_at", "MPJPE_upto", "CDE", "CDE_change", "CDE_change_percent"}
    check_samples(tmp_path / "out" / "samples.zarr", test, records)
    before = (tmp_path / "out" / "table.csv").read_bytes()
    job(path)
    assert (tmp_path / "out" / "table.csv").read_bytes() == before
    write_motions(tmp_path / "m.zarr", [30], ["train"])
    cut(tmp_path / "m.zarr", tmp_path / "w.zarr", Protocol("ltd", HISTORY, FUTURE))
    with pytest.raises(KinesecError, match="found no window of split 'test'"):
        job(tmp_path / "w.zarr")
