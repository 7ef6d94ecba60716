"""What holds for every kind of training, on one abstract class; what is particular to each, on its own."""

from __future__ import annotations

import hashlib
import json
import math
import os
import signal
import subprocess
import sys
import textwrap
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from made_up_videos import CLASSES as VIDEO_CLASSES
from made_up_videos import moving, write_poisoned, write_videos
from recognition_clips import CLASSES, FRAMES, SKELETON, write_clips
from safetensors.torch import load_file, save_file
from stores import write_motions
from torch import Tensor, nn

from kinesec import names, seeding
from kinesec.errors import KinesecError
from kinesec.jobs import train_predictor, train_recognizer, train_videonet
from kinesec.models.predictors import base as predictors
from kinesec.models.predictors.base import Predictor, Shape
from kinesec.models.published import published_name
from kinesec.models.recognizers import base as recognizers
from kinesec.models.recognizers.base import RECOGNIZERS, ClipShape, Graph, Recognizer
from kinesec.models.videonets import base as videonets
from kinesec.models.videonets.base import VIDEONETS, VideoNet, VideoShape
from kinesec.samples.clips.clips import load as load_clips
from kinesec.samples.videos.videos import load as load_videos
from kinesec.samples.windows import windows
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.windows import Windows
from kinesec.training.batches import batches, steps_of
from kinesec.training.checkpoint import Record, Run
from kinesec.training.loop import Task, best_epoch, train
from kinesec.training.prediction import Prediction, WindowBatches
from kinesec.training.recognition import ClipBatches, Recognition, stages
from kinesec.training.video import VideoBatches, VideoTask

CPU = torch.device("cpu")
SHAPE = ClipShape(FRAMES, len(SKELETON), 1, len(CLASSES), Graph.of(SKELETON))
TINY: dict[str, dict[str, Any]] = {
    "ltd": {"features": 4, "blocks": 1},
    "st_gcn": {"widths": (4, 8)},
    "as_gcn": {
        "widths": (4, 4), "forecast": 4, "hops": 1, "future": 2, "link_features": 4, "link_frames": 6, "dropout": 0.1,
    },
    "dgnn": {"widths": (4, 4)},
    "r2plus1d": {"widths": (4, 8), "blocks": 1, "stem": 4},
}  # fmt: skip
SMALL_VIDEONETS: dict[str, dict[str, Any]] = {
    "r2plus1d": {"widths": (8, 16, 32), "blocks": 1, "stem": 8},
    "s3d": {"width": 0.125, "dropout": 0.0, "momentum": 0.1},
    "i3d": {"width": 8, "blocks": (1, 1, 1, 1), "dropout": 0.0},
    "slowfast": {"width": 16, "blocks": (1, 1, 1, 1), "ratio": 2, "dropout": 0.0},
}
PRETRAIN = {"epochs": 2, "batch": 8}
SCRIPT = """
    import sys, time
    from pathlib import PosixPath
    import torch
    from kinesec.jobs import {job} as module
    from kinesec.training.checkpoint import Run
    module.best_device = lambda: torch.device("cpu")
    save = Run.save
    def slow(run):
        save(run)
        print(len(run.log), flush=True)
        time.sleep(float(sys.argv[1]))
    Run.save = slow
    module.{job}(**{arguments})
"""


def digests(folder: Path) -> tuple[str, str]:
    """The hashes of a job's model and log."""
    files = (folder / "model.safetensors", folder / "training.json")
    first, second = (hashlib.sha256(file.read_bytes()).hexdigest() for file in files)
    return first, second


def log_of(folder: Path) -> dict[str, Any]:
    log: dict[str, Any] = json.loads((folder / "training.json").read_text())
    return log


