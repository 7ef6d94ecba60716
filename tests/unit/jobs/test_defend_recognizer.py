"""Defence jobs: from clips and a recognizer to a defended one that is read by its description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from recognition_clips import write_clips
from robust_cases import CPU, RECOGNIZER, defend, digest, write_clean, write_store

from kinesec.errors import ConfigError, KinesecError
from kinesec.jobs import defend_recognizer as module
from kinesec.models.fit import shape_of
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.models.wrappers.appended import Appended
from kinesec.models.wrappers.smoothed import Smoothed
from kinesec.samples.clips import clips
from kinesec.training.checkpoint import Run

BEAT = {"members": 3, "buffer": 12, "chains": 6}
BOUND = {"steps": 2, "epsilon": 0.2, "step": 0.1}
SHORT = {"epochs": 2, "batch": 8, "milestones": []}
DEFENCES: dict[str, dict[str, Any]] = {
    "beat": {"defence": "beat", "settings": BEAT, "recipe": {"epochs": 2}},
    "beat-official": {
        "defence": "beat",
        "preset": "official",
        "settings": {**BEAT, "steps": 2},
        "recipe": {"epochs": 2},
    },
    "beat-noise": {"defence": "beat", "settings": {**BEAT, "control": "noise"}, "recipe": {"epochs": 2}},
    "smoothing": {"defence": "smoothing", "settings": {"sigma": 0.1}, "recipe": SHORT},
    "smoothing-turns": {
        "defence": "smoothing",
        "settings": {"sigma": 0.05, "space": "rotations", "start": "clean", "draws": 2},
        "recipe": SHORT,
    },
    "trades": {"defence": "trades", "settings": BOUND, "recipe": SHORT},
    "mart": {"defence": "mart", "settings": {**BOUND, "start": "clean"}, "recipe": SHORT},
    "mmat": {"defence": "mmat", "settings": BOUND, "recipe": SHORT},
    "smart_at": {"defence": "smart_at", "settings": BOUND, "recipe": SHORT},
}
EVERY = pytest.mark.parametrize("name", DEFENCES)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_store(tmp_path_factory.mktemp("defend") / "clips.zarr")


@pytest.fixture(scope="module")
def clean(store: Path) -> Path:
    return write_clean(store, store.parent)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Checkpoints stand below the folder that a job runs in; on the CPU bytes are the same everywhere."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kinesec.models.fit.best_device", lambda: CPU)


def log_of(model: Path) -> dict[str, Any]:
    log: dict[str, Any] = json.loads(model.with_name("training.json").read_text())
    return log


def loaded(path: Path) -> tuple[Recognizer, dict[str, Any]]:
    return RECOGNIZERS.load(path, CPU)


@EVERY
def test_what_is_written_is_read_and_names_its_defence(store: Path, clean: Path, tmp_path: Path, name: str) -> None:
    defence = DEFENCES[name]
    path = defend(store, clean, tmp_path / "a", defence)
    model, described = loaded(path)
    assert described["defence"] == defence["defence"]
    assert described["preset"] == defence.get("preset", "paper")
    assert described["defence_settings"].items() >= {**defence["settings"]}.items()
    assert described["recipe"]["epochs"] == 2
    before = loaded(clean)[1]
    for key in ("recognizer", "settings", "augment", "dataset", "protocol", "classes", "clips_sha256"):
        assert described[key] == before[key]
    assert (described["training_clips"], described["validation_clips"]) == (24, 12)
    kind = {"beat": Appended, "smoothing": Smoothed}.get(defence["defence"])
    assert isinstance(model, kind) if kind else "wrapper" not in described
    test = clips.load(store, "test")
    assert RECOGNIZERS.predict_array(model, test.normalised, CPU).shape == (15, 3)
    log = log_of(path)
    assert {key: log[key] for key in described if key != "shape"} == {
        key: value for key, value in described.items() if key != "shape"
    }
    assert {epoch["stage"] for epoch in log["epochs"]} == {"train", *(["control"] if "noise" in name else [])}


@pytest.mark.parametrize("name", ["beat", "beat-official", "beat-noise"])
def test_a_whole_training_leaves_the_recognizer_s_hash_as_it_was(
    store: Path, clean: Path, tmp_path: Path, name: str
) -> None:
    model, _ = loaded(defend(store, clean, tmp_path / "a", DEFENCES[name]))
    assert isinstance(model, Appended)
    assert digest(model.inner) == digest(loaded(clean)[0])


@pytest.mark.parametrize("name", ["beat", "beat-noise", "smoothing-turns", "trades"])
def test_a_stopped_job_goes_on_to_the_same_bytes(
    store: Path, clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """Stopped after every epoch that there is."""
    whole, save = defend(store, clean, tmp_path / "whole", DEFENCES[name]), Run.save

    def saved(run: Run) -> None:
        save(run)
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Run, "save", saved)
        for _ in log_of(whole)["epochs"]:
            with pytest.raises(KeyboardInterrupt):
                defend(store, clean, tmp_path / "stopped", DEFENCES[name])
    assert len(list((tmp_path / "results/checkpoints").iterdir())) == 1
    again = defend(store, clean, tmp_path / "stopped", DEFENCES[name])
    assert again.read_bytes() == whole.read_bytes()
    assert log_of(again) == log_of(whole)
    assert not list((tmp_path / "results/checkpoints").iterdir())


@pytest.mark.parametrize("name", ["beat", "trades", "smoothing"])
def test_the_seed_makes_the_bytes(store: Path, clean: Path, tmp_path: Path, name: str) -> None:
    state = torch.get_rng_state().clone()
    paths = [defend(store, clean, tmp_path / folder, DEFENCES[name], int(folder == "c")) for folder in "abc"]
    assert torch.equal(torch.get_rng_state(), state)
    assert paths[0].read_bytes() == paths[1].read_bytes() != paths[2].read_bytes()


@pytest.mark.parametrize("name", ["beat", "trades", "smoothing"])
def test_test_clips_are_never_touched(
    store: Path, clean: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    whole, read, asked = defend(store, clean, tmp_path / "a", DEFENCES[name]), module.checked, []

    def spied(path: Path, split: str | None = None, **given: Any) -> clips.Clips:
        asked.append(split)
        return read(path, split, **given)

    monkeypatch.setattr(module, "checked", spied)
    assert defend(store, clean, tmp_path / "b", DEFENCES[name]).read_bytes() == whole.read_bytes()
    assert asked == ["train", "val"]


def test_parameters_are_those_that_learn(store: Path, clean: Path, tmp_path: Path) -> None:
    inner = loaded(clean)[1]["parameters"]
    model, described = loaded(defend(store, clean, tmp_path / "beat", DEFENCES["beat"]))
    assert isinstance(model, Appended)
    beside = sum(weight.numel() for weight in model.appended)
    assert described["parameters"] == beside
    for name in ("trades", "smoothing"):
        assert loaded(defend(store, clean, tmp_path / name, DEFENCES[name]))[1]["parameters"] == inner


def test_smoothing_is_trained_with_the_noise_that_it_is_asked_with(store: Path, clean: Path, tmp_path: Path) -> None:
    """Weights of the clean recognizer, no rate: what is written is that recognizer with noise."""
    still = {**DEFENCES["smoothing"], "settings": {"sigma": 0.1, "start": "clean"}, "recipe": {**SHORT, "rate": 0.0}}
    model, _ = loaded(defend(store, clean, tmp_path / "a", still))
    assert isinstance(model, Smoothed)
    assert (model.sigma, model.space, model.draws, model.fresh_draws) == (0.1, "positions", 4, 32)
    before = dict(loaded(clean)[0].named_parameters())
    assert all(torch.equal(value, before[name]) for name, value in model.inner.named_parameters())
    first = []
    for sigma in (1e-6, 5.0):
        noisy = {**still, "settings": {"sigma": sigma, "start": "clean"}}
        first.append(log_of(defend(store, clean, tmp_path / str(sigma), noisy))["epochs"][0])
    assert first[1]["loss"] > 2 * first[0]["loss"]
    assert first[1]["validation_accuracy_percent"] < first[0]["validation_accuracy_percent"]


@pytest.mark.parametrize(
    ("defence", "line"),
    [
        ({"defence": "smurf"}, "found 'smurf', expected one of beat, mart, mmat, smart_at, smoothing, trades"),
        ({"defence": "beat", "settings": {"chains": 500}}, "chains: found 500, expected at most the buffer's 100"),
        ({"defence": "beat", "recipe": {"speed": 1}}, "defence 'beat': recipe.speed: found an unknown key"),
        ({"defence": "trades", "recipe": {"epochs": 0}}, "recipe.epochs: found 0"),
        ({"defence": "trades", "preset": "thesis"}, "preset: found 'thesis', expected one of paper, robustbench"),
    ],
)
def test_a_defence_that_cannot_be_is_one_line(
    store: Path, clean: Path, tmp_path: Path, defence: dict[str, Any], line: str
) -> None:
    with pytest.raises(ConfigError, match=line) as raised:
        defend(store, clean, tmp_path / "a", defence)
    assert "\n" not in str(raised.value)


def test_a_recognizer_of_other_clips_is_one_line(clean: Path, tmp_path: Path) -> None:
    other = write_clips(tmp_path / "other.zarr", {"train": 6, "val": 6, "test": 6}, bodies=2, seed=5)
    with pytest.raises(ConfigError, match="need the same clips"):
        defend(other, clean, tmp_path / "a", DEFENCES["trades"])


def test_no_clips_to_choose_weights_by_is_one_line(tmp_path: Path) -> None:
    bare = write_clips(tmp_path / "bare.zarr", {"train": 12, "test": 6}, bodies=2)
    model = RECOGNIZERS.build("st_gcn", shape_of(clips.load(bare)), {"widths": [8, 16]})
    attrs = clips.load(bare).attrs
    description = {
        "recognizer": "st_gcn", "settings": {"widths": [8, 16]}, "recipe": RECOGNIZER["recipe"], "augment": {},
        "dataset": "made_up", "protocol": attrs["protocol"], "clips_sha256": attrs["content_sha256"],
        "classes": list(attrs["classes"]), "training_clips": 12, "validation_clips": 0,
    }  # fmt: skip
    RECOGNIZERS.save(tmp_path / "clean.safetensors", model, description)
    with pytest.raises(KinesecError, match="found no clip of split 'val', expected one or more to choose weights by"):
        defend(bare, tmp_path / "clean.safetensors", tmp_path / "a", DEFENCES["trades"])
    kept = defend(bare, tmp_path / "clean.safetensors", tmp_path / "b", DEFENCES["beat"])  # a draw is the last
    assert log_of(kept)["kept_epoch"] == 2
    assert np.isfinite(RECOGNIZERS.predict_array(loaded(kept)[0], clips.load(bare).normalised, CPU)).all()
