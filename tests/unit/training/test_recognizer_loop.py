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
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from recognition_clips import CLASSES, FRAMES, SKELETON, write_clips
from safetensors.torch import load_file
from torch import Tensor, nn

from kinesec import names
from kinesec.errors import KinesecError
from kinesec.jobs.train_recognizer import train_recognizer
from kinesec.models.recognizers.base import RECOGNIZERS, ClipShape, Graph, Recipe, Recognizer
from kinesec.samples.clips.clips import load
from kinesec.training import checkpoint
from kinesec.training.batches import ClipBatches
from kinesec.training.recognizer_loop import best_epoch, rate_at, train

CPU = torch.device("cpu")
SHAPE = ClipShape(FRAMES, len(SKELETON), 1, len(CLASSES), Graph.of(SKELETON))
TINY: dict[str, dict[str, Any]] = {
    "st_gcn": {"widths": (4, 8)},
    "as_gcn": {
        "widths": (4, 4), "forecast": 4, "hops": 1, "future": 2, "link_features": 4, "link_frames": 6, "dropout": 0.1,
    },
    "dgnn": {"widths": (4, 4)},
}  # fmt: skip


@pytest.fixture(scope="module")
def clips_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clips(tmp_path_factory.mktemp("c") / "clips.zarr", {"train": 25, "val": 9, "test": 9})


@pytest.fixture
def job(clips_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[str, str]]:
    """Trains in a folder of its own and returns the hashes of the model and the log."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kinesec.jobs.train_recognizer.best_device", lambda: CPU)

    def go(folder: str, name: str = "st_gcn", seed: int = 0, **recipe: Any) -> tuple[str, str]:
        train_recognizer(
            clips_path=clips_path,
            recognizer={
                "recognizer": name,
                "settings": TINY[name],
                "recipe": {"epochs": 3, "batch": 8, "milestones": [2], **recipe},
                "augment": {"yaw_degrees": 30, "noise_mm": 2, "mirror": True},
            },
            code="x",
            seed=seed,
            model_path=tmp_path / folder / "model.safetensors",
            log_path=tmp_path / folder / "training.json",
        )
        return digests(tmp_path / folder)

    return go


def digests(folder: Path) -> tuple[str, str]:
    files = (folder / "model.safetensors", folder / "training.json")
    first, second = (hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    return first, second


def log_of(folder: Path) -> dict[str, Any]:
    log: dict[str, Any] = json.loads((folder / "training.json").read_text())
    return log


def test_the_seed_makes_the_bytes(job: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    before = torch.get_rng_state().clone(), np.random.get_state()[1].copy()  # noqa: NPY002
    first, again, other = job("a"), job("b"), job("c", seed=1)
    assert first == again
    assert first[0] != other[0]
    assert torch.equal(torch.get_rng_state(), before[0])
    assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
    assert not list((tmp_path / "results" / "checkpoints").iterdir())
    log = log_of(tmp_path / "a")
    assert [epoch["epoch"] for epoch in log["epochs"]] == [1, 2, 3]
    assert (log["training_clips"], log["validation_clips"], log["classes"]) == (25, 9, list(CLASSES))
    assert log["augment"] == {"yaw_degrees": 30, "scale": 0.0, "noise_mm": 2, "mirror": True}
    assert 1 <= log["kept_epoch"] <= 3


PRETRAIN = {"epochs": 2, "batch": 8}


@pytest.mark.parametrize(("name", "recipe"), [("dgnn", {"frozen_epochs": 1}), ("as_gcn", {"pretrain": PRETRAIN})])
def test_a_stopped_job_goes_on_to_the_same_bytes(
    job: Callable[..., tuple[str, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    recipe: dict[str, Any],
) -> None:
    """Stopped after every epoch there is, frozen, pre-training or neither, in one job."""
    whole = job("whole", name, **recipe)
    save = checkpoint.Run.save

    def saved(run: checkpoint.Run) -> None:
        save(run)
        raise KeyboardInterrupt

    monkeypatch.setattr(checkpoint.Run, "save", saved)
    epochs = len(log_of(tmp_path / "whole")["epochs"])
    for _ in range(epochs):
        with pytest.raises(KeyboardInterrupt):
            job("stopped", name, **recipe)
    assert job("stopped", name, **recipe) == whole
    assert [one["stage"] for one in log_of(tmp_path / "whole")["epochs"]] == ["pretrain"] * (epochs - 3) + ["train"] * 3


SCRIPT = """
    import sys, time
    from pathlib import Path
    import torch
    from kinesec import train_recognizer_job, training_run
    train_recognizer_job.best_device = lambda: torch.device("cpu")
    save = training_run.Run.save
    def slow(run):
        save(run)
        print(len(run.log), flush=True)
        time.sleep(float(sys.argv[2]))
    training_run.Run.save = slow
    train_recognizer_job.train_recognizer(
        clips_path=Path(sys.argv[1]), code="x", seed=0,
        recognizer={"recognizer": "st_gcn", "settings": {"widths": (4, 8)}, "recipe": {"epochs": 3, "batch": 8}},
        model_path=Path("model.safetensors"), log_path=Path("training.json"))