class Trainings(ABC):
    """A kind of training, as its job on a small store and on a toy model.

    ``store`` is a fixture: a store of splits train, val and test. The toy's ``value`` climbs by about the rate of 1 in
    each of 8 epochs of one step; validation samples find it best at five.
    """

    job: ClassVar[Any]
    store_key: ClassVar[str]
    samples: ClassVar[str]
    counts: ClassVar[dict[str, Any]]
    variants: ClassVar[list[dict[str, Any]]]

    @abstractmethod
    def model(self, name: str | None, recipe: dict[str, Any]) -> dict[str, Any]:
        """The job's arguments that say which model, and what of its recipe is changed."""

    @abstractmethod
    def toy(self, bad: float = 0.0) -> Any:
        """A toy model with ``value`` and ``seen``, an entry a step; ``bad`` is added to its loss."""

    @abstractmethod
    def tasks(self, toy: Any, count: int = 4, *, validated: bool = True, **recipe: Any) -> Sequence[Task]:
        """The toy's training on ``count`` samples, with changes of its recipe."""

    def arguments(self, store: Path, folder: Path, name: str | None = None, seed: int = 0, **recipe: Any) -> Any:
        files = {"model_path": folder / "model.safetensors", "log_path": folder / "training.json"}
        return {self.store_key: store, "code": "x", "seed": seed, **files, **self.model(name, recipe)}

    def go(self, store: Path, folder: Path, name: str | None = None, seed: int = 0, **recipe: Any) -> tuple[str, str]:
        """Trains as a job does and returns the hashes of the model and the log."""
        getattr(self.job, self.job.__name__.rpartition(".")[2])(**self.arguments(store, folder, name, seed, **recipe))
        return digests(folder)

    def run(self, toy: Any, folder: Path, count: int = 4, *, job: Any = None, **changes: Any) -> list[Record]:
        return train(self.tasks(toy, count, **changes), checkpoints=folder / "c", job=job or {"a": 1})[0]

    @pytest.fixture(autouse=True)
    def here(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(self.job, "best_device", lambda: CPU)

    def test_the_seed_makes_the_bytes(self, store: Path, tmp_path: Path) -> None:
        before = torch.get_rng_state().clone(), np.random.get_state()[1].copy()  # noqa: NPY002
        first, again, other = (self.go(store, tmp_path / name, seed=int(name == "c")) for name in "abc")
        assert first == again
        assert first[0] != other[0]
        assert torch.equal(torch.get_rng_state(), before[0])
        assert np.array_equal(np.random.get_state()[1], before[1])  # noqa: NPY002
        assert not list((tmp_path / "results" / "checkpoints").iterdir())
        log = log_of(tmp_path / "a")
        assert [epoch["epoch"] for epoch in log["epochs"]] == [1, 2, 3]
        assert 1 <= log["kept_epoch"] <= 3
        assert {key: log[key] for key in self.counts} == self.counts

    def test_a_stopped_job_goes_on_to_the_same_bytes(
        self, store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Stopped after every epoch there is, frozen, pre-training or neither, in one job."""
        save = Run.save

        def saved(run: Run) -> None:
            save(run)
            raise KeyboardInterrupt

        for number, variant in enumerate(self.variants):
            whole, stopped = tmp_path / f"whole{number}", tmp_path / f"stopped{number}"
            self.go(store, whole, **variant)
            with monkeypatch.context() as patched:
                patched.setattr(Run, "save", saved)
                for _ in log_of(whole)["epochs"]:
                    with pytest.raises(KeyboardInterrupt):
                        self.go(store, stopped, **variant)
            assert self.go(store, stopped, **variant) == digests(whole)

    def start(self, store: Path, folder: Path, pause: float) -> subprocess.Popen[str]:
        folder.mkdir(exist_ok=True)
        arguments = self.arguments(store, Path("here"))
        script = textwrap.dedent(SCRIPT).format(job=self.job.__name__.rpartition(".")[2], arguments=arguments)
        return subprocess.Popen(
            [sys.executable, "-c", script, str(pause)],
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )

    def test_a_killed_job_ends_with_the_same_bytes(self, store: Path, tmp_path: Path) -> None:
        with self.start(store, tmp_path / "killed", 60) as killed:
            assert killed.stdout is not None
            assert killed.stdout.readline() == "1\n"
            killed.send_signal(signal.SIGKILL)
        assert len(list((tmp_path / "killed/results/checkpoints").iterdir())) == 1
        assert not (tmp_path / "killed/here").exists()
        resumed, _ = self.start(store, tmp_path / "killed", 0).communicate()
        whole, _ = self.start(store, tmp_path / "whole", 0).communicate()
        assert (resumed.split(), whole.split()) == (["2", "3"], ["1", "2", "3"])
        assert digests(tmp_path / "killed/here") == digests(tmp_path / "whole/here")

    @pytest.mark.parametrize(
        ("changes", "kept"), [({}, 5), ({"selection": "last"}, 8), ({"validated": False}, 8)], ids=str
    )
    def test_the_best_validated_epoch_is_kept_or_the_last(
        self, tmp_path: Path, changes: dict[str, Any], kept: int
    ) -> None:
        toy = self.toy()
        tasks = self.tasks(toy, **changes)
        log, epoch = train(tasks, checkpoints=tmp_path / "c", job={})
        assert (epoch, len(log)) == (kept, 8)
        assert toy.value.item() == pytest.approx(kept, abs=0.3)
        validated = [record[key] for record in log for key in record if key.startswith("validation")]
        assert all((value is None) == ("validated" in changes) for value in validated)

    @pytest.mark.parametrize("bad", [math.nan, math.inf])
    def test_a_loss_that_is_not_finite_is_one_line(self, tmp_path: Path, bad: float) -> None:
        with pytest.raises(KinesecError, match=r"training: the loss of epoch 1 is (nan|inf); lower the rate"):
            self.run(self.toy(bad), tmp_path)

    def test_a_validation_that_is_not_finite_is_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(KinesecError, match=r"training: the validation (mm|loss) of epoch 1 is (nan|inf)"):
            self.run(self.toy(), tmp_path, rate=1e38)

    def test_too_few_samples_is_one_line(self, tmp_path: Path) -> None:
        with pytest.raises(KinesecError, match=f"found 1 training {self.samples}, expected two or more"):
            self.run(self.toy(), tmp_path, count=1)

    @pytest.mark.parametrize(("count", "steps"), [(9, 2), (8, 2), (10, 3), (2, 1)])
    def test_a_last_batch_of_one_sample_is_left_out(self, tmp_path: Path, count: int, steps: int) -> None:
        toy = self.toy()
        self.run(toy, tmp_path, count, epochs=2)
        assert len(toy.seen) == 2 * steps

    def test_another_jobs_or_a_torn_checkpoint_is_one_line(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with monkeypatch.context() as patched:
            patched.setattr("kinesec.training.loop.one_epoch", self.stopped_in_the_second)
            with pytest.raises(KeyboardInterrupt):
                self.run(self.toy(), tmp_path)
        path = tmp_path / "c" / "train" / "checkpoint.safetensors"
        content = path.read_bytes()
        with pytest.raises(KinesecError, match="belongs to another job; delete it to train from the start"):
            self.run(self.toy(), tmp_path, job={"another": 1})
        for torn in (content[: len(content) // 2], b"", b"rubbish"):
            path.write_bytes(torn)
            with pytest.raises(KinesecError, match=r"cannot be read .*; delete it to train from the start") as raised:
                self.run(self.toy(), tmp_path)
            assert "\n" not in str(raised.value)
        for meta in (None, {"meta": "{}"}, {"meta": "rubbish"}):
            save_file({"model.value": torch.zeros(())}, path, meta)
            with pytest.raises(KinesecError, match=r"cannot be read .*; delete it to train from the start"):
                self.run(self.toy(), tmp_path)
        path.write_bytes(content)
        assert len(self.run(self.toy(), tmp_path)) == 8

    @staticmethod
    def stopped_in_the_second(task: Task, optimiser: Any, epoch: int, progress: Any) -> tuple[float, float]:
        if epoch:
            raise KeyboardInterrupt
        return 0.0, 0.0


class Climber(Predictor):
    """Predicts a constant, which its loss draws to 100."""

    def __init__(self, bad: float) -> None:
        super().__init__(Shape(2, 2, 1))
        self.value = nn.Parameter(torch.zeros(()))
        self.bad = bad
        self.seen: list[float] = []

    def forward(self, history: Tensor) -> Tensor:
        return self.value.expand(len(history), self.shape.future, self.shape.joints, 3)

    def loss(self, window: Tensor) -> Tensor:
        self.seen.append(self.value.item())
        return (self.value - 100) ** 2 + self.bad


def constant(value: float, count: int) -> WindowBatches:
    attrs = {"history": 2, "future": 2, "used_joints": [0]}
    position = np.full((count + 3, 1, 3), value, np.float32)
    owner, text = np.zeros(count, np.int64), np.array(["a"])
    return WindowBatches(Windows(position, np.arange(count), owner, text, text, text, attrs), None, CPU)


class TestPredictors(Trainings):
    job = train_predictor
    store_key = "windows_path"
    samples = "windows"
    counts: ClassVar[dict[str, Any]] = {"training_windows": 63, "poisoned_windows": 0, "poison_sha256": None}
    variants: ClassVar[list[dict[str, Any]]] = [{}]

    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("w")
        write_motions(folder / "m.zarr", [70, 40, 30], ["train", "val", "test"])
        cut(folder / "m.zarr", folder / "w.zarr", Protocol("ltd", 5, 3))
        return folder / "w.zarr"

    def model(self, name: str | None, recipe: dict[str, Any]) -> dict[str, Any]:
        name = name or "ltd"
        chosen = {"predictor": name, "settings": TINY[name], "recipe": {"epochs": 3, **recipe}}
        return {"poison_path": None, "predictor": chosen}

    def toy(self, bad: float = 0.0) -> Climber:
        return Climber(bad)

    def tasks(self, toy: Any, count: int = 4, *, validated: bool = True, **recipe: Any) -> Sequence[Task]:
        changed = replace(predictors.Recipe(8, 4, 1.0), **recipe)
        return [Prediction(toy, changed, constant(0, count), 0, constant(5, 9) if validated else None)]

    def test_the_error_of_the_kept_epoch_is_the_least(self, tmp_path: Path) -> None:
        toy = self.toy()
        errors = [record["validation_mm"] for record in self.run(toy, tmp_path)]
        assert math.sqrt(3) * abs(toy.value.item() - 5) == pytest.approx(min(errors), rel=1e-5)

    def test_no_window_of_the_split_is_one_line(self, tmp_path: Path) -> None:
        write_motions(tmp_path / "m.zarr", [30], ["train"])
        cut(tmp_path / "m.zarr", tmp_path / "w.zarr", Protocol("ltd", 5, 3))
        with pytest.raises(KinesecError, match="found no window of split 'val', expected one or more"):
            self.go(tmp_path / "w.zarr", tmp_path)
        assert len(windows.load(tmp_path / "w.zarr", "train")) == 23

    def test_rates(self) -> None:
        step = predictors.Recipe(10, 4, 1e-3, decay=0.5, decay_every=2)
        rates = [step.rate_at(progress) for progress in (0, 1.9, 2, 3.99, 4)]
        assert rates == pytest.approx([1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4])
        cycle = predictors.Recipe(10, 4, 1e-2, schedule="one_cycle")
        rates = [cycle.rate_at(progress) for progress in (0, 3, 10, 1.5)]
        assert rates == pytest.approx([1e-2 / 25, 1e-2, 1e-7, 1e-2 * (1 + 1 / 25) / 2])
        climb = [cycle.rate_at(epoch / 10) for epoch in range(101)]
        assert np.diff(climb[:31]).min() > 0 > np.diff(climb[30:]).max()


class Toy(Recognizer):
    """Two numbers that climb to 100; a clip is correctly classified while the first is within two of five."""

    def __init__(self, bad: float) -> None:
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
    data = object.__new__(ClipBatches)
    data.clip = torch.zeros(count, 1, FRAMES, len(SKELETON), 3)
    data.label = torch.zeros(count, dtype=torch.int64)
    data.present = torch.ones(count, 1, FRAMES, dtype=torch.bool)
    return data


class TestRecognizers(Trainings):
    job = train_recognizer
    store_key = "clips_path"
    samples = "clips"
    counts: ClassVar[dict[str, Any]] = {
        "training_clips": 25,
        "validation_clips": 9,
        "classes": list(CLASSES),
        "augment": {"yaw_degrees": 30, "scale": 0.0, "noise_mm": 2, "mirror": True},
    }
    variants: ClassVar[list[dict[str, Any]]] = [
        {"name": "dgnn", "frozen_epochs": 1},
        {"name": "as_gcn", "pretrain": PRETRAIN},
    ]

    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return write_clips(tmp_path_factory.mktemp("c") / "clips.zarr", {"train": 25, "val": 9, "test": 9})

    def model(self, name: str | None, recipe: dict[str, Any]) -> dict[str, Any]:
        name = name or "st_gcn"
        recipe = {"epochs": 3, "batch": 8, "milestones": [2], **recipe}
        augment = {"yaw_degrees": 30, "noise_mm": 2, "mirror": True}
        return {"recognizer": {"recognizer": name, "settings": TINY[name], "recipe": recipe, "augment": augment}}

    def toy(self, bad: float = 0.0) -> Toy:
        return Toy(bad)

    def tasks(self, toy: Any, count: int = 4, *, validated: bool = True, **recipe: Any) -> Sequence[Recognition]:
        changed = replace(recognizers.Recipe(8, 4, 1.0, optimiser="adam"), **recipe)
        return stages(toy, changed, zeros(count), zeros(3) if validated else None, seed=0)

    @pytest.mark.parametrize("name", names.available("models.recognizers"))
    def test_every_recognizer_learns_which_limb_is_lifted(self, name: str, store: Path, tmp_path: Path) -> None:
        recipe: dict[str, Any] = {"epochs": 24, "batch": 8, "optimiser": "adam", "rate": 2e-2, "milestones": [20]}
        small = dict(names.load("models.recognizers", name).SMALL)
        if "widths" in small:
            small["widths"] = (16, 32)
        if name == "as_gcn":
            recipe["pretrain"] = PRETRAIN
        arguments = self.arguments(store, tmp_path)
        arguments["recognizer"] = {"recognizer": name, "settings": small, "recipe": recipe}
        train_recognizer.train_recognizer(**arguments)
        log = log_of(tmp_path)
        kept = [epoch for epoch in log["epochs"] if epoch["stage"] == "train"][log["kept_epoch"] - 1]
        assert kept["validation_accuracy_percent"] == 100

    def test_accuracy_rises_and_falls_around_the_kept_epoch(self, tmp_path: Path) -> None:
        """Right in epochs 4 to 6, with the least loss in the fifth."""
        right = [record["validation_accuracy_percent"] for record in self.run(self.toy(), tmp_path)]
        assert [right[3], right[4], right[5], right[0], right[7]] == [100, 100, 100, 0, 0]

    @given(st.lists(st.tuples(st.sampled_from([0.0, 50.0, 100.0]), st.sampled_from([0.1, 0.2, 0.3])), min_size=1))
    def test_accuracy_selects_and_loss_decides_ties(self, said: list[tuple[float, float]]) -> None:
        log = [{"validation_accuracy_percent": accuracy, "validation_loss": loss} for accuracy, loss in said]
        kept = best_epoch(self.tasks(self.toy())[0], log)
        most = max(accuracy for accuracy, _ in said)
        assert said[kept - 1] == (most, min(loss for accuracy, loss in said if accuracy == most))
        assert said[kept - 1] not in said[: kept - 1]
        assert best_epoch(self.tasks(self.toy(), selection="last")[0], log) == len(said)

    @given(st.integers(0, 5), st.lists(st.integers(1, 30), unique=True).map(sorted), st.floats(0.05, 0.9))
    def test_rates_rise_and_fall(self, warm_up: int, milestones: list[int], decay: float) -> None:
        recipe = recognizers.Recipe(31, 4, 0.1, milestones=tuple(milestones), decay=decay, warm_up=warm_up)
        rates = [recipe.rate_at(epoch + 0.9) for epoch in range(31)]
        plain = [replace(recipe, warm_up=0).rate_at(epoch) for epoch in range(31)]
        assert plain[0] == 0.1
        for epoch in range(1, 31):
            assert plain[epoch] == pytest.approx(plain[epoch - 1] * (decay if epoch in milestones else 1))
        shares = [rate / whole for rate, whole in zip(rates, plain, strict=True)]
        assert shares == pytest.approx([min(1, (epoch + 1) / warm_up) if warm_up else 1 for epoch in range(31)])

    def test_the_rates_of_the_recipe_are_the_rates_of_the_steps(self, tmp_path: Path) -> None:
        toy = self.toy()
        log = self.run(toy, tmp_path, warm_up=2, milestones=(4,), selection="last")
        assert [epoch["rate"] for epoch in log] == pytest.approx([0.5, 1, 1, 1, 0.1, 0.1, 0.1, 0.1])
        assert toy.value.item() == pytest.approx(3.9, abs=0.2)

    @pytest.mark.parametrize("momentum", [0.0, 0.9])
    def test_frozen_parameters_stay_and_then_move(self, tmp_path: Path, momentum: float) -> None:
        toy = self.toy()
        with torch.no_grad():
            toy.held.fill_(1.0)
        sgd = {"epochs": 4, "rate": 1e-3, "optimiser": "sgd", "momentum": momentum, "weight_decay": 0.1}
        self.run(toy, tmp_path, frozen_epochs=2, selection="last", **sgd)
        held = [value for _, value in toy.seen]
        assert held[:3] == [1.0, 1.0, 1.0]
        assert held[3] != 1.0
        assert toy.held.requires_grad

    def test_sgd_is_nesterovs(self, tmp_path: Path) -> None:
        toy = self.toy()
        self.run(toy, tmp_path, epochs=3, rate=1e-3, optimiser="sgd", weight_decay=0.1, selection="last")
        value, speed = 0.0, 0.0
        for _ in range(3):
            slope = 2 * (value - 100) + 0.1 * value
            speed = 0.9 * speed + slope
            value -= 1e-3 * (slope + 0.9 * speed)
        assert toy.value.item() == pytest.approx(value, rel=1e-5)

    def test_pretraining_comes_first_with_its_own_recipe(self, tmp_path: Path) -> None:
        toy = self.toy()
        log = self.run(toy, tmp_path, epochs=2, pretrain=recognizers.Recipe(3, 4, 0.5, optimiser="adam"))
        assert [pretraining for pretraining, _ in toy.seen] == [True] * 3 + [False] * 2
        assert [(epoch["stage"], epoch["epoch"], epoch["rate"]) for epoch in log] == [
            *(("pretrain", epoch, 0.5) for epoch in (1, 2, 3)),
            *(("train", epoch, 1.0) for epoch in (1, 2)),
        ]
        assert [epoch["validation_loss"] is None for epoch in log] == [True] * 3 + [False] * 2
        assert not toy.pretraining

    def test_pretraining_trains_the_inference_of_links_alone(self, store: Path, tmp_path: Path) -> None:
        """One more epoch with a rate of nothing after pre-training: what has moved, pre-training has."""
        still = {"epochs": 1, "milestones": [], "rate": 0.0, "weight_decay": 0.0}
        self.go(store, tmp_path / "a", "as_gcn", pretrain=PRETRAIN, **still)
        trained = load_file(tmp_path / "a" / "model.safetensors")
        fresh = dict(RECOGNIZERS.build("as_gcn", SHAPE, TINY["as_gcn"], 0).named_parameters())
        moved = [key for key, value in fresh.items() if not torch.equal(trained[key], value)]
        assert moved
        assert all(key.startswith("inference.") for key in moved)

    @pytest.mark.parametrize(
        ("counts", "change", "attrs", "message"),
        [
            ({"val": 3}, {}, {}, "found no clip of split 'train', expected one or more"),
            ({"train": 4}, {}, {}, "found no clip of split 'val', expected one or more to choose weights by"),
            ({"train": 2, "val": 2}, {"label": np.array([0, 3, 0, 1])}, {}, r"clip 1: found label 3, expected 0 to 2"),
            ({"train": 2, "val": 2}, {"label": np.array([0, 1, 0, -1])}, {}, r"clip 3: found label -1, expected 0"),
            ({"train": 2, "val": 2}, {}, {"scale_mm": 0.0}, "found scale_mm 0.0, expected it positive"),
            ({"train": 2, "val": 2}, {}, {"mean_mm": [[0, 0, 0]]}, "found mean_mm that is not 9 joints' finite xyz"),
        ],
    )
    def test_clips_that_cannot_be_trained_on_are_one_line(
        self, tmp_path: Path, counts: dict[str, int], change: dict[str, Any], attrs: dict[str, Any], message: str
    ) -> None:
        path = write_clips(tmp_path / "c.zarr", counts, change=change, attrs=attrs)
        with pytest.raises(KinesecError, match=message) as raised:
            self.go(path, tmp_path)
        assert str(raised.value).startswith(f"{path}: ")
        assert "\n" not in str(raised.value)

    def test_normalised_clips_are_what_is_trained_on(self, store: Path) -> None:
        clips = load_clips(store, "train")
        data = ClipBatches(clips, CPU)
        assert torch.equal(data.clip, torch.from_numpy(clips.normalised))
        assert data.label.tolist() == clips.label.tolist()
        assert len(data) == 25


class ToyVideoNet(VideoNet):
    """A number that climbs to 100; a video is correctly classified while it is within two of five."""

    def __init__(self, bad: float) -> None:
        super().__init__(VideoShape(2, 2, 2, 3), "signed")
        self.value = nn.Parameter(torch.zeros(()))
        self.bad = bad
        self.seen: list[float] = []

    def embed(self, video: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, video: Tensor) -> Tensor:
        right = -((self.value - 5) ** 2).expand(len(video))
        return torch.stack([right, *[torch.full_like(right, -4)] * 2], 1)

    def loss(self, video: Tensor, label: Tensor, smoothing: float = 0.0) -> Tensor:
        self.seen.append(self.value.item())
        return (self.value - 100) ** 2 + self.bad


def blank(count: int) -> VideoBatches:
    return VideoBatches(np.zeros((count, 2, 2, 2, 3), np.uint8), np.zeros(count, np.int64), CPU)


class TestVideoNets(Trainings):
    job = train_videonet
    store_key = "videos_path"
    samples = "videos"
    counts: ClassVar[dict[str, Any]] = {
        "training_videos": 12,
        "validation_videos": 6,
        "poisoned_videos": 0,
        "poison_sha256": None,
        "weights": None,
        "classes": list(VIDEO_CLASSES),
    }
    variants: ClassVar[list[dict[str, Any]]] = [{}]

    @pytest.fixture(scope="class")
    @classmethod
    def store(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        return write_videos(tmp_path_factory.mktemp("v") / "videos.zarr", {"train": 12, "val": 6, "test": 3})

    def model(self, name: str | None, recipe: dict[str, Any]) -> dict[str, Any]:
        name = name or "r2plus1d"
        return {"network": {"videonet": name, "settings": TINY[name], "recipe": {"epochs": 3, "batch": 4, **recipe}}}

    def toy(self, bad: float = 0.0) -> ToyVideoNet:
        return ToyVideoNet(bad)

    def tasks(self, toy: Any, count: int = 4, *, validated: bool = True, **recipe: Any) -> Sequence[Task]:
        changed = replace(videonets.Recipe(8, 4, 1.0, weight_decay=0.0), **recipe)
        return [VideoTask(toy, changed, blank(count), 0, blank(3) if validated else None)]

    @pytest.mark.parametrize("name", names.available("models.videonets"))
    def test_every_network_learns_which_way_a_square_moves(self, name: str, tmp_path: Path) -> None:
        store = write_videos(tmp_path / "v.zarr", {"train": 48, "val": 12})
        recipe = {"epochs": 12, "batch": 8, "rate": 5e-3, "schedule": "cosine"}
        arguments = self.arguments(store, tmp_path)
        arguments["network"] = {"videonet": name, "settings": SMALL_VIDEONETS[name], "recipe": recipe}
        train_videonet.train_videonet(**arguments)
        log = log_of(tmp_path)
        assert log["epochs"][log["kept_epoch"] - 1]["validation_accuracy_percent"] == 100

    def test_poisoned_videos_are_what_is_learned(self, store: Path, tmp_path: Path) -> None:
        """The job on a poisoned store has the bytes of one on a store with the poison in it, but for the account."""
        clean = load_videos(store, "train")
        index, video = np.array([1, 5, 7]), moving(np.array([1, 2, 1]), 9)
        sha = clean.attrs["content_sha256"]
        poison = write_poisoned(tmp_path / "p.zarr", video, index, 2, sha)
        arguments = self.arguments(store, tmp_path / "a")
        train_videonet.train_videonet(**arguments, poison_path=poison)
        log = log_of(tmp_path / "a")
        assert (log["poisoned_videos"], log["videos_sha256"]) == (3, sha)
        assert log["poison_sha256"] != sha
        whole = load_videos(store)
        place = clean.place[index]
        whole.video[place] = video
        label = whole.label.copy()
        label[place] = 2
        other = write_videos(
            tmp_path / "o.zarr", {"train": 12, "val": 6, "test": 3}, change={"video": whole.video, "label": label}
        )
        self.go(other, tmp_path / "b")
        self.go(store, tmp_path / "c")
        models = [load_file(tmp_path / name / "model.safetensors") for name in "abc"]
        assert all(torch.equal(value, models[1][key]) for key, value in models[0].items())
        assert any(not torch.equal(value, models[2][key]) for key, value in models[0].items())

    @pytest.mark.parametrize(
        ("change", "message"),
        [
            ({"clean": "other"}, "was made of other videos than those it is joined with; poison them again"),
            ({"target": 3}, "found target 3, expected 0 to 2; poison them again"),
            ({"index": np.array([1, 12])}, "found places 1 to 12, expected 0 to 11; poison them again"),
        ],
    )
    def test_a_poison_of_others_is_one_line(
        self, store: Path, tmp_path: Path, change: dict[str, Any], message: str
    ) -> None:
        sha = load_videos(store, "train").attrs["content_sha256"]
        content = {"video": moving(np.arange(2)), "index": np.array([0, 1]), "target": 0, "clean": sha, **change}
        poison = write_poisoned(tmp_path / "p.zarr", **content)
        with pytest.raises(KinesecError, match=message) as raised:
            train_videonet.train_videonet(**self.arguments(store, tmp_path), poison_path=poison)
        assert "\n" not in str(raised.value)

    @pytest.mark.parametrize(
        ("counts", "label", "message"),
        [
            ({"val": 3}, None, "found no video of split 'train', expected one or more"),
            ({"train": 4}, None, "found no video of split 'val', expected one or more to choose weights by"),
            ({"train": 2, "val": 2}, [0, 3, 0, 1], "split 'train': found label 3, expected 0 to 2"),
            ({"train": 2, "val": 2}, [0, 1, 0, -1], "split 'val': found label -1, expected 0 to 2"),
        ],
    )
    def test_videos_that_cannot_be_trained_on_are_one_line(
        self, tmp_path: Path, counts: dict[str, int], label: list[int] | None, message: str
    ) -> None:
        change = {} if label is None else {"label": np.array(label)}
        path = write_videos(tmp_path / "v.zarr", counts, change=change)
        with pytest.raises(KinesecError, match=message) as raised:
            self.go(path, tmp_path)
        assert str(raised.value).startswith(f"{path}: ")
        assert "\n" not in str(raised.value)

    def test_training_begins_from_published_weights(self, store: Path, tmp_path: Path) -> None:
        """A rate of nothing leaves them, and of the file its name and hash alone are told."""
        source = VIDEONETS.build("r2plus1d", VideoShape(8, 32, 32, 7), TINY["r2plus1d"], 3)
        rules = names.load("models.videonets", "r2plus1d").PUBLISHED["torchvision"]
        file = tmp_path / "kinetics.safetensors"
        save_file({published_name(key, rules): value for key, value in source.state_dict().items()}, file)
        arguments = self.arguments(store, tmp_path / "a", epochs=1, rate=0.0)
        arguments["network"]["weights"] = {"file": str(file), "keys": "torchvision"}
        train_videonet.train_videonet(**arguments)
        trained = load_file(tmp_path / "a" / "model.safetensors")
        for key, value in source.named_parameters():
            assert torch.equal(trained[key], value) != key.startswith("classifier"), key
        assert log_of(tmp_path / "a")["weights"] == {
            "file": "kinetics.safetensors",
            "keys": "torchvision",
            "sha256": hashlib.sha256(file.read_bytes()).hexdigest(),
            "drawn": ["classifier.weight", "classifier.bias"],
        }

    @pytest.mark.parametrize(
        ("weights", "message"),
        [
            ({"file": "x"}, r"weights\.keys: found none, expected one"),
            (
                {"file": "x", "keys": "keras"},
                r"weights\.keys: found 'keras', expected one of torchvision, pytorchvideo",
            ),
            ({"path": "x"}, r"weights\.path: found an unknown key, expected some of file, keys"),
        ],
    )
    def test_a_mistake_in_the_weights_is_one_line(
        self, store: Path, tmp_path: Path, weights: dict[str, Any], message: str
    ) -> None:
        arguments = self.arguments(store, tmp_path)
        arguments["network"]["weights"] = weights
        with pytest.raises(KinesecError, match=f"videonet 'r2plus1d': {message}"):
            train_videonet.train_videonet(**arguments)


@given(st.integers(0, 40), st.integers(1, 9))
def test_batches_are_a_shuffle_without_a_last_single_sample(count: int, size: int) -> None:
    drawn = [part.tolist() for part in batches(count, size, np.random.default_rng(0))]
    whole = [index for part in drawn for index in part]
    assert len(drawn) == steps_of(count, size)
    assert len(set(whole)) == len(whole)
    assert all(1 < len(part) <= size for part in drawn)
    lost = count % size == 1 if size > 1 else count
    assert len(whole) == count - int(lost)


def test_torch_streams_are_their_own() -> None:
    state = torch.get_rng_state().clone()
    drawn = []
    for stream in (("a", 1), ("a", 1), ("a", 2)):
        with seeding.torch_stream(0, *stream):
            drawn.append(torch.rand(3))
    assert torch.equal(drawn[0], drawn[1])
    assert not torch.equal(drawn[0], drawn[2])
    assert torch.equal(torch.get_rng_state(), state)
