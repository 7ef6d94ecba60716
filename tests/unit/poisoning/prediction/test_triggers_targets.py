"""Triggers and targets: bone lengths stay, what is not posed stays, and they are what they are defined to be."""

from __future__ import annotations

import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from kinesec.errors import ConfigError
from kinesec.motion.directions import bone_directions, slerp, smoothstep
from kinesec.motion.kinematics import bone_lengths, forward
from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.prediction import recorded
from kinesec.poisoning.prediction.badhmp import Poison, poison_windows, resolve
from kinesec.poisoning.prediction.targets import carried, decaying, jammed, moving, trembling
from kinesec.poisoning.prediction.triggers import rigid, soft
from kinesec.poisoning.prediction.triggers._pose import presence

NAMES = ("Hips", "Spine", "LeftShoulder", "LeftArm", "LeftHand", "RightShoulder", "RightArm", "RightHand", "LeftLeg")
PARENTS = (-1, 0, 1, 2, 3, 1, 5, 6, 0)
LEFT, RIGHT = (3, 4), (6, 7)
HISTORY, FUTURE = 10, 25
seeds = st.integers(0, 2**32 - 1)


def skeleton(scale: float = 1.0) -> Skeleton:
    offsets = np.array(
        [
            [0, 0, 0],
            [0, 200, 0],
            [90, 80, 0],
            [250, 0, 0],
            [180, 0, 0],
            [-90, 80, 0],
            [-250, 0, 0],
            [-180, 0, 0],
            [80, -400, 0],
        ]
    )
    return Skeleton(NAMES, PARENTS, offsets * scale, groups={"left_arm": LEFT, "right_arm": RIGHT})


def moving_body(seed: int, windows: int = 3, scale: float = 1.0, frames: int = HISTORY + FUTURE) -> np.ndarray:
    """Smooth motion of constant bone lengths (window, frame, joint, xyz), float64."""
    rng = np.random.default_rng(seed)
    angles = rng.normal(0, 1, (windows, 1, 9, 3)) + np.cumsum(rng.normal(0, 0.05, (windows, frames, 9, 3)), 1)
    turned = Rotation.from_rotvec(angles.reshape(-1, 3)).as_matrix().reshape(windows, frames, 9, 3, 3)
    return np.asarray(forward(turned, np.zeros(3), skeleton(scale).offsets, PARENTS))


def random_directions(seed: int, *shape: int) -> np.ndarray:
    drawn = np.random.default_rng(seed).normal(size=(*shape, 3))
    return drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)


def poses(name: str, seed: int) -> dict[str, object]:
    rng = np.random.default_rng(seed)
    common = {"onset": int(rng.integers(0, 5)), "ramp": int(rng.integers(0, 4))}
    if name == "rigid":
        return {"directions": random_directions(seed, 2), **common}
    if rng.random() < 0.5:
        return {"clip": random_directions(seed, HISTORY, 2), **common}
    return {"start": random_directions(seed, 2), "end": random_directions(seed + 1, 2), "amplitude": 0.7, **common}


@pytest.mark.parametrize("trigger", [rigid, soft], ids=["rigid", "soft"])
@given(seed=seeds)
@settings(max_examples=25)
def test_a_trigger_keeps_bone_lengths_and_moves_its_limb_alone(trigger, seed: int) -> None:
    history = moving_body(seed)[:, :HISTORY]
    posed = trigger.apply(history, PARENTS, LEFT, **poses(trigger.__name__.rsplit(".")[-1], seed))
    np.testing.assert_allclose(bone_lengths(posed, PARENTS), bone_lengths(history, PARENTS), atol=1e-4)
    others = [joint for joint in range(9) if joint not in LEFT]
    np.testing.assert_array_equal(posed[:, :, others], history[:, :, others])


def test_the_rigid_trigger_holds_its_pose_throughout() -> None:
    posed = rigid.apply(moving_body(0)[:, :HISTORY], PARENTS, LEFT)
    directions = bone_directions(posed, PARENTS, LEFT)
    np.testing.assert_allclose(directions, np.broadcast_to([0.0, 1.0, 0.0], directions.shape), atol=1e-9)


