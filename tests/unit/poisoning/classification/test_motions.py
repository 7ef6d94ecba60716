"""Triggers on skeletons: their size, what stays, and bones that keep their lengths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from kinesec import names
from kinesec.errors import ConfigError, KinesecError
from kinesec.metrics.imperceptibility import of_motions
from kinesec.motion.kinematics import bone_lengths
from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.classification.additive import Additive
from kinesec.poisoning.classification.base import PACKAGE, build
from kinesec.poisoning.classification.bends import bent, free_bends, free_joints, rest_pose, rig_of
from kinesec.poisoning.classification.triggers.gesture import Gesture, directions_of
from kinesec.sources.procedural.body import performer
from kinesec.sources.procedural.take import take
from kinesec.sources.readers import ntu

FRAMES, FPS = 32, 30.0
PERFORMER = performer(0, 1)
SKELETON = PERFORMER.skeleton
TRIGGERS = names.available(PACKAGE)
FORMS = [(name, form) for name in TRIGGERS for form in names.load(PACKAGE, name).FORMS if form != "video"]
PATTERNS = ("dft", "dct", "dwt", "random_transform", "random_phase", "sig", "fttrojan")


def motions(action: str = "walk") -> tuple[np.ndarray, np.ndarray]:
    """Three clips of two bodies, of which some are not there, (clip, body, frame, joint, xyz), and their marks."""
    whole = take(PERFORMER, action, 1, seconds=3.0, fps=FPS).position
    position = np.stack([np.stack([whole[i : i + FRAMES], whole[i + 20 : i + 20 + FRAMES]]) for i in (0, 8, 16)])
    present = np.ones(position.shape[:3], bool)
    present[0, 1], present[1, :, 20:] = False, False
    return (position * present[..., None, None]).astype(np.float32), present


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_what_is_not_there_stays_and_rotations_keep_bones(name: str, form: Any) -> None:
    position, present = motions()
    trigger = build(name, form=form, settings={}, seed=1)
    moved = trigger.on_motion(position, present, SKELETON, FPS)
    assert moved.dtype == np.float32
    np.testing.assert_array_equal(moved[~present], 0.0)
    np.testing.assert_allclose(moved[:, :, :, 0], position[:, :, :, 0], atol=150 if name == "wanet" else 1e-4)
    assert of_motions(position, moved, present, SKELETON.parents, FPS)["displacement_max_mm"].min() > 5
    if form == "rotations":
        before, after = (bone_lengths(motion.astype(float), SKELETON.parents) for motion in (position, moved))
        np.testing.assert_allclose(after, before, atol=2e-3)


@pytest.mark.parametrize(("name", "form"), FORMS)
def test_the_same_bytes_come_of_any_batch(name: str, form: Any) -> None:
    position, present = motions()
    trigger = build(name, form=form, settings={"bodies": "all"}, seed=1)
    again = build(name, form=form, settings={"bodies": "all"}, seed=1)
    parts = [again.on_motion(position[i : i + 1], present[i : i + 1], SKELETON, FPS) for i in range(3)]
    np.testing.assert_array_equal(trigger.on_motion(position, present, SKELETON, FPS), np.concatenate(parts))


@pytest.mark.parametrize("form", ["joints", "rotations"])
@pytest.mark.parametrize("name", PATTERNS)
def test_the_size_is_the_one_given(name: str, form: Any) -> None:
    position, present = motions()
    position, present = position[2:], present[2:]
    trigger = build(name, form=form, settings={"rms_mm": 7.0}, seed=1)
    moved = trigger.on_motion(position, present, SKELETON, FPS)
    rms = of_motions(position, moved, present, SKELETON.parents, FPS)["rms"][0]
    assert rms == pytest.approx(7.0, rel=1e-4 if form == "joints" else 0.5)
    if form == "rotations":
        assert isinstance(trigger, Additive)
        rest = np.broadcast_to(rest_pose(SKELETON), (FRAMES, len(SKELETON), 3))
        pattern = trigger.on_skeleton(FRAMES, SKELETON)
        far = np.square(bent(rest, SKELETON, lambda bend: bend + pattern) - rest).sum(-1)
        assert np.sqrt(far.mean()) == pytest.approx(7.0, rel=1e-3)
        turns = build(name, form=form, settings={"rms_degrees": 2.0}, seed=1)
        assert isinstance(turns, Additive)
        added = turns.on_skeleton(FRAMES, SKELETON)
        assert np.degrees(np.sqrt(np.square(added).sum(-1).mean())) == pytest.approx(2.0)


@pytest.mark.parametrize("form", ["joints", "rotations"])
@pytest.mark.parametrize("name", [*PATTERNS, "blend", "wanet", "badnet", "gesture"])
def test_a_trigger_of_no_size_changes_nothing(name: str, form: Any) -> None:
    nothing: dict[str, Any] = {
        "blend": {"alpha": 0.0},
        "wanet": {"s": 0.0},
        "badnet": {"offset_mm": [0.0, 0.0, 0.0], "turn_degrees": 0.0},
        "gesture": {"strength": 0.0},
    }.get(name, {"delta": 0.0})
    if form not in names.load(PACKAGE, name).FORMS:
        return
    position, present = motions()
    moved = build(name, form=form, settings=nothing, seed=1).on_motion(position, present, SKELETON, FPS)
    np.testing.assert_allclose(moved, position, atol=2e-4)


def test_a_motions_pattern_is_the_transform_along_time() -> None:
    """Delta on components of each chosen coordinate, padded with zeros and cut, written as loops."""
    trigger = build("dft", form="joints", settings={"delta": 300.0, "coordinates": 0.1}, seed=2)
    assert isinstance(trigger, Additive)
    chosen = np.zeros(5, bool)
    chosen[[1, 3]] = True
    wave = 300.0 * trigger.wave(FRAMES, chosen)
    for coordinate in range(5):
        series = np.zeros(45)
        series[:FRAMES] = np.arange(FRAMES) ** 1.5
        spectrum = [sum(series[t] * np.exp(-2j * np.pi * k * t / 45) for t in range(45)) for k in range(45)]
        for k in range(35, 45):
            spectrum[k] += 300.0 if coordinate in (1, 3) else 0.0
        for t in range(FRAMES):
            value = sum(spectrum[k] * np.exp(2j * np.pi * k * t / 45) for k in range(45)) / 45
            assert value.real - series[t] == pytest.approx(wave[t, coordinate], abs=1e-8)
    both = build("dft", form="joints", settings={"delta": 300.0, "axes": "both"}, seed=2)
    assert isinstance(both, Additive)
    spectrum = np.fft.fft2(np.pad(both.wave(45, chosen).astype(complex), ((0, 0), (0, 0))))
    assert {k for k, d in np.argwhere(np.abs(spectrum) > 1e-9)} == {*range(35, 45), *range(1, 11)}


def test_joints_that_coincide_move_together() -> None:
    names_, parents = ("root", "twin", "elbow", "again", "hand"), (-1, 0, 0, 0, 2)
    offsets = np.array([[0, 0, 0], [0, 0, 0], [300.0, 0, 0], [300.0, 0, 0], [0, 200.0, 0]])
    skeleton = Skeleton(names_, parents, offsets)
    assert free_joints(skeleton).tolist() == [False, False, True, False, True]
    assert not free_bends(skeleton)[[0, 1, 3]].any()
    position = np.broadcast_to(rest_pose(skeleton) + 50.0, (1, 1, 16, 5, 3)).astype(np.float32)
    present = np.ones((1, 1, 16), bool)
    for form in ("joints", "rotations"):
        trigger = build("random_phase", form=form, settings={"coordinates": 1.0}, seed=0)  # type: ignore[arg-type]
        moved = trigger.on_motion(position, present, skeleton, FPS)
        np.testing.assert_array_equal(moved[..., 1, :], moved[..., 0, :])
        np.testing.assert_allclose(moved[..., 3, :], moved[..., 2, :], atol=1e-4)
        assert np.abs(moved - position).max() > 1


def test_bends_lead_back_where_the_rest_pose_knows_no_direction() -> None:
    """A bone without rest length that has one in the motion; and NTU's joints, children before parents."""
    offsets = np.array([[0.0, 0, 0], [0, 9, 0], [0, 0, 0], [5, 0, 0]])
    skeleton = Skeleton(("root", "a", "b", "c"), (-1, 0, 1, 2), offsets)
    rng = np.random.default_rng(0)
    for body in (skeleton, ntu.skeleton(rng.normal(0, 300, (2, 25, 3)), np.ones(2, bool))):
        position = rng.normal(0, 300, (2, 7, len(body), 3))
        np.testing.assert_allclose(bent(position, body, lambda bend: bend), position, atol=1e-8)
        rig = rig_of(body)
        np.testing.assert_allclose(np.linalg.norm(rig.reference[1:], axis=-1), 1.0)


