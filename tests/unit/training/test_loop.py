from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file
from stores import write_motions

from kinesec import seeding
from kinesec.errors import KinesecError
from kinesec.jobs.train_predictor import train_predictor
from kinesec.models.predictors.base import Predictor, Recipe, Shape
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.windows import Windows, load
from kinesec.training.batches import WindowBatches, batches
from kinesec.training.loop import rate_at, train

CPU = torch.device("cpu")
SMALL = {"features": 4, "blocks": 1}


@pytest.fixture(scope="module")
def windows_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("w")
    write_motions(folder / "m.zarr", [70, 40, 30], ["train", "val", "test"])
    cut(folder / "m.zarr", folder / "w.zarr", Protocol("ltd", 5, 3))
    return folder / "w.zarr"


@pytest.fixture
def job(windows_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, str]]:
    """Trains in a folder of its own and returns the hashes of the model and the log."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kinesec.jobs.train_predictor.best_device", lambda: CPU)

    def go(name: str, seed: int = 0, **recipe: Any) -> tuple[str, str]:
        train_predictor(
            windows_path=windows_path,
            poison_path=None,
            predictor={"predictor": "ltd", "settings": SMALL, "recipe": {"epochs": 3, **recipe}},
            code="x",
            seed=seed,
            model_path=tmp_path / name / "model.safetensors",
            log_path=tmp_path / name / "training.json",
        )
        return digests(tmp_path / name)

    return go


def digests(folder: Path) -> tuple[str, str]:
    files = (folder / "model.safetensors", folder / "training.json")
    first, second = (hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    return first, second


def test_the_seed_makes_the_bytes(job: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    before = torch.get_rng_state().clone(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = job("a"), job("b"), job("c", seed=1)
    assert first == again
    assert first[0] != other[0]
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert not list((tmp_path / "results" / "checkpoints").iterdir())
    log = json.loads((tmp_path / "a" / "training.json").read_text())
    assert [epoch["epoch"] for epoch in log["epochs"]] == [1, 2, 3]
    assert (log["training_windows"], log["poisoned_windows"], log["poison_sha256"]) == (63, 0, None)


SCRIPT = """
    import sys, time
    from pathlib import Path
    import torch
    from kinesec import train_job, training
    train_job.best_device = lambda: torch.device("cpu")
    save = training._Run.save
    def slow(run):
        save(run)
        print(len(run.log), flush=True)
        time.sleep(float(sys.argv[2]))
    training._Run.save = slow
    train_job.train_predictor(
        windows_path=Path(sys.argv[1]), poison_path=None, code="x", seed=0,
        predictor={"predictor": "ltd", "settings": {"features": 4, "blocks": 1}, "recipe": {"epochs": 4}},
        model_path=Path("model.safetensors"), log_path=Path("training.json"))
