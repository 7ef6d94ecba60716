from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import xarray as xr
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinesec.errors import ConfigError, KinesecError
from kinesec.files import store
from kinesec.files.kinds.motions import MOTIONS
from kinesec.motion.kinematics import forward, matrices_from_quaternions
from kinesec.motion.recording import Motion, Recording
from kinesec.motion.skeleton import Skeleton
from kinesec.names import load
from kinesec.sources.datasets import folder
from kinesec.sources.datasets.base import Info, Item, Settings
from kinesec.sources.errors import BadFile
from kinesec.sources.ingest import ingest
from kinesec.sources.manifest import read_manifest

CONFIG = Path(__file__).resolve().parents[3] / "config/datasets"
MIRROR = {"cmu_expmap": "cmu_mocap_expmap", "hdm05": "hdm05_asfamc", "bandai_namco": "bandai_namco_1"}
NAMES = ("hips", "knee", "foot")


def motion(
    frames: int = 4,
    *,
    length: float = 400.0,
    names: Sequence[str] = NAMES,
    parents: tuple[int, ...] = (-1, 0, 1),
    rotation: bool = True,
    fps: float = 30.0,
    body: int = 0,
    up: str = "+y",
    seen: bool = True,
) -> Motion:
    offsets = np.array([[0.0, 0, 0], [0, -length, 0], [0, -length, 0]])
    turned = np.tile([1.0, 0, 0, 0], (frames, 3, 1))
    root = np.stack([np.arange(frames), np.full(frames, 2 * length), np.zeros(frames)], axis=-1)
    position = forward(matrices_from_quaternions(turned), root, offsets, parents)
    missing = None if seen else np.arange(frames)[:, None] == np.zeros((1, 3))
    return Motion(
        Skeleton(tuple(names), parents, offsets),
        position.astype(np.float32),
        fps,
        Recording(1.0, "read", "read", up=up),
        turned.astype(np.float32) if rotation else None,
        body,
        missing,
    )


def data_set(motions: dict[str, tuple[Motion, ...] | Exception], info: Info | None = None) -> Any:
    """A data set module over made-up files: what each of them reads as is given."""

    def items(files: Sequence[str], settings: Settings) -> list[Item]:
        return [
            Item(path, f"action of {path}", ("train", "val", "test")[i % 3], f"s{i}", f"t{i}")
            for i, path in enumerate(sorted(files))
        ]

    def read(root: Path, item: Item, settings: Settings) -> tuple[Motion, ...]:
        result = motions[item.path]
        if isinstance(result, Exception):
            raise result
        return result

    return SimpleNamespace(INFO=info or Info("stub", "none", "none"), items=items, read=read)


Run = Callable[..., xr.Dataset]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def go(motions: dict[str, tuple[Motion, ...] | Exception], info: Info | None = None, **options: Any) -> xr.Dataset:
        for path in motions:
            (tmp_path / "raw" / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / "raw" / path).write_text(path)
        module = data_set(motions, info)
        ingest(module, tmp_path / "raw", list(motions), {}, tmp_path / "m.zarr", dataset="stub", **options)
        store.verify(tmp_path / "m.zarr")
        return store.read(tmp_path / "m.zarr", MOTIONS)

    return go


def test_every_array_says_what_the_file_said(run: Run) -> None:
    two = (motion(3), motion(5, body=1, length=410.0))
    motions = run({"b.x": (motion(4, fps=60.0, seen=False),), "a/two.x": two})
    assert motions["source"].values.tolist() == ["a/two.x", "a/two.x", "b.x"]
    assert motions["start"].values.tolist() == [0, 3, 8]
    assert motions["length"].values.tolist() == [3, 5, 4]
    assert motions["body"].values.tolist() == [0, 1, 0]
    assert motions["fps"].values.tolist() == [30.0, 30.0, 60.0]
    assert motions["sha256"].values.tolist() == [
        hashlib.sha256(text.encode()).hexdigest() for text in ("a/two.x", "a/two.x", "b.x")
    ]
    assert motions["split"].values.tolist() == ["train", "train", "val"]
    assert motions["subject"].values.tolist() == ["s0", "s0", "s1"]
    assert motions["action"].values.tolist()[2] == "action of b.x"
    assert np.array_equal(motions["position"].values[3:8], two[1].position)
    assert motions["missing"].values[8:].sum() == 3
    assert motions["rotation"].shape == (12, 3, 4)
    assert motions["offset"].values[:, 1, 1].tolist() == [-400.0, -410.0, -400.0]
    assert np.allclose(motions.attrs["skeleton"]["offsets_mm"][1], [0, -1210 / 3, 0])
    assert Skeleton.from_attrs(motions.attrs["skeleton"]).names == NAMES
    assert motions.attrs["left_out"] == []
    assert (motions.attrs["fps_published"], motions.attrs["fps_measured"]) == (None, None)


def test_equal_skeletons_stay_exactly_what_they_are(run: Run) -> None:
    motions = run({f"{i}.x": (motion(length=1000 / 3),) for i in range(7)})
    assert motions.attrs["skeleton"] == motion(length=1000 / 3).skeleton.to_attrs()


