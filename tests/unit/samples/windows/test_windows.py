from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import SKELETON, write_motions

from kinesec.errors import ConfigError, KinesecError
from kinesec.files import store
from kinesec.files.errors import StoreError
from kinesec.files.kinds.motions import MOTIONS
from kinesec.files.kinds.windows import WINDOWS
from kinesec.motion.calibration import calibration_rows
from kinesec.motion.skeleton import Skeleton, representative
from kinesec.samples.windows import windows
from kinesec.samples.windows.cut import Protocol, cut, used_joints
from kinesec.samples.windows.windows import Windows, load, sample_test
from kinesec.sources.readers import h36m as h36m_reader
from kinesec.sources.readers.expmap import cmu_skeleton

SPLITS = ("train", "val", "test")


@pytest.fixture
def motions(tmp_path: Path) -> Path:
    return write_motions(tmp_path / "m.zarr", [20, 9, 30, 25], ["train", "train", "val", "test"])


@pytest.mark.parametrize("stride", [1, 2])
def test_every_start_of_every_sequence(motions: Path, tmp_path: Path, stride: int) -> None:
    cut(motions, tmp_path / "w.zarr", Protocol("full", 4, 3, stride))
    data = store.read(tmp_path / "w.zarr", WINDOWS)
    rows = [len(range(0, length, stride)) for length in (20, 9, 30, 25)]
    counts = [max(0, length - 6) for length in rows]
    assert np.bincount(data.sequence_index.values, minlength=4).tolist() == counts
    assert data.attrs["too_short"] == (["source 1"] if stride == 2 else [])
    assert data.attrs["fps"] == 60 / stride
    ends = np.cumsum(rows)
    for index, start in zip(data.sequence_index.values, data.start.values, strict=True):
        assert ends[index] - rows[index] <= start <= ends[index] - 7
    split_of = np.array(["train", "train", "val", "test"])
    assert [str(name) for name in data.split.values] == split_of[data.sequence_index.values].tolist()


def test_gather_is_slices_and_splits_never_mix(motions: Path, tmp_path: Path) -> None:
    cut(motions, tmp_path / "w.zarr", Protocol("ltd", 4, 3))
    owned: dict[str, set[int]] = {}
    for split in SPLITS:
        loaded = load(tmp_path / "w.zarr", split)
        assert len(loaded) == sum(len(part) for part in [loaded.start])
        gathered = loaded.gather()
        for index, start in enumerate(loaded.start):
            assert np.array_equal(gathered[index], loaded.position[start : start + 7])
        chosen = np.array([0, len(loaded) - 1])
        assert np.array_equal(loaded.gather(chosen), gathered[chosen])
        owned[split] = set(loaded.sequence_index.tolist())
    assert owned == {"train": {0, 1}, "val": {2}, "test": {3}}


def test_poses_are_root_relative_in_each_protocols_unit(motions: Path, tmp_path: Path) -> None:
    data = store.read(motions, MOTIONS)
    cut(motions, tmp_path / "full.zarr", Protocol("full", 4, 3, nominal_unit_mm=2.0))
    full = load(tmp_path / "full.zarr", "train").position
    np.testing.assert_allclose(full, data.position.values - data.position.values[:, :1], atol=1e-3)
    cut(motions, tmp_path / "ltd.zarr", Protocol("ltd", 4, 3, nominal_unit_mm=2.0))
    ltd = load(tmp_path / "ltd.zarr", "train").position
    assert np.all(ltd[:, 0] == 0)
    np.testing.assert_allclose(ltd[:, 1], [[0, 800, 0]] * len(ltd), atol=1e-3)  # the root's turn is left out
    bones = np.linalg.norm(ltd[:, 1:] - ltd[:, list(SKELETON.parents[1:])], axis=-1)
    np.testing.assert_allclose(bones, np.tile(2 * SKELETON.bone_lengths[1:], (len(ltd), 1)), rtol=1e-5)
    assert load(tmp_path / "ltd.zarr", "train").used == [2, 3, 4, 5]
    assert load(tmp_path / "full.zarr", "train").used == [1, 2, 3, 4, 5]


