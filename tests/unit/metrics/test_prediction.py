from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesec.metrics.naturalness import naturalness
from kinesec.metrics.prediction import derived, joint_errors, limits, mpjpe, paired, upto
from kinesec.motion.kinematics import forward, matrices_from_quaternions
from kinesec.sources.readers.expmap import cmu_skeleton

PARENTS = (-1, 0, 1)
HISTORY, FUTURE = 5, 6


def moving(velocity: np.ndarray, acceleration: np.ndarray, jerk: np.ndarray) -> np.ndarray:
    """(1, frame, joint, xyz) whose differences of orders 1 to 3 are known, the same for all three joints."""
    t = np.arange(HISTORY + FUTURE, dtype=np.float64)[:, None]
    path = velocity * t + acceleration * t * (t - 1) / 2 + jerk * t * (t - 1) * (t - 2) / 6
    rest = np.array([[0, 0, 0], [0, 300, 0], [0, 500, 0]])
    return (path[:, None] + rest)[None]


def test_steady_motion_has_no_acceleration_and_known_ones_come_back() -> None:
    zero, v, a = np.zeros(3), np.array([5.0, -2, 1]), np.array([0, 3.0, 4.0])
    steady = naturalness(moving(v, zero, zero), PARENTS, HISTORY)
    assert all(value == pytest.approx(0, abs=1e-9) for value in steady.values())
    falling = naturalness(moving(v, a, zero), PARENTS, HISTORY)
    assert falling["Acc", "whole"] == pytest.approx(5)
    assert falling["Acc", "seam"] == pytest.approx(5)
    assert falling["Jerk", "whole"] == pytest.approx(0, abs=1e-9)
    assert naturalness(moving(v, a, a), PARENTS, HISTORY)["Jerk", "whole"] == pytest.approx(5)


def test_a_stretching_bone_is_measured() -> None:
    position = moving(np.ones(3), np.zeros(3), np.zeros(3))
    position[0, :, 2, 1] += 2.0 * np.arange(HISTORY + FUTURE)
    values = naturalness(position, PARENTS, HISTORY)
    assert values["BLC", "whole"] == pytest.approx(1)  # 2 mm a frame of one bone, 0 of the other
    assert values["BLC", "seam"] == pytest.approx(1)


@pytest.mark.parametrize("frame", range(1, HISTORY + FUTURE - 1))
def test_the_seam_sees_a_jump_at_the_seam_alone(frame: int) -> None:
    """A jump of the whole body between two frames: of the seam's five frames, second differences span three."""
    position = np.zeros((1, HISTORY + FUTURE, 3, 3))
    position[0, frame:, :, 0] = 60.0
    seen = naturalness(position, PARENTS, HISTORY)
    inside = HISTORY - 2 <= frame <= HISTORY + 1
    edge = frame in (HISTORY - 2, HISTORY + 1)  # of three second differences, one
    assert seen["Acc", "seam"][0] == pytest.approx(0 if not inside else 20 if edge else 40)
    assert seen["Acc", "whole"][0] > 0


def test_a_piece_too_short_for_a_difference_has_no_value() -> None:
    values = naturalness(np.zeros((2, 3, 3, 3)), PARENTS, 2)
    assert np.isnan(values["Jerk", "whole"]).all()
    assert (values["Acc", "whole"] == 0).all()


def test_mpjpe_against_a_loop_over_all_joints() -> None:
    """All 38 joints: not predicted ones from the truth, duplicates copied (papers/badhmp.md, section 3)."""
    skeleton = cmu_skeleton()
    rng = np.random.default_rng(0)
    quaternion = rng.standard_normal((4, 7, 38, 4))
    quaternion /= np.linalg.norm(quaternion, axis=-1, keepdims=True)
    truth = forward(
        matrices_from_quaternions(quaternion),
        np.zeros(3),
        skeleton.offsets,
        skeleton.parents,
        root_turns_children=False,
    )
    used = list(skeleton.groups["ltd_used"])
    predicted = truth[:, :, used] + rng.standard_normal((4, 7, 25, 3))
    whole = truth.copy()
    whole[:, :, used] = predicted
    for copies, of in (((16, 20, 29), 15), ((24, 27), 23), ((33, 36), 32)):
        for copy in copies:
            assert np.allclose(truth[:, :, copy], truth[:, :, of])
            whole[:, :, copy] = whole[:, :, of]
    errors = mpjpe(joint_errors(predicted, truth[:, :, used]), skeleton, used)
    for window in range(4):
        for frame in range(7):
            per_joint = [np.linalg.norm(whole[window, frame, j] - truth[window, frame, j]) for j in range(38)]
            assert errors["all"][window, frame] == pytest.approx(sum(per_joint) / 38)
            assert errors["used"][window, frame] == pytest.approx(sum(per_joint[j] for j in used) / 25)


