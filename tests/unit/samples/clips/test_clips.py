from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import SKELETON
from takes import SKELETONS, Recorded, positions, write_takes

from kinesec import names
from kinesec.errors import ConfigError, KinesecError
from kinesec.files import store
from kinesec.files.errors import StoreError
from kinesec.files.kinds.clips import CLIPS
from kinesec.files.kinds.motions import MOTIONS
from kinesec.motion import joint_maps
from kinesec.motion.skeleton import Skeleton
from kinesec.samples import frames
from kinesec.samples.clips import clips
from kinesec.samples.clips.clips import Clips, Normaliser
from kinesec.samples.clips.cut import cut
from kinesec.samples.clips.moments import Moments
from kinesec.samples.clips.protocols._space import yaw
from kinesec.sources.readers import asf_amc

BODY = SKELETONS["procedural"]
SPLITS = ("train", "val", "test")
UNIT_MM = 25.4 / 0.45  # of the released clips, as of HDM05's ASF files


def files(
    lengths: Sequence[int] = (150, 70, 40, 160, 90, 75),
    splits: Sequence[str] = ("train", "train", "train", "val", "test", "test"),
    skeleton: Skeleton = BODY,
    fps: float = 30.0,
) -> list[Recorded]:
    return [
        Recorded([positions(skeleton, length, seed)], split, ("run", "walk")[seed % 2], fps, f"s{seed // 2}")
        for seed, (length, split) in enumerate(zip(lengths, splits, strict=True))
    ]


@pytest.fixture
def motions(tmp_path: Path) -> Path:
    return write_takes(tmp_path / "m.zarr", files(), BODY)


def cut_here(motions: Path, name: str = "c.zarr", **protocol: Any) -> Path:
    out = motions.parent / name
    cut(motions, out, protocol)
    store.verify(out)
    return out


def owners(path: Path) -> np.ndarray:
    return np.asarray(store.read(path, CLIPS).sequence_index.values)


@pytest.mark.parametrize("name", names.available("samples.clips.protocols"))
def test_clips_say_whose_they_are(motions: Path, name: str) -> None:
    path = cut_here(motions, protocol=name)
    data = store.read(path, CLIPS)
    assert data.attrs["classes"] == ["run", "walk"]
    assert (data.attrs["protocol"], data.attrs["split_by"], data.attrs["dataset"]) == (name, "recording", "made_up")
    assert data.attrs["settings"]["frames"] == data.sizes["frame"]
    of = owners(path)
    assert (np.diff(of) >= 0).all()
    assert data.label.values.tolist() == (of % 2).tolist()
    recorded = [file.split for file in files()]
    assert [str(split) for split in data.split.values] == [recorded[row] for row in of]
    for split in SPLITS:
        loaded = clips.load(path, split)
        assert len(loaded) == recorded.count(split) if name != "smart" else len(loaded) >= recorded.count(split)
        assert [f"take {take}" for take in loaded.take] == loaded.source.tolist()
        assert {recorded[int(take)] for take in loaded.take} == {split}
        np.testing.assert_array_equal(loaded.position, data.position.values[loaded.row])
        assert loaded.skeleton.names == (joint_maps.NAMES if name == "smart" else BODY.names)
    assert data.attrs["up"] == ("+z" if name == "ntu" else "+y")


def test_smart_windows_of_every_take(motions: Path) -> None:
    counts = [5, 1, 1, 6, 2, 1]  # every 20th start that leaves 60 frames; a shorter take is one clip
    assert np.bincount(owners(cut_here(motions, protocol="smart"))).tolist() == counts
    dropped = cut_here(motions, protocol="smart", settings={"last_start": "drop"})
    assert np.bincount(owners(dropped)).tolist() == [5, 1, 1, 5, 2, 1]  # 160 - 60 is a multiple of 20
    left = cut_here(motions, protocol="smart", pad="none")
    assert np.bincount(owners(left), minlength=6).tolist() == [5, 1, 0, 6, 2, 1]
    assert store.read(left, CLIPS).attrs["too_short"] == ["take 2"]
    first = store.read(left, CLIPS).first_frame.values
    assert first[:5].tolist() == [0, 20, 40, 60, 80]


