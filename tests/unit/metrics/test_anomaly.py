from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from kinesec.errors import KinesecError
from kinesec.metrics.anomaly import conformal_p, mad_index, permutation_p, trimmed_p

numbers = arrays(np.float64, st.integers(3, 20), elements=st.integers(-1000, 1000).map(float), unique=True)


def test_an_index_is_counted_in_median_deviations() -> None:
    values = [1.0, 2.0, 3.0, 4.0, 10.0]
    assert mad_index(values, scaled=False, side="both").tolist() == [2, 1, 0, 1, 7]
    assert mad_index(values, scaled=False, side="high").tolist() == [-2, -1, 0, 1, 7]
    assert mad_index(values, scaled=False, side="low").tolist() == [2, 1, 0, -1, -7]
    assert mad_index(values, scaled=True, side="high")[4] == pytest.approx(7 / 1.4826)
    assert mad_index([3.0, 3, 3, 5, 1], scaled=True, side="high").tolist() == [0, 0, 0, math.inf, -math.inf]
    assert mad_index([3.0, 3], scaled=True).tolist() == [0, 0]


@given(numbers, st.floats(0.1, 10), st.integers(-100, 100))
def test_an_index_knows_neither_unit_nor_origin(values: np.ndarray, unit: float, origin: int) -> None:
    first = mad_index(values, scaled=True, side="low")
    assert mad_index(unit * values + origin, scaled=True, side="low") == pytest.approx(first, rel=1e-6, abs=1e-6)
    assert mad_index(-values, scaled=True, side="high") == pytest.approx(first)


def test_of_normal_values_the_scaled_index_is_a_standard_deviation() -> None:
    values = np.random.default_rng(0).normal(5, 3, 20001)
    assert mad_index([*values, 11.0], scaled=True, side="high")[-1] == pytest.approx(2, abs=0.05)


@given(numbers, st.integers(-1000, 1000))
def test_conformal_p_is_a_rank(null: np.ndarray, value: int) -> None:
    p = conformal_p(value, null)
    assert p == (1 + sum(other >= value for other in null)) / (1 + len(null))
    assert conformal_p(value + 1, null) <= p
    assert conformal_p(null.max() + 1, null) == 1 / (1 + len(null))
    assert conformal_p(math.inf, null) == 1 / (1 + len(null))


def test_conformal_p_is_valid() -> None:
    """Exchangeable values: P(p <= level) is at most the level."""
    values = np.random.default_rng(0).normal(size=(4000, 20))
    p = np.array([conformal_p(row[0], row[1:]) for row in values])
    assert (p <= 0.05).mean() == pytest.approx(0.05, abs=0.012)


def test_permutation_p_agrees_with_every_exchange() -> None:
    rng = np.random.default_rng(0)
    assert permutation_p([5.0, 6, 7], [1.0, 2, 3], rng=rng, draws=20000) == pytest.approx(1 / 20, abs=0.006)
    assert permutation_p([1.0, 2, 3], [5.0, 6, 7], rng=rng, draws=2000) == 1
    assert permutation_p([math.inf, 9.0], [1.0, 2, 3, 4], rng=rng, draws=20000) == pytest.approx(1 / 15, abs=0.008)
    assert permutation_p([1.0, 1], [1.0, 1, 1], rng=rng, draws=100) == 1
    p = [permutation_p(row[:4], row[4:], rng=rng, draws=99) for row in rng.normal(size=(1000, 12))]
    assert (np.array(p) <= 0.1).mean() == pytest.approx(0.1, abs=0.03)


def test_trimmed_p_leaves_the_largest_of_the_null_out() -> None:
    null = list(range(100))
    assert trimmed_p(79.5, null, 0.2) == pytest.approx(0)
    assert trimmed_p(76.5, null, 0.2) == pytest.approx(1 - 78 / 81)
    assert trimmed_p(-1, null, 0.2) == pytest.approx(1 - 1 / 81)
    assert trimmed_p(98.5, null, 0.0) == pytest.approx(1 - 100 / 101)


@pytest.mark.parametrize("values", [[], [1.0, math.nan]])
def test_no_numbers_are_one_line(values: list[float]) -> None:
    with pytest.raises(KinesecError, match="anomaly: found"):
        mad_index(values, scaled=True)
    with pytest.raises(KinesecError, match="anomaly: found"):
        conformal_p(1.0, values)
