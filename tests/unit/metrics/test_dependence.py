"""Variances of means of dependent samples: known answers, plain loops, and what they are on average."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesec.metrics.dependence import LUGSAIL_RATIO, LUGSAIL_WEIGHT, of_blocks, of_clusters, together


def clusters(rng: np.random.Generator, sizes: list[int], sets: int, within: float) -> tuple[np.ndarray, np.ndarray]:
    """Sums and counts (cluster, set) of clusters whose means vary by 1 and whose samples by ``within``."""
    counts = np.repeat(np.array(sizes, float)[:, None], sets, 1)
    means = rng.standard_normal(counts.shape) + within * rng.standard_normal(counts.shape) / np.sqrt(counts)
    return means * counts, counts


def test_clusters_of_one_size_have_the_variance_of_their_means() -> None:
    sums, counts = clusters(np.random.default_rng(0), [7] * 5, 3, 1.0)
    variance = of_clusters(sums, counts)
    np.testing.assert_allclose(variance.value, (sums / counts).var(0, ddof=1) / 5)
    np.testing.assert_allclose(variance.freedom, 4)


def test_clusters_of_unlike_sizes_are_right_on_average_and_in_their_degrees_of_freedom() -> None:
    """Of normal means of one variance: the estimate's mean is that of the mean, its spread that of chi squared."""
    sizes = [1, 2, 3, 10]
    sums, counts = clusters(np.random.default_rng(1), sizes, 20_000, 0.0)
    variance = of_clusters(sums, counts)
    truth = (np.array(sizes) ** 2).sum() / sum(sizes) ** 2
    assert variance.value.mean() == pytest.approx(truth, rel=0.03)
    assert 2 * variance.value.mean() ** 2 / variance.value.var() == pytest.approx(variance.freedom[0], rel=0.05)


@given(st.lists(st.integers(1, 9), min_size=2, max_size=7))
@settings(max_examples=30)
def test_degrees_of_freedom_of_clusters_are_those_of_the_sum_over_all_pairs(sizes: list[int]) -> None:
    share = np.array(sizes) / sum(sizes)
    residual = np.eye(len(share)) - share[None]
    covariance = residual @ residual.T
    worth = share**2 / np.diag(covariance)
    expected = (share**2).sum() ** 2 / (worth[:, None] * worth * covariance**2).sum()
    counts = np.array(sizes, float)[:, None]
    np.testing.assert_allclose(of_clusters(counts * 0, counts).freedom, expected)


def test_clusters_that_lack_in_a_column_are_left_out_of_it_and_one_cluster_tells_nothing() -> None:
    sums, counts = clusters(np.random.default_rng(2), [3, 4, 5], 2, 1.0)
    sums[2, 1] = counts[2, 1] = 0
    both = of_clusters(sums, counts)
    alone = of_clusters(sums[:2, 1:], counts[:2, 1:])
    np.testing.assert_allclose([both.value[1], both.freedom[1]], [alone.value[0], alone.freedom[0]])
    assert np.isnan(of_clusters(sums[:1], counts[:1]).value).all()


def looped(values: np.ndarray, block: int) -> float:
    """Squared block sums about the mean, a block at a time round the circle, per window squared."""
    count = len(values)
    off = values - values.mean()
    squares = [sum(off[(first + step) % count] for step in range(block)) ** 2 for first in range(count)]
    return sum(squares) / (block * count**2 * (1 - block / count))


@pytest.mark.parametrize("length", [3, 6, 11])
def test_blocks_against_a_loop_over_the_circle(length: int) -> None:
    values = np.random.default_rng(length).standard_normal(23)
    wide, narrow = (looped(values, block) for block in (length, length // LUGSAIL_RATIO))
    expected = max(wide, (wide - LUGSAIL_WEIGHT * narrow) / (1 - LUGSAIL_WEIGHT))
    shuffled = np.random.default_rng(0).permutation(23)
    got = of_blocks(values[shuffled, None], shuffled + 40, length)
    np.testing.assert_allclose(got.value, expected)


def test_blocks_of_independent_values_are_right_on_average_and_in_their_degrees_of_freedom() -> None:
    values = np.random.default_rng(3).standard_normal((90, 4_000))
    variance = of_blocks(values, np.arange(90), 9)
    # the larger of two estimates is a little above the truth
    assert 1.0 <= variance.value.mean() * 90 < 1.15
    # of the corrected estimate alone, which is the larger one where the shorter blocks' is smaller
    wide, narrow = (
        (np.stack([np.roll(values, -step, 0) for step in range(block)]).sum(0) ** 2).mean(0) / block for block in (9, 3)
    )
    centred = values.mean(0) ** 2 * np.array([[9], [3]])
    wide, narrow = (wide - centred[0]) / 0.9, (narrow - centred[1]) / (29 / 30)
    corrected = 2 * wide - narrow
    assert corrected.mean() == pytest.approx(1, abs=0.03)
    assert 2 * corrected.mean() ** 2 / corrected.var() == pytest.approx(variance.freedom[0], rel=0.06)


def test_windows_drawn_at_random_are_worth_what_lies_between_them() -> None:
    """Far apart they are independent; drawn twice, a window tells no more than once."""
    rng = np.random.default_rng(4)
    values = rng.standard_normal((12, 2000))
    apart = of_blocks(values, np.arange(12) * 50, 30)
    assert apart.value.mean() * 12 == pytest.approx(1.0, rel=0.05)
    twice = of_blocks(np.repeat(values, 2, 0), np.repeat(np.arange(12) * 50, 2), 30)
    assert twice.value.mean() * 12 == pytest.approx(1.0, rel=0.1)


def test_blocks_as_long_as_the_sequence_tell_nothing() -> None:
    assert np.isnan(of_blocks(np.arange(6.0)[:, None], np.arange(6), 6).value).all()
    assert np.isnan(of_blocks(np.arange(3.0)[:, None], np.array([0, 0, 9]), 9).value).all()


def test_parts_come_together_by_their_weights() -> None:
    variance = together(np.array([[4.0, 0.0], [9.0, 0.0]]), np.array([[5.0, 5.0], [2.0, 2.0]]), np.array([0.5, 0.5]))
    np.testing.assert_allclose(variance.value, [3.25, 0.0])
    np.testing.assert_allclose(variance.freedom, [3.25**2 / (1 / 5 + 2.25**2 / 2), 2.0])
