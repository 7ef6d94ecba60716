from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm
from scipy.stats import t as student

from kinesec.errors import KinesecError
from kinesec.metrics.detection import auc, roc, tpr_at

samples = st.lists(st.tuples(st.integers(-3, 3), st.booleans()), min_size=2, max_size=30).filter(
    lambda pairs: len({marked for _, marked in pairs}) == 2
)


def split(pairs: list[tuple[int, bool]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([score for score, _ in pairs], float), np.array([marked for _, marked in pairs])


def won(above: float, below: float) -> float:
    return 1.0 if above > below else 0.5 if above == below else 0.0


@given(samples)
def test_the_area_is_the_share_of_rightly_ordered_pairs(pairs: list[tuple[int, bool]]) -> None:
    score, marked = split(pairs)
    kernel = np.array([[won(above, below) for below in score[~marked]] for above in score[marked]])
    value, low, high = auc(score, marked)
    assert value == pytest.approx(kernel.mean())
    false, true = roc(score, marked)
    assert np.trapezoid(true, false) == pytest.approx(value)
    if min(kernel.shape) > 1:  # DeLong's structural components, one by one
        variance = kernel.mean(1).var(ddof=1) / len(kernel) + kernel.mean(0).var(ddof=1) / kernel.shape[1]
        half = 1.959963985 * np.sqrt(variance)
        assert (low, high) == pytest.approx((max(0, value - half), min(1, value + half)), abs=1e-8)
    else:
        assert (low, high) == (0, 1)


@given(samples, st.floats(0, 1))
def test_true_positives_at_a_level_are_the_best_threshold_that_keeps_to_it(
    pairs: list[tuple[int, bool]], level: float
) -> None:
    score, marked = split(pairs)
    thresholds = [*np.unique(score), np.inf]
    best = max(
        (score[marked] >= threshold).mean() for threshold in thresholds if (score[~marked] >= threshold).mean() <= level
    )
    assert tpr_at(score, marked, [level]) == [pytest.approx(best)]


@given(samples)
def test_the_curve_rises_from_corner_to_corner_and_only_order_counts(pairs: list[tuple[int, bool]]) -> None:
    score, marked = split(pairs)
    false, true = roc(score, marked)
    assert (false[0], true[0], false[-1], true[-1]) == (0, 0, 1, 1)
    assert (np.diff(false) >= 0).all()
    assert (np.diff(true) >= 0).all()
    assert auc(np.exp(score), marked) == auc(score, marked)
    assert auc(-score, marked)[0] == pytest.approx(1 - auc(score, marked)[0])
    assert auc(score, ~marked)[0] == pytest.approx(1 - auc(score, marked)[0])


def test_known_answers() -> None:
    marked = np.array([True] * 4 + [False] * 100)
    perfect = np.r_[np.ones(4), np.zeros(100)]
    assert auc(perfect, marked) == (1, 1, 1)
    assert tpr_at(perfect, marked) == [1, 1, 1]
    assert auc(np.zeros(104), marked)[0] == 0.5
    assert tpr_at(np.zeros(104), marked) == [0, 0, 0]
    three_above = np.r_[200.0, 97.5, 94.5, 50.5, np.arange(100)]
    assert tpr_at(three_above, marked) == [0.25, 0.75, 0.75]


def test_marks_may_be_noughts_and_ones() -> None:
    """Else -1 and -2, what is not of 0 and 1, would be places of samples."""
    score, marked = [3, 1, 2, 5], [1, 0, 0, 1]
    assert auc(score, marked) == auc(np.array(score, float), np.array(marked, bool)) == (1, 1, 1)
    assert tpr_at([3, 1, 4, 5], marked, [0.4, 0.5]) == [0.5, 1]


def test_the_interval_covers_the_truth_about_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    marked = np.arange(120) < 60
    truth = 0.7602  # of unit normals one apart: Phi(1 / sqrt 2)
    inside = 0
    for _ in range(400):
        _, low, high = auc(rng.normal(size=120) + marked, marked)
        inside += low <= truth <= high
    assert 0.91 <= inside / 400 <= 0.98


@pytest.mark.parametrize(
    ("score", "marked", "message"),
    [([1, 2], [True, True], "2 of 2"), ([1, 2], [False, False], "0 of 2"), ([1, np.nan], [True, False], "nan")],
)
def test_what_cannot_be_scored_is_one_line(score: list[float], marked: list[bool], message: str) -> None:
    with pytest.raises(KinesecError, match=message):
        auc(np.array(score), np.array(marked))


def obuchowski(score: np.ndarray, marked: np.ndarray, cluster: np.ndarray) -> float:
    """Obuchowski's variance, equations 4 to 6, a cluster and a pair at a time."""
    above, below = score[marked], score[~marked]
    area = np.mean([[won(x, y) for y in below] for x in above])
    names = np.unique(cluster)
    m, n = len(above), len(below)
    sums = []
    for name in names:
        xs, ys = score[marked & (cluster == name)], score[~marked & (cluster == name)]
        of_x = sum(np.mean([won(x, y) for y in below]) for x in xs)
        of_y = sum(np.mean([won(x, y) for x in above]) for y in ys)
        sums.append((of_x - len(xs) * area, of_y - len(ys) * area, len(xs), len(ys)))
    with_x, with_y = sum(xs > 0 for _, _, xs, _ in sums), sum(ys > 0 for *_, ys in sums)
    first = with_x / ((with_x - 1) * m) * sum(x**2 for x, *_ in sums)
    second = with_y / ((with_y - 1) * n) * sum(y**2 for _, y, *_ in sums)
    both = len(names) / (len(names) - 1) * sum(x * y for x, y, *_ in sums)
    return float(first / m + second / n + 2 * both / (m * n))


def test_the_clustered_interval_against_loops() -> None:
    rng = np.random.default_rng(0)
    cluster = rng.integers(0, 9, 60)
    marked = rng.random(60) < 0.4
    score = np.round(rng.normal(size=60) + marked + rng.normal(size=9)[cluster], 1)
    value, low, high = auc(score, marked, cluster=cluster)
    fewer = min(len(np.unique(cluster[marked])), len(np.unique(cluster[~marked])))
    half = student.ppf(0.975, fewer - 1) * np.sqrt(obuchowski(score, marked, cluster))
    assert value == auc(score, marked)[0]
    assert (low, high) == pytest.approx((max(0, value - half), min(1, value + half)), abs=1e-8)


def test_clustered_intervals_cover_the_true_area_and_delongs_do_not() -> None:
    """Windows of 20 sequences, scores that go with the sequence; half of the sequences are marked."""
    rng = np.random.default_rng(1)
    cluster = np.repeat(np.arange(20), 12)
    marked = cluster % 2 == 0
    truth = norm.cdf(1 / np.sqrt(2.2))
    held = np.zeros(2)
    for _ in range(300):
        score = rng.normal(size=20)[cluster] + np.sqrt(0.1) * rng.normal(size=240) + marked
        for place, of in enumerate((None, cluster)):
            _, low, high = auc(score, marked, cluster=of)
            held[place] += low <= truth <= high
    assert held[0] < 0.7 * 300 < 0.9 * 300 < held[1]


def test_a_perfect_order_of_few_clusters_is_not_sure() -> None:
    marked = np.arange(40) < 20
    value, low, high = auc(marked.astype(float), marked, cluster=np.arange(40) // 4)
    assert (value, high) == (1.0, 1.0)
    assert low == pytest.approx(1 / (1 + 1.96**2 / 5), abs=1e-3)  # five clusters of either
    assert auc(marked.astype(float), marked, cluster=marked)[1:] == (0.0, 1.0)
