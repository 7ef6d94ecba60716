"""Training chooses weights by validation samples alone: what the test split holds, nothing of a model shows."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from recognition_clips import CLASSES, positions, write_clips
from safetensors.torch import load_file
from stores import write_motions

from kinesec.jobs import defend_recognizer, train_predictor, train_recognizer
from kinesec.models.predictors.base import PREDICTORS
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.samples.clips.clips import load as load_clips
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.windows import load as load_windows
from kinesec.training.prediction import WindowBatches, validation_error
from kinesec.training.recognition import ClipBatches, accuracy_and_loss

CPU = torch.device("cpu")
EPOCHS = 4
COUNTS = {"train": 16, "val": 9, "test": 9}
LTD = {"predictor": "ltd", "settings": {"features": 4, "blocks": 1}, "recipe": {"epochs": EPOCHS, "rate": 0.05}}
ST_GCN = {
    "recognizer": "st_gcn",
    "settings": {"widths": (4, 8)},
    "recipe": {"epochs": EPOCHS, "batch": 8, "optimiser": "adam", "rate": 0.05, "milestones": []},
}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for job in (train_predictor, train_recognizer):
        monkeypatch.setattr(job, "best_device", lambda: CPU)


def windows_of(folder: Path, tested: int) -> Path:
    """A store whose test sequence alone is ``tested`` frames long, or is not there for none."""
    splits = ["train", "val", *(["test"] if tested else [])]
    write_motions(folder / f"m{tested}.zarr", [60, 40, tested][: len(splits)], splits)
    cut(folder / f"m{tested}.zarr", folder / f"w{tested}.zarr", Protocol("ltd", 5, 3))
    return folder / f"w{tested}.zarr"


def clips_of(folder: Path, seed: int) -> Path:
    """A store whose test clips alone, and they are noise, are drawn from ``seed``."""
    label = np.arange(sum(COUNTS.values())) % len(CLASSES)
    position = positions(label)
    noise = np.random.default_rng(seed).normal(0, 500, position[-COUNTS["test"] :].shape)
    position[-COUNTS["test"] :] = noise
    return write_clips(folder / f"c{seed}.zarr", COUNTS, change={"position": position})


def trained(job: Callable[..., None], folder: Path, **arguments: Any) -> tuple[dict[str, torch.Tensor], dict[str, Any]]:
    """Weights and log of a training."""
    folder.mkdir(exist_ok=True)
    files = {"model_path": folder / "model.safetensors", "log_path": folder / "training.json"}
    job(code="x", seed=0, **files, **arguments)
    return load_file(files["model_path"]), json.loads(files["log_path"].read_text())


def assert_same(first: tuple[Any, Any], other: tuple[Any, Any]) -> None:
    assert first[1]["epochs"] == other[1]["epochs"]
    assert first[1]["kept_epoch"] == other[1]["kept_epoch"]
    assert first[0].keys() == other[0].keys()
    assert all(torch.equal(value, other[0][name]) for name, value in first[0].items())


def test_a_predictor_s_weights_are_chosen_by_validation_windows_alone(tmp_path: Path) -> None:
    logs = []
    for tested in (30, 45, 0):
        path = windows_of(tmp_path, tested)
        arguments = {"windows_path": path, "poison_path": None, "predictor": LTD}
        logs.append(trained(train_predictor.train_predictor, tmp_path / str(tested), **arguments))
    for other in logs[1:]:
        assert_same(logs[0], other)
    log = logs[0][1]
    errors = [epoch["validation_mm"] for epoch in log["epochs"]]
    assert log["kept_epoch"] == 1 + int(np.argmin(errors))
    model, _ = PREDICTORS.load(tmp_path / "30" / "model.safetensors", CPU)
    of = {split: WindowBatches(load_windows(tmp_path / "w30.zarr", split), None, CPU) for split in ("val", "test")}
    assert validation_error(model, of["val"]) == pytest.approx(min(errors), rel=1e-6)
    assert validation_error(model, of["test"]) != pytest.approx(min(errors), rel=1e-2)


def check_recognizer(folder: Path, logs: list[Any]) -> None:
    """Both logs are the same, and their least loss among the most accurate epochs is that of the validation clips."""
    assert_same(*logs)
    log = logs[0][1]
    last = [epoch for epoch in log["epochs"] if epoch["validation_loss"] is not None]
    merits = [(-epoch["validation_accuracy_percent"], epoch["validation_loss"]) for epoch in last]
    assert log["kept_epoch"] == 1 + merits.index(min(merits))
    model, _ = RECOGNIZERS.load(folder / "out0" / "model.safetensors", CPU)
    of = {split: ClipBatches(load_clips(folder / "c0.zarr", split), CPU) for split in ("val", "test")}
    accuracy, loss = accuracy_and_loss(model, of["val"])
    assert (-accuracy, loss) == pytest.approx(min(merits), rel=1e-5)
    assert accuracy_and_loss(model, of["test"])[1] != pytest.approx(loss, rel=1e-2)


def test_a_recognizer_s_weights_are_chosen_by_validation_clips_alone(tmp_path: Path) -> None:
    logs = []
    for seed in (0, 1):
        path = clips_of(tmp_path, seed)
        arguments = {"clips_path": path, "recognizer": ST_GCN}
        logs.append(trained(train_recognizer.train_recognizer, tmp_path / f"out{seed}", **arguments))
    check_recognizer(tmp_path, logs)


def test_a_defended_recognizer_s_weights_are_chosen_by_validation_clips_alone(tmp_path: Path) -> None:
    logs = []
    for seed in (0, 1):
        path, clean = clips_of(tmp_path, seed), tmp_path / f"clean{seed}"
        trained(train_recognizer.train_recognizer, clean, clips_path=path, recognizer=ST_GCN)
        chosen = {"defence": "trades", "settings": {"steps": 1}, "recipe": {"selection": "validation"}}
        arguments = {"clean_path": clean / "model.safetensors", "recognizer": ST_GCN, "defence": chosen}
        run = trained(defend_recognizer.defend_recognizer, tmp_path / f"out{seed}", clips_path=path, **arguments)
        logs.append(run)
    check_recognizer(tmp_path, logs)