def test_rates_are_the_data_set_s_or_the_files(run: Run) -> None:
    assert run({"a.x": (motion(fps=24.0),)}).attrs["fps_measured"] == 24.0
    known = run({"a.x": (motion(fps=24.0),)}, Info("stub", "", "", fps_published=50.0, fps_measured=120.0))
    assert (known.attrs["fps_published"], known.attrs["fps_measured"]) == (50.0, 120.0)


def test_recordings_that_differ_are_listed(run: Run) -> None:
    motions = run({"a.x": (motion(),), "b.x": (motion(up="+z"),), "c.x": (motion(),)})
    assert motions.attrs["recording"]["up"] == "+y"
    assert motions.attrs["recording"]["differing"] == [{"path": "b.x", "body": 0, "up": "+z"}]


def test_rotations_only_where_all_have_them(run: Run) -> None:
    mixed = run({"a.x": (motion(),), "b.x": (motion(rotation=False),), "c.x": (motion(),)})
    assert "rotation" not in mixed
    assert mixed.sizes == {"sequence": 3, "frame": 12, "joint": 3, "xyz": 3}


def test_more_sequences_than_wait_at_once(run: Run) -> None:
    motions = run({f"{i:04}.x": (motion(1 + i % 3),) for i in range(600)})
    assert motions.sizes["sequence"] == 600
    assert np.array_equal(motions["start"].values, np.cumsum([0, *motions["length"].values[:-1]]))