def test_frames_are_of_one_rate_whatever_the_takes(tmp_path: Path) -> None:
    slow, fast = files(fps=30.0)[0], files(fps=120.0)[1]
    path = write_takes(tmp_path / "m.zarr", [slow, fast], BODY)
    made = clips.load(cut_here(path, protocol="native", cover="windows", frames=10, stride=10, rate_hz=15))
    assert made.fps == 15
    assert np.bincount([int(take) for take in made.take]).tolist() == [7, 1]  # 75 frames, and 9 that are padded
    steps = store.read(path, MOTIONS).position.values[:150:2]
    expected = steps[10:20] - steps[10, :1]
    np.testing.assert_allclose(made.position[1, 0], expected, atol=2e-3)
    with pytest.raises(ConfigError, match="rate_hz: found none, and takes of 30 to 120 frames per second"):
        cut_here(path, protocol="ntu")
    assert clips.load(cut_here(path, protocol="ntu", rate_hz=30)).length.tolist() == [150, 18]


def test_native_takes_are_resampled_from_end_to_end(motions: Path) -> None:
    made = clips.load(cut_here(motions, protocol="native", centre="frame"))
    assert len(made) == 6
    data = store.read(motions, MOTIONS)
    for clip, start, length in zip(made.position[:, 0], data.start.values, data.length.values, strict=True):
        whole = data.position.values[start : start + length]
        for end in (0, -1):
            np.testing.assert_allclose(clip[end], whole[end] - whole[end, :1], atol=2e-3)
    assert made.fps == pytest.approx(np.mean(30 * 47 / (data.length.values - 1)))


def test_training_clips_alone_are_normalised_with(motions: Path, tmp_path: Path) -> None:
    other = files()
    for place in (3, 4, 5):
        other[place] = Recorded([3 * other[place].bodies[0]], other[place].split, other[place].action)
    changed = write_takes(tmp_path / "other" / "m.zarr", other, BODY)
    for name in ("smart", "native"):
        first, two = (clips.load(cut_here(path, protocol=name), "train") for path in (motions, changed))
        assert first.attrs["mean_mm"] == two.attrs["mean_mm"]
        assert first.attrs["scale_mm"] == two.attrs["scale_mm"]
        exact = first.position.astype(np.float64)
        np.testing.assert_allclose(first.normaliser.mean, exact.mean((0, 1, 2)), atol=1e-9)
        assert first.normaliser.scale == pytest.approx(exact.std())
        np.testing.assert_allclose(first.normalised.mean((0, 1, 2)), 0, atol=1e-5)
        about = clips.load(cut_here(motions, protocol=name, scale="about_mean"), "train")
        assert about.normalised.std() == pytest.approx(1, abs=1e-5)


def test_metres_and_zeros_of_ntu(tmp_path: Path) -> None:
    alone, pair = positions(BODY, 50, 0), np.stack([positions(BODY, 80, seed) for seed in (1, 2, 3)])
    path = write_takes(tmp_path / "m.zarr", [Recorded([alone]), Recorded(list(pair))], BODY)
    made = clips.load(cut_here(path, protocol="ntu", frames=100))
    assert (made.bodies.tolist(), made.length.tolist()) == ([1, 2], [50, 80])
    np.testing.assert_allclose(made.normalised * 1000, made.position, rtol=1e-6)
    assert not made.normalised[~made.present].any()
    assert made.normalised[made.present].any(axis=(1, 2)).all()
    assert made.take.tolist() == ["0", "1"]
    short = clips.load(cut_here(path, protocol="ntu", frames=60))
    assert short.attrs["truncated"] == ["take 1"]
    assert short.length.tolist() == [50, 60]
    assert len(clips.load(cut_here(path, protocol="native"))) == 4  # each body a clip


@given(seed=st.integers(0, 99), scale=st.floats(0.1, 2000), bodies=st.integers(0, 2), length=st.integers(0, 5))
@settings(max_examples=30)
def test_normalising_is_undone(seed: int, scale: float, bodies: int, length: int) -> None:
    rng = np.random.default_rng(seed)
    normaliser = Normaliser(rng.normal(0, 500, (4, 3)), scale)
    present = (np.arange(2) < bodies)[:, None] & (np.arange(5) < length)
    position = rng.normal(0, 500, (3, 2, 5, 4, 3)) * present[..., None, None]
    present = np.broadcast_to(present, (3, 2, 5))
    seen = normaliser.apply(position, present)
    assert seen.dtype == np.float32
    assert not seen[~present].any()
    again = normaliser.undo(seen, present)
    np.testing.assert_allclose(again, position, atol=1e-6 * (3000 + 10 * scale))
    np.testing.assert_array_equal(normaliser.apply(again, present), seen)


