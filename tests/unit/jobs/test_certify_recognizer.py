"""Certificate jobs: a row a test clip."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from robust_cases import CPU, defend, write_clean, write_store

from kinesec.errors import KinesecError
from kinesec.jobs.certify_recognizer import certify_recognizer
from kinesec.samples.clips import clips

IDENTITY = {"data": "d", "clips": "short", "training": "noisy", "recognizer": "st_gcn_small", "seed": "2"}
SETTINGS: dict[str, Any] = {
    "clips": 6, "first": 10, "draws": 100, "alpha": 0.01, "step": 0.01, "search_steps": 2,
}  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store and a clean recognizer."""
    folder = tmp_path_factory.mktemp("certify")
    write_clean(write_store(folder / "clips.zarr"), folder)
    return folder


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kinesec.models.fit.best_device", lambda: CPU)


def noisy(folder: Path, out: Path, **settings: Any) -> Path:
    """The clean recognizer with noise."""
    defence = {"defence": "smoothing", "settings": {"sigma": 0.1, "start": "clean", **settings}}
    recipe = {"epochs": 1, "batch": 8, "milestones": [], "rate": 1e-4}
    return defend(folder / "clips.zarr", folder / "clean.safetensors", out, {**defence, "recipe": recipe})


def certified(folder: Path, model: Path, table: Path, seed: str = "2", **changes: Any) -> pd.DataFrame:
    certify_recognizer(
        clips_path=folder / "clips.zarr",
        model_path=model,
        settings={**SETTINGS, **changes},
        identity={**IDENTITY, "seed": seed},
        table_path=table,
    )
    return pd.read_csv(table)


@pytest.mark.parametrize("space", ["positions", "rotations"])
def test_a_row_a_test_clip_says_how_far_its_answer_holds(folder: Path, tmp_path: Path, space: str) -> None:
    model = noisy(folder, tmp_path / "a", space=space)
    table = certified(folder, model, tmp_path / "t" / "certificates.csv")
    assert len(table) == 6
    assert set(table["row"]) <= set(clips.load(folder / "clips.zarr", "test").row)
    assert set(table["label"]) == {0, 1, 2}  # spread over classes
    columns = ["dataset", "clips", "recognizer", "defence", "seed", "space", "sigma", "draws", "alpha"]
    (named,) = table[columns].drop_duplicates().to_dict("records")
    assert named == {
        "dataset": "d", "clips": "short", "recognizer": "st_gcn_small", "defence": "noisy", "seed": 2,
        "space": space, "sigma": 0.1, "draws": 100, "alpha": 0.01,
    }  # fmt: skip
    assert table["unit"].unique().tolist() == [{"positions": "normalised", "rotations": "rad"}[space]]
    assert (table["radius"] > 0).any()
    assert (table["radius_mm"] >= table["radius"]).all()
    assert (table["right"] == (table["predicted"] == table["label"])).all()
    assert ((table["radius"] > 0) == (table["predicted"] >= 0)).all()
    assert (table["searched"] == (table["radius"] > 0)).all()
    assert not table.loc[~table["searched"], "broken"].any()
    test = clips.load(folder / "clips.zarr", "test")
    row = int(np.flatnonzero(test.row == table["row"][0])[0])
    assert table["take"][0] == f"{test.subject[row]}/{test.label[row]}/{test.take[row]}"


def test_the_seed_makes_the_table(folder: Path, tmp_path: Path) -> None:
    model = noisy(folder, tmp_path / "a", sigma=1.0)
    first, again, other = (
        certified(folder, model, tmp_path / name / "t.csv", seed, clips=3).drop(columns="seed")
        for name, seed in (("a", "2"), ("b", "2"), ("c", "3"))
    )
    assert (tmp_path / "a/t.csv").read_bytes() == (tmp_path / "b/t.csv").read_bytes()
    assert first.equals(again)
    assert first["row"].tolist() == other["row"].tolist()
    assert not first.equals(other)


def test_a_recognizer_without_noise_is_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(KinesecError, match="found a recognizer without noise, expected a smoothed one") as raised:
        certified(folder, folder / "clean.safetensors", tmp_path / "t.csv")
    assert str(raised.value).startswith(f"{folder / 'clean.safetensors'}: ")
    assert "\n" not in str(raised.value)
    assert not (tmp_path / "t.csv").exists()


def test_a_step_too_fine_for_the_noise_is_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(KinesecError, match=r"found .* steps a sigma, expected at most .*; widen the step") as raised:
        certified(folder, noisy(folder, tmp_path / "a"), tmp_path / "t.csv", step=1e-9)
    assert "\n" not in str(raised.value)
