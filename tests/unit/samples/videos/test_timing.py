from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesec.samples.videos import timing


def test_long_recordings_are_sampled_and_short_ones_padded() -> None:
    instant, there = timing.instants(np.array([9, 5, 3, 0]), 5)
    assert instant.tolist() == [[0, 2, 4, 6, 8], [0, 1, 2, 3, 4], [0, 1, 2, 2, 2], [0, 0, 0, 0, 0]]
    assert there.sum(1).tolist() == [5, 5, 3, 0]


def test_resampling_goes_from_the_first_frame_to_the_last() -> None:
    instant, there = timing.instants(np.array([9, 3, 1, 0]), 5, "resample")
    np.testing.assert_allclose(instant[:2], [[0, 2, 4, 6, 8], [0, 0.5, 1, 1.5, 2]])
    assert there.all(1).tolist() == [True, True, True, False]
    line = 10.0 * np.arange(9)[None].repeat(4, 0)
    np.testing.assert_allclose(timing.at(line, instant)[:2], 10 * instant[:2])


@given(length=st.integers(0, 200), frames=st.integers(1, 70), how=st.sampled_from(["sample", "resample"]))
def test_frames_are_of_the_recording_and_in_order(length: int, frames: int, how: timing.Timing) -> None:
    instant, there = timing.instants(np.array([length]), frames, how)
    assert (np.diff(instant) >= 0).all()
    assert instant.min() >= 0
    assert instant.max() <= max(length - 1, 0)
    assert there.sum() == (min(length, frames) if how == "sample" else frames * (length > 0))
    if how == "sample":
        assert len(set(instant[there].tolist())) == there.sum()


def test_one_frame_is_the_first() -> None:
    assert timing.instants(np.array([40]), 1)[0].tolist() == [[0]]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_keep_their_kind(dtype: type) -> None:
    array = np.arange(24, dtype=dtype).reshape(2, 3, 4)
    value = timing.at(array, np.array([[0.5], [2.0]]))
    assert value.dtype == dtype
    np.testing.assert_allclose(value, [[[2, 3, 4, 5]], [[20, 21, 22, 23]]])