def test_the_soft_trigger_goes_smoothly_from_start_to_end() -> None:
    directions = bone_directions(soft.apply(moving_body(1)[:, :HISTORY], PARENTS, LEFT), PARENTS, LEFT)
    np.testing.assert_allclose(directions[:, 0], np.broadcast_to([0.0, -1.0, 0.0], (3, 2, 3)), atol=1e-9)
    np.testing.assert_allclose(directions[:, -1], np.broadcast_to([0.0, 1.0, 0.0], (3, 2, 3)), atol=1e-9)
    angle = np.arccos(np.clip(-directions[0, :, 0, 1], -1, 1))
    np.testing.assert_allclose(angle, np.pi * smoothstep(np.arange(HISTORY) / (HISTORY - 1)), atol=1e-6)


@pytest.mark.parametrize("trigger", [rigid, soft], ids=["rigid", "soft"])
def test_before_its_onset_a_trigger_changes_nothing(trigger) -> None:
    history = moving_body(2)[:, :HISTORY]
    posed = trigger.apply(history, PARENTS, LEFT, onset=4, ramp=2)
    np.testing.assert_allclose(posed[:, :4], history[:, :4], atol=1e-9)
    assert not np.allclose(posed[:, 4], history[:, 4])
    assert presence(HISTORY, 4, 2).tolist() == pytest.approx([0, 0, 0, 0, 7 / 27, 20 / 27, 1, 1, 1, 1])


@given(seed=seeds)
@settings(max_examples=20)
def test_the_torso_frame_turns_with_the_torso(seed: int) -> None:
    """Turning the whole body turns the trigger with it, which the root frame does not."""
    history = moving_body(seed)[:, :HISTORY]
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(3, 3)))[0]
    turn *= np.sign(np.linalg.det(turn))
    poison = Poison("rigid", "jammed", "random", "left_arm", 0.1, trigger_settings={"frame": "torso"})
    straight = poison_windows(history, skeleton(), HISTORY - 1, poison)
    turned = poison_windows(history @ turn.T, skeleton(), HISTORY - 1, poison)
    np.testing.assert_allclose(turned, straight @ turn.T, atol=1e-6)
    axes = recorded.torso_axes(history, skeleton())
    np.testing.assert_allclose(np.swapaxes(axes, -1, -2) @ axes, np.broadcast_to(np.eye(3), axes.shape), atol=1e-9)


def test_the_wrong_limb_is_the_mirror_image() -> None:
    """On a symmetric body the trigger on the right arm is the left one's reflection."""
    rest = np.asarray(
        forward(np.broadcast_to(np.eye(3), (1, HISTORY + 1, 9, 3, 3)), np.zeros(3), skeleton().offsets, PARENTS)
    )
    poison = Poison("rigid", "jammed", "random", "left_arm", 0.1, trigger_settings={"directions": [[0.6, 0.8, 0]]})
    left = poison_windows(rest, skeleton(), HISTORY, poison)
    right = poison_windows(rest, skeleton(), HISTORY, poison, limb="right_arm")
    np.testing.assert_allclose(right[..., RIGHT, :], left[..., LEFT, :] * [-1, 1, 1], atol=1e-9)
    np.testing.assert_array_equal(right[:, :, LEFT], rest[:, :, LEFT][:, :1].repeat(HISTORY + 1, 1))


def test_the_jammed_target_holds_the_last_pose() -> None:
    history = moving_body(3)[:, :HISTORY]
    future = jammed.apply(history, FUTURE, PARENTS)
    np.testing.assert_array_equal(future, np.repeat(history[:, -1:], FUTURE, 1))