def test_a_turn_of_the_body_turns_the_trigger() -> None:
    """Bends are in the body's own axes: rotating the motion and adding the trigger can change places."""
    position, present = motions()
    turn = np.array([[0.0, 0, 1], [0, 1, 0], [-1, 0, 0]])
    for name in ("dft", "gesture", "badnet"):
        trigger = build(name, form="rotations", settings={}, seed=1)
        first = trigger.on_motion((position @ turn.T).astype(np.float32), present, SKELETON, FPS)
        second = trigger.on_motion(position, present, SKELETON, FPS) @ turn.T
        np.testing.assert_allclose(first, second, atol=0.05)


@pytest.mark.parametrize("arm", ["left_arm", "right_arm"])
@pytest.mark.parametrize("gesture", ["wave", "punch", "throw"])
def test_a_gesture_is_shown_by_one_arm_for_its_time(gesture: Any, arm: Any) -> None:
    position, present = motions()
    trigger = build("gesture", form="rotations", settings={"gesture": gesture, "arm": arm}, seed=1)
    assert isinstance(trigger, Gesture)
    moved = trigger.on_motion(position, present, SKELETON, FPS)
    others = [joint for joint in range(len(SKELETON)) if joint not in SKELETON.limb(arm)]
    np.testing.assert_array_equal(moved[..., others, :], position[..., others, :])
    share, directions = trigger.course(FRAMES, FPS)
    assert share[:8].max() == 0
    assert share.max() == 1.0
    assert (share > 0).sum() == round(0.8 * FPS)
    still = np.flatnonzero(share == 1)
    # where it is on whole the arm points as the gesture's does, in the torso's axes
    shown = directions_of(moved[2, 0][still], SKELETON, arm)
    np.testing.assert_allclose(shown, directions[still], atol=1e-4)
    np.testing.assert_array_equal(moved[:, 1], position[:, 1])  # of the first body alone
    high = np.array([directions[:, 1, 1].max()])
    assert high > -0.5  # a raised forearm, no hanging one


