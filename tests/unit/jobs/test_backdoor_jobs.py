"""Poisoning, training and evaluation of backdoored classifiers, from store to records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from recognition_clips import write_clips

from kinesec.errors import ConfigError, KinesecError
from kinesec.files import store
from kinesec.files.kinds.poisoned_clips import POISONED_CLIPS
from kinesec.files.kinds.poisoned_videos import POISONED_VIDEOS
from kinesec.jobs.evaluate_backdoor import evaluate_backdoor
from kinesec.jobs.poison_samples import poison_samples
from kinesec.jobs.render_videos import render_videos
from kinesec.jobs.train_recognizer import train_recognizer
from kinesec.models.fit import shape_of
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.poisoning.classification.poison import Poison, triggered
from kinesec.samples.clips.clips import load
from kinesec.samples.poisoned import load_poisoned
from kinesec.samples.videos.videos import load as load_videos

BADNET: dict[str, Any] = {"trigger": "badnet", "form": "joints", "ratio": 0.5, "target": 1}
SETTINGS: dict[str, Any] = {"features": 4, "segments": 6, "dropout": 0.0}
RENDERED = {"height": 16, "width": 16, "frames": 6, "views": 2, "noise": 0.0}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("backdoored")
    write_clips(made / "clips.zarr", {"train": 24, "val": 9, "test": 9})
    render_videos(clips_path=made / "clips.zarr", settings=RENDERED, seed=0, videos_path=made / "videos.zarr")
    poisoned(made, BADNET)
    return made


def poisoned(folder: Path, poison: dict[str, Any], *, name: str = "badnet", modality: str = "skeleton") -> None:
    video = modality == "video"
    poison_samples(
        modality=modality,
        samples_path=folder / ("videos.zarr" if video else "clips.zarr"),
        clips_path=folder / "clips.zarr" if video and poison["form"] != "video" else None,
        poison=poison,
        name=name,
        seed=3,
        store_path=folder / f"{name}.zarr",
        table_path=folder / f"{name}.csv",
        energy_path=folder / f"{name}.energy.csv",
    )


def test_a_share_of_every_other_class_is_moved_and_measured(folder: Path) -> None:
    data, training = store.read(folder / "badnet.zarr", POISONED_CLIPS), load(folder / "clips.zarr", "train")
    index = data["index"].values
    label = training.label[index]
    assert not (label == 1).any()
    for name in set(training.label.tolist()) - {1}:
        assert (label == name).sum() == (training.label == name).sum() // 2
    trigger = Poison(**BADNET).trigger_of(3)
    expected = triggered(training.take_rows(index), trigger).position
    np.testing.assert_array_equal(data.position.values, expected)
    row = pd.read_csv(folder / "badnet.csv").iloc[0]
    assert row["n"] == len(training)
    assert row["displacement_max_mm"] == pytest.approx(100)
    energy = pd.read_csv(folder / "badnet.energy.csv")["energy_share"]
    assert energy.sum() == pytest.approx(1)


def test_poisoned_clips_take_the_places_and_labels_of_clean_ones(folder: Path) -> None:
    clean = load(folder / "clips.zarr", "train")
    poison = load_poisoned(folder / "badnet.zarr", POISONED_CLIPS, clean.attrs)
    position, label = poison.among(clean.position, clean.label)
    marks = np.isin(np.arange(len(clean)), poison.index)
    assert (label[marks] == 1).all()
    np.testing.assert_array_equal(label[~marks], clean.label[~marks])
    np.testing.assert_array_equal(position[~marks], clean.position[~marks])
    assert (position[marks] != clean.position[marks]).any((1, 2, 3, 4)).all()
    other = {**clean.attrs, "content_sha256": "another"}
    with pytest.raises(KinesecError, match="made of other clips than those it is joined with; poison them again"):
        load_poisoned(folder / "badnet.zarr", POISONED_CLIPS, other)


def test_a_recognizer_is_trained_on_the_poisoned_clips_alone(folder: Path, tmp_path: Path) -> None:
    """A training of clips whose labels are all poisoned gives other weights, and says how many there were."""
    weights = {}
    recipe = {"epochs": 1, "batch": 8, "optimiser": "adam", "milestones": []}
    for name, poison in (("clean", None), ("badnet", folder / "badnet.zarr")):
        train_recognizer(
            clips_path=folder / "clips.zarr",
            poison_path=poison,
            recognizer={"recognizer": "sgn", "settings": SETTINGS, "recipe": recipe},
            code="",
            seed=0,
            model_path=tmp_path / f"{name}.safetensors",
            log_path=tmp_path / f"{name}.json",
        )
        weights[name] = (tmp_path / f"{name}.safetensors").read_bytes()
    assert weights["clean"] != weights["badnet"]
    assert '"poisoned_clips": ' in (tmp_path / "badnet.json").read_text()
    assert "poison" not in (tmp_path / "clean.json").read_text()


def test_records_hold_what_both_models_say_of_each_sample(folder: Path, tmp_path: Path) -> None:
    test = load(folder / "clips.zarr", "test")
    description = {
        "recognizer": "sgn",
        "settings": SETTINGS,
        "recipe": {},
        "classes": test.classes,
        "protocol": "native",
        "clips_sha256": test.attrs["content_sha256"],
    }
    models = {}
    for place, name in enumerate(("victim", "clean")):
        models[name] = RECOGNIZERS.build("sgn", shape_of(test), SETTINGS, place).eval()
        RECOGNIZERS.save(tmp_path / f"{name}.safetensors", models[name], description)
    evaluate_backdoor(
        modality="skeleton",
        samples_path=folder / "clips.zarr",
        clips_path=None,
        victim_path=tmp_path / "victim.safetensors",
        clean_path=tmp_path / "clean.safetensors",
        poison=BADNET,
        controls={"halved": {"control": "resample", "settings": {"rate": 0.5}}},
        identity={
            **{"data": "toy", "samples": "short", "network": "sgn", "training": "badnet"},
            **{"tested": "badnet", "seed": "3"},
        },
        records_path=tmp_path / "records.parquet",
    )
    records = pd.read_parquet(tmp_path / "records.parquet")
    assert list(dict.fromkeys(records["stored"])) == ["", "halved"]
    plain = records[records["stored"] == ""]
    after = triggered(test, Poison(**BADNET).trigger_of(3)).normalised
    for column, name, seen in (
        ("predicted_clean", "victim", test.normalised),
        ("predicted_triggered", "victim", after),
        ("clean_model_clean", "clean", test.normalised),
        ("clean_model_triggered", "clean", after),
    ):
        said = RECOGNIZERS.predict_array(models[name], seen, next(models[name].parameters()).device).argmax(1)
        np.testing.assert_array_equal(plain[column], said, err_msg=column)
    assert set(plain["target"]) == {1}
    np.testing.assert_array_equal(plain["label"], test.label)


def test_a_trigger_of_motions_is_rendered_by_the_cameras_of_the_clean_videos(folder: Path) -> None:
    still = {"trigger": "random_phase", "form": "rotations", "settings": {"rms_mm": 0}, "ratio": 0.5}
    poisoned(folder, still, name="still", modality="video")
    poisoned(folder, {**still, "settings": {"rms_mm": 200}}, name="moving", modality="video")
    videos = load_videos(folder / "videos.zarr", "train")
    for name in ("still", "moving"):
        data = store.read(folder / f"{name}.zarr", POISONED_VIDEOS)
        same = (data.video.values == videos.video[data["index"].values]).all((1, 2, 3, 4))
        assert same.all() == (name == "still")
    assert not same.any()
    with pytest.raises(KinesecError, match="found videos that no clips were rendered as"):
        triggered(videos, Poison(**still).trigger_of(3))


def test_a_trigger_of_pixels_needs_no_clips(folder: Path) -> None:
    poisoned(folder, {"trigger": "badnet", "form": "video", "settings": {"size": 4}}, name="patch", modality="video")
    data = store.read(folder / "patch.zarr", POISONED_VIDEOS)
    assert (data.video.values[..., :4, -4:, :] == 255).all()


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": 9}, "poison: target: found 9, expected 0 to"),
        ({"target": "none"}, "poison: target: found 'none', expected one of"),
        ({"ratio": 0}, "poison: ratio: found 0, expected"),
        ({"form": "pixels"}, "poison: form: found 'pixels', expected one of"),
    ],
)
def test_mistakes_are_one_line(folder: Path, change: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        Poison(**BADNET | change).target_of(load(folder / "clips.zarr").classes)
    assert "\n" not in str(caught.value)