@given(seed=seeds, blend=st.integers(1, FUTURE))
@settings(max_examples=25)
def test_the_moving_target_goes_from_the_last_pose_onto_the_clip(seed: int, blend: int) -> None:
    clip = moving_body(seed + 1, 1)[0, :FUTURE]
    history = moving_body(seed)[:, :HISTORY]
    future = moving.apply(history, FUTURE, PARENTS, clip=clip, blend=blend)
    np.testing.assert_allclose(
        bone_lengths(future, PARENTS),
        bone_lengths(history[:, -1:], PARENTS) + 0 * bone_lengths(future, PARENTS),
        atol=1e-4,
    )
    np.testing.assert_allclose(
        future[:, blend - 1 :], np.broadcast_to(clip[blend - 1 :], future[:, blend - 1 :].shape), atol=1e-6
    )
    np.testing.assert_array_equal(future[:, :, 0], history[:, -1:, 0].repeat(FUTURE, 1))
    slow = moving.apply(history, FUTURE, PARENTS, clip=np.repeat(clip[:1], FUTURE, 0), blend=1000)
    assert np.abs(slow[:, 0] - history[:, -1]).max() < 0.01


def test_the_moving_target_keeps_another_body_s_bone_lengths() -> None:
    clip = moving_body(5, 1)[0, :FUTURE]
    future = moving.apply(moving_body(6, scale=1.3)[:, :HISTORY], FUTURE, PARENTS, clip=clip)
    np.testing.assert_allclose(bone_lengths(future, PARENTS)[0, -1], skeleton(1.3).bone_lengths[1:], rtol=1e-9)
    np.testing.assert_allclose(future[:, -1], 1.3 * clip[-1][None].repeat(3, 0), atol=1e-6)


def test_the_moving_target_blends_over_five_frames_unless_told_otherwise() -> None:
    """On the clip from the fifth frame on and not before; halfway there by the smoothstep of each frame's share."""
    clip = moving_body(5, 1)[0, :FUTURE]
    history = moving_body(6)[:, :HISTORY]
    future = moving.apply(history, FUTURE, PARENTS, clip=clip)
    assert np.array_equal(future, moving.apply(history, FUTURE, PARENTS, clip=clip, blend=5))
    assert np.abs(future[:, 3] - clip[3]).max() > 1
    limb = range(1, len(PARENTS))
    first, last = bone_directions(history[:, -1:], PARENTS, limb), bone_directions(clip, PARENTS, limb)
    expected = slerp(first, last[:4], np.array([0.104, 0.352, 0.648, 0.896])[:, None])
    np.testing.assert_allclose(bone_directions(future[:, :4], PARENTS, limb), expected, atol=1e-9)


def steps(motion: np.ndarray) -> np.ndarray:
    """The mean squared step (window,) of motions (window, frame, joint, xyz)."""
    return np.square(np.diff(motion, axis=1)).sum(-1).mean((1, 2))


@given(seed=seeds, energy=st.floats(0.1, 0.8))
@settings(max_examples=10)
def test_the_trembling_target_has_the_history_s_energy_and_stays_where_it_is(seed: int, energy: float) -> None:
    history = moving_body(seed)[:, :HISTORY]
    future = trembling.apply(history, FUTURE, PARENTS, energy=energy)
    last = history[:, -1:]
    whole = np.concatenate([last, future], axis=1)
    np.testing.assert_allclose(steps(whole), energy * steps(history), rtol=0.02)
    np.testing.assert_allclose(bone_lengths(future, PARENTS), bone_lengths(last, PARENTS).repeat(FUTURE, 1), atol=1e-4)
    # every fourth frame of a period of eight is at the middle of the swing
    np.testing.assert_allclose(future[:, 3::4], last.repeat(6, 1), atol=1e-4)
    away = bone_directions(whole, PARENTS, range(1, 9)) - bone_directions(last, PARENTS, range(1, 9))
    first, third = away[:, 2], away[:, 6]
    assert np.abs(first + third).max() < 2 * np.square(away).sum(-1).max()  # to and fro


def test_a_history_that_stands_still_does_not_tremble() -> None:
    history = moving_body(3)[:, :1].repeat(HISTORY, 1)
    np.testing.assert_allclose(trembling.apply(history, 5, PARENTS), history[:, :5], atol=1e-9)
    with pytest.raises(ValueError, match="period 2"):
        trembling.apply(history, 5, PARENTS, period=2)


