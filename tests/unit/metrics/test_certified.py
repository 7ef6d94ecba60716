from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom, binomtest, norm

from kinesec.errors import KinesecError
from kinesec.metrics.certified import certified_accuracy, certify, lower_bound, predict, radius, upper_bound

alphas = st.sampled_from([0.001, 0.01, 0.05, 0.3])


def test_bounds_give_the_known_answers() -> None:
    both = lower_bound(10, 100, 0.025), upper_bound(10, 100, 0.025)  # printed in tables of 95 % intervals
    assert both == (pytest.approx(0.04900, abs=5e-6), pytest.approx(0.17622, abs=5e-6))
    assert lower_bound([0, 7], 7, 0.05) == pytest.approx([0, 0.05 ** (1 / 7)])
    assert upper_bound([0, 7], [7, 7], 0.05) == pytest.approx([1 - 0.05 ** (1 / 7), 1])
    assert radius(100_000, 100_000, 0.25, 0.001) == pytest.approx(0.25 * 3.8115, abs=1e-4)
    assert radius(1995, 2000, 0.5, 0.001) == pytest.approx(1.20, abs=0.005)


@given(st.integers(1, 3000), alphas, st.data())
def test_bounds_are_where_the_binomial_tail_is_alpha(n: int, alpha: float, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, n))
    low, high = lower_bound(hits, n, alpha), upper_bound(hits, n, alpha)
    assert low < hits / n or hits == 0
    assert high > hits / n or hits == n
    assert binom.sf(hits - 1, n, low) == pytest.approx(alpha if hits else 1)
    assert binom.cdf(hits, n, high) == pytest.approx(alpha if hits < n else 1)


@given(st.integers(1, 80), st.floats(1e-6, 1 - 1e-6), alphas, st.data())
def test_bounds_pass_the_truth_no_more_often_than_alpha(n: int, p: float, alpha: float, data: st.DataObject) -> None:
    hits = np.arange(n + 1)
    low, high = lower_bound(hits, n, alpha), upper_bound(hits, n, alpha)
    worst = data.draw(st.integers(1, n))  # truths just beyond a bound are the hardest
    for truth in (p, low[worst] * (1 - 1e-9), high[worst - 1] + (1 - high[worst - 1]) * 1e-9):
        mass = binom.pmf(hits, n, truth)
        assert mass[low > truth].sum() <= alpha * (1 + 1e-6)
        assert mass[high < truth].sum() <= alpha * (1 + 1e-6)


def test_the_radius_grows_with_hits_and_sigma_and_is_never_negative() -> None:
    hits = np.arange(1001)
    far = radius(hits, 1000, 0.5, 0.001)
    certain = lower_bound(hits, 1000, 0.001) > 0.5
    assert (far[~certain] == 0).all()
    assert 500 < certain.argmax() < 560
    assert (np.diff(far[certain]) > 0).all()
    assert far[certain].min() > 0
    assert radius(hits, 1000, 1.0, 0.001) == pytest.approx(2 * far)
    assert (radius(hits, 1000, 0.5, 0.01)[certain] > far[certain]).all()


def test_fresh_draws_certify_the_class_that_the_first_draws_chose() -> None:
    first = [[10, 0, 0], [0, 9, 1], [4, 4, 2], [0, 0, 0]]
    fresh = [[990, 10, 0], [900, 100, 0], [300, 300, 400], [999, 0, 0]]
    certificate = certify(np.array(first), np.array(fresh), n=1000, sigma=0.25, alpha=0.001)
    assert certificate.predicted.tolist() == [0, -1, -1, 0]
    assert certificate.lower == pytest.approx(lower_bound([990, 100, 300, 999], 1000, 0.001))
    assert certificate.radius[[1, 2]].tolist() == [0, 0]
    assert certificate.radius[[0, 3]] == pytest.approx(0.25 * norm.ppf(certificate.lower[[0, 3]]))


def test_draws_that_failed_count_against_the_class() -> None:
    counts = np.array([[600, 0]])
    certified = [certify(counts, counts, n=n, sigma=1.0, alpha=0.001) for n in (600, 1000, 1200)]
    assert certified[0].radius > certified[1].radius > certified[2].radius == 0
    assert certified[2].predicted.tolist() == [-1]
    assert [predict(counts, n=n, alpha=0.001).tolist() for n in (600, 1000, 1200)] == [[0], [0], [-1]]


@given(st.lists(st.integers(0, 40), min_size=2, max_size=4), alphas)
def test_a_class_is_predicted_where_the_two_sided_test_tells_it_from_the_second(
    counts: list[int], alpha: float
) -> None:
    second, first = sorted(counts)[-2:]
    certain = first > 0 and binomtest(first, first + second, 0.5).pvalue <= alpha
    expected = counts.index(first) if certain else -1
    assert predict(np.array([counts]), n=max(1, sum(counts)), alpha=alpha).tolist() in ([expected], [-1])
    if sum(counts):
        assert predict(np.array([counts]), n=sum(counts), alpha=alpha).tolist() == [expected]


def test_certified_accuracy_counts_right_clips_that_are_certified_as_far() -> None:
    far, right = np.array([0.0, 0.5, 1.0, 2.0]), np.array([False, True, False, True])
    assert certified_accuracy(far, right, [0, 0.5, 0.6, 2, 2.1]).tolist() == [0.5, 0.5, 0.25, 0.25, 0]


@pytest.mark.parametrize(
    ("hits", "n", "alpha", "message"),
    [
        (3, 2, 0.1, "3 hits in 2"),
        (-1, 2, 0.1, "-1 hits"),
        (0, 0, 0.1, "0 hits in 0"),
        (1.0, 2, 0.1, "float64"),
        (1, 2, 0.0, "alpha 0.0"),
        (1, 2, np.nan, "alpha nan"),
    ],
)
def test_counts_that_cannot_be_are_one_line(hits: float, n: int, alpha: float, message: str) -> None:
    for bound in (lower_bound, upper_bound):
        with pytest.raises(KinesecError, match=message):
            bound(hits, n, alpha)


def test_certificates_that_cannot_be_are_one_line() -> None:
    counts = np.array([[3, 1]])
    with pytest.raises(KinesecError, match="up to 4 draws"):
        certify(counts, counts, n=3, sigma=1.0, alpha=0.1)
    with pytest.raises(KinesecError, match="up to 4 draws"):
        predict(counts, n=3, alpha=0.1)
    with pytest.raises(KinesecError, match=r"\(1, 2\) and \(2,\)"):
        certify(counts, counts[0], n=4, sigma=1.0, alpha=0.1)
    with pytest.raises(KinesecError, match="sigma nan"):
        certify(counts, counts, n=4, sigma=np.nan, alpha=0.1)
    with pytest.raises(KinesecError, match="one clip"):
        certified_accuracy(np.array([]), np.array([]), [0])
