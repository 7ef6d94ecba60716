from __future__ import annotations

import json
import logging
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from recognition_clips import CLASSES, SKELETON, write_clips

from kinesec.errors import KinesecError
from kinesec.evaluation.recognition import (
    ALL_CLASSES,
    CONFUSION,
    RECOGNITION_ACCURACY,
    accuracy,
    confusion,
)
from kinesec.evaluation.recognition import records as records_of
from kinesec.jobs.evaluate_recognizer import evaluate_recognizer
from kinesec.models.fit import shape_of
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.motion.skeleton import Skeleton
from kinesec.samples.clips.checks import takes
from kinesec.samples.clips.clips import load

COUNTS = {"train": 6, "val": 7, "test": 16}
IDENTITY = {"data": "made_up", "clips": "native", "training": "clean", "recognizer": "tiny", "seed": "3"}


@pytest.fixture(scope="module")
def clips_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_clips(tmp_path_factory.mktemp("c") / "clips.zarr", COUNTS)


@pytest.fixture(scope="module")
def model_path(clips_path: Path) -> Path:
    clips = load(clips_path)
    model = RECOGNIZERS.build("st_gcn", shape_of(clips), {"widths": [4, 4]}, 0)
    description = {
        "recognizer": "st_gcn",
        "settings": {"widths": [4, 4]},
        "classes": clips.classes,
        "clips_sha256": clips.attrs["content_sha256"],
    }
    RECOGNIZERS.save(clips_path.parent / "m.safetensors", model, description)
    return clips_path.parent / "m.safetensors"