def test_long_sequences_are_placed_in_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_motions(tmp_path / "m.zarr", [50], ["train"])
    cut(path, tmp_path / "a.zarr", Protocol("ltd", 4, 3))
    monkeypatch.setattr("kinesec.samples.windows.protocols.ltd.BLOCK_ROWS", 7)
    cut(path, tmp_path / "b.zarr", Protocol("ltd", 4, 3))
    assert store.content_sha256(tmp_path / "a.zarr") == store.content_sha256(tmp_path / "b.zarr")


def test_poses_relative_to_another_joint(motions: Path, tmp_path: Path) -> None:
    cut(motions, tmp_path / "w.zarr", Protocol("full", 4, 3, root="chest"))
    loaded = load(tmp_path / "w.zarr", "train")
    assert loaded.skeleton.names == ("chest", *SKELETON.names[2:])
    assert loaded.skeleton.parents == (-1, 0, 1, 0, 3)
    position = store.read(motions, MOTIONS).position.values
    np.testing.assert_allclose(loaded.position, position[:, 1:] - position[:, 1:2], atol=1e-3)
    with pytest.raises(ConfigError, match=r"root: found 'belt', expected one of hips, chest"):
        cut(motions, tmp_path / "w.zarr", Protocol("full", 4, 3, root="belt"))


def test_full_drops_a_calibration_pose_and_ltd_keeps_it(tmp_path: Path) -> None:
    path = write_motions(tmp_path / "m.zarr", [40], ["train"], jump=True)
    assert calibration_rows(store.read(path, MOTIONS).position.values) == 1
    for name, rows in (("full", 39), ("ltd", 40)):
        cut(path, tmp_path / f"{name}.zarr", Protocol(name, 4, 3))
        assert len(load(tmp_path / f"{name}.zarr", "train").position) == rows


def test_what_cannot_be_cut_is_one_line(tmp_path: Path) -> None:
    short = write_motions(tmp_path / "short.zarr", [6, 5], ["train", "test"])
    with pytest.raises(StoreError, match="found no sequence of 7 frames"):
        cut(short, tmp_path / "w.zarr", Protocol("full", 4, 3))
    mixed = write_motions(tmp_path / "mixed.zarr", [20, 20], ["train", "test"], fps=[30.0, 60.0])
    with pytest.raises(StoreError, match="found sequences of 30 to 60 frames per second, expected one rate"):
        cut(mixed, tmp_path / "w.zarr", Protocol("full", 4, 3))
    markers = write_motions(tmp_path / "markers.zarr", [20], ["train"], rotation=False)
    with pytest.raises(KinesecError, match="source 0: protocol 'ltd' needs joint rotations"):
        cut(markers, tmp_path / "w.zarr", Protocol("ltd", 4, 3))
    assert not [path for path in tmp_path.iterdir() if "w.zarr" in path.name]


def test_used_joints_are_the_reference_codes() -> None:
    """A joint moves when a joint above it but the root does: the root's children stay, as do coinciding joints."""
    cmu = cmu_skeleton()
    moves = np.array([parent > 0 and cmu.bone_lengths[joint] > 0 for joint, parent in enumerate(cmu.parents)])
    expected = [3, 4, 5, 6, 9, 10, 11, 12, 14, 15, 17, 18, 19, 21, 22, 23, 25, 26, 28, 30, 31, 32, 34, 35, 37]
    moves[[2, 8]] = False  # the hips hang from joints at the root that do not turn
    assert list(used_joints(cmu, moves)) == expected
    h36m = h36m_reader.skeleton()
    still = {0, 1, 6, 11}
    moves = np.array([joint not in still for joint in range(32)])
    expected = [2, 3, 4, 5, 7, 8, 9, 10, 12, 13, 14, 15, 17, 18, 19, 21, 22, 25, 26, 27, 29, 30]
    assert list(used_joints(h36m, moves)) == expected
    same = representative(h36m)
    assert {joint: same[joint] for joint in range(32) if same[joint] != joint and joint not in still} == {
        16: 13, 20: 19, 23: 22, 24: 13, 28: 27, 31: 30,
    }  # fmt: skip


