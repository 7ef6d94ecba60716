"""What a trigger changes: worked examples, and loops over windows, pixels and joints."""

from __future__ import annotations

import math

import numpy as np
import pytest

from kinesec.errors import KinesecError
from kinesec.metrics.imperceptibility import (
    MOTION_UNITS,
    VIDEO_UNITS,
    energy,
    of_motions,
    of_videos,
    share_of_first,
    structural_similarity,
)

PARENTS = (-1, 0, 1)


def videos(seed: int = 0, height: int = 20, width: int = 31) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    clean = rng.integers(20, 230, (2, 5, height, width, 3), dtype=np.uint8)
    return clean, (clean + rng.integers(-6, 7, clean.shape)).astype(np.uint8)


def test_every_measure_has_a_unit_and_a_number_a_clip() -> None:
    measures = of_videos(*videos())
    assert list(measures) == list(VIDEO_UNITS)
    assert all(values.shape == (2,) and np.isfinite(values).all() for values in measures.values())
    assert {name: values.shape for name, values in of_videos(*(v[:0] for v in videos())).items()} == dict.fromkeys(
        VIDEO_UNITS, (0,)
    )


def test_windows_agree_with_loops() -> None:
    clean, triggered = videos()
    measures = of_videos(clean, triggered, window=9)
    similar = structural_similarity(clean, triggered)
    for clip in range(2):
        decibels, likenesses = [], []
        for row in range(20 // 9):
            for column in range(31 // 9):
                cut = (clip, slice(None), slice(9 * row, 9 * row + 9), slice(9 * column, 9 * column + 9))
                error = ((clean[cut].astype(float) - triggered[cut]) ** 2).mean()
                decibels.append(10 * math.log10(255**2 / error))
                likenesses.append(similar[clip, cut[2], cut[3]].mean())
        for name, values in (("psnr_{}_db", decibels), ("ssim_{}", likenesses)):
            for over in ("min", "max", "mean", "std"):
                assert measures[name.format(over)][clip] == pytest.approx(getattr(np, over)(values), rel=1e-5)


def test_similarity_agrees_with_its_formula_a_pixel_at_a_time() -> None:
    clean, triggered = videos(1, 9, 8)
    row, column = 4, 4
    cut = (slice(None), slice(None), slice(1, 8), slice(1, 8))
    expected = np.zeros((2, 5, 3))
    for index in np.ndindex(2, 5, 3):
        a, b = (video[cut][index[0], index[1], ..., index[2]].astype(float) for video in (clean, triggered))
        covariance = (a * b).mean() - a.mean() * b.mean()
        top = (2 * a.mean() * b.mean() + 6.5025) * (2 * covariance + 58.5225)
        expected[index] = top / ((a.mean() ** 2 + b.mean() ** 2 + 6.5025) * (a.var() + b.var() + 58.5225))
    np.testing.assert_allclose(
        structural_similarity(clean, triggered)[:, row, column], expected.mean((1, 2)), rtol=1e-3
    )


def test_what_is_not_changed_is_perfect() -> None:
    clean, _ = videos()
    measures = of_videos(clean, clean)
    assert measures["psnr_min_db"] == pytest.approx(98.13, abs=0.005)  # the paper's table 6, BadNet
    assert measures["ssim_min"] == pytest.approx(1.0)
    assert measures["rms"].tolist() == [0.0, 0.0]
    assert np.isnan(measures["first_frames_energy_share"]).all()


def test_a_grey_level_less_is_counted() -> None:
    clean, _ = videos()
    lower = clean.copy()
    lower[:, 0] -= 1
    measures = of_videos(clean, lower)
    assert measures["lowered_percent"] == pytest.approx(100 / 5)
    assert measures["rms"] == pytest.approx(math.sqrt(1 / 5))
    assert measures["first_frames_energy_share"] == pytest.approx(1.0)
    np.testing.assert_allclose(energy(clean, lower)[:, :2], [[20 * 31 * 3, 0.0]] * 2)


def test_energy_of_first_frames() -> None:
    assert share_of_first(np.array([[1.0] * 8, [0.0] * 8])) == pytest.approx([0.5, np.nan], nan_ok=True)


def test_a_joint_moved_in_a_frame() -> None:
    rng = np.random.default_rng(0)
    clean = rng.normal(0, 300, (1, 2, 6, 3, 3))
    clean[0, 0, :, 2] = clean[0, 0, :, 1] + [100.0, 0.0, 0.0]
    moved = clean.copy()
    moved[0, 0, 2, 2] += [10.0, 0.0, 0.0]
    present = np.ones((1, 2, 6), bool)
    present[0, 1] = False
    moved[0, 1] = 7.0  # not there: it does not count
    measures = of_motions(clean, moved, present, PARENTS, 30.0)
    assert list(measures) == list(MOTION_UNITS)
    assert measures["rms"] == pytest.approx(math.sqrt(100 / 18))
    assert measures["displacement_max_mm"] == pytest.approx(10.0)
    assert measures["velocity_rms_mm_s"] == pytest.approx(30 * math.sqrt(2 * 100 / 15))
    assert measures["acceleration_rms_mm_s2"] == pytest.approx(900 * math.sqrt((1 + 4 + 1) * 100 / 12))
    assert measures["bone_change_percent"] == pytest.approx(10.0 / 12)
    assert measures["bone_change_max_percent"] == pytest.approx(10.0)
    assert measures["first_frames_energy_share"] == pytest.approx(1.0)


def test_too_few_frames_have_no_acceleration() -> None:
    clean = np.random.default_rng(0).normal(0, 300, (1, 1, 2, 3, 3))
    measures = of_motions(clean, clean, np.ones((1, 1, 2), bool), PARENTS, 30.0)
    assert measures["velocity_rms_mm_s"] == pytest.approx(0.0)
    assert np.isnan(measures["acceleration_rms_mm_s2"]).all()


def test_shapes_that_do_not_fit_are_named() -> None:
    clean, _ = videos()
    with pytest.raises(KinesecError, match=r"imperceptibility: found samples \(2, 5, 20, 31, 3\) and triggered"):
        of_videos(clean, clean[:1])
    motion = np.zeros((1, 1, 2, 3, 3))
    with pytest.raises(KinesecError, match=r"imperceptibility: found motions .* and marks \(1, 1\), expected"):
        of_motions(motion, motion, np.ones((1, 1), bool), PARENTS, 30.0)