"""


def start(folder: Path, windows: Path, pause: float) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(windows), str(pause)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def test_a_killed_job_ends_with_the_same_bytes(windows_path: Path, tmp_path: Path) -> None:
    with start(tmp_path / "killed", windows_path, 60) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "1\n"
        killed.send_signal(signal.SIGKILL)
    assert len(list((tmp_path / "killed/results/checkpoints").iterdir())) == 1
    assert not (tmp_path / "killed/model.safetensors").exists()
    resumed, _ = start(tmp_path / "killed", windows_path, 0).communicate()
    whole, _ = start(tmp_path / "whole", windows_path, 0).communicate()
    assert (resumed.split(), whole.split()) == (["2", "3", "4"], ["1", "2", "3", "4"])
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")


class Scalar(Predictor):
    """Predicts a constant; its loss draws it to ``goal``, and it can be made to fail."""

    def __init__(self, shape: Shape, loss_of: Callable[[torch.Tensor], torch.Tensor]) -> None:
        super().__init__(shape)
        self.value = torch.nn.Parameter(torch.zeros(()))
        self.loss_of = loss_of

    def forward(self, history: torch.Tensor) -> torch.Tensor:
        return self.value.expand(len(history), self.shape.future, self.shape.joints, 3)

    def loss(self, window: torch.Tensor) -> torch.Tensor:
        return self.loss_of(self.value)


def constant(value: float, count: int = 9) -> WindowBatches:
    attrs = {"history": 2, "future": 2, "used_joints": [0]}
    position = np.full((count + 3, 1, 3), value, np.float32)
    owner, names = np.zeros(count, np.int64), np.array(["a"])
    return WindowBatches(Windows(position, np.arange(count), owner, names, names, names, attrs), None, CPU)


def run(model: Predictor, recipe: Recipe, folder: Path, count: int = 9, **job: Any) -> list[dict[str, float]]:
    return train(model, recipe, constant(0, count), constant(5), seed=0, checkpoints=folder / "c", job=job or {"a": 1})


def rising(value: torch.Tensor) -> torch.Tensor:
    return (value - 100) ** 2


def test_the_best_epoch_on_validation_windows_is_kept(tmp_path: Path) -> None:
    """The value climbs past the validation windows' 5: an epoch adds about 2, the rate, as Adam's steps do."""
    kept = {}
    for selection in ("validation", "last"):
        model = Scalar(Shape(2, 2, 1), rising)
        log = run(model, Recipe(6, 9, 2.0, selection=selection), tmp_path)  # type: ignore[arg-type]
        kept[selection] = model.value.item()
        errors = [epoch["validation_mm"] for epoch in log]
    assert int(np.argmin(errors)) not in (0, 5)
    assert math.sqrt(3) * abs(kept["validation"] - 5) == pytest.approx(min(errors), rel=1e-5)
    assert math.sqrt(3) * abs(kept["last"] - 5) == pytest.approx(errors[-1], rel=1e-5)


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_one_line(tmp_path: Path, bad: float) -> None:
    with pytest.raises(KinesecError, match=r"training: the loss of epoch 1 is (nan|inf); lower the rate"):
        run(Scalar(Shape(2, 2, 1), lambda value: value * bad + bad), Recipe(2, 4, 1.0), tmp_path)


def test_a_validation_error_that_is_not_finite_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(KinesecError, match="the validation error of epoch 1 is inf"):
        run(Scalar(Shape(2, 2, 1), rising), Recipe(2, 9, 1e38), tmp_path)


def test_too_few_windows_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(KinesecError, match="found 1 training windows, expected two or more"):
        run(Scalar(Shape(2, 2, 1), rising), Recipe(2, 4, 1.0), tmp_path, count=1)


def checkpoint(folder: Path) -> Path:
    """What a training that is stopped in its second epoch leaves."""
    calls = []

    def stopped(value: torch.Tensor) -> torch.Tensor:
        calls.append(1)
        if len(calls) > 3:
            raise KeyboardInterrupt
        return rising(value)

    with pytest.raises(KeyboardInterrupt):
        run(Scalar(Shape(2, 2, 1), stopped), Recipe(2, 4, 1.0), folder)
    return folder / "c" / "checkpoint.safetensors"


def test_another_jobs_or_a_torn_checkpoint_is_one_line(tmp_path: Path) -> None:
    path = checkpoint(tmp_path)
    content = path.read_bytes()
    again = Scalar(Shape(2, 2, 1), rising)
    with pytest.raises(KinesecError, match="belongs to another job; delete it to train from the start"):
        run(again, Recipe(2, 4, 1.0), tmp_path, another=1)
    for torn in (content[: len(content) // 2], b"", b"rubbish"):
        path.write_bytes(torn)
        with pytest.raises(KinesecError, match=r"cannot be read .*; delete it to train from the start") as raised:
            run(again, Recipe(2, 4, 1.0), tmp_path)
        assert "\n" not in str(raised.value)
    for meta in (None, {"meta": "{}"}, {"meta": "rubbish"}):
        save_file({"model.value": torch.zeros(())}, path, meta)
        with pytest.raises(KinesecError, match=r"cannot be read .*; delete it to train from the start"):
            run(again, Recipe(2, 4, 1.0), tmp_path)
    path.write_bytes(content)
    assert len(run(again, Recipe(2, 4, 1.0), tmp_path)) == 2


@given(st.integers(0, 40), st.integers(1, 9))
def test_batches_are_a_shuffle_without_a_last_single_window(count: int, size: int) -> None:
    drawn = [part.tolist() for part in batches(count, size, np.random.default_rng(0))]
    whole = [index for part in drawn for index in part]
    assert len(set(whole)) == len(whole)
    assert all(1 < len(part) <= size for part in drawn)
    lost = count % size == 1 if size > 1 else count
    assert len(whole) == count - int(lost)


def test_rates() -> None:
    step = Recipe(10, 4, 1e-3, decay=0.5, decay_every=2)
    assert [rate_at(step, epoch) for epoch in (0, 1.9, 2, 3.99, 4)] == pytest.approx([1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4])
    cycle = Recipe(10, 4, 1e-2, schedule="one_cycle")
    assert rate_at(cycle, 0) == pytest.approx(1e-2 / 25)
    assert rate_at(cycle, 3) == pytest.approx(1e-2)
    assert rate_at(cycle, 10) == pytest.approx(1e-7)
    assert rate_at(cycle, 1.5) == pytest.approx(1e-2 * (1 + 1 / 25) / 2)
    climb = [rate_at(cycle, epoch / 10) for epoch in range(101)]
    assert np.diff(climb[:31]).min() > 0 > np.diff(climb[30:]).max()


def test_no_window_of_the_split_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_motions(tmp_path / "m.zarr", [30], ["train"])
    cut(tmp_path / "m.zarr", tmp_path / "w.zarr", Protocol("ltd", 5, 3))
    with pytest.raises(KinesecError, match="found no window of split 'val', expected one or more"):
        train_predictor(
            windows_path=tmp_path / "w.zarr",
            poison_path=None,
            predictor={"predictor": "ltd", "settings": SMALL, "recipe": {}},
            code="x",
            seed=0,
            model_path=tmp_path / "model",
            log_path=tmp_path / "log",
        )
    assert len(load(tmp_path / "w.zarr", "train")) == 23


def test_torch_streams_are_their_own(tmp_path: Path) -> None:
    state = torch.get_rng_state().clone()
    drawn = []
    for names in (("a", 1), ("a", 1), ("a", 2)):
        with seeding.torch_stream(0, *names):
            drawn.append(torch.rand(3))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert torch.equal(torch.get_rng_state(), state)