def evaluate(clips: Path, model: Path, folder: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Records, accuracy and confusion."""
    paths = {
        "records_path": folder / "o/r.parquet",
        "table_path": folder / "o/t.csv",
        "confusion_path": folder / "c.csv",
    }
    evaluate_recognizer(clips_path=clips, model_path=model, identity=IDENTITY, **paths)
    return pd.read_parquet(folder / "o/r.parquet"), pd.read_csv(folder / "o/t.csv"), pd.read_csv(folder / "c.csv")


def test_tables_count_what_the_model_says(clips_path: Path, model_path: Path, tmp_path: Path) -> None:
    records, table, confused = evaluate(clips_path, model_path, tmp_path)
    model, _ = RECOGNIZERS.load(model_path, torch.device("cpu"))
    assert tuple(table.columns) == RECOGNITION_ACCURACY
    assert tuple(confused.columns) == CONFUSION
    for name, value in IDENTITY.items():
        column = {"data": "dataset"}.get(name, name)
        assert set(table[column].astype(str)) == set(confused[column].astype(str)) == {value}
    assert set(table["split_by"]) == {"subject"}
    for split in ("val", "test"):
        clips = load(clips_path, split)
        with torch.inference_mode():
            said = model(torch.from_numpy(clips.normalised)).argmax(1).numpy()
        of = records[records["split"] == split]
        assert of["row"].tolist() == clips.row.tolist()
        assert of["predicted"].tolist() == said.tolist()
        rows = table[table["split"] == split].set_index("class")
        assert list(rows.index) == [ALL_CLASSES, *CLASSES]
        cells = confused[confused["split"] == split].set_index(["actual", "predicted"])["count"]
        assert len(cells) == len(CLASSES) ** 2
        right = said == clips.label
        for index, (name, some) in enumerate(
            [(ALL_CLASSES, np.ones(len(clips), bool)), *((name, clips.label == i) for i, name in enumerate(CLASSES))]
        ):
            assert rows.loc[name, "accuracy_percent"] == pytest.approx(100 * right[some].mean(), rel=1e-5)
            assert rows.loc[name, "n"] == some.sum()
            assert rows.loc[name, "takes"] == len(set(takes(clips)[some]))
            if index:
                assert cells[name].sum() == some.sum()
                assert cells[name, name] == right[some].sum()
        assert (rows["low_percent"] <= rows["accuracy_percent"]).all()
        assert (rows["accuracy_percent"] <= rows["high_percent"]).all()
    assert set(records["split"]) == {"val", "test"}


def test_the_same_job_writes_the_same_bytes(clips_path: Path, model_path: Path, tmp_path: Path) -> None:
    for folder in ("a", "b"):
        evaluate(clips_path, model_path, tmp_path / folder)
    for name in ("o/r.parquet", "o/t.csv", "c.csv"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


@given(st.integers(0, 999), st.integers(1, 9))
@settings(max_examples=25)
def test_records_say_how_near_the_decision_is(clips_path: Path, seed: int, shift: int) -> None:
    clips = load(clips_path, "test")
    logits = np.random.default_rng(seed).normal(0, shift, (len(clips), len(CLASSES))).astype(np.float32)
    records = records_of(clips, "test", logits)
    assert (records["correct"] == (records["margin"] > 0)).all()
    assert (records["correct"] == (logits.argmax(1) == clips.label)).all()
    expected = torch.from_numpy(logits).double().softmax(1).numpy()[np.arange(len(clips)), clips.label]
    np.testing.assert_allclose(records["probability"], expected, rtol=1e-5)
    for row, top in zip(logits, records["top"], strict=True):
        assert (np.diff(row[top]) <= 0).all()
        assert sorted(top) == list(range(len(CLASSES)))
    table = confusion(records, list(CLASSES))
    assert table["count"].sum() == len(clips)
    diagonal = table[table["actual"] == table["predicted"]]["count"].sum()
    overall = accuracy(records, list(CLASSES)).set_index("class").loc[ALL_CLASSES]
    assert overall["accuracy_percent"] == pytest.approx(100 * diagonal / len(clips))


def test_clips_cut_from_one_take_add_no_confidence(clips_path: Path) -> None:
    clips = load(clips_path, "test")
    records = records_of(clips, "test", np.random.default_rng(0).normal(size=(len(clips), len(CLASSES))))
    twice = pd.concat([records, records], ignore_index=True)
    apart = twice.assign(take=np.arange(len(twice)).astype(str))
    once, doubled, as_if = (accuracy(table, list(CLASSES)).iloc[0] for table in (records, twice, apart))
    assert (doubled["n"], doubled["takes"]) == (2 * once["n"], once["takes"])
    for end in ("accuracy_percent", "low_percent", "high_percent"):
        assert doubled[end] == pytest.approx(once[end])
    assert as_if["high_percent"] - as_if["low_percent"] < once["high_percent"] - once["low_percent"]


def test_takes_of_two_subjects_or_actions_are_two(clips_path: Path) -> None:
    clips = load(clips_path)
    clips.take[:] = "1"
    clips.subject[:3], clips.subject[3:] = "a", "b"
    clips.label[:] = 0
    clips.label[:2] = 1
    assert len(set(takes(clips))) == 3


def test_a_class_without_clips_has_no_row_but_its_zeros(clips_path: Path, tmp_path: Path) -> None:
    clips = load(clips_path, "test")
    some = clips.take_rows(clips.label != 1)
    records = records_of(some, "test", np.eye(3)[some.label])
    assert accuracy(records, list(CLASSES))["class"].tolist() == [
        ALL_CLASSES, CLASSES[0], CLASSES[2],
    ]  # fmt: skip
    table = confusion(records, list(CLASSES))
    assert (table[table["actual"] == CLASSES[1]]["count"] == 0).all()


def broken(path: Path, place: tuple[int, ...], value: float) -> dict[str, Any]:
    """The store's positions with one number changed."""
    position = load(path).position.copy()
    position[place] = value
    return {"position": position}


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_positions_that_are_not_finite_are_one_line(
    clips_path: Path, model_path: Path, tmp_path: Path, value: float
) -> None:
    path = write_clips(tmp_path / "c.zarr", COUNTS, change=broken(clips_path, (20, 0, 4, 3, 1), value))
    with pytest.raises(KinesecError, match=r"clip 20: found \[.*\] at body 0, frame 4, joint 'left_hand', exp"):
        evaluate(path, model_path, tmp_path)


OTHER_TREE = Skeleton(SKELETON.names, (-1, 0, 1, 2, 1, 4, 0, 0, 0), SKELETON.offsets, groups=SKELETON.groups)
FEWER = SKELETON.select(tuple(range(8)))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"skeleton": FEWER}, r"found clips of 8 joints, expected 9, as .* was trained on"),
        ({"bodies": 2}, r"found clips of 2 bodies, expected 1, as .* was trained on"),
        ({"classes": ("a", "b")}, r"found class 'a' on one side alone, expected the 3 classes that"),
        ({"classes": CLASSES[::-1]}, r"found the classes in another order, expected the 3 classes that"),
        ({"skeleton": OTHER_TREE}, r"found joints in another tree, expected the one that"),
        ({"change": {"label": np.full(29, 7)}}, r"clip 6: found label 7, expected 0 to 2 \(3 classes\)"),
        ({"counts": {"train": 3, "val": 3}}, r"found no clip of split 'test', expected one or more"),
    ],
)
def test_clips_that_the_model_does_not_know_are_one_line(
    model_path: Path, tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    path = write_clips(tmp_path / "c.zarr", changes.pop("counts", COUNTS), **changes)
    with pytest.raises(KinesecError, match=message) as raised:
        evaluate(path, model_path, tmp_path)
    assert str(raised.value).startswith(f"{path}: ")
    assert "\n" not in str(raised.value)


def test_other_clips_that_fit_are_warned_of(
    clips_path: Path, model_path: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    other = write_clips(tmp_path / "c.zarr", {"train": 4, "test": 5}, seed=1)
    with caplog.at_level(logging.WARNING):
        records, table, _ = evaluate(other, model_path, tmp_path / "a")
        assert len(records) == 5
        assert set(table["split"]) == {"test"}
        assert [record.levelname for record in caplog.records] == ["WARNING"]
        assert "found other clips than those that" in caplog.text
        caplog.clear()
        evaluate(clips_path, model_path, tmp_path / "b")
        assert not caplog.records


def test_what_a_model_says_of_itself_survives(model_path: Path) -> None:
    model, description = RECOGNIZERS.load(model_path, torch.device("cpu"))
    assert description["classes"] == list(CLASSES)
    assert json.loads(json.dumps(asdict(model.shape))) == description["shape"]
