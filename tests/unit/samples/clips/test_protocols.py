from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from stores import SKELETON
from takes import SKELETONS, mirrored, ntu_skeleton, positions, swapped, take, turned

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.models.recognizers.base import Graph
from kinesec.motion import joint_maps
from kinesec.motion.skeleton import Skeleton
from kinesec.samples.clips.moments import Moments
from kinesec.samples.clips.protocols._space import face_forward, rotation_between, yaw
from kinesec.samples.clips.protocols._time import pad_both_sides, sample, times_at, times_in_cells, window_starts
from kinesec.samples.clips.protocols.base import ClipProtocol, Take
from kinesec.samples.clips.protocols.native import Native
from kinesec.samples.clips.protocols.ntu import Ntu, liveliness
from kinesec.samples.clips.protocols.smart import Smart
from kinesec.samples.clips.split import Split

ANGLES = st.floats(-np.pi, np.pi)
SHIFTS = st.tuples(*[st.floats(-5000, 5000)] * 3)
PROTOCOLS: list[ClipProtocol] = [
    Smart(),
    Smart(frames=32, stride=8, rate_hz=15, last_start="drop"),
    Ntu(frames=40),
    Ntu(frames=40, pad="repeat"),
    Ntu(frames=64, fit="resize", centre="frame"),
    Native(),
    Native(cover="windows", facing="frames", centre="frame"),
    Native(facing="first"),
]
FACED: list[ClipProtocol] = [Smart(), Native(facing="frames"), Native(facing="first", cover="windows", frames=30)]


def of(position: np.ndarray, skeleton: Skeleton, fps: float = 30.0) -> Take:
    return Take(position[None], fps, skeleton)


@pytest.mark.parametrize("protocol", PROTOCOLS, ids=repr)
@pytest.mark.parametrize("source", SKELETONS)
@pytest.mark.parametrize("frames", [2, 60, 97])
def test_every_protocol_cuts_every_skeleton(protocol: ClipProtocol, source: str, frames: int) -> None:
    skeleton = SKELETONS[source]
    made = protocol.cut(take(skeleton, frames, fps=30.0))
    joints = len(protocol.skeleton(skeleton))
    assert made.position.shape[1:] == (protocol.max_bodies, protocol.frames, joints, 3)
    assert len(made.position) == len(protocol.first_frames(frames, 30.0)) >= 1
    assert np.isfinite(made.position).all()
    assert not made.position[:, made.bodies :].any()
    assert not made.position[:, :, made.length :].any()
    assert made.position[:, : made.bodies, : made.length].any(axis=(-1, -2)).all()


@pytest.mark.parametrize("name", names.available("samples.clips.protocols"))
def test_a_protocol_is_a_module(name: str) -> None:
    protocol = names.load("samples.clips.protocols", name).PROTOCOL
    assert issubclass(protocol, ClipProtocol)
    assert protocol() == protocol()


@pytest.mark.parametrize("protocol", FACED, ids=repr)
@pytest.mark.parametrize("source", ["cmu_asf", "procedural"])
@given(angle=ANGLES, shift=SHIFTS)
@settings(max_examples=8)
def test_where_a_body_stands_and_faces_changes_nothing(
    protocol: ClipProtocol, source: str, angle: float, shift: tuple[float, float, float]
) -> None:
    skeleton = SKELETONS[source]
    position = positions(skeleton, 70)
    actual = protocol.cut(of(turned(position, angle, shift), skeleton)).position
    np.testing.assert_allclose(actual, protocol.cut(of(position, skeleton)).position, atol=1e-6)


@given(shift=SHIFTS)
@settings(max_examples=8)
def test_where_a_body_stands_changes_nothing_without_facing(shift: tuple[float, float, float]) -> None:
    position = positions(SKELETON, 70)
    for protocol in (Native(), Native(centre="frame"), Ntu(), Ntu(centre="frame", align=False)):
        moved = protocol.cut(of(position + np.array(shift), SKELETON)).position
        np.testing.assert_allclose(moved, protocol.cut(of(position, SKELETON)).position, atol=1e-6)