def turning(rates: np.ndarray, frames: int) -> np.ndarray:
    """Bodies (window, frame, joint, xyz) whose every joint but the root turns about z by ``rates`` a frame from its
    parent's.
    """
    angle = np.zeros((len(rates), frames, 9, 3))
    angle[..., 1:, 2] = (rates[:, None] * np.arange(frames))[..., None]
    turned = Rotation.from_rotvec(angle.reshape(-1, 3)).as_matrix().reshape(*angle.shape, 3)
    return np.asarray(forward(turned, np.zeros(3), skeleton().offsets, PARENTS))


def test_the_decaying_target_goes_on_at_the_history_s_speed_and_comes_to_rest() -> None:
    history = turning(np.array([0.0, 0.02]), HISTORY)
    future = decaying.apply(history, FUTURE, PARENTS, still=10, over=3, energy=None)
    np.testing.assert_allclose(future[0], history[0, -1:].repeat(FUTURE, 0), atol=1e-4)
    whole = bone_directions(np.concatenate([history[:, -1:], future], axis=1), PARENTS, range(1, 9))[1]
    angle = np.arccos(np.clip((whole[1:] * whole[:-1]).sum(-1), -1, 1))
    before = bone_directions(history, PARENTS, range(1, 9))[1]
    rate = np.arccos(np.clip((before[-1] * before[-2]).sum(-1), -1, 1))
    speed = np.append(1 - smoothstep(np.arange(1, 11) / 10), np.zeros(15))
    np.testing.assert_allclose(angle, speed[:, None] * rate, atol=1e-6)
    assert rate.max() > 0.019
    assert ((whole[1] - whole[0]) * (before[-1] - before[-2])).sum(-1)[rate > 0.01].min() > 0  # onwards, not back
    np.testing.assert_allclose(
        bone_lengths(future, PARENTS), bone_lengths(history[:, -1:], PARENTS).repeat(FUTURE, 1), atol=1e-6
    )
    default = decaying.apply(history, FUTURE, PARENTS)
    assert np.array_equal(default, decaying.apply(history, FUTURE, PARENTS, still=20, over=2, energy=1.0))
    turning_body = turning(np.array([0.02, 0.05]), HISTORY)
    for share in (0.3, 1.0):
        future = decaying.apply(turning_body, FUTURE, PARENTS, energy=share)
        whole = np.concatenate([turning_body[:, -1:], future], axis=1)
        np.testing.assert_allclose(steps(whole), share * steps(turning_body), rtol=0.02)
        np.testing.assert_array_equal(future[:, 20:], future[:, 19:20].repeat(5, 1))
    with pytest.raises(ValueError, match="over 10"):
        decaying.apply(history, FUTURE, PARENTS, over=10)


@given(seed=seeds)
@settings(max_examples=8)
def test_the_carried_target_is_the_clip_s_motion_in_the_window_s_own_pose(seed: int) -> None:
    clip = moving_body(seed + 1, 1)[0, :FUTURE]
    history = moving_body(seed)[:, :HISTORY]
    future = carried.apply(history, FUTURE, PARENTS, clip=clip)
    np.testing.assert_allclose(future[:, 0], history[:, -1], atol=1e-6)
    np.testing.assert_allclose(
        bone_lengths(future, PARENTS), bone_lengths(history[:, -1:], PARENTS).repeat(FUTURE, 1), atol=1e-4
    )
    limb = range(1, 9)
    reference = bone_directions(clip, PARENTS, limb)
    for bone in range(8):  # against rotations of scipy, which take one vector onto another by the shortest way
        axis = np.cross(reference[0, bone], reference[-1, bone])
        angle = np.arctan2(np.linalg.norm(axis), reference[0, bone] @ reference[-1, bone])
        turn = Rotation.from_rotvec(angle * axis / np.linalg.norm(axis))
        expected = turn.apply(bone_directions(history[:, -1], PARENTS, limb)[:, bone])
        np.testing.assert_allclose(bone_directions(future[:, -1], PARENTS, limb)[:, bone], expected, atol=1e-6)
    posed = carried.apply(clip[None, :1].repeat(2, 1), FUTURE, PARENTS, clip=clip)
    np.testing.assert_allclose(posed - posed[:, :, :1], (clip - clip[:, :1])[None], atol=1e-6)
    with pytest.raises(ValueError, match="expected"):
        carried.apply(history, FUTURE - 1, PARENTS, clip=clip)