def test_some_clips_keep_their_rows(motions: Path) -> None:
    made = clips.load(cut_here(motions, protocol="smart"))
    for index in (np.array([4, 1]), np.arange(len(made)) % 3 == 0):
        some = made.take_rows(index)
        np.testing.assert_array_equal(some.normalised, made.normalised[index])
        np.testing.assert_array_equal(some.row, made.row[index])
        assert some.take.tolist() == made.take[index].tolist()


@pytest.mark.parametrize("name", names.available("samples.clips.protocols"))
def test_a_take_never_trains_and_tests(motions: Path, name: str) -> None:
    made = clips.load(cut_here(motions, protocol=name))
    by_split = {split: set(clips.load(motions.parent / "c.zarr", split).source) for split in SPLITS}
    assert sum(map(len, by_split.values())) == len(set(made.source))


def test_the_papers_split_leaks_and_says_so(motions: Path) -> None:
    shares = {"test_share": 0.25, "validation_share": 0.25}
    path = cut_here(motions, protocol="smart", split_by="paper_leaky", settings=shares)
    data = store.read(path, CLIPS)
    assert data.attrs["split_by"] == "paper_leaky"
    assert data.attrs["settings"]["split_seed"] == 0
    parts = {split: clips.load(path, split) for split in SPLITS}
    assert {split: len(part) for split, part in parts.items()} == {"train": 9, "val": 3, "test": 4}
    assert set(parts["train"].source) & set(parts["test"].source)
    np.testing.assert_allclose(parts["train"].normaliser.mean, parts["train"].position.mean((0, 1, 2)), atol=1e-3)
    same = cut_here(motions, "d.zarr", protocol="smart", split_by="paper_leaky", **shares)
    assert store.content_sha256(same) == store.content_sha256(path)
    other = cut_here(motions, "d.zarr", protocol="smart", split_by="paper_leaky", split_seed=1, **shares)
    assert store.content_sha256(other) != store.content_sha256(path)