@pytest.mark.parametrize("protocol", FACED, ids=repr)
@pytest.mark.parametrize("source", SKELETONS)
def test_a_mirrored_body_makes_mirrored_clips(protocol: ClipProtocol, source: str) -> None:
    skeleton = SKELETONS[source]
    assert swapped(skeleton.names) != list(range(len(skeleton)))
    position = positions(skeleton, 70)
    expected = mirrored(protocol.cut(of(position, skeleton)).position, protocol.skeleton(skeleton).names)
    actual = protocol.cut(of(mirrored(position, skeleton.names), skeleton)).position
    np.testing.assert_allclose(actual, expected, atol=1e-6)


def test_smart_stands_at_the_origin_and_faces_forward() -> None:
    walker = take(SKELETONS["procedural"], 150)
    sharp = Smart(facing_sigma=0).cut(walker).position[:, 0]
    assert not sharp[:, :, joint_maps.ROOT].any()
    across = sharp[:, :, 15] - sharp[:, :, 20]
    np.testing.assert_allclose(across[..., 2], 0, atol=1e-9)  # the left on +x, so the front is +z
    assert (across[..., 0] > 0).all()
    smooth = Smart().cut(walker).position[:, 0]
    np.testing.assert_allclose(smooth[..., 1], sharp[..., 1], atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(smooth, axis=-1), np.linalg.norm(sharp, axis=-1), atol=1e-9)
    turns = [np.abs(np.diff(np.unwrap(yaw(clip, [(15, 20)], 0)))).max() for clip in smooth]
    assert max(turns) > 1e-3  # a quick turn of the shoulders stays


def test_a_body_without_heading_is_not_turned() -> None:
    assert not yaw(np.zeros((5, 3, 3)), [(1, 2)], 20.0).any()
    upright = np.zeros((5, 3, 3))
    upright[:, 1, 1] = 100  # lies on its side: one shoulder above the other
    assert not yaw(upright, [(1, 2)], 20.0).any()


@given(angle=ANGLES)
def test_face_forward_undoes_a_turn(angle: float) -> None:
    position = positions(SKELETON, 3)
    np.testing.assert_allclose(face_forward(turned(position, angle), np.full(3, angle)), position, atol=1e-9)
    there = turned(np.array([[0.0, 0.0, 1.0]]), angle)[0]
    np.testing.assert_allclose(there, [np.sin(angle), 0, np.cos(angle)], atol=1e-12)


VECTORS = st.tuples(*[st.floats(-10, 10)] * 3).map(np.array).filter(lambda vector: np.linalg.norm(vector) > 1e-3)


@given(vector=VECTORS, other=VECTORS)
def test_rotation_between_turns_one_to_the_other(vector: np.ndarray, other: np.ndarray) -> None:
    for start, end in ((vector, other), (vector, -vector), (vector, vector)):
        rotation = rotation_between(start, end)
        np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-6)
        assert np.linalg.det(rotation) == pytest.approx(1)
        np.testing.assert_allclose(rotation @ start / np.linalg.norm(start), end / np.linalg.norm(end), atol=1e-6)
    np.testing.assert_array_equal(rotation_between(vector, np.zeros(3)), np.eye(3))


@pytest.mark.parametrize(
    ("frames", "fps", "rate", "times"),
    [
        (9, 120, 30, [0, 4, 8]),
        (5, 30, 30, [0, 1, 2, 3, 4]),
        (5, 29.97, 30, [0, 1, 2, 3, 4]),
        (7, 59.94, 30, [0, 2, 4, 6]),
        (6, 50, 30, [0, 5 / 3, 10 / 3, 5]),
        (4, 25, 30, [0, 5 / 6, 10 / 6, 15 / 6]),
        (1, 100, 30, [0]),
    ],
)
def test_times_at_another_rate(frames: int, fps: float, rate: float, times: list[float]) -> None:
    np.testing.assert_allclose(times_at(frames, fps, rate), times)


