"""All attacks on one defended recognizer, and what others' clips do to it: records and rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from robust_cases import COUNTS, CPU, defend, write_clean, write_store

from kinesec.errors import KinesecError
from kinesec.jobs.attack_recognizer import attack_clips
from kinesec.jobs.evaluate_robustness import evaluate_robustness
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.samples import adversarial
from kinesec.samples.clips import clips

IDENTITY = {"data": "d", "clips": "short", "training": "noisy", "recognizer": "st_gcn_small", "seed": "0"}
PGD: dict[str, Any] = {
    "attack": "pgd", "strategy": "AB", "settings": {"iterations": 6, "epsilon": 0.3, "step": 0.1},
}  # fmt: skip
EOT: dict[str, Any] = {
    "attack": "eot", "strategy": "AB",
    "settings": {"transform": "defence", "draws": 2, "attack": {"attack": "pgd", "settings": PGD["settings"]}},
}  # fmt: skip
ADAPTIVE = {**PGD, "attack": "adaptive", "settings": {**PGD["settings"], "draws": 2}}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store, a clean recognizer and one with noise, and the clips of attacks on both."""
    folder = tmp_path_factory.mktemp("robust")
    with pytest.MonkeyPatch.context() as patched:
        patched.chdir(folder)
        patched.setattr("kinesec.models.fit.best_device", lambda: CPU)
        patched.setattr("kinesec.jobs.attack_recognizer.best_device", lambda: CPU)
        store = write_store(folder / "clips.zarr")
        clean = write_clean(store, folder)
        defence = {"defence": "smoothing", "settings": {"sigma": 1.0, "start": "clean", "draws": 1, "fresh_draws": 2}}
        defence["recipe"] = {"epochs": 1, "batch": 8, "milestones": [], "rate": 1e-4}
        model = defend(store, clean, folder, defence)
        attacked(folder, clean, "transfer", PGD)
        for name, attack in (("eot", EOT), ("adaptive", ADAPTIVE)):
            attacked(folder, model, name, attack)
    return folder


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("kinesec.models.fit.best_device", lambda: CPU)
    monkeypatch.setattr("kinesec.jobs.attack_recognizer.best_device", lambda: CPU)


def attacked(folder: Path, model: Path, name: str, attack: dict[str, Any]) -> None:
    """Two shards."""
    for shard in ("1of2", "2of2"):
        attack_clips(
            clips_path=folder / "clips.zarr", model_path=model, attack=attack, shard=shard, seed=0,
            store_path=folder / name / f"shard{shard}.zarr",
        )  # fmt: skip


def shards(folder: Path, name: str) -> list[Path]:
    return [folder / name / f"shard{part}of2.zarr" for part in (1, 2)]


def evaluated(folder: Path, out: Path, **changes: Any) -> tuple[pd.DataFrame, pd.DataFrame]:
    given: dict[str, Any] = {
        "clips_path": folder / "clips.zarr",
        "model_path": folder / "model.safetensors",
        "attacks": {name: shards(folder, name) for name in ("eot", "adaptive")},
        "transfers": [
            {
                "attack": "pgd_ab",
                "surrogate": "clean",
                "path": folder / "clean.safetensors",
                "shards": shards(folder, "transfer"),
            }
        ],
        "identity": IDENTITY,
        **changes,
    }
    evaluate_robustness(**given, records_path=out / "r" / "records.parquet", table_path=out / "rows.csv")
    return pd.read_parquet(out / "r" / "records.parquet"), pd.read_csv(out / "rows.csv")


def test_rows_are_one_an_attack_and_one_a_transfer(folder: Path, tmp_path: Path) -> None:
    records, rows = evaluated(folder, tmp_path)
    assert rows["attack"].tolist() == ["eot", "adaptive", "pgd_ab"]
    assert rows["surrogate"].fillna("").tolist() == ["", "", "clean"]
    assert rows["training"].unique().tolist() == ["noisy"]
    assert rows["recognizer"].unique().tolist() == ["st_gcn_small"]
    assert rows["white_box"].tolist()[2] in (False, 0.0, "False")
    assert records["attack"].unique().tolist() == ["eot", "adaptive"]
    test = clips.load(folder / "clips.zarr", "test")
    for name in ("eot", "adaptive"):
        made = adversarial.gather(shards(folder, name), test)
        assert records.loc[records["attack"] == name, "row"].tolist() == made.row.tolist()
        assert 0 < len(made) <= COUNTS["test"]


def test_success_is_by_noise_that_no_attack_saw(folder: Path, tmp_path: Path) -> None:
    _, rows = evaluated(folder, tmp_path)
    test = clips.load(folder / "clips.zarr", "test")
    differ = 0
    for name in ("eot", "adaptive"):
        made = adversarial.gather(shards(folder, name), test)
        model, _ = RECOGNIZERS.load(folder / "model.safetensors", CPU)
        seen, position = [], torch.from_numpy(made.position)
        for _ in range(2):
            seen.append(RECOGNIZERS.predict(model, position).argmax(1).numpy() != made.label)
            model.fresh()
        assert seen[0].tolist() == made.claimed.tolist()  # what the attack said
        differ += int((seen[0] != seen[1]).sum())
        row = rows[rows["attack"] == name].iloc[0]
        clean = adversarial.of_clips(made, test).normalised
        right = RECOGNIZERS.predict_array(model, clean, CPU).argmax(1) == made.label  # by that noise too
        assert row["success_percent"] == pytest.approx(100 * seen[1][right].mean(), rel=1e-4)
    assert differ > 0


def test_a_transfer_counts_what_the_defended_recognizer_says(folder: Path, tmp_path: Path) -> None:
    _, rows = evaluated(folder, tmp_path)
    row = rows[rows["attack"] == "pgd_ab"].iloc[0]
    test = clips.load(folder / "clips.zarr", "test")
    made = adversarial.gather(shards(folder, "transfer"), test)
    model, _ = RECOGNIZERS.load(folder / "model.safetensors", CPU)
    model.fresh()
    clean, after = (
        RECOGNIZERS.predict_array(model, position, CPU).argmax(1)
        for position in (adversarial.of_clips(made, test).normalised, made.position)
    )
    right = clean == made.label
    assert row["n"] == right.sum()
    assert row["success_percent"] == pytest.approx(100 * (after != made.label)[right].mean(), rel=1e-4)


def test_transfers_alone_are_evaluated_too(folder: Path, tmp_path: Path) -> None:
    records, rows = evaluated(folder, tmp_path, attacks={})
    assert len(records) == 0
    assert rows["attack"].tolist() == ["pgd_ab"]


def test_a_recognizer_that_nothing_is_tried_on_has_tables_without_rows(folder: Path, tmp_path: Path) -> None:
    records, rows = evaluated(folder, tmp_path, attacks={}, transfers=[])
    assert len(records) == len(rows) == 0
    assert {"attack", "surrogate"} <= set(rows.columns)


def test_the_clips_of_an_attack_on_another_model_are_one_line(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(KinesecError, match="found clips that attack another model than") as raised:
        evaluated(folder, tmp_path, attacks={"eot": shards(folder, "transfer")})
    assert "\n" not in str(raised.value)