@pytest.mark.parametrize("name", names.available("samples.clips.protocols"))
def test_how_frames_are_read_changes_nothing(motions: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = cut_here(motions, protocol=name)
    monkeypatch.setattr(frames, "BLOCK_ROWS", 1)
    monkeypatch.setattr(store, "CHUNK_BYTES", 4096)
    pieces = cut_here(motions, "pieces.zarr", protocol=name)
    assert store.content_sha256(pieces) == store.content_sha256(whole)


def test_no_more_is_read_than_a_block(motions: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "BLOCK_ROWS", 100)
    blocks: list[int] = []
    read = frames.Frames.read

    def watched(self: frames.Frames, first: int, count: int) -> np.ndarray:
        rows = read(self, first, count)
        blocks.append(len(self._block))
        return rows

    monkeypatch.setattr(frames.Frames, "read", watched)
    cut_here(motions, protocol="native")
    assert len(blocks) == 6
    assert max(blocks) == 160  # the longest take


@pytest.mark.parametrize("name", names.available("samples.clips.protocols"))
def test_a_takes_clips_do_not_depend_on_the_others(motions: Path, tmp_path: Path, name: str) -> None:
    some = write_takes(tmp_path / "some" / "m.zarr", [files()[0], files()[4]], BODY)
    few = clips.load(cut_here(some, protocol=name))
    all_clips = clips.load(cut_here(motions, protocol=name))
    chosen = np.isin(all_clips.source, ["take 0", "take 4"])
    np.testing.assert_array_equal(few.position, all_clips.position[chosen])


def test_coinciding_joints_and_bones_of_no_length(tmp_path: Path) -> None:
    bones = SKELETON.offsets.copy()
    bones[[3, 5]] = 0
    skeleton = Skeleton(SKELETON.names, SKELETON.parents, bones, SKELETON.turns, SKELETON.groups)
    path = write_takes(tmp_path / "m.zarr", files((50,), ("train",), skeleton), skeleton)
    for protocol in ("native", "ntu"):
        made = clips.load(cut_here(path, protocol=protocol))
        assert np.isfinite(made.normalised).all()
        np.testing.assert_array_equal(made.position[..., 3, :], made.position[..., 2, :])


@pytest.mark.parametrize(
    ("protocol", "error", "message"),
    [
        ({}, ConfigError, "protocol: found 'None', expected one of native, ntu, smart"),
        ({"protocol": "kinetics"}, ConfigError, "protocol: found 'kinetics', expected one of native, ntu, smart"),
        ({"protocol": "smart", "strid": 3}, ConfigError, "strid: found an unknown key, expected some of .*, stride, "),
        ({"protocol": "smart", "cover": "take"}, ConfigError, "cover: found an unknown key"),
        ({"protocol": "smart", "settings": [60]}, ConfigError, "settings: found .60., expected a mapping"),
        ({"protocol": "smart", "frames": 9, "settings": {"frames": 9}}, ConfigError, "frames: found twice"),
        ({"protocol": "native", "facing": "+z"}, ConfigError, "facing: found '.z', expected one of none, first"),
        (
            {"protocol": "smart", "pad": "none", "frames": 500},
            StoreError,
            "found no take long enough, expected at least",
        ),
        (
            {"protocol": "smart", "split_by": "paper_leaky", "test_share": 0.99},
            StoreError,
            "found 16 clips, of test, expected at least one clip to train on",
        ),
    ],
)
def test_what_cannot_be_cut_is_one_line(
    motions: Path, protocol: dict[str, Any], error: type[KinesecError], message: str
) -> None:
    with pytest.raises(error, match=message) as raised:
        cut(motions, motions.parent / "bad.zarr", protocol)
    assert "\n" not in str(raised.value)
    assert [path.name for path in motions.parent.iterdir()] == ["m.zarr"]


def test_motions_that_cannot_be_cut_are_one_line(tmp_path: Path) -> None:
    def refused(message: str, some: Sequence[Recorded], **protocol: Any) -> None:
        path = write_takes(tmp_path / "m.zarr", some, BODY)
        with pytest.raises(KinesecError, match=message) as raised:
            cut(path, tmp_path / "bad.zarr", protocol)
        assert "\n" not in str(raised.value)
        assert not (tmp_path / "bad.zarr").exists()

    for bad in (np.nan, np.inf):
        broken = files()
        broken[1].bodies[0][17, 3, 1] = bad
        refused(
            rf"take 1, frame 17, joint '{BODY.names[3]}': found a position that is not finite", broken, protocol="ntu"
        )
    refused("found 2 clips, of test, val, expected", files((70, 80), ("val", "test")), protocol="native")
    still = [Recorded([np.zeros((70, len(BODY), 3))])]
    refused("found training clips that are all one point, expected motion", still, protocol="native")
    refused("found no take long enough", [Recorded([positions(BODY, 1)])], protocol="native")
    uneven = [Recorded([positions(BODY, 30), positions(BODY, 31)])]
    refused(r"take 0: found bodies of \[30, 31\] frames, expected as many in each", uneven, protocol="ntu")
    odd = write_takes(tmp_path / "odd.zarr", files((70,), ("train",), SKELETON), SKELETON)
    with pytest.raises(ConfigError, match="joint_map: found a skeleton without "):
        cut(odd, tmp_path / "bad.zarr", {"protocol": "smart"})


def test_an_empty_split_loads_as_no_clips(tmp_path: Path) -> None:
    path = write_takes(tmp_path / "m.zarr", files((70, 80), ("train", "train")), BODY)
    none = clips.load(cut_here(path, protocol="smart"), "test")
    assert (len(none), none.normalised.shape) == (0, (0, 1, 60, 25, 3))


# The released clips: real HDM05 in the authors' own format.


@pytest.fixture(scope="module")
def released(shared: Path) -> Clips:
    folder = shared / "data/hdm05_smart_format"
    if not folder.is_dir():
        pytest.skip("the released clips are not in ../shared/data")
    core = np.load(folder / "SMART/preprocess_core.npz")
    given = [folder / "SMART/adClassTrain.npz", folder / "BEAT/adClassTrain.npz"]
    seen = np.concatenate([np.load(path)["clips"] for path in given]).reshape(-1, 1, 60, 25, 3)
    normaliser = Normaliser(core["Xmean"].reshape(25, 3) * UNIT_MM, float(core["Xstd"].flat[0]) * UNIT_MM)
    count = len(seen)
    none, ones, text = np.zeros(count, int), np.ones(count, int), np.full(count, "", dtype=object)
    position = normaliser.undo(seen, np.ones(seen.shape[:3], bool)).astype(np.float32)
    attrs = {"mean_mm": normaliser.mean.tolist(), "scale_mm": normaliser.scale}
    return Clips(position, none, ones, 60 * ones, np.arange(count), text, text, text, attrs)


def test_released_clips_have_our_order_and_links(released: Clips) -> None:
    position = released.position[:, 0].astype(np.float64)
    assert not position[:, :, joint_maps.ROOT].any()
    length = np.linalg.norm(position - position[:, :, list(joint_maps.PUBLISHED_PARENTS)], axis=-1)
    assert np.ptp(length, axis=(0, 1)).max() < 0.1  # one skeleton: every link is rigid, in mm
    assert np.flatnonzero(length.mean((0, 1)) < 1e-3).tolist() == [0, 5, 10, 13]
    bone = dict(zip(joint_maps.NAMES, length.mean((0, 1)), strict=True))
    for side in ("Left", "Right"):
        assert 380 < bone[f"{side}Leg"] < 450  # a thigh
        assert 380 < bone[f"{side}Foot"] < 450  # a shank
        assert 250 < bone[f"{side}ForeArm"] < 310
        assert 150 < bone[f"{side}Hand"] < 250
    mean = released.normaliser.mean
    assert mean[joint_maps.NAMES.index("LeftArm"), 0] > 100 > -100 > mean[joint_maps.NAMES.index("RightArm"), 0]
    assert mean[joint_maps.NAMES.index("LeftToeBase"), 1] < -600 < 200 < mean[joint_maps.NAMES.index("Neck1"), 1]
    assert mean[[4, 9], 2].min() > mean[[3, 8], 2].max()  # toes before ankles: the body faces +z


def test_released_clips_face_forward_and_scale_as_ours(released: Clips) -> None:
    angles = np.degrees([yaw(clip[0], joint_maps.SHOULDERS_AND_HIPS, 0) for clip in released.position.astype(float)])
    assert abs(np.median(angles)) < 2
    assert np.percentile(np.abs(angles), 90) < 30
    moments = Moments(25)
    moments.add(released.position)
    mean, overall = moments.normalisation("overall")
    assert overall == pytest.approx(released.normaliser.scale, rel=0.05)
    assert moments.normalisation("about_mean")[1] < 0.7 * released.normaliser.scale
    assert np.abs(mean - released.normaliser.mean).mean() < 60


def test_a_real_take_becomes_clips_like_the_released(released: Clips, shared: Path, tmp_path: Path) -> None:
    folder = shared / "data/hdm05_asfamc/train/10"
    if not folder.is_dir():
        pytest.skip("HDM05 is not in ../shared/data")
    take = min(folder.glob("*.amc"))
    actor = take.name.split("_")[1]
    (motion,) = asf_amc.read(take, asf=folder / f"HDM_{actor}.asf", fps=120.0, fps_from="published")
    path = write_takes(tmp_path / "m.zarr", [Recorded([motion.position], fps=120.0)], motion.skeleton)
    made = clips.load(cut_here(path, protocol="smart"))
    assert made.fps == 30
    position = made.position[:, 0].astype(np.float64)
    real = released.position[:, 0].astype(np.float64)
    for child, parent in ((1, 0), (2, 1), (3, 2), (4, 3), (6, 5), (7, 6), (8, 7), (9, 8), (16, 15), (21, 20), (11, 10)):
        ratio, expected = (
            np.linalg.norm(points[:, :, child] - points[:, :, parent], axis=-1).mean() for points in (position, real)
        )
        assert ratio == pytest.approx(expected, rel=0.15)
    assert np.abs(position.mean((0, 1)) - released.normaliser.mean)[[0, 1, 5, 6, 10, 11]].max() < 100
    assert made.normaliser.scale == pytest.approx(released.normaliser.scale, rel=0.35)
