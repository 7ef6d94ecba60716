"""Intervals of means of dependent samples: how often they hold the truth, and what they are at the edges."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from kinesec.metrics.intervals import Sample, of_ratios, of_takes, of_windows, wilson

SPAN = 10


def sequences(lengths: dict[str, list[int]], block: int | None = None) -> Sample:
    """Every window of sequences of so many, by action."""
    sizes = [(action, size) for action, each in lengths.items() for size in each]
    return Sample(
        np.concatenate([[action] * size for action, size in sizes]),
        np.concatenate([[place] * size for place, (_, size) in enumerate(sizes)]),
        np.concatenate([np.arange(size) + 1000 * place for place, (_, size) in enumerate(sizes)]),
        SPAN,
        block,
    )


def overlapping(rng: np.random.Generator, sample: Sample, sets: int) -> np.ndarray:
    """Values (window, set) of known mean 50: each window's mean over ``SPAN`` independent frames."""
    parts = []
    for size in np.bincount(sample.sequence):
        frames = rng.exponential(50.0, (size + SPAN - 1, sets))
        run = np.concatenate([np.zeros((1, sets)), frames.cumsum(0)])
        parts.append((run[SPAN:] - run[:-SPAN]) / SPAN)
    return np.concatenate(parts)


@pytest.mark.parametrize("lengths", [{"a": [150, 120], "b": [300]}, {"a": [40, 50, 60, 70, 80, 90]}])
def test_intervals_cover_the_true_mean_as_often_as_they_say(lengths: dict[str, list[int]]) -> None:
    sample = sequences(lengths)
    values = overlapping(np.random.default_rng(0), sample, 2000)
    estimate = of_windows(values, sample)
    inside = ((estimate.low <= 50) & (estimate.high >= 50)).mean(1)
    assert (inside > 0.93).all()
    assert (inside < 0.985).all()
    # windows overlap tenfold; as many as lie apart are worth about as much
    apart = sum(sum(each) for each in lengths.values()) / SPAN
    assert 0.3 * apart < np.median(estimate.n_effective[-1]) < 1.5 * apart


def test_an_action_of_many_sequences_has_the_interval_of_their_means() -> None:
    sample = sequences({"a": [20] * 5})
    values = np.random.default_rng(1).standard_normal((100, 1))
    estimate = of_windows(values, sample)
    expected = ttest_1samp(values.reshape(5, 20).mean(1), 0).confidence_interval(0.95)
    np.testing.assert_allclose([estimate.low[0, 0], estimate.high[0, 0]], expected)


def test_actions_count_alike_and_what_lies_between_them_is_no_uncertainty() -> None:
    sample = sequences({"a": [100, 100], "b": [200, 400]})
    offset = np.where(sample.action == "a", 0.0, 1000.0)[:, None]
    values = overlapping(np.random.default_rng(2), sample, 3)
    plain, moved = of_windows(values, sample), of_windows(values + offset, sample)
    np.testing.assert_allclose(moved.mean[-1], plain.mean[-1] + 500)
    np.testing.assert_allclose(moved.high[-1] - moved.low[-1], plain.high[-1] - plain.low[-1])
    np.testing.assert_allclose(plain.mean[-1], plain.mean[:-1].mean(0))


def test_the_order_and_the_names_of_windows_do_not_matter() -> None:
    sample = sequences({"a": [90, 60], "b": [30] * 5})
    values = overlapping(np.random.default_rng(3), sample, 2)
    order = np.random.default_rng(0).permutation(len(values))
    mixed = Sample(sample.action[order], 7 - sample.sequence[order], sample.start[order], SPAN)
    for one_way, other in zip(of_windows(values, sample), of_windows(values[order], mixed), strict=True):
        np.testing.assert_allclose(one_way, other)


def test_a_short_sequence_is_as_unsure_as_one_independent_window_of_the_others() -> None:
    """Seven windows that share nearly all their frames look alike: that says nothing of how sure they are."""
    sample = sequences({"long": [400], "short": [7]})
    values = overlapping(np.random.default_rng(4), sample, 400)
    estimate = of_windows(values, sample)
    assert np.median(estimate.n_effective[1]) < 2
    inside = ((estimate.low[1] <= 50) & (estimate.high[1] >= 50)).mean()
    assert inside > 0.9


def test_without_a_sequence_that_is_long_enough_ends_are_unknown() -> None:
    sample = sequences({"a": [7], "b": [5, 6]})
    estimate = of_windows(np.ones((18, 1)), sample)
    assert np.isnan(estimate.low).all()
    assert (estimate.mean == 1).all()


def test_intervals_stay_in_the_range() -> None:
    sample = sequences({"a": [60]})
    values = np.where(np.arange(60) % 30 < 4, 10.0, 0.0)[:, None]
    free, cut = of_windows(values, sample), of_windows(values, sample, least=0.0)
    assert free.low[0, 0] < 0 == cut.low[0, 0]
    assert free.high[0, 0] == cut.high[0, 0]