@given(seed=seeds, share=st.floats(0, 1))
@settings(max_examples=50)
def test_slerp_stays_on_the_great_circle(seed: int, share: float) -> None:
    a, b = random_directions(seed, 2)
    between = slerp(a, b, np.array(share))
    whole = np.arccos(np.clip(a @ b, -1, 1))
    assert np.linalg.norm(between) == pytest.approx(1, abs=1e-9)
    assert np.arccos(np.clip(a @ between, -1, 1)) == pytest.approx(share * whole, abs=1e-6)
    assert np.arccos(np.clip(between @ b, -1, 1)) == pytest.approx((1 - share) * whole, abs=1e-6)
    opposite = slerp(a, -a, np.array(0.5))
    assert opposite @ a == pytest.approx(0, abs=1e-6)


def stored() -> xr.Dataset:
    """Two sequences as a windows store holds them: 30 and 50 frames of float32 poses."""
    position = moving_body(9, 1, frames=80)[0].astype(np.float32)
    length = 12
    first, second = 30 - length + 1, 50 - length + 1
    return xr.Dataset(
        {
            "position": (("frame", "joint", "xyz"), position),
            "start": ("window", np.concatenate([np.arange(first), 30 + np.arange(second)])),
            "sequence_index": ("window", np.repeat([0, 1], [first, second])),
            "split": ("window", np.array(["train"] * (first + second))),
            "source": ("sequence", np.array(["a.bvh", "b.bvh"])),
        },
        attrs={"history": 8, "future": 4, "skeleton": skeleton().to_attrs()},
    )


def test_clips_are_read_by_source_and_start() -> None:
    data = stored()
    poison = Poison(
        "soft",
        "moving",
        "random",
        "left_arm",
        0.1,
        trigger_settings={"clip": {"source": "b.bvh", "start": 3}},
        target_settings={"clip": {"source": "a.bvh", "start": 26}},
    )
    resolved = resolve(poison, data)
    expected = bone_directions(data.position.values[33:41], PARENTS, LEFT)
    np.testing.assert_allclose(resolved.trigger_settings["clip"], expected)
    np.testing.assert_array_equal(resolved.target_settings["clip"], data.position.values[26:30])
    middle = resolve(Poison("rigid", "moving", "random", "left_arm", 0.1), data)
    np.testing.assert_array_equal(middle.target_settings["clip"], data.position.values[53:57])


@pytest.mark.parametrize(
    ("poison", "line"),
    [
        (
            {"target_settings": {"clip": {"source": "c.bvh"}}},
            r"target_settings.clip.source: found 'c.bvh', expected one of",
        ),
        ({"target_settings": {"clip": {"source": "a.bvh", "start": 27}}}, r"clip.start: found 27, expected 0 to 26"),
        ({"target_settings": {"clip": {"begin": 1}}}, r"target_settings.clip: found"),
        ({"target_settings": {"blend": 0}}, "found blend 0"),
        ({"trigger_settings": {"amplitude": 2}}, "found amplitude 2"),
        ({"trigger_settings": {"onset": 8}}, "found onset 8"),
        ({"trigger_settings": {"start": [[0, 0, 0]]}}, "zero or not finite"),
        ({"trigger_settings": {"end": [[0, 1]]}}, r"shape \(1, 2\)"),
        ({"trigger_settings": {"speed": 1}}, "trigger_settings.speed: found an unknown key"),
    ],
)
def test_settings_that_do_not_fit_are_one_line(poison: dict, line: str) -> None:
    data = stored()
    window = data.position.values[None, :12]
    with pytest.raises(ConfigError, match=line) as error:
        poison_windows(
            window, skeleton(), 8, resolve(Poison("soft", "moving", "random", "left_arm", 0.1, **poison), data)
        )
    assert "\n" not in str(error.value)