@given(frames=st.integers(1, 400), fps=st.floats(10, 240), rate=st.floats(10, 120))
def test_times_stay_within_the_take_and_leave_less_than_a_frame(frames: int, fps: float, rate: float) -> None:
    times = times_at(frames, fps, rate)
    assert times[0] == 0
    assert times[-1] <= frames - 1 + 1e-6
    step = times[1] - times[0] if len(times) > 1 else fps / rate
    assert frames - 1 - times[-1] < max(step, fps / rate) + 1e-6
    line = np.arange(frames, dtype=float)[:, None, None] * np.ones((1, 2, 3))
    np.testing.assert_allclose(sample(line, times)[:, 0, 0], times, atol=1e-5)


@given(frames=st.integers(1, 200), count=st.integers(1, 100))
@settings(max_examples=30)
def test_resizing_is_that_of_the_released_feeder(frames: int, count: int) -> None:
    wave = np.sin(np.arange(frames) * 0.3)
    expected = torch.nn.functional.interpolate(
        torch.tensor(wave)[None, None, :, None], size=(count, 1), mode="bilinear", align_corners=False
    )[0, 0, :, 0]
    resized = sample(wave[:, None, None], times_in_cells(frames, count))[:, 0, 0]
    np.testing.assert_allclose(resized, expected.numpy(), atol=1e-9)


@pytest.mark.parametrize(
    ("frames", "pad", "last", "starts"),
    [
        (100, True, True, [0, 20, 40]),
        (100, True, False, [0, 20]),  # the released range stops short of frames - length
        (101, True, False, [0, 20, 40]),
        (99, True, True, [0, 20]),
        (60, True, False, [0]),
        (60, False, True, [0]),
        (59, True, True, [0]),
        (59, False, True, []),
    ],
)
def test_window_starts(frames: int, pad: bool, last: bool, starts: list[int]) -> None:
    assert window_starts(frames, 60, 20, pad=pad, last=last).tolist() == starts


def test_padding_repeats_the_ends_and_the_first_once_more() -> None:
    steps = np.arange(1.0, 4.0)[:, None, None] * np.ones((1, 2, 3))
    assert pad_both_sides(steps, 8)[:, 0, 0].tolist() == [1, 1, 1, 1, 2, 3, 3, 3]
    assert pad_both_sides(steps, 5)[:, 1, 2].tolist() == [1, 1, 2, 3, 3]
    assert pad_both_sides(steps, 2) is steps
    position = positions(SKELETONS["procedural"], 11)
    clip = Smart(frames=20).cut(of(position, SKELETONS["procedural"])).position[0, 0]
    assert (clip[:5] == clip[5]).all()
    assert (clip[16:] == clip[15]).all()
    assert not (clip[5] == clip[6]).all()
    zero = Ntu(frames=25).cut(of(position, SKELETONS["procedural"]))
    assert (zero.length, zero.bodies) == (11, 1)
    again = Ntu(frames=25, pad="repeat").cut(of(position, SKELETONS["procedural"])).position[0, 0]
    np.testing.assert_array_equal(again[:11], zero.position[0, 0, :11])
    np.testing.assert_array_equal(again[11:22], again[:11])
    np.testing.assert_array_equal(again[22:], again[:3])