@given(st.integers(0, 60), st.integers(0, 5))
@settings(max_examples=20)
def test_a_rate_is_never_sure_and_never_outside(ones: int, seed: int) -> None:
    sample = sequences({"a": [60], "b": [40]})
    values = np.zeros((100, 1))
    values[np.random.default_rng(seed).permutation(60)[:ones]] = 100.0
    estimate = of_windows(values, sample, least=0.0, most=100.0, rate=True)
    assert (estimate.low >= 0).all()
    assert (estimate.high <= 100).all()
    assert (estimate.low < estimate.high).all()
    assert (estimate.low <= estimate.mean).all()
    assert (estimate.mean <= estimate.high).all()


def test_a_rate_of_none_or_all_is_as_sure_as_windows_that_lie_apart() -> None:
    sample = sequences({"a": [201]})
    for value, expected in ((0.0, (0.0, 16.11)), (100.0, (83.89, 100.0))):
        estimate = of_windows(np.full((201, 1), value), sample, least=0.0, most=100.0, rate=True)
        assert (estimate.low[0, 0], estimate.high[0, 0]) == pytest.approx(expected, abs=0.01)  # of 20 windows
        assert estimate.n_effective[0, 0] == pytest.approx(20)


def test_a_rate_of_none_in_a_short_sequence_has_an_end() -> None:
    sample = sequences({"a": [7], "b": [200]})
    values = np.where(np.arange(207) < 100, 0.0, 100.0)[:, None]
    estimate = of_windows(values, sample, least=0.0, most=100.0, rate=True)
    assert (estimate.low[0, 0], estimate.high[0, 0]) == pytest.approx((0.0, 79.35), abs=0.01)  # of one window


def test_wilson_against_a_published_example() -> None:
    """81 of 263, Newcombe (1998), table I, method 3."""
    assert wilson(np.array(81 / 263), np.array(263.0)) == pytest.approx((0.2553, 0.3662), abs=1e-4)
    assert wilson(np.array(0.0), np.array(20.0)) == pytest.approx((0.0, 0.1611), abs=1e-4)


def test_samples_of_one_take_count_as_much_as_they_differ() -> None:
    rng = np.random.default_rng(5)
    take = np.repeat(np.arange(12), 9)
    alike = np.repeat(rng.normal(3, 1, (12, 3000)), 9, 0)
    estimate = of_takes(alike, take)
    assert ((estimate.low <= 3) & (estimate.high >= 3)).mean() == pytest.approx(0.95, abs=0.02)
    np.testing.assert_allclose(estimate.n_effective, 11.0)
    apart = of_takes(rng.normal(3, 1, (108, 3000)), take)
    assert ((apart.low <= 3) & (apart.high >= 3)).mean() == pytest.approx(0.95, abs=0.02)
    assert np.median(apart.n_effective) > 80


def test_missing_samples_and_columns_without_any() -> None:
    values = np.array([[1.0, np.nan], [np.nan, np.nan], [3.0, np.nan], [5.0, np.nan]])
    estimate = of_takes(values, np.array(["a", "a", "b", "c"]))
    expected = ttest_1samp([1.0, 3.0, 5.0], 0).confidence_interval(0.95)
    assert (estimate.low[0], estimate.high[0]) == pytest.approx(tuple(expected))
    assert np.isnan([estimate.mean[1], estimate.low[1], estimate.high[1]]).all()
    none = of_takes(np.zeros((0, 2)), np.zeros(0, str))
    assert np.isnan(none.mean).all()


def test_a_rate_of_takes_at_the_edge_is_wilsons_of_the_takes() -> None:
    estimate = of_takes(np.full((60, 1), 100.0), np.repeat(np.arange(20), 3), least=0.0, most=100.0, rate=True)
    assert (estimate.low[0], estimate.high[0]) == pytest.approx((83.89, 100.0), abs=0.01)


def test_quotients_of_means_cover_the_true_one_as_often_as_they_say() -> None:
    sample = sequences({"a": [150, 120], "b": [300]})
    rng = np.random.default_rng(6)
    below = overlapping(rng, sample, 1500) + 50
    above = 0.3 * below + 0.2 * overlapping(rng, sample, 1500)
    estimate = of_ratios(above, below, sample)
    by_action = [above[sample.action == name].mean(0) / below[sample.action == name].mean(0) for name in "ab"]
    np.testing.assert_allclose(estimate.mean[:2], by_action)
    inside = ((estimate.low <= 0.4) & (estimate.high >= 0.4)).mean(1)
    assert (inside > 0.93).all()
    assert (inside < 0.985).all()
    exact = of_ratios(0.25 * below, below, sample)
    np.testing.assert_allclose(exact.high - exact.low, 0.0, atol=1e-9)
    assert (of_ratios(below, below, sample, most=0.9).high == 0.9).all()


def test_pieces_are_sequences_or_stretches_of_few() -> None:
    many = sequences({"a": [30] * 10})
    assert many.clusters.tolist() == many.sequence.tolist()
    few = sequences({"a": [45, 30], "b": [20]})
    assert np.unique(few.clusters).size == 3 + 2 + 1
    assert np.bincount(few.clusters)[np.unique(few.clusters)].tolist() == [20, 20, 5, 20, 10, 20]