def made(lengths: list[int], history: int, future: int, subjects: list[str] | None = None) -> Windows:
    """Windows of made-up sequences of these many frames."""
    counts = [length - history - future + 1 for length in lengths]
    firsts = np.cumsum([0, *lengths[:-1]])
    return Windows(
        position=np.zeros((sum(lengths), 1, 3), np.float32),
        start=np.concatenate([first + np.arange(count) for first, count in zip(firsts, counts, strict=True)]),
        sequence_index=np.repeat(np.arange(len(lengths)), counts),
        action=np.array(["walk"] * len(lengths)),
        subject=np.array(subjects or [""] * len(lengths)),
        source=np.array([f"{i}" for i in range(len(lengths))]),
        attrs={"history": history, "future": future},
    )


def test_paired_sequences_take_turns_with_one_generator() -> None:
    """find_indices_srnn of the released code, written out: one generator, four draws from each sequence in turn."""
    frames = (400, 700)
    rng = np.random.RandomState(1234567890)
    expected: list[list[int]] = [[], []]
    for _ in range(4):
        for sequence in range(2):
            expected[sequence].append(rng.randint(16, frames[sequence] - 150) + 50 - 10)
    drawn = sample_test(made([400, 700], 10, 25, ["S5", "S5"]), 8, low=16, margin=150, paired=True)
    assert drawn.start[drawn.sequence_index == 0].tolist() == expected[0]
    assert (drawn.start[drawn.sequence_index == 1] - 400).tolist() == expected[1]


def test_other_subjects_are_no_pair() -> None:
    drawn = sample_test(made([400, 700], 10, 25, ["a", "b"]), 8, low=16, margin=150, paired=True)
    assert np.bincount(drawn.sequence_index).tolist() == [8, 8]


def test_each_sequence_alone_draws_as_if_there_were_no_other() -> None:
    both = sample_test(made([300, 300], 10, 25), 8)
    assert (both.start[both.sequence_index == 1] - 300).tolist() == both.start[both.sequence_index == 0].tolist()
    longer = sample_test(made([300], 50, 25), 8)
    assert (longer.start + 40).tolist() == both.start[:8].tolist()  # the future begins at the same frames
    assert sample_test(both, None) is both


@given(st.lists(st.integers(35, 200), min_size=1, max_size=5), st.integers(1, 20), st.booleans())
@settings(max_examples=40)
def test_draws_are_windows_of_their_sequences(lengths: list[int], draws: int, paired: bool) -> None:
    whole = made(lengths, 10, 25)
    drawn = sample_test(whole, draws, paired=paired)
    pairs = set(zip(whole.start.tolist(), whole.sequence_index.tolist(), strict=True))
    assert set(zip(drawn.start.tolist(), drawn.sequence_index.tolist(), strict=True)) <= pairs
    assert len(drawn) == draws * (1 if paired else len(lengths))
    again = sample_test(whole, draws, paired=paired)
    assert np.array_equal(again.start, drawn.start)


def test_splits_are_read_piece_by_piece(motions: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut(motions, tmp_path / "w.zarr", Protocol("full", 4, 3))
    whole = load(tmp_path / "w.zarr", "val").start
    monkeypatch.setattr(windows, "SPLIT_ROWS", 5)
    assert np.array_equal(load(tmp_path / "w.zarr", "val").start, whole)
    assert len(load(tmp_path / "w.zarr", "dev")) == 0


def test_an_unselected_root_leaves_no_groups_of_it(motions: Path, tmp_path: Path) -> None:
    cut(motions, tmp_path / "w.zarr", Protocol("full", 4, 3, root="left_elbow"))
    assert Skeleton.from_attrs(load(tmp_path / "w.zarr", "train").attrs["skeleton"]).groups == {"left_arm": (1,)}
