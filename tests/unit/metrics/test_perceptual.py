"""Perceptual metrics have the values of worked examples, and see what is there and nothing else."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from kinesec.errors import KinesecError
from kinesec.metrics import perceptual as robustness
from kinesec.metrics.perceptual import UNITS, cost_of, perceptual, shapes, sizes, success_within

PARENTS = (-1, 0, 1, 1, 3)
BODIES, FRAMES, JOINTS = 2, 9, len(PARENTS)


def clips(seed: int, count: int = 3) -> tuple[np.ndarray, np.ndarray]:
    """Clips and the same clips moved a little (clip, body, frame, joint, xyz), in millimetres."""
    rng = np.random.default_rng(seed)
    clean = rng.normal(0, 300, (count, BODIES, 1, JOINTS, 3)) + rng.normal(0, 20, (count, BODIES, FRAMES, JOINTS, 3))
    return clean, clean + rng.normal(0, 5, clean.shape)


def there(count: int = 3) -> np.ndarray:
    return np.ones((count, BODIES, FRAMES), bool)


def both(clean: np.ndarray, attacked: np.ndarray, present: np.ndarray, parents: tuple[int, ...] = PARENTS) -> dict:
    return perceptual(clean, attacked, present, parents, 250.0)


def test_every_metric_has_a_unit_and_a_number_a_clip() -> None:
    measures = both(*clips(0), there())
    assert set(measures) == set(UNITS)
    assert all(values.shape == (3,) and (values > 0).all() for values in measures.values())


def test_an_attack_that_changes_nothing_costs_nothing() -> None:
    clean, _ = clips(1)
    assert all((values == 0).all() for values in both(clean, clean, there()).values())


def test_one_joint_moved_by_three_and_four_in_one_frame() -> None:
    clean, _ = clips(2, 1)
    attacked = clean.copy()
    attacked[0, 1, 4, 2] += [3.0, 0.0, 4.0]
    measures = sizes(clean, attacked, there(1), PARENTS)
    assert measures["l"] == pytest.approx(5 / (BODIES * FRAMES))
    assert measures["displacement"] == pytest.approx(5 / (BODIES * FRAMES * JOINTS))
    assert measures["displacement_max"] == pytest.approx(5)
    # a lone frame enters three second differences, with weights 1, -2 and 1
    assert measures["acceleration_deviation"] == pytest.approx(4 * 5 / (BODIES * (FRAMES - 2) * JOINTS))


def test_l_is_the_frobenius_norm_of_a_whole_frame() -> None:
    clean, attacked = clips(3)
    expected = np.linalg.norm((attacked - clean).reshape(3, BODIES * FRAMES, -1), axis=-1).mean(1)
    np.testing.assert_allclose(sizes(clean, attacked, there(), PARENTS)["l"], expected)


def test_a_body_scaled_by_a_tenth_has_bones_longer_by_ten_per_cent_and_turns_as_before() -> None:
    clean, _ = clips(4)
    measures = shapes(clean, 1.1 * clean, there(), PARENTS)
    np.testing.assert_allclose(measures["bone_change_percent"], 10)
    np.testing.assert_allclose(measures["angular_acceleration_deviation_degrees"], 0, atol=1e-9)


def test_a_bone_turning_ever_faster_deviates_by_its_angular_acceleration() -> None:
    clean = np.zeros((1, 1, 8, 2, 3))
    clean[..., 1, 0] = 200.0
    angle = np.radians(3.0) * np.arange(8) ** 2 / 2  # 3 degrees a frame a frame
    attacked = clean.copy()
    attacked[0, 0, :, 1] = 200 * np.stack([np.cos(angle), np.sin(angle), 0 * angle], -1)
    measures = shapes(clean, attacked, np.ones((1, 1, 8), bool), (-1, 0))
    assert measures["angular_acceleration_deviation_degrees"] == pytest.approx(3)
    assert measures["bone_change_percent"] == pytest.approx(0)


def test_steady_turns_have_no_angular_acceleration_and_the_turn_is_a_rotation_vector() -> None:
    turn = np.array([2.0, -5.0, 4.0])  # degrees a frame
    across = np.cross(turn, [1.0, 1.0, 0.0])
    steps = Rotation.from_rotvec(np.arange(6)[:, None] * turn, degrees=True).apply(across)[:, None]
    velocity = robustness.angular_velocity(steps)
    np.testing.assert_allclose(velocity, np.broadcast_to(turn, (5, 1, 3)), atol=1e-9)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), reflected=st.booleans())
def test_a_rigid_motion_or_reflection_of_both_changes_no_metric(seed: int, reflected: bool) -> None:
    clean, attacked = clips(seed)
    rng = np.random.default_rng(seed + 1)
    turn = Rotation.random(rng=rng).as_matrix() @ np.diag([-1.0 if reflected else 1.0, 1, 1])
    shift = rng.normal(0, 2000, 3)
    before, after = (
        both(*pair, there()) for pair in ((clean, attacked), (clean @ turn.T + shift, attacked @ turn.T + shift))
    )
    for name, values in before.items():
        np.testing.assert_allclose(after[name], values, rtol=1e-6, err_msg=name)


@settings(max_examples=25)
@given(seed=st.integers(0, 10_000), factor=st.floats(0.1, 10))
def test_sizes_grow_with_the_attack_in_proportion(seed: int, factor: float) -> None:
    clean, attacked = clips(seed)
    once = sizes(clean, attacked, there(), PARENTS)
    more = sizes(clean, clean + factor * (attacked - clean), there(), PARENTS)
    for name in ("l", "displacement", "displacement_max", "acceleration_deviation"):
        np.testing.assert_allclose(more[name], factor * once[name])


def test_what_is_not_there_does_not_count() -> None:
    clean, attacked = clips(5)
    present = there()
    present[0, 1], present[1, :, 6:], present[2, 0, 7:] = False, False, False
    noise = np.random.default_rng(6).normal(0, 1e4, clean.shape) * ~present[..., None, None]
    before, after = both(clean, attacked, present), both(clean + noise, attacked - noise, present)
    for name, values in before.items():
        np.testing.assert_array_equal(after[name], values, err_msg=name)
    alone = both(clean[:1, :1], attacked[:1, :1], present[:1, :1])
    short = both(clean[1:2, :, :6], attacked[1:2, :, :6], present[1:2, :, :6])
    for name, values in before.items():
        assert alone[name] == pytest.approx(values[0])
        assert short[name] == pytest.approx(values[1])


def test_links_of_no_length_are_left_out_of_shares_and_turns() -> None:
    clean, attacked = clips(7)
    clean[..., 4, :] = clean[..., 3, :]
    attacked[..., 4, :] = attacked[..., 3, :] + 0.2
    measures = shapes(clean, attacked, there(), PARENTS)
    without = shapes(clean[..., :4, :], attacked[..., :4, :], there(), PARENTS[:4])
    for name, values in measures.items():
        np.testing.assert_allclose(without[name], values, err_msg=name)
    only = shapes(np.zeros((1, 1, 5, 2, 3)), np.ones((1, 1, 5, 2, 3)), np.ones((1, 1, 5), bool), (-1, 0))
    assert all(np.isnan(values).all() for values in only.values())


def test_a_clip_of_two_frames_has_no_acceleration() -> None:
    clean, attacked = clips(8)
    measures = both(clean[:, :, :2], attacked[:, :, :2], there()[:, :, :2])
    lacking = {name for name, values in measures.items() if np.isnan(values).all()}
    assert lacking == {name for name in UNITS if "acceleration" in name}


def test_normalised_units_are_so_many_millimetres() -> None:
    clean, attacked = clips(11)
    measures = both(clean, attacked, there())
    seen = sizes(clean / 250 - 3, attacked / 250 - 3, there(), PARENTS)  # without their mean, as recognizers see them
    for name, values in seen.items():
        if f"{name}_normalised" in measures:
            np.testing.assert_allclose(measures[f"{name}_normalised"], values)


def test_float32_clips_are_measured_in_float64() -> None:
    clean, attacked = (motion.astype(np.float32) + np.float32(1e4) for motion in clips(9))
    narrow = both(clean, attacked, there())
    wide = both(clean.astype(np.float64), attacked.astype(np.float64), there())
    for name in ("l_mm", "acceleration_deviation_mm", "bone_change_percent"):
        np.testing.assert_array_equal(narrow[name], wide[name])


def test_clips_of_other_shapes_are_one_clear_line() -> None:
    clean, attacked = clips(10)
    with pytest.raises(KinesecError, match=r"found clips \(3, 2, 9, 5, 3\), attacked clips \(3, 2, 8, 5, 3\)"):
        sizes(clean, attacked[:, :, :8], there(), PARENTS)


@settings(max_examples=50)
@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), min_size=1, max_size=40))
def test_success_within_a_budget_rises_to_the_whole_success(records: list[tuple[float, bool]]) -> None:
    cost, success = np.array([first for first, _ in records]), np.array([two for _, two in records])
    budgets = np.linspace(0, 100, 21)
    shares = success_within(cost, success, budgets)
    assert (np.diff(shares) >= 0).all()
    assert shares[-1] == pytest.approx(success.mean())
    for share in (0.25, 0.5, 0.9):
        budget = cost_of(cost, success, share)
        if np.isfinite(budget):
            assert success_within(cost, success, np.array([budget]))[0] >= share - 1e-9
            cheaper = np.nextafter(budget, -1)
            assert success_within(cost, success, np.array([cheaper]))[0] < share
        else:
            assert success.mean() < share
