"""The job on a trigger's strength: models and windows from their files, records and table into theirs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from defended import SKELETON
from stores import write_motions

from kinesec.errors import KinesecError
from kinesec.jobs.evaluate_trigger_strength import evaluate_trigger_strength
from kinesec.models.predictors.base import PREDICTORS, Shape
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.samples.windows.windows import load
from kinesec.tables.trigger_strength import read

STRATEGY: dict[str, Any] = {
    **{"trigger": "rigid", "target": "jammed", "selection": "random", "level": "window", "ratio": 0.1},
    **{"limb": "left_arm", "wrong_limb": "right_arm", "mode": "replace"},
    **{"trigger_settings": {}, "target_settings": {}, "selection_settings": {}},
}
SPECS = {
    "late": {"disturbance": "timing", "levels": [2, 4], "settings": {}},
    "size": {"disturbance": "body_size", "levels": [0.9], "settings": {}},
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_motions(tmp_path / "m.zarr", [90, 30], ["test", "train"], skeleton=SKELETON)
    cut(tmp_path / "m.zarr", tmp_path / "w.zarr", Protocol("ltd", 6, 5))
    shape = Shape(6, 5, len(load(tmp_path / "w.zarr", "test").used))
    for name, settings in (("clean", {"features": 4, "blocks": 1}), ("victim", {"features": 5, "blocks": 1})):
        model = PREDICTORS.build("ltd", shape, settings, 0)
        PREDICTORS.save(tmp_path / f"{name}.safetensors", model, {"predictor": "ltd", "settings": settings})
    return tmp_path


def run(folder: Path, **changes: Any) -> pd.DataFrame:
    given: dict[str, Any] = {
        "windows_path": folder / "w.zarr",
        "model_paths": {name: folder / f"{name}.safetensors" for name in ("clean", "victim")},
        "strategy": STRATEGY,
        "disturbances": SPECS,
        "sampling": 8,
        "sampling_range": {},
        "threshold_mm": 25.0,
        "identity": {"data": "d", "protocol": "p", "predictor": "ltd", "seed": "3"},
        "records_path": folder / "records.parquet",
        "table_path": folder / "table.csv",
    }
    evaluate_trigger_strength(**{**given, **changes})
    return read(folder / "table.csv")


def test_the_table_says_whose_it_is_and_what_each_disturbance_is(folder: Path) -> None:
    table = run(folder)
    assert len(pd.read_parquet(folder / "records.parquet")) == 8 * 2 * 3 * 4
    assert set(table["n"]) == {8}
    for column, value in {"dataset": "d", "predictor": "ltd", "seed": "3", "poison": "plain", "sampling": "8"}.items():
        assert set(table[column]) == {value}
    about = table[["disturbance", "amount", "module", "stage", "amount_unit", "neutral"]].drop_duplicates().fillna(-1)
    assert about.values.tolist() == [
        ["none", 0.0, "", "", "", -1],
        ["late", 2.0, "timing", "execution", "frames late", 0.0],
        ["late", 4.0, "timing", "execution", "frames late", 0.0],
        ["size", 0.9, "body_size", "body", "times the size", 1.0],
    ]
    # the two models stand in their own rows
    of_none = (table["windows"] == "triggered") & (table["disturbance"] == "none")
    distance = table[(table["metric"] == "BDE") & of_none].set_index("model")["value"]
    assert distance["victim"] - distance["clean"] == pytest.approx(distance["victim - clean"], rel=1e-3)
    assert distance["victim"] != distance["clean"]


def test_a_hardened_poison_is_told_from_the_plain_one_and_all_windows_can_be_asked(folder: Path) -> None:
    table = run(folder, strategy={**STRATEGY, "hardening": {"disturbances": SPECS}}, sampling="all")
    assert set(table["poison"]) == {"hardened"}
    assert set(table["n"]) == {90 - 6 - 5 + 1}


def test_without_a_test_window_it_is_one_line(tmp_path: Path) -> None:
    write_motions(tmp_path / "m.zarr", [30, 30], ["train", "train"], skeleton=SKELETON)
    cut(tmp_path / "m.zarr", tmp_path / "w.zarr", Protocol("ltd", 6, 5))
    with pytest.raises(KinesecError, match="found no window of split 'test', expected one or more; change the split"):
        run(tmp_path)
