from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from recognition_clips import CLASSES, write_clips

from kinesec.defences.cases.classification import Samples
from kinesec.errors import ConfigError, KinesecError
from kinesec.files import store
from kinesec.files.kinds.poisoned_clips import POISONED_CLIPS
from kinesec.jobs.detect import ROW, detect, held
from kinesec.metrics.detection import auc
from kinesec.models.fit import shape_of
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.samples.clips.clips import Clips, load

SETTINGS: dict[str, Any] = {"features": 4, "segments": 6, "dropout": 0.0}
CHEAP: dict[str, dict[str, Any]] = {
    "neural_cleanse": {"steps": 3, "samples": 6},
    "pt_red": {"steps": 3, "samples": 6},
    "tabor": {"steps": 3, "samples": 6},
    "frequency": {},
    "cbd": {"shadows": 1, "epochs": 1, "draws": 8},
    "strip": {"others": 4},
    "activation_clustering": {},
    "spectral_signatures": {},
    "fine_tuning": {"shares": [0.5], "rates": [0.1], "epochs": 1},
    "fine_pruning": {"shares": [0.5]},
    "nad": {"share": 0.5, "teacher_epochs": 1, "epochs": 1},
}
IDENTITY = {"data": "toy", "samples": "short", "modality": "skeleton", "training": "badnet", "network": "sgn"}
INDEX = np.array([1, 4, 5, 7])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store, a recognizer that was not trained, and poisoned clips of class 0."""
    made = tmp_path_factory.mktemp("detected")
    write_clips(made / "clips.zarr", {"train": 24, "val": 12, "test": 9})
    training = load(made / "clips.zarr", "train")
    shape = shape_of(training)
    description = {
        "recognizer": "sgn",
        "settings": SETTINGS,
        "recipe": {"epochs": 2, "batch": 8, "rate": 1e-3, "optimiser": "adam", "milestones": [1]},
        "classes": training.classes,
        "protocol": "native",
        "clips_sha256": training.attrs["content_sha256"],
    }
    RECOGNIZERS.save(made / "model.safetensors", RECOGNIZERS.build("sgn", shape, SETTINGS, 0), description)
    poison(made / "poison.zarr", training, training.attrs["content_sha256"])
    return made


def poison(path: Path, training: Clips, of: str) -> None:
    moved = training.position[INDEX] + np.float32(50)
    attrs = {"target": 0, "labels": "dirty", "trigger": "badnet", "clean_content_sha256": of}
    store.write(path, POISONED_CLIPS, {"position": moved, "index": INDEX}, attrs)


def job(folder: Path, out: Path, name: str, **changes: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    settings: Mapping[str, Any] = {
        "clips_path": folder / "clips.zarr",
        "poison_path": folder / "poison.zarr",
        "model_path": folder / "model.safetensors",
        "detector": {"detector": name, "settings": CHEAP[name]},
        "identity": {**IDENTITY, "detector": "mine", "seed": "0"},
        "records_path": out / "records.parquet",
        "table_path": out / "table.csv",
        **changes,
    }
    detect(**settings)
    return pd.read_parquet(out / "records.parquet"), pd.read_csv(out / "table.csv")


@pytest.mark.parametrize("name", CHEAP)
def test_a_job_of_every_detector_and_repair(folder: Path, tmp_path: Path, name: str) -> None:
    records, table = job(folder, tmp_path, name)
    assert tuple(table.columns) == (*IDENTITY, "seed", *ROW)
    assert set(table["detector"]) == {"mine"}
    if name in ("fine_tuning", "fine_pruning", "nad"):
        assert set(table["metric"]) == {"ACC"}
        right = records.groupby(["setting", "epoch"])["value"].mean()
        expected = table.set_index(["setting", "epoch"])["value"]
        assert (100 * (1 - right)).sort_index().to_numpy() == pytest.approx(expected.sort_index().to_numpy(), rel=1e-4)
        return
    assert table.loc[table["metric"] == "index", "value"].notna().all()
    assert (table["metric"] == "index").sum() == table["setting"].nunique()
    for (setting, kind), rows in records.groupby(["setting", "kind"]):
        assert kind == "training"
        assert rows.loc[rows["marked"], "sample"].tolist() == INDEX.tolist()
        chosen = table[(table["setting"] == setting) & (table["action"] == kind) & (table["metric"] == "auc")]
        assert chosen["value"].item() == pytest.approx(auc(*rows[["value", "marked"]].to_numpy(float).T)[0], rel=1e-4)


def test_a_clean_model_has_a_number_and_no_area(folder: Path, tmp_path: Path) -> None:
    for name in ("strip", "frequency"):
        records, table = job(folder, tmp_path, name, poison_path=None)
        assert not records["marked"].any()
        assert "auc" not in set(table["metric"])
        assert "index" in set(table["metric"])


def test_the_model_sees_what_it_was_trained_on(folder: Path, tmp_path: Path) -> None:
    """The spectral score of a poisoned store differs from the clean one's for more than the poisoned clips' class."""
    victim, _ = job(folder, tmp_path, "frequency")
    clean, _ = job(folder, tmp_path, "frequency", poison_path=None)
    assert len(victim) == len(clean) == 24
    others = np.setdiff1d(np.arange(24), INDEX)
    assert np.array_equal(victim["value"][others], clean["value"][others])


def test_the_same_job_writes_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    for name in ("neural_cleanse", "strip"):
        for out in ("first", "again"):
            job(folder, tmp_path / out, name)
        for file in ("records.parquet", "table.csv"):
            assert (tmp_path / "first" / file).read_bytes() == (tmp_path / "again" / file).read_bytes()


def test_a_poison_of_other_clips_is_one_line(folder: Path, tmp_path: Path) -> None:
    poison(tmp_path / "other.zarr", load(folder / "clips.zarr", "train"), "0" * 64)
    with pytest.raises(KinesecError, match=r"other\.zarr: was made of other clips"):
        job(folder, tmp_path, "frequency", poison_path=tmp_path / "other.zarr")
    with pytest.raises(ConfigError, match="detect: found neither clips nor videos"):
        job(folder, tmp_path, "frequency", clips_path=None)
    with pytest.raises(ConfigError, match="'sanitise_energy': found a case of recognition, expected one of prediction"):
        job(folder, tmp_path, "frequency", detector={"detector": "sanitise_energy", "settings": {}})


def test_the_defender_holds_validation_samples_or_some_that_were_never_poisoned() -> None:
    value, label = np.arange(40)[:, None], np.arange(40) % len(CLASSES)
    training = Samples(value, label, np.zeros((2, 1), int), np.where(np.arange(40) < 2, np.arange(40), -1))
    validation = Samples(value[:6] + 100, label[:6])
    assert held(training, validation, 3, 0) is validation
    drawn = held(training, Samples(value[:5], label[:5]), 3, 0)
    assert len(drawn) == 6
    assert set(drawn.value[:, 0]) <= set(range(2, 40))
    assert (drawn.label == drawn.value[:, 0] % len(CLASSES)).all()
    assert len(held(training, validation, 4, 0)) == 8
