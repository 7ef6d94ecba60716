from __future__ import annotations

import numpy as np
import pytest
from video_files import need, squares

from kinesec.errors import ConfigError
from kinesec.samples.videos import controls
from kinesec.samples.videos.codec import round_trip

VIDEO = np.stack([squares(10, seed=seed) for seed in range(20)])
MOTION = np.random.default_rng(0).normal(0, 100, (5, 2, 10, 7, 3)).astype(np.float32)  # frames are axis 2
ROW = np.arange(20) + 4


def test_resampling_is_interpolation_there_and_back() -> None:
    few, frames = np.linspace(0, 9, 5), np.arange(10)
    expected = np.empty_like(MOTION)
    for place in np.ndindex(5, 2, 7, 3):
        line = (*place[:2], slice(None), *place[2:])
        expected[line] = np.interp(frames, few, np.interp(few, frames, MOTION[line]))
    np.testing.assert_allclose(controls.resample(MOTION, rate=0.5, axis=2), expected, atol=1e-3)
    np.testing.assert_array_equal(controls.resample(VIDEO, rate=1.0), VIDEO)
    level = (10 * np.arange(10, dtype=np.uint8))[None, :, None, None, None] * np.ones((1, 1, 4, 4, 3), np.uint8)
    assert np.abs(controls.resample(level, rate=0.3).astype(int) - level).max() == 0


def test_resampling_takes_fast_changes_away() -> None:
    flicker = np.zeros((1, 32, 4, 4, 3), np.uint8)
    flicker[:, ::2] = 200
    assert controls.resample(flicker, rate=0.5).astype(float).std() < 0.7 * flicker.astype(float).std()
    assert controls.smooth(flicker, sd=1.5).astype(float)[:, 6:-6].std() < 0.05 * flicker.astype(float).std()


def test_smoothing_weighs_neighbours_by_a_gaussian() -> None:
    weight = np.exp(-0.5 * (np.arange(-4, 5) / 1.0) ** 2)
    weight /= weight.sum()
    beyond = np.pad(MOTION, ((0, 0), (0, 0), (4, 4), (0, 0), (0, 0)), mode="edge")
    expected = sum(weight[k] * beyond[:, :, k : k + 10] for k in range(9))
    np.testing.assert_allclose(controls.smooth(MOTION, sd=1.0, axis=2), expected, atol=1e-3)
    assert controls.smooth(VIDEO).dtype == np.uint8


def test_a_dropped_frame_is_the_one_before() -> None:
    dropped = controls.drop(VIDEO, ROW, share=0.4, seed=3)
    lost = 0
    for clip in range(len(VIDEO)):
        last = 0
        for frame in range(10):
            if (dropped[clip, frame] == VIDEO[clip, frame]).all():
                last = frame
            else:
                lost += 1
            np.testing.assert_array_equal(dropped[clip, frame], VIDEO[clip, last])
    assert 0.3 < lost / (len(VIDEO) * 9) < 0.5
    np.testing.assert_array_equal(controls.drop(VIDEO[5:6], ROW[5:6], share=0.4, seed=3), dropped[5:6])
    assert not np.array_equal(controls.drop(VIDEO, ROW, share=0.4, seed=4), dropped)
    np.testing.assert_array_equal(controls.drop(VIDEO, ROW, share=0.0), VIDEO)


def test_controls_go_by_their_names() -> None:
    need("libx264")
    row = ROW
    np.testing.assert_array_equal(controls.controlled(VIDEO, "nothing", row=row), VIDEO)
    coded = controls.controlled(VIDEO[:2], "codec", {"crf": 28}, row=row[:2])
    np.testing.assert_array_equal(coded, round_trip(VIDEO[:2], crf=28))
    dropped = controls.controlled(VIDEO, "drop", {"share": 0.4}, row=row, seed=3)
    np.testing.assert_array_equal(dropped, controls.drop(VIDEO, row, share=0.4, seed=3))
    for name, function in (("smooth", controls.smooth), ("resample", controls.resample)):
        changed = controls.controlled(MOTION, name, row=row[:5], axis=2)  # type: ignore[arg-type]
        np.testing.assert_array_equal(changed, function(MOTION, axis=2))  # type: ignore[operator]
    with pytest.raises(ConfigError, match="control 'drop': rate: found an unknown key, expected some of share"):
        controls.controlled(VIDEO, "drop", {"rate": 0.4}, row=row)
    with pytest.raises(ConfigError, match="control 'codec': crf: found 60, expected a whole number from 0 to 51"):
        controls.controlled(VIDEO, "codec", {"crf": 60}, row=row)