@given(order=st.permutations([f"{name}.x" for name in "abcde"]))
@settings(max_examples=3, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_the_files_changes_no_byte(run: Run, order: list[str]) -> None:
    lengths = {"a.x": 3, "b.x": 1, "c.x": 2, "d.x": 5, "e.x": 4}
    motions = run({path: (motion(lengths[path], length=400.0 + lengths[path]),) for path in order})
    again = run({path: (motion(lengths[path], length=400.0 + lengths[path]),) for path in sorted(order)})
    assert motions.attrs["content_sha256"] == again.attrs["content_sha256"]


BAD: dict[str, tuple[tuple[Motion, ...] | Exception, str]] = {
    "format": (BadFile("/elsewhere/b.x", 7, "rubbish", "numbers"), "found rubbish, expected numbers"),
    "motion": (KinesecError("motion: found no frame"), "motion: found no frame"),
    "nobody": ((), "no bodies"),
    "missing": (FileNotFoundError(2, "No such file or directory"), "No such file or directory"),
    "joint": ((motion(names=("hips", "knee", "toe")),), "joint 'toe' on one side alone"),
    "order": ((motion(names=("hips", "foot", "knee")),), "its joints in another order"),
    "tree": ((motion(parents=(-1, 0, 0)),), "another tree"),
    "second body": ((motion(), motion(names=("hips", "knee", "toe"), body=1)), "'toe'"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_stops_it(tmp_path: Path, run: Run, kind: str) -> None:
    bad, message = BAD[kind]
    with pytest.raises(KinesecError, match=message) as raised:
        run({"a.x": (motion(),), "b.x": bad, "c.x": (motion(),)})
    assert "\n" not in str(raised.value)
    if kind != "motion":
        assert "b.x" in str(raised.value)
    assert {path.name for path in tmp_path.iterdir()} == {"raw"}


@pytest.mark.parametrize("kind", BAD)
def test_a_bad_file_is_left_out_and_the_rest_ingested(run: Run, kind: str) -> None:
    bad, message = BAD[kind]
    told: list[str] = []
    motions = run({"a.x": (motion(),), "b.x": bad, "c.x": (motion(),)}, on_bad_file="skip", report=told.append)
    assert motions["source"].values.tolist() == ["a.x", "c.x"]
    (left_out,) = motions.attrs["left_out"]
    assert left_out["path"] == "b.x"
    assert message in left_out["reason"]
    assert len(told) == 1
    assert "b.x" in told[0]
    assert message in told[0]


def test_where_the_files_lie_is_not_in_the_store(tmp_path: Path) -> None:
    hashes = set()
    for place in ("here", "there"):
        root = tmp_path / place
        root.mkdir()
        (root / "a.x").write_text("")
        (root / "b.x").write_text("")
        module = data_set({"a.x": (motion(),), "b.x": KinesecError(f"{root}/b.x: no motion")})
        ingest(module, root, ["a.x", "b.x"], {}, root / "m.zarr", dataset="stub", on_bad_file="skip")
        hashes.add(store.content_sha256(root / "m.zarr"))
    assert len(hashes) == 1


def test_nothing_but_bad_files(tmp_path: Path, run: Run) -> None:
    bad = {f"{name}.x": BadFile(f"{name}.x", 1, "rubbish", "numbers") for name in "ab"}
    with pytest.raises(KinesecError, match=r"none of 2 files that can be read; the first, a\.x: line 1: found rubbish"):
        run(bad, on_bad_file="skip")
    assert {path.name for path in tmp_path.iterdir()} == {"raw"}


def test_a_mistake_in_the_settings_is_not_a_bad_file(run: Run) -> None:
    with pytest.raises(ConfigError, match="unit_mm"):
        run({"a.x": (motion(),), "b.x": ConfigError("unit_mm: found x")}, on_bad_file="skip")


def test_no_files(run: Run) -> None:
    with pytest.raises(ConfigError, match="stub: found no recordings among 0 files"):
        run({})


def test_another_way_with_bad_files(run: Run) -> None:
    with pytest.raises(ConfigError, match="on_bad_file: found 'ignore', expected stop or skip"):
        run({"a.x": (motion(),)}, on_bad_file="ignore")


@pytest.mark.parametrize("change", [{"split": "dev"}, {"path": "a.x"}])
def test_a_data_set_that_labels_wrongly(tmp_path: Path, change: dict[str, str]) -> None:
    module = data_set({"a.x": (motion(),), "b.x": (motion(),)})
    good = module.items
    module.items = lambda files, settings: [
        *good(files, settings)[:1],
        Item(**({"path": "b.x", "action": "", "split": "val"} | change)),
    ]
    with pytest.raises(ConfigError, match=r"split 'dev'|'a\.x' twice"):
        ingest(module, tmp_path, ["a.x", "b.x"], {}, tmp_path / "m.zarr", dataset="stub")


def test_progress_is_shown(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    run({"a.x": (motion(),)})
    assert "ingest stub: 1 of 1" in capsys.readouterr().err


@pytest.fixture(scope="module")
def whole(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str, dict[str, Any]], xr.Dataset]:
    """Ingests a shipped data set whole."""

    def go(name: str, changes: dict[str, Any]) -> xr.Dataset:
        config = yaml.safe_load((CONFIG / f"{name}.yaml").read_text("utf-8"))
        files = [entry.path for entry in read_manifest(CONFIG / f"{name}.manifest.csv") if entry.present]
        out = tmp_path_factory.mktemp(name) / "m.zarr"
        root = shared / "data" / MIRROR.get(name, name)
        ingest(load("sources.datasets", config["module"]), root, files, config["settings"] | changes, out, dataset=name)
        store.verify(out)
        return store.read(out, MOTIONS)

    return go


@pytest.mark.parametrize(
    ("name", "changes", "sequences", "frames", "joints", "skeletons"),
    [
        ("cmu_expmap", {}, 38, 40331, 38, 1),
        ("cmu_expmap", {"walking_extra": True}, 96, 67870, 38, 1),
        ("hdm05", {}, 288, 71286, 31, 5),
        ("cmu_asfamc", {}, 24, 67672, 31, 2),
        ("bandai_namco", {}, 174, 31914, 27, 5),
    ],
)
def test_every_file_of_the_real_sets(
    whole: Callable[..., xr.Dataset],
    name: str,
    changes: dict[str, Any],
    sequences: int,
    frames: int,
    joints: int,
    skeletons: int,
) -> None:
    motions = whole(name, changes)
    assert (motions.sizes["sequence"], motions.sizes["frame"], motions.sizes["joint"]) == (sequences, frames, joints)
    assert motions.attrs["left_out"] == []
    assert motions.attrs["recording"]["differing"] == []
    assert np.unique(motions["offset"].values.round(6), axis=0).shape[0] == skeletons
    position = motions["position"].values
    assert np.isfinite(position).all()
    # Recorded people are between 1 and 2.5 m tall from the lowest to the highest joint, in most frames.
    heights = np.median(np.ptp(position[::50, :, 1], axis=1))
    assert 1000 < heights < 2500
    norms = np.linalg.norm(motions["rotation"].values, axis=-1)
    assert np.allclose(norms, 1, atol=1e-5)
    subjects = {split: set(motions["subject"].values[motions["split"].values == split]) for split in ("train", "test")}
    if name in ("hdm05", "cmu_asfamc"):
        assert not subjects["train"] & subjects["test"]


def test_marker_files_by_folder(shared: Path, tmp_path: Path) -> None:
    """The two files have the same 41 labelled markers (and unlabelled ones), so they go into one store."""
    root = shared / "data" / "hdm05_c3d"
    chosen = {
        "pattern": r"HDM_(?P<subject>\w\w)_(?P<action>[\d-]+)_(?P<take>\d+)_120\.c3d",
        "reader_settings": {"up": "+z"},
        "split": {"by": "subject", "test": ["mm"]},
    }
    ingest(folder, root, folder.files_under(root), chosen, tmp_path / "m.zarr", dataset="c3d")
    motions = store.read(tmp_path / "m.zarr", MOTIONS)
    assert "rotation" not in motions
    assert motions["subject"].values.tolist() == ["bd", "mm"]
    assert motions["split"].values.tolist() == ["train", "test"]
    assert (motions.attrs["fps_measured"], motions.sizes["joint"]) == (120.0, 42)
    assert 1500 < np.median(np.ptp(motions["position"].values[..., 1], axis=1)) < 1800
