"""The simulation behind docs/coverage.md: series of the mean and the correlation that it says they have."""

from __future__ import annotations

import interval_coverage as tool
import numpy as np
import pytest

from kinesec.metrics.intervals import of_windows


@pytest.mark.parametrize("phi", [0.0, 0.9])
def test_windows_are_means_of_a_stationary_series_of_known_correlation(phi: float) -> None:
    rng = np.random.default_rng(0)
    values = tool.window_means(rng, 30, phi, 8000, skewed=False)
    np.testing.assert_allclose(values.mean(1), 0.0, atol=0.05)
    np.testing.assert_allclose(values.std(1), tool.spread(phi), rtol=0.04)
    lags = np.arange(-tool.FUTURE + 1, tool.FUTURE)
    shared = ((tool.FUTURE - np.abs(lags)) * phi ** np.abs(lags + 10)).sum() / tool.FUTURE**2
    assert (values[3] * values[13]).mean() == pytest.approx(shared, abs=0.03)


def test_the_truth_of_every_kind_is_its_mean() -> None:
    for kind in tool.KINDS:
        values, truth = tool.values_of(np.random.default_rng(1), [[40], [20]], 0.8, 4000, kind)
        assert values.shape == (60, 4000)
        assert values.mean() == pytest.approx(truth, abs=0.03 * max(truth, 1.0))


def test_as_if_independent_is_what_windows_of_no_likeness_have() -> None:
    values = np.random.default_rng(2).standard_normal((700, 5))
    sample = tool.sample_of([[400], [300]])
    low, high = tool.as_if_independent(values, sample)
    np.testing.assert_allclose(high + low, 2 * of_windows(values, sample).mean[-1])
    np.testing.assert_allclose(high - low, 2 * 1.96 * np.sqrt(1 / 400 + 1 / 300) / 2, rtol=0.1)


def test_a_row_tells_how_often_intervals_hold() -> None:
    *held, worth = tool.coverage([[300], [260]], 0.8, tool.KINDS[0], 150, 0)
    assert len(held) == 1 + len(tool.BLOCKS)
    assert held[0] < 50 < 88 < min(held[1:])
    assert 5 < worth < 60
