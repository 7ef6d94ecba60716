"""What defences cost: seconds of training from certificates, and of inference by measurement."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
import torch
from robust_cases import CPU, write_clean, write_store
from torch import Tensor

from kinesec.jobs import time_defences as module
from kinesec.models.recognizers.base import Recognizer
from kinesec.provenance.certificates import beside

IDENTITY = {"data": "d", "clips": "short", "recognizer": "st_gcn_small"}


def test_a_row_a_training_says_what_it_cost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "best_device", lambda: CPU)
    monkeypatch.chdir(tmp_path)
    store = write_store(tmp_path / "clips.zarr")
    clean = write_clean(store, tmp_path)
    other = tmp_path / "other.safetensors"
    other.write_bytes(clean.read_bytes())
    beside(clean).write_text(json.dumps({"wall_s": 12.5}))
    asked: list[tuple[int, ...]] = []
    pace = {0: 0.3, 1: 0.6}  # seconds, by the model's place

    def seconds(model: Recognizer, batch: Tensor) -> float:
        asked.append(tuple(batch.shape))
        assert not torch.is_inference_mode_enabled()
        return pace[len(asked) % 2 == 0]

    monkeypatch.setattr(module, "_seconds", seconds)
    module.time_defences(
        clips_path=store,
        models={"clean": clean, "beat": other},
        identity=IDENTITY,
        table_path=tmp_path / "t" / "costs.csv",
    )
    table = pd.read_csv(tmp_path / "t" / "costs.csv").set_index("defence")
    assert table["training_seconds"].to_dict()["clean"] == 12.5
    assert pd.isna(table["training_seconds"]["beat"])  # no certificate
    assert table["inference_factor"].tolist() == pytest.approx([1, 2])
    assert table["inference_ms"].tolist() == pytest.approx([1000 * 0.3 / 15, 1000 * 0.6 / 15])
    assert set(asked) == {(15, 2, 20, 9, 3)}
    assert len(asked) == 2 * (1 + module.ROUNDS)  # the first round warms up
    assert table["device"].unique().tolist() == ["cpu"]


def test_an_answer_takes_time(tmp_path: Path) -> None:
    model = torch.nn.Linear(2, 2)
    assert module._seconds(model, torch.zeros(3, 2)) > 0  # type: ignore[arg-type]