@given(st.lists(st.floats(0, 1e3), min_size=1, max_size=9))
def test_upto_is_the_mean_so_far(values: list[float]) -> None:
    expected = [np.mean(values[: index + 1]) for index in range(len(values))]
    np.testing.assert_allclose(upto(np.array([values]))[0], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("clean", "CDE"),
        ("natural_nearest_truth", "CDE"),
        ("triggered", "BDE"),
        ("wrong_limb", "BDE"),
        ("half_frames", "BDE"),
        ("rotated_30", "BDE"),
        ("natural_nearest", "BDE"),
    ],
)
def test_errors_to_the_target_are_bde_and_to_the_windows_own_future_cde(kind: str, name: str) -> None:
    """Of errors 4 and 8, then 20 and 4: 4 and 6 up to each frame, then 20 and 12; under 10 mm are the first's."""
    values = np.array([[4.0, 8.0], [20.0, 4.0]])
    rows = list(derived("MPJPE_at", kind, values, 10.0))
    by_name = {metric: (of.tolist(), unit) for metric, of, unit in rows}
    running = [[4.0, 6.0], [20.0, 12.0]]
    expected = {"MPJPE_at": (values.tolist(), "mm"), "MPJPE_upto": (running, "mm"), name: (running, "mm")}
    if name == "BDE":
        expected["ASR"] = ([[100.0, 100.0], [0.0, 0.0]], "%")
    assert by_name == expected
    assert len(rows) == len(expected)


def test_a_victim_beside_the_clean_model() -> None:
    """Errors up to each frame of 10 and 12 for the clean model, 4 and 9 for the victim."""
    clean, victim = np.array([[10.0, 14.0]]), np.array([[4.0, 14.0]])
    by_name = {change.metric: change for change in paired("triggered", victim, clean)}
    assert by_name["BDE_change"].values.tolist() == [[-6.0, -3.0]]
    closed = by_name["gap_closed"]
    assert closed.over is not None
    assert (closed.values / closed.over).tolist() == [[0.6, 0.25]]
    assert by_name["ASR_half_gap"].values.tolist() == [[100.0, 0.0]]
    by_name = {change.metric: change for change in paired("clean", victim, clean)}
    assert by_name["CDE_change"].values.tolist() == [[-6.0, -3.0]]
    percent = by_name["CDE_change_percent"]
    assert percent.over is not None
    assert (percent.scale * percent.values / percent.over).tolist() == [[-60.0, -25.0]]
    half = [change.values for change in paired("triggered", clean / 2, clean) if change.metric == "ASR_half_gap"]
    assert half[0].tolist() == [[0.0, 0.0]]  # at half of the gap is not past it


def test_ranges_are_those_of_the_metrics() -> None:
    infinite = float("inf")
    assert limits("ASR") == limits("ASR_half_gap") == (0, 100, True)
    assert limits("gap_closed") == (-infinite, 1, False)
    assert limits("CDE_change") == limits("BDE_change") == (-infinite, infinite, False)
    assert limits("CDE_change_percent") == (-100, infinite, False)
    assert limits("CDE") == limits("Jerk") == (0, infinite, False)


def test_an_error_at_the_threshold_is_no_success_and_other_metrics_stay() -> None:
    (shares,) = [of for metric, of, _ in derived("MPJPE_at", "triggered", np.array([[25.0]]), 25.0) if metric == "ASR"]
    assert shares.tolist() == [[0.0]]
    values = np.array([[1.5]])
    units = {"Acc": "mm/frame^2", "Jerk": "mm/frame^3", "BLC": "mm/frame"}
    for metric, unit in units.items():
        assert list(derived(metric, "triggered", values, 25.0)) == [(metric, values, unit)]