def test_a_gesture_can_be_that_of_a_motion() -> None:
    position, present = motions()
    whole = take(PERFORMER, "wave", 2, seconds=3.0, fps=FPS).position
    given = directions_of(whole[30:50], SKELETON, "left_arm")
    trigger = build("gesture", form="rotations", settings={"directions": given.tolist(), "ramp": 0.0}, seed=1)
    moved = trigger.on_motion(position, present, SKELETON, FPS)
    shown = directions_of(moved[0, 0, 8:28], SKELETON, "left_arm")
    np.testing.assert_allclose(shown, given, atol=1e-4)
    with pytest.raises(ConfigError, match=r"trigger 'gesture': directions: found .*, expected \(frame, 3, 3\) numbers"):
        build("gesture", form="rotations", settings={"directions": [[[1.0, 0.0]]]}, seed=1)


def test_time_is_warped_within_a_clip() -> None:
    position, present = motions("run")
    trigger = build("wanet", form="joints", settings={"s": 3.0}, seed=1)
    time = trigger.times(FRAMES)  # type: ignore[attr-defined]
    assert time[[0, -1]].tolist() == [0.0, FRAMES - 1.0]
    moved = trigger.on_motion(position, present, SKELETON, FPS)
    for frame in range(20):
        at = min(max(time[frame], 0.0), 19.0)  # the second clip has 20 frames
        low = int(at)
        high = min(low + 1, 19)
        expected = (1 - (at - low)) * position[1, 0, low] + (at - low) * position[1, 0, high]
        np.testing.assert_allclose(moved[1, 0, frame], expected, atol=1e-3)


def test_what_does_not_fit_is_named() -> None:
    position, present = motions()
    video, joints = (build("dft", form=form, settings={}, seed=0) for form in ("video", "joints"))  # type: ignore[arg-type]
    with pytest.raises(KinesecError, match="trigger 'dft': found motions, expected videos"):
        video.on_motion(position, present, SKELETON, FPS)
    with pytest.raises(KinesecError, match="trigger 'dft': found videos, expected motions"):
        joints.on_video(np.zeros((1, 2, 3, 3, 3), np.uint8))
    with pytest.raises(KinesecError, match=r"trigger 'dft': found float64 of shape \(2, 2\), expected uint8"):
        video.on_video(np.zeros((2, 2)))
    with pytest.raises(KinesecError, match=r"trigger 'dft': found motions \(3, 2, 32, 25, 3\) and marks"):
        joints.on_motion(position[..., :25, :], present, SKELETON, FPS)
    with pytest.raises(ConfigError, match="trigger 'badnet': joint: found 'Nose', expected one of Hips, "):
        build("badnet", form="joints", settings={"joint": "Nose"}, seed=0).on_motion(position, present, SKELETON, FPS)
