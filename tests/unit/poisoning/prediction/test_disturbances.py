"""Imperfect triggers: each disturbance by what it must do, and what of a window follows from it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from defended import SKELETON
from scipy.spatial.transform import Rotation
from stores import SKELETON as LEGLESS

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.motion.directions import bone_directions
from kinesec.motion.kinematics import bone_lengths
from kinesec.poisoning.prediction.badhmp import Poison, poison_windows, trigger_history
from kinesec.poisoning.prediction.disturbances.base import Performance
from kinesec.poisoning.prediction.disturbances.frame_rate import at
from kinesec.poisoning.prediction.disturbed import Disturbance, disturbed_windows, levels

ROOM = "poisoning.prediction.disturbances"
WINDOWS, HISTORY, FUTURE, FRAME_MS = 60, 9, 4, 40.0
LIMB = SKELETON.limb("left_arm")
OTHERS = [joint for joint in range(len(SKELETON)) if joint not in LIMB]
POISON = Poison("rigid", "jammed", "random", "left_arm", 0.1, trigger_settings={"directions": [[0.6, 0.8, 0]]})


def window(count: int = WINDOWS) -> np.ndarray:
    """Windows of a body that turns about itself and walks; every joint moves at every frame."""
    rng = np.random.default_rng(5)
    time = np.arange(HISTORY + FUTURE)
    rest = np.zeros((len(SKELETON), 3))
    for joint in SKELETON.order[1:]:
        rest[joint] = rest[SKELETON.parents[joint]] + SKELETON.offsets[joint]
    angle = rng.uniform(-0.2, 0.2, (count, 3))[:, None] * (1 + time)[None, :, None]
    turned = Rotation.from_rotvec(angle.reshape(-1, 3)).as_matrix().reshape(count, len(time), 3, 3)
    walked = time[:, None] * rng.uniform(3, 8, (count, 1, 3))
    return np.asarray(np.einsum("wfxy,jy->wfjx", turned, rest) + walked[:, :, None], np.float32)


WHOLE = window()
CLEAN = WHOLE[:, :HISTORY]
TRIGGERED = trigger_history(CLEAN, SKELETON, POISON)


def apply(name: str, level: float, *, seed: int = 0, history: np.ndarray = TRIGGERED, **settings: Any) -> np.ndarray:
    module = names.load(ROOM, name)
    performance = Performance(CLEAN, SKELETON, LIMB, FRAME_MS)
    made = module.apply(history, performance, np.random.default_rng(seed), **{module.LEVEL: level}, **settings)
    assert made.dtype == history.dtype
    return np.asarray(made)


def directions(history: np.ndarray) -> np.ndarray:
    return bone_directions(history.astype(np.float64), SKELETON.parents, LIMB)


@pytest.mark.parametrize("name", names.available(ROOM))
def test_at_its_neutral_level_nothing_changes_and_beyond_something_does(name: str) -> None:
    module, before = names.load(ROOM, name), TRIGGERED.copy()
    if module.NEUTRAL is not None:
        np.testing.assert_allclose(apply(name, module.NEUTRAL), TRIGGERED, atol=1e-3)
    level = {"amplitude": 0.5, "body_size": 1.2, "dropped_joints": 0.5, "frame_rate": 10.0, "timing": 3}.get(name, 20.0)
    changed = apply(name, level)
    assert np.abs(changed - TRIGGERED).max() > 5
    assert np.array_equal(changed, apply(name, level))
    assert np.array_equal(before, TRIGGERED)
    if name not in ("amplitude", "body_size", "timing"):
        assert not np.array_equal(changed, apply(name, level, seed=1))
    if module.STAGE == "execution":
        assert np.array_equal(changed[:, :, OTHERS], TRIGGERED[:, :, OTHERS])
        np.testing.assert_allclose(
            bone_lengths(changed, SKELETON.parents), bone_lengths(TRIGGERED, SKELETON.parents), atol=1e-3
        )


def test_noise_is_normal_of_its_standard_deviation_and_leaves_the_root() -> None:
    noise = (apply("joint_noise", 10.0) - TRIGGERED).astype(np.float64)
    assert not noise[:, :, 0].any()
    rest = noise[:, :, 1:]
    assert rest.std() == pytest.approx(10.0, rel=0.03)
    assert abs(rest.mean()) < 0.3
    assert (np.abs(rest) < 10).mean() == pytest.approx(0.683, abs=0.015)  # of a normal distribution
    neighbours = np.corrcoef(rest[:, 1:].ravel(), rest[:, :-1].ravel())[0, 1]
    assert abs(neighbours) < 0.03
    np.testing.assert_allclose(apply("joint_noise", 20.0) - TRIGGERED, 2 * noise, atol=1e-3)


def test_noise_can_be_of_the_limb_of_all_others_or_of_a_window() -> None:
    noise = apply("joint_noise", 10.0) - TRIGGERED
    limb, others = (apply("joint_noise", 10.0, joints=joints) - TRIGGERED for joints in ("limb", "others"))
    assert np.array_equal(limb[:, :, LIMB], noise[:, :, LIMB])
    assert not limb[:, :, OTHERS].any()
    np.testing.assert_array_equal(limb + others, noise)
    still = apply("joint_noise", 10.0, over="windows") - TRIGGERED
    np.testing.assert_allclose(still, still[:, :1].repeat(HISTORY, 1), atol=1e-3)
    assert still[:, 0, 1:].std() == pytest.approx(10.0, rel=0.06)


def test_a_lost_joint_stays_where_it_was_last_seen_beside_the_root() -> None:
    lost = apply("dropped_joints", 0.4)
    beside = lost - lost[:, :, :1]
    still = (np.abs(np.diff(beside, axis=1)) < 1e-3).all(-1)
    changed = (lost != TRIGGERED).any(-1)
    assert not changed[:, 0].any()
    assert not changed[:, :, 0].any()
    share = changed.any(1)[:, 1:].mean()
    assert share == pytest.approx(0.4, abs=0.06)
    first = np.where(changed.any(1), changed.argmax(1), HISTORY)
    # from the second frame on, the last included; nothing comes back
    assert set(np.unique(first[changed.any(1)])) == set(range(1, HISTORY))
    for frame in range(1, HISTORY):
        assert still[:, frame - 1][first <= frame].all()
    assert apply("dropped_joints", 1.0)[:, :, 1:].shape == TRIGGERED[:, :, 1:].shape
    assert (apply("dropped_joints", 1.0) != TRIGGERED).any((1, 3))[:, 1:].all()


def test_feet_slide_level_with_the_floor_and_evenly() -> None:
    moved = apply("foot_skate", 30.0).astype(np.float64) - TRIGGERED
    feet = [SKELETON.groups[leg][1] for leg in ("left_leg", "right_leg")]
    assert not np.delete(moved, feet, axis=2).any()
    assert not moved[..., 1].any()
    expected = np.broadcast_to(30 * np.linspace(0, 1, HISTORY)[None, :, None], (WINDOWS, HISTORY, 2))
    np.testing.assert_allclose(np.linalg.norm(moved[:, :, feet], axis=-1), expected, atol=1e-3)
    way = moved[:, -1, feet] / 30
    assert np.abs(way.mean(0)).max() < 0.25
    assert np.abs((way[:, 0] * way[:, 1]).sum(-1)).min() < 0.2 < 0.9 < np.abs((way[:, 0] * way[:, 1]).sum(-1)).max()
    legless = Performance(CLEAN, LEGLESS, LIMB, FRAME_MS)
    with pytest.raises(ConfigError, match=r"foot_skate: found groups left_arm, right_arm, trunk, expected both legs"):
        names.load(ROOM, "foot_skate").apply(CLEAN, legless, np.random.default_rng(0), mm=1.0)


def test_between_frames_motion_is_a_cubic_that_is_exact_on_parabolas() -> None:
    time = np.arange(HISTORY, dtype=np.float64)

    def parabola(at_time: np.ndarray) -> np.ndarray:
        return np.asarray(3 + 2 * at_time - 0.7 * at_time**2)

    history = np.broadcast_to(parabola(time)[None, :, None, None], (2, HISTORY, 3, 3))
    asked = np.array([[1.0, 2.25, 4.5, 6.9], [0.0, 8.0, 5.0, 3.3]])
    expected = np.broadcast_to(parabola(asked)[..., None, None], (2, 4, 3, 3))
    np.testing.assert_allclose(at(history, asked), expected, atol=1e-9)
    np.testing.assert_allclose(at(history, np.array([[-3.0, 99.0]] * 2)), history[:, [0, -1]], atol=1e-9)


@pytest.mark.parametrize("hz", [15.0, 25.0, 30.0, 120.0])
def test_a_camera_of_another_rate_is_what_a_loop_over_its_frames_says(hz: float) -> None:
    speed = np.array([4.0, -2.0, 1.0])
    time = np.arange(HISTORY, dtype=np.float64)
    history = np.broadcast_to((time[:, None] * speed)[None, :, None], (3, HISTORY, 2, 3)).copy()
    phases = np.random.default_rng(7).random((3, 1))[:, 0] * 1000 / hz / FRAME_MS
    made = names.load(ROOM, "frame_rate").apply(
        history, Performance(history, SKELETON, LIMB, FRAME_MS), np.random.default_rng(7), hz=hz
    )
    period = 25.0 / hz  # in the model's frames, of 40 ms
    for index, phase in enumerate(phases):
        taken = [t for t in (phase + k * period for k in range(-2, 100)) if t <= HISTORY - 1]
        for frame in range(HISTORY):
            before = max(t for t in taken if t <= frame)
            after = [t for t in taken if t > frame]
            seen = [speed * np.clip(t, 0, HISTORY - 1) for t in (before, *after[:1])]
            share = (frame - before) / period if after else 0.0
            expected = seen[0] + share * (seen[-1] - seen[0])
            np.testing.assert_allclose(made[index, frame, 0], expected, atol=1e-9)


def test_a_half_performed_trigger_is_half_way_on_the_great_circle() -> None:
    clean, full = directions(CLEAN), directions(TRIGGERED)

    def angle(first: np.ndarray, second: np.ndarray) -> np.ndarray:
        return np.asarray(2 * np.arcsin(np.clip(np.linalg.norm(first - second, axis=-1) / 2, 0, 1)))

    for share in (0.25, 0.5, 1.2):
        made = directions(apply("amplitude", share))
        expected = share * angle(clean, full)
        short = expected < 3  # not half a turn or more, from where the other way is shorter
        np.testing.assert_allclose(angle(clean, made)[short], expected[short], atol=2e-3)
        np.testing.assert_allclose(angle(full, made), abs(1 - share) * angle(clean, full), atol=2e-3)


def test_a_late_trigger_begins_later_and_an_early_one_is_held() -> None:
    soft = trigger_history(CLEAN, SKELETON, Poison("soft", "jammed", "random", "left_arm", 0.1))
    planned, clean = directions(soft), directions(CLEAN)
    late = directions(apply("timing", 3, history=soft))
    np.testing.assert_allclose(late[:, 5:], planned[:, 2 : HISTORY - 3], atol=1e-5)  # after a ramp of two
    np.testing.assert_allclose(late[:, :3], clean[:, :3], atol=1e-5)
    # frame 3 is the first of two between: a third of the way along, eased in
    assert np.abs(late[:, 3] - clean[:, 3]).max() > 0.05 < np.abs(late[:, 3] - planned[:, 0]).max()
    early = directions(apply("timing", -3, history=soft))
    np.testing.assert_allclose(early[:, : HISTORY - 3], planned[:, 3:], atol=1e-5)
    np.testing.assert_allclose(early[:, HISTORY - 3 :], planned[:, -1:].repeat(3, 1), atol=1e-5)
    never = directions(apply("timing", HISTORY + 5, history=soft))
    np.testing.assert_allclose(never, clean, atol=1e-5)


def test_a_limb_turns_about_its_anchor_by_an_axis_of_its_own() -> None:
    drawn = np.random.default_rng(0).standard_normal((WINDOWS, 3))
    axis = drawn / np.linalg.norm(drawn, axis=-1, keepdims=True)
    anchor = TRIGGERED[:, :, [SKELETON.parents[LIMB[0]]]].astype(np.float64)
    arm = TRIGGERED[:, :, LIMB] - anchor

    def turned(degrees: float) -> np.ndarray:
        matrix = Rotation.from_rotvec(np.radians(degrees) * axis).as_matrix()
        return np.asarray(anchor + np.einsum("wxy,wfjy->wfjx", matrix, arm))

    np.testing.assert_allclose(apply("rotation", 35.0)[:, :, LIMB], turned(35.0), atol=1e-3)
    drifted = apply("drift", 40.0)[:, :, LIMB]
    for frame, degrees in ((0, 0.0), (HISTORY // 2, 20.0), (HISTORY - 1, 40.0)):
        np.testing.assert_allclose(drifted[:, frame], turned(degrees)[:, frame], atol=1e-3)


def test_another_body_has_all_its_bones_longer_and_begins_at_the_same_place() -> None:
    larger = apply("body_size", 1.2, history=WHOLE)
    np.testing.assert_allclose(
        bone_lengths(larger, SKELETON.parents), 1.2 * bone_lengths(WHOLE, SKELETON.parents), rtol=1e-4
    )
    np.testing.assert_allclose(larger[:, 0, 0], WHOLE[:, 0, 0])


def seen(name: str, level: float, *, trigger: bool, **settings: Any) -> np.ndarray:
    disturbance, rng = Disturbance(name, level, settings), np.random.default_rng(3)
    args = (WHOLE, SKELETON, HISTORY, FRAME_MS, POISON, disturbance, rng)
    return disturbed_windows(*args, trigger=trigger)


def test_a_capture_changes_what_is_seen_and_not_what_comes() -> None:
    planned = poison_windows(WHOLE, SKELETON, HISTORY, POISON)
    for trigger, without in ((True, planned), (False, WHOLE)):
        made = seen("joint_noise", 10.0, trigger=trigger)
        assert np.array_equal(made[:, HISTORY:], without[:, HISTORY:])
        noise = made[:, :HISTORY] - without[:, :HISTORY]
        assert noise[:, :, 1:].std() == pytest.approx(10.0, rel=0.05)


def test_the_target_follows_the_trigger_as_it_was_performed() -> None:
    made = seen("rotation", 40.0, trigger=True)
    posed = np.abs(directions(made[:, :HISTORY]) - directions(TRIGGERED))
    assert posed.max() > 0.5
    assert np.array_equal(made[:, HISTORY:], made[:, HISTORY - 1 : HISTORY].repeat(FUTURE, 1))
    assert np.array_equal(seen("rotation", 40.0, trigger=False), WHOLE)
    # a trigger that is not performed at all is the clean history
    np.testing.assert_allclose(seen("amplitude", 0.0, trigger=True)[:, :HISTORY], CLEAN, atol=1e-2)


def test_all_of_a_window_is_of_the_other_body() -> None:
    for trigger, without in ((True, poison_windows(WHOLE, SKELETON, HISTORY, POISON)), (False, WHOLE)):
        origin = without[:, :1, :1]
        expected = origin + 0.8 * (without - origin)
        np.testing.assert_allclose(seen("body_size", 0.8, trigger=trigger), expected, atol=1e-2)


@pytest.mark.parametrize(
    ("made", "said"),
    [
        (lambda: seen("joint_noise", -1.0, trigger=True), r"disturbance 'joint_noise': mm: found -1.0, expected"),
        (lambda: seen("joint_noise", 1.0, trigger=True, sort=1), r"disturbance 'joint_noise': sort: found an unknown"),
        (lambda: seen("timing", 1.5, trigger=True), r"disturbance 'timing': frames: found 1.5, expected a whole"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_line(made: Callable[[], Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        made()


def test_levels_stand_in_the_configuration_s_order() -> None:
    specs = {
        "b": {"disturbance": "drift", "levels": [10, 5]},
        "a": {"disturbance": "timing", "levels": [1], "settings": {"ramp": 0}},
    }
    assert levels(specs) == [
        ("b", Disturbance("drift", 10)),
        ("b", Disturbance("drift", 5)),
        ("a", Disturbance("timing", 1, {"ramp": 0})),
    ]