def test_windows_are_pieces_of_the_take() -> None:
    skeleton = SKELETONS["cmu_asf"]
    position = positions(skeleton, 400)
    long = Smart(frames=100).cut(of(position, skeleton, 120.0)).position[0, 0]
    protocol = Smart(frames=40, stride=15)
    firsts = protocol.first_frames(400, 120.0)
    assert firsts.tolist() == [0, 60, 120, 180, 240]
    for first, clip in zip(firsts, protocol.cut(of(position, skeleton, 120.0)).position, strict=True):
        np.testing.assert_array_equal(clip[0], long[first // 4 : first // 4 + 40])


def test_the_25_joints_are_linked_as_published() -> None:
    links = {frozenset((j, p)) for j, p in enumerate(joint_maps.PUBLISHED_PARENTS) if j != p}
    assert {frozenset((j, p)) for j, p in enumerate(joint_maps.PARENTS) if p >= 0} == links
    assert len(joint_maps.NAMES) == len(set(joint_maps.NAMES)) == 25
    assert sorted(sum(joint_maps.GROUPS.values(), ())) == list(range(1, 25))
    assert joint_maps.NAMES[joint_maps.ROOT] == "Hips"


@pytest.mark.parametrize("name", SKELETONS)
def test_the_map_that_fits_is_found_and_sides_agree(name: str) -> None:
    skeleton = SKELETONS[name]
    assert joint_maps.resolve(skeleton, None) == joint_maps.MAPS[name]
    made, joints = joint_maps.retarget(skeleton, joint_maps.MAPS[name])
    assert made.names == joint_maps.NAMES
    twin, there = swapped(made.names), swapped(skeleton.names)
    assert [there[joint] for joint in joints] == [joints[joint] for joint in twin]
    rest = np.zeros((25, 3))
    for joint in made.order[1:]:
        rest[joint] = rest[made.parents[joint]] + made.offsets[joint]
    whole = np.zeros_like(skeleton.offsets)
    for joint in skeleton.order[1:]:
        whole[joint] = whole[skeleton.parents[joint]] + skeleton.offsets[joint]
    np.testing.assert_allclose(rest - rest[joint_maps.ROOT], whole[joints] - whole[joints[joint_maps.ROOT]], atol=1e-9)
    lengths = np.linalg.norm(positions(skeleton, 4)[:, joints[2]] - positions(skeleton, 4)[:, joints[1]], axis=-1)
    assert (lengths > 100).all()  # a thigh
    assert Graph.of(made).parents.count(-1) == 1


def test_a_users_map_and_a_map_by_name() -> None:
    skeleton = SKELETONS["procedural"]
    walker = take(skeleton, 70)
    expected = Smart().cut(walker).position
    joint_map = dict(zip(joint_maps.NAMES, joint_maps.MAPS["procedural"], strict=True))
    assert Smart().notes(skeleton) == {"joint_map": joint_map}
    for given_map in ("procedural", joint_map):
        np.testing.assert_array_equal(Smart(joint_map=given_map).cut(walker).position, expected)
    headless = Smart(joint_map=joint_map | {"Neck1": "Neck"}).cut(walker).position
    np.testing.assert_array_equal(headless[..., 14, :], headless[..., 13, :])


def test_a_skeleton_without_the_joints_is_one_line() -> None:
    with pytest.raises(
        ConfigError, match=r"joint_map: found a skeleton without .*Hips.*, expected those of map"
    ) as raised:
        Smart().skeleton(SKELETON)
    assert "\n" not in str(raised.value)
    assert "name a joint for each of the 25" in str(raised.value)
    with pytest.raises(
        ConfigError, match=r"without ThumbLeft, ThumbRight, expected those of map 'ntu', the nearest of"
    ):
        Smart().skeleton(SKELETONS["ntu"].select(tuple(range(22))))
    with pytest.raises(
        ConfigError, match=r"without Chest, Foot_L, .* expected those of map 'bandai_namco'; name a joint"
    ):
        Smart(joint_map="bandai_namco").skeleton(SKELETONS["procedural"])
    armless = Skeleton(SKELETON.names, SKELETON.parents, SKELETON.offsets)
    for protocol in (Native(facing="first"), Ntu()):
        with pytest.raises(ConfigError, match=r"skeleton: found body parts none, expected left_arm and right_arm"):
            protocol.skeleton(armless)
    assert Native().skeleton(armless) is armless
    assert Ntu(align=False).skeleton(armless) is armless
    with pytest.raises(ConfigError, match=r"centre_joint: found 'belt', expected one of hips, chest"):
        Ntu(centre_joint="belt").skeleton(SKELETON)


def test_ntu_keeps_the_two_that_move_most_in_place_to_each_other() -> None:
    skeleton = ntu_skeleton()
    bodies = np.stack([positions(skeleton, 30, seed) for seed in range(4)])
    still = bodies[:, :1].repeat(30, axis=1)
    some = np.stack([still[0], bodies[1], still[2], 0.5 * bodies[3]])
    order = np.argsort([-liveliness(body) for body in some])[:2]
    made = Ntu(frames=30).cut(Take(some, 30.0, skeleton))
    assert made.bodies == 2
    first, second = made.position[0]
    spine = skeleton.names.index("SpineMid")
    np.testing.assert_allclose(first[0, spine], 0, atol=1e-9)
    apart = np.linalg.norm(some[order[0]] - some[order[1]], axis=-1)
    np.testing.assert_allclose(np.linalg.norm(first - second, axis=-1), apart, atol=1e-6)
    across = first[0, skeleton.names.index("ShoulderRight")] - first[0, skeleton.names.index("ShoulderLeft")]
    np.testing.assert_allclose(across / np.linalg.norm(across), [1, 0, 0], atol=1e-9)
    assert (first[0, spine] - first[0, 0])[2] > 0
    framed = Ntu(frames=30, centre="frame").cut(Take(some, 30.0, skeleton)).position[0]
    np.testing.assert_allclose(framed[0, :, spine], 0, atol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(framed[0] - framed[1], axis=-1), apart, atol=1e-6)
    raw = Ntu(frames=30, align=False).cut(Take(some, 30.0, skeleton)).position[0]
    np.testing.assert_allclose(raw[0] - raw[0, 0, spine], some[order[0]] - some[order[0], 0, spine], atol=1e-9)


def test_an_upright_body_is_stood_on_z_with_its_right_on_x() -> None:
    rest = np.zeros((25, 3))
    skeleton = ntu_skeleton()
    for joint in skeleton.order[1:]:
        rest[joint] = rest[skeleton.parents[joint]] + skeleton.offsets[joint]
    clip = Ntu(frames=4).cut(of(turned(np.tile(rest, (4, 1, 1)), 0.7, (10, 20, 30)), skeleton)).position[0, 0]
    centred = rest - rest[skeleton.names.index("SpineMid")]
    np.testing.assert_allclose(clip[2], centred[:, [0, 2, 1]] * [-1, 1, 1], atol=1e-9)


def test_ntu_says_what_it_leaves_out_and_its_rate() -> None:
    assert Ntu().truncates(301, 30.0)
    assert not Ntu().truncates(300, 30.0)
    assert not Ntu(rate_hz=30).truncates(1200, 120.0)
    assert not Ntu(fit="resize").truncates(9999, 30.0)
    frames, fps = np.array([100, 200]), np.array([30.0, 60.0])
    with pytest.raises(ConfigError, match=r"rate_hz: found none, and takes of 30 to 60 frames per second"):
        Ntu().rate(frames, fps)
    assert Ntu(rate_hz=15).rate(frames, fps) == 15
    assert Ntu(frames=50, fit="resize").rate(frames, fps) == 15
    assert Native(frames=34).rate(np.array([100, 199]), fps) == pytest.approx((30 / 3 + 60 / 6) / 2)
    assert Native(cover="windows", rate_hz=20).rate(frames, fps) == 20


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Smart(frames=1), "frames: found 1, expected a whole number from 2"),
        (lambda: Smart(frames=60.0), "frames: found 60.0"),
        (lambda: Smart(stride=0), "stride: found 0"),
        (lambda: Smart(rate_hz=0), "rate_hz: found 0, expected a finite number above 0"),
        (lambda: Smart(rate_hz=float("nan")), "rate_hz: found nan"),
        (lambda: Smart(pad="zero"), "pad: found 'zero', expected one of repeat, none"),
        (lambda: Smart(last_start=True), "last_start: found True"),
        (lambda: Smart(facing_sigma=-1), "facing_sigma: found -1"),
        (lambda: Smart(scale="metres"), "scale: found 'metres'"),
        (lambda: Smart(joint_map="kinect"), "joint_map: found 'kinect', expected one of cmu_bvh"),
        (lambda: Smart(joint_map={"Hips": "root"}), "joint_map: found none for LHipJoint, LeftUpLeg"),
        (lambda: Smart(joint_map=dict.fromkeys((*joint_maps.NAMES, "Tail"), "root")), "joint_map: found 'Tail'"),
        (lambda: Ntu(fit="crop"), "fit: found 'crop', expected one of pad, resize"),
        (lambda: Ntu(pad="none"), "pad: found 'none'"),
        (lambda: Ntu(align=1), "align: found 1, expected true or false"),
        (lambda: Ntu(rate_hz=-30), "rate_hz: found -30"),
        (lambda: Native(cover="all"), "cover: found 'all', expected one of take, windows"),
        (lambda: Native(centre="root"), "centre: found 'root'"),
        (lambda: Native(facing=True), "facing: found True, expected one of none, first, frames"),
        (lambda: Split(split_by="window"), "split_by: found 'window', expected one of recording, paper_leaky"),
        (lambda: Split(test_share=1), "test_share: found 1, expected a finite number from 0 to less than 1"),
        (lambda: Split(validation_share="some"), "validation_share: found 'some'"),
        (lambda: Split(split_seed=-1), "split_seed: found -1"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(make: Callable[[], Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        make()
    assert "\n" not in str(raised.value)


@given(seed=st.integers(0, 99), pieces=st.lists(st.integers(0, 9), max_size=4))
@settings(max_examples=20)
def test_moments_are_those_of_all_clips_at_once(seed: int, pieces: list[int]) -> None:
    clips = np.random.default_rng(seed).normal([3.0, -900.0, 50.0], [30, 200, 9], (12, 1, 5, 4, 3)).astype(np.float32)
    moments = Moments(4)
    for part in np.split(clips, np.sort(np.array(pieces, dtype=int))):
        moments.add(part)
    mean, overall = moments.normalisation("overall")
    exact = clips.astype(np.float64)
    np.testing.assert_allclose(mean, exact.mean((0, 1, 2)), rtol=1e-12)
    assert overall == pytest.approx(exact.std())
    assert moments.normalisation("about_mean")[1] == pytest.approx(np.sqrt(np.square(exact - mean).mean()))
    zero, metre = moments.normalisation("metres")
    assert (zero.any(), metre) == (False, 1000.0)


@given(count=st.integers(5, 300), seed=st.integers(0, 9), test=st.floats(0, 0.5), validation=st.floats(0, 0.5))
@settings(max_examples=40)
def test_splits_are_dealt_in_their_shares(count: int, seed: int, test: float, validation: float) -> None:
    recorded = np.array(["train", "val", "test", "train", "test"] * (count // 5 + 1), dtype=object)[:count]
    assert Split(test_share=test).deal(recorded) is recorded
    leaky = Split(split_by="paper_leaky", split_seed=seed, test_share=test, validation_share=validation)
    dealt = leaky.deal(recorded)
    shares = {name: int((dealt == name).sum()) for name in ("train", "val", "test")}
    assert shares["test"] == round(test * count)
    assert shares["val"] == round(validation * (count - shares["test"]))
    assert sum(shares.values()) == count
    np.testing.assert_array_equal(dealt, leaky.deal(recorded[::-1]))  # by the seed alone


def test_another_seed_deals_another_split() -> None:
    recorded = np.full(100, "train", dtype=object)
    dealt = [Split(split_by="paper_leaky", split_seed=seed).deal(recorded).tolist() for seed in range(3)]
    assert len({tuple(split) for split in dealt}) == 3
