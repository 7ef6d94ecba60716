"""What figures show of attacks is of the clips on which they succeed, and one clip that all have."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from attack_records import records
from attack_stores import evaluated
from stores import SKELETON

from kinesec.jobs.picture_attacks import picture_attacks, scene_of, typical_row
from kinesec.metrics import joints
from kinesec.samples import scenes
from kinesec.samples.clips import clips
from kinesec.samples.errors import NothingToDraw


@dataclass(frozen=True)
class Pictured:
    """A job's store, the clips that were attacked and the attacks' records by label."""

    path: Path
    clips: clips.Clips
    records: dict[str, pd.DataFrame]


@pytest.fixture(scope="module")
def pictured(tmp_path_factory: pytest.TempPathFactory) -> Pictured:
    """Two attacks on one recognizer, evaluated and pictured; then the same with a recognizer that is always wrong."""
    folder = tmp_path_factory.mktemp("jobs")
    clips_path, inputs = evaluated(folder, {"smart_ab": ("smart", 0.4), "smart_l2": ("l2", 0.8)})
    picture_attacks(clips_path=clips_path, **inputs, scenes_path=folder / "scenes.zarr")
    of_attacks = [pd.read_parquet(path) for path in inputs["records_paths"]]
    for path, table in zip(inputs["records_paths"], of_attacks, strict=True):
        table.assign(right=False).to_parquet(path)
    picture_attacks(clips_path=clips_path, **inputs, scenes_path=folder / "nothing.zarr")
    named = dict(zip(("SMART", "SMART, l2"), of_attacks, strict=True))
    return Pictured(folder / "scenes.zarr", clips.load(clips_path, "test"), named)


def test_the_clip_shown_is_one_that_all_attacks_win(pictured: Pictured) -> None:
    row = typical_row([*pictured.records.values()])
    of_row = {label: table.set_index("row").loc[row] for label, table in pictured.records.items()}
    assert all(record["right"] and record["success"] for record in of_row.values())
    scene = scenes.of_attacks(pictured.path)
    assert scene.action == of_row["SMART"]["class"]
    assert scene.said == {label: record["predicted_class"] for label, record in of_row.items()}
    place = int(np.flatnonzero(pictured.clips.row == row)[0])
    bodies, length = int(pictured.clips.bodies[place]), int(pictured.clips.length[place])
    assert len(scene) == length
    assert len(scene.parents) == 1 + bodies * len(SKELETON)
    clean, attacked = scene.poses["clean", "data"], scene.poses["clean", "SMART"]
    position = pictured.clips.position[place, 0, :length]
    np.testing.assert_allclose(clean[:, 1 : 1 + len(SKELETON)], position, atol=1e-2)
    shift = np.linalg.norm(attacked - clean, axis=-1)[:, 1:].mean()
    assert shift == pytest.approx(of_row["SMART"]["displacement_mm"], rel=1e-5)
    assert (attacked[:, 0] == clean[:, 0]).all()  # both are seen from the clean root


def test_clips_that_nothing_wins_are_shown_all_the_same() -> None:
    lost = records().assign(success=False)
    assert typical_row([lost]) in set(lost.loc[lost["right"], "row"])


def test_where_no_clip_is_correctly_classified_there_is_nothing_to_draw(pictured: Pictured) -> None:
    path = pictured.path.with_name("nothing.zarr")
    with pytest.raises(NothingToDraw, match="found no correctly classified clip"):
        scenes.of_attacks(path)
    assert {label: len(values) for label, values in scenes.displacements(path)[0].items()} == {
        "SMART": 0,
        "SMART, l2": 0,
    }
    assert np.isnan(scenes.correlations(path)[0]["speed"]).all()


def test_joints_are_measured_where_an_attack_wins(pictured: Pictured) -> None:
    displacements, skeleton = scenes.displacements(pictured.path)
    assert list(displacements) == list(pictured.records)
    for label, values in displacements.items():
        table = pictured.records[label]
        won = table[table["right"] & table["success"]]
        assert values.shape == (len(won), len(skeleton))
        np.testing.assert_allclose(values.mean(1), won["displacement_mm"], rtol=1e-6)
    assert tuple(scenes.correlations(pictured.path)[0]) == joints.CORRELATED


def test_a_body_that_stands_on_another_axis_is_turned_upright(pictured: Pictured) -> None:
    row = int(pictured.clips.row[0])
    upright = scene_of(pictured.clips, row, {}, {}).poses["clean", "data"]
    lying = replace(pictured.clips, attrs={**pictured.clips.attrs, "up": "+z"})
    turned = scene_of(lying, row, {}, {}).poses["clean", "data"]
    np.testing.assert_allclose(turned[..., 1], upright[..., 2])
    np.testing.assert_allclose(turned[..., 2], -upright[..., 1])
