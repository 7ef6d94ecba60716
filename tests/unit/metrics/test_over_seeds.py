"""Means over seeds: how often their interval holds the truth, with both sources of chance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from kinesec.metrics.over_seeds import over_seeds


@given(st.lists(st.floats(0, 100), min_size=2, max_size=5), st.floats(0, 10), st.floats(0, 10))
def test_an_interval_is_as_wide_as_either_source_of_chance_alone(
    values: list[float], below: float, above: float
) -> None:
    value = np.array([values])
    alike = np.full_like(value, 50.0)
    _, low, high = over_seeds(alike, alike - below, alike + above)
    assert (low[0], high[0]) == pytest.approx((50 - below, 50 + above))  # the seeds share their samples
    mean, low, high = over_seeds(value, value, value)
    assert mean[0] == pytest.approx(np.mean(values))
    if np.ptp(values) > 1e-3:
        expected = ttest_1samp(values, 0).confidence_interval(0.95)
        assert (low[0], high[0]) == pytest.approx(tuple(expected))
    _, both_low, both_high = over_seeds(value, value - below, value + above)
    assert both_low[0] == pytest.approx(mean[0] - np.hypot(mean[0] - low[0], below))
    assert both_high[0] == pytest.approx(mean[0] + np.hypot(high[0] - mean[0], above))


@pytest.mark.parametrize(("between", "within"), [(1.0, 0.0), (1.0, 1.0), (0.2, 1.0)])
def test_intervals_cover_the_true_mean_as_often_as_they_say(between: float, within: float) -> None:
    rng = np.random.default_rng(0)
    shared = within * rng.standard_normal((20_000, 1))
    value = 7 + shared + between * rng.standard_normal((20_000, 3))
    _, low, high = over_seeds(value, value - 1.96 * within, value + 1.96 * within)
    assert 0.94 < ((low <= 7) & (high >= 7)).mean() < 0.985


def test_no_end_leaves_the_range() -> None:
    value = np.array([[1.0, 99.0]])
    _, low, high = over_seeds(value, value, value, least=0.0, most=100.0)
    assert (low[0], high[0]) == (0.0, 100.0)


def test_an_unknown_end_stays_unknown() -> None:
    value = np.array([[1.0, 2.0]])
    mean, low, high = over_seeds(value, value * np.nan, value + 1)
    assert np.isnan(low[0])
    assert mean[0] < high[0]