"""


def start(folder: Path, clips: Path, pause: float) -> subprocess.Popen[str]:
    folder.mkdir(exist_ok=True)
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT), str(clips), str(pause)],
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )


def test_a_killed_job_ends_with_the_same_bytes(clips_path: Path, tmp_path: Path) -> None:
    with start(tmp_path / "killed", clips_path, 60) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline() == "1\n"
        killed.send_signal(signal.SIGKILL)
    assert len(list((tmp_path / "killed/results/checkpoints").iterdir())) == 1
    assert not (tmp_path / "killed/model.safetensors").exists()
    resumed, _ = start(tmp_path / "killed", clips_path, 0).communicate()
    whole, _ = start(tmp_path / "whole", clips_path, 0).communicate()
    assert (resumed.split(), whole.split()) == (["2", "3"], ["1", "2", "3"])
    assert digests(tmp_path / "killed") == digests(tmp_path / "whole")


@pytest.mark.parametrize("name", names.available("models.recognizers"))
def test_every_recognizer_learns_which_limb_is_lifted(
    name: str, clips_path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    recipe: dict[str, Any] = {"epochs": 24, "batch": 8, "optimiser": "adam", "rate": 2e-2, "milestones": [20]}
    small = dict(names.load("models.recognizers", name).SMALL)
    if "widths" in small:
        small["widths"] = (16, 32)
    if name == "as_gcn":
        recipe["pretrain"] = PRETRAIN
    train_recognizer(
        clips_path=clips_path,
        recognizer={"recognizer": name, "settings": small, "recipe": recipe},
        code="x",
        seed=0,
        model_path=tmp_path / "model.safetensors",
        log_path=tmp_path / "training.json",
    )
    log = log_of(tmp_path)
    kept = [epoch for epoch in log["epochs"] if epoch["stage"] == "train"][log["kept_epoch"] - 1]
    assert kept["validation_accuracy_percent"] == 100


class Toy(Recognizer):
    """Two numbers that climb to 100 in training; a clip is told right while the first is within two of five."""

    def __init__(self, bad: float = 0.0) -> None:
        super().__init__(SHAPE)
        self.value, self.held = (nn.Parameter(torch.zeros(())) for _ in range(2))
        self.bad = bad
        self.seen: list[tuple[bool, float]] = []

    def embed(self, clip: Tensor) -> Tensor:
        raise NotImplementedError

    def frozen(self) -> list[nn.Parameter]:
        return [self.held]

    def forward(self, clip: Tensor) -> Tensor:
        right = -((self.value - 5) ** 2).expand(len(clip))
        return torch.stack([right, *[torch.full_like(right, -4)] * (len(CLASSES) - 1)], 1)

    def loss(self, clip: Tensor, label: Tensor, smoothing: float = 0.0) -> Tensor:
        self.seen.append((self.pretraining, self.held.item()))
        return (self.value - 100) ** 2 + (self.held - 100) ** 2 + self.bad


def zeros(count: int) -> ClipBatches:
    batches = object.__new__(ClipBatches)
    batches.clip = torch.zeros(count, 1, FRAMES, len(SKELETON), 3)
    batches.label = torch.zeros(count, dtype=torch.int64)
    batches.present = torch.ones(count, 1, FRAMES, dtype=torch.bool)
    return batches


def run(model: Recognizer, recipe: Recipe, folder: Path, count: int = 4, **job: Any) -> list[dict[str, Any]]:
    return train(
        model, recipe, zeros(count), zeros(3), augmenter=None, seed=0, checkpoints=folder / "c", job=job or {"a": 1}
    )


ADAM = Recipe(8, 4, 1.0, optimiser="adam")  # its steps are of about the rate


def test_the_best_validation_epoch_is_kept(tmp_path: Path) -> None:
    """Right in epochs 4 to 6, with the least loss in the fifth."""
    for selection, expected in (("validation", 5), ("last", 8)):
        model = Toy()
        log = run(model, replace(ADAM, selection=selection), tmp_path)  # type: ignore[arg-type]
        assert best_epoch(log, selection) == expected
        assert model.value.item() == pytest.approx(expected, abs=0.2)
        right = [one["validation_accuracy_percent"] for one in log]
        assert [right[3], right[4], right[5], right[0], right[7]] == [100, 100, 100, 0, 0]


@given(st.lists(st.tuples(st.sampled_from([0.0, 50.0, 100.0]), st.sampled_from([0.1, 0.2, 0.3])), min_size=1))
def test_accuracy_selects_and_loss_decides_ties(found: list[tuple[float, float]]) -> None:
    log = [
        {"stage": "train", "epoch": index + 1, "validation_accuracy_percent": accuracy, "validation_loss": loss}
        for index, (accuracy, loss) in enumerate(found)
    ]
    before = [{"stage": "pretrain", "epoch": 1, "validation_accuracy_percent": None, "validation_loss": None}]
    kept = best_epoch(before + log, "validation")
    most = max(accuracy for accuracy, _ in found)
    assert found[kept - 1] == (most, min(loss for accuracy, loss in found if accuracy == most))
    assert found[kept - 1] not in found[: kept - 1]
    assert best_epoch(before + log, "last") == len(found)


@given(st.integers(0, 5), st.lists(st.integers(1, 30), unique=True).map(sorted), st.floats(0.05, 0.9))
def test_rates_rise_and_fall(warm_up: int, milestones: list[int], decay: float) -> None:
    recipe = Recipe(31, 4, 0.1, milestones=tuple(milestones), decay=decay, warm_up=warm_up)
    rates = [rate_at(recipe, epoch) for epoch in range(31)]
    plain = [rate_at(replace(recipe, warm_up=0), epoch) for epoch in range(31)]
    assert plain[0] == 0.1
    for epoch in range(1, 31):
        assert plain[epoch] == pytest.approx(plain[epoch - 1] * (decay if epoch in milestones else 1))
    shares = [rate / whole for rate, whole in zip(rates, plain, strict=True)]
    assert shares == pytest.approx([min(1, (epoch + 1) / warm_up) if warm_up else 1 for epoch in range(31)])


def test_the_rates_of_the_recipe_are_the_rates_of_the_steps(tmp_path: Path) -> None:
    recipe = replace(ADAM, warm_up=2, milestones=(4,), selection="last")
    log = run(Toy(), recipe, tmp_path)
    assert [one["rate"] for one in log] == pytest.approx([0.5, 1, 1, 1, 0.1, 0.1, 0.1, 0.1])
    model = Toy()
    run(model, recipe, tmp_path)
    assert model.value.item() == pytest.approx(3.9, abs=0.2)


@pytest.mark.parametrize("momentum", [0.0, 0.9])
def test_frozen_parameters_stay_and_then_move(tmp_path: Path, momentum: float) -> None:
    model = Toy()
    recipe = Recipe(4, 4, 1e-3, momentum=momentum, weight_decay=0.1, frozen_epochs=2, selection="last")
    with torch.no_grad():
        model.held.fill_(1.0)
    run(model, recipe, tmp_path)
    held = [value for _, value in model.seen]
    assert held[:3] == [1.0, 1.0, 1.0]
    assert held[3] != 1.0
    assert model.held.requires_grad


def test_sgd_is_nesterovs(tmp_path: Path) -> None:
    model = Toy()
    run(model, Recipe(3, 4, 1e-3, weight_decay=0.1, selection="last"), tmp_path)
    value, speed = 0.0, 0.0
    for _ in range(3):
        slope = 2 * (value - 100) + 0.1 * value
        speed = 0.9 * speed + slope
        value -= 1e-3 * (slope + 0.9 * speed)
    assert model.value.item() == pytest.approx(value, rel=1e-5)


def test_pretraining_comes_first_with_its_own_recipe(tmp_path: Path) -> None:
    model = Toy()
    log = run(model, replace(ADAM, epochs=2, pretrain=Recipe(3, 4, 0.5, optimiser="adam")), tmp_path)
    assert [pretraining for pretraining, _ in model.seen] == [True] * 3 + [False] * 2
    assert [(one["stage"], one["epoch"], one["rate"]) for one in log] == [
        *(("pretrain", epoch, 0.5) for epoch in (1, 2, 3)),
        *(("train", epoch, 1.0) for epoch in (1, 2)),
    ]
    assert [one["validation_loss"] is None for one in log] == [True] * 3 + [False] * 2
    assert not model.pretraining


def test_pretraining_trains_the_inference_of_links_alone(job: Callable[..., tuple[str, str]], tmp_path: Path) -> None:
    """One more epoch with a rate of nothing after pre-training: what has moved, pre-training has."""
    job("a", "as_gcn", epochs=1, milestones=[], rate=0.0, weight_decay=0.0, pretrain=PRETRAIN)
    trained = load_file(tmp_path / "a" / "model.safetensors")
    fresh = RECOGNIZERS.build("as_gcn", SHAPE, TINY["as_gcn"], 0).state_dict()
    parameters = {key for key, _ in RECOGNIZERS.build("as_gcn", SHAPE, TINY["as_gcn"], 0).named_parameters()}
    moved = {key for key in parameters if not torch.equal(trained[key], fresh[key])}
    assert moved
    assert all(key.startswith("inference.") for key in moved)


@pytest.mark.parametrize(("count", "steps"), [(9, 2), (8, 2), (10, 3), (2, 1)])
def test_a_last_batch_of_one_clip_is_left_out(tmp_path: Path, count: int, steps: int) -> None:
    model = Toy()
    run(model, replace(ADAM, epochs=2), tmp_path, count=count)
    assert len(model.seen) == 2 * steps


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_loss_that_is_not_finite_is_one_line(tmp_path: Path, bad: float) -> None:
    with pytest.raises(KinesecError, match=r"training: the loss of training epoch 1 is (nan|inf); lower the rate"):
        run(Toy(bad), ADAM, tmp_path)


def test_a_validation_loss_that_is_not_finite_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(KinesecError, match=r"the validation loss of epoch 1 is (nan|inf)"):
        run(Toy(), replace(ADAM, rate=1e30), tmp_path)


def test_too_few_clips_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(KinesecError, match="found 1 training clips, expected two or more"):
        run(Toy(), ADAM, tmp_path, count=1)


def test_without_validation_clips_the_last_weights_are_kept(tmp_path: Path) -> None:
    model = Toy()
    log = train(model, ADAM, zeros(4), None, augmenter=None, seed=0, checkpoints=tmp_path / "c", job={})
    assert best_epoch(log, "validation") == 8
    assert model.value.item() == pytest.approx(8, abs=0.3)


@pytest.mark.parametrize(
    ("counts", "change", "attrs", "message"),
    [
        ({"val": 3}, {}, {}, "found no clip of split 'train', expected one or more"),
        ({"train": 4}, {}, {}, "found no clip of split 'val', expected one or more to choose weights by"),
        ({"train": 2, "val": 2}, {"label": np.array([0, 3, 0, 1])}, {}, r"clip 1: found label 3, expected 0 to 2"),
        ({"train": 2, "val": 2}, {"label": np.array([0, 1, 0, -1])}, {}, r"clip 3: found label -1, expected 0 to 2"),
        ({"train": 2, "val": 2}, {}, {"scale_mm": 0.0}, "found scale_mm 0.0, expected it positive"),
        ({"train": 2, "val": 2}, {}, {"mean_mm": [[0, 0, 0]]}, "found mean_mm that is not 9 joints' finite xyz"),
    ],
)
def test_clips_that_cannot_be_trained_on_are_one_line(
    tmp_path: Path, counts: dict[str, int], change: dict[str, Any], attrs: dict[str, Any], message: str
) -> None:
    path = write_clips(tmp_path / "c.zarr", counts, change=change, attrs=attrs)
    with pytest.raises(KinesecError, match=message) as raised:
        train_recognizer(
            clips_path=path,
            recognizer={"recognizer": "st_gcn", "settings": TINY["st_gcn"]},
            code="x",
            seed=0,
            model_path=tmp_path / "model",
            log_path=tmp_path / "log",
        )
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)


def test_normalised_clips_are_what_is_trained_on(clips_path: Path) -> None:
    clips = load(clips_path, "train")
    data = ClipBatches(clips, CPU)
    assert torch.equal(data.clip, torch.from_numpy(clips.normalised))
    assert data.label.tolist() == clips.label.tolist()
    assert len(data) == 25
