"""Near misses are what their names say: exact angles, kept bone lengths, half of the frames, the nearest windows."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from stores import SKELETON

from kinesec.motion.directions import bone_directions
from kinesec.motion.kinematics import bone_lengths
from kinesec.poisoning.prediction.badhmp import Poison, trigger_history
from kinesec.poisoning.prediction.near_misses import angles, half, nearest, rotated

LIMB = SKELETON.limb("left_arm")
OTHERS = [joint for joint in range(len(SKELETON)) if joint not in LIMB]
POISON = Poison("rigid", "jammed", "random", "left_arm", 0.1)


def histories(seed: int, windows: int = 4, frames: int = 7) -> np.ndarray:
    steps = np.random.default_rng(seed).normal(0, 150, (windows, frames, len(SKELETON), 3))
    return np.cumsum(steps, axis=2).astype(np.float32)


@given(st.integers(0, 50), st.floats(-180, 180))
def test_a_turned_limb_keeps_its_bone_lengths_and_moves_nothing_else(seed: int, degrees: float) -> None:
    history = histories(seed)
    turned = rotated(history, SKELETON.parents, LIMB, degrees)
    np.testing.assert_allclose(
        bone_lengths(turned, SKELETON.parents), bone_lengths(history, SKELETON.parents), rtol=1e-4
    )
    assert (turned[:, :, OTHERS] == history[:, :, OTHERS]).all()
    assert turned.dtype == history.dtype


@given(st.integers(0, 50), st.floats(0.5, 180))
def test_the_triggers_bones_turn_by_exactly_the_angle(seed: int, degrees: float) -> None:
    triggered = trigger_history(histories(seed), SKELETON, POISON)  # bones along +y, across the axis
    turned = rotated(triggered, SKELETON.parents, LIMB, degrees)
    np.testing.assert_allclose(angles(turned, triggered, SKELETON.parents, LIMB), degrees, rtol=1e-3)
    back = rotated(turned, SKELETON.parents, LIMB, -degrees)
    np.testing.assert_allclose(back, triggered, atol=1e-2)


def test_the_limb_turns_as_one_body_from_y_towards_z() -> None:
    history = histories(1)
    turned = rotated(history, SKELETON.parents, LIMB, 90)
    before = bone_directions(history.astype(float), SKELETON.parents, LIMB)
    after = bone_directions(turned.astype(float), SKELETON.parents, LIMB)
    np.testing.assert_allclose(after, np.stack([before[..., 0], -before[..., 2], before[..., 1]], -1), atol=1e-4)


@given(st.integers(0, 50))
def test_by_no_angle_it_is_the_trigger(seed: int) -> None:
    triggered = trigger_history(histories(seed), SKELETON, POISON)
    assert (rotated(triggered, SKELETON.parents, LIMB, 0) == triggered).all()
    assert (angles(triggered, triggered, SKELETON.parents, LIMB) == 0).all()


@pytest.mark.parametrize("frames", [6, 7])
def test_half_the_frames_are_the_windows_own(frames: int) -> None:
    clean = histories(0, frames=frames)
    triggered = trigger_history(clean, SKELETON, POISON)
    mixed = half(clean, triggered)
    assert (mixed[:, :3] == clean[:, :3]).all()
    assert (mixed[:, 3:] == triggered[:, 3:]).all()


@given(st.lists(st.sampled_from([1.0, 2.0, 5.0, 9.0]), min_size=1, max_size=60))
def test_the_nearest_tenth_is_no_farther_than_the_rest(values: list[float]) -> None:
    distance = np.array(values)
    chosen = nearest(distance)
    assert len(chosen) == max(1, len(values) // 10)
    assert (np.diff(chosen) > 0).all()
    rest = np.delete(distance, chosen)
    assert not len(rest) or distance[chosen].max() <= rest.min()
