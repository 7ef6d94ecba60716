"""Selections: what is chosen among the training windows, and how many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesec import names
from kinesec.poisoning.prediction.candidates import Candidates, choose, standardised

METRICS = [(metric, part) for metric in ("Acc", "Jerk", "BLC") for part in ("whole", "seam")]


def candidates(count: int = 60, seed: int = 0) -> Candidates:
    rng = np.random.default_rng(seed)
    sequence = np.sort(rng.integers(0, 6, count))
    values = {key: rng.gamma(2.0, 1.0, count) for key in METRICS}
    return Candidates(np.array(["kick", "run", "walk"])[sequence % 3], sequence, lambda: values)


@pytest.mark.parametrize("name", names.available("poisoning.prediction.selections"))
@given(budget=st.integers(1, 60), level=st.sampled_from(["window", "sequence"]), seed=st.integers(0, 99))
@settings(max_examples=20)
def test_every_selection_fills_its_budget_with_different_windows(name: str, budget: int, level, seed: int) -> None:
    pool = candidates(seed=seed)
    scores = names.load("poisoning.prediction.selections", name).scores(pool, np.random.default_rng(seed))
    chosen = choose(scores, pool.sequence, budget, level)
    assert len(chosen) == budget
    assert (np.diff(chosen) > 0).all()
    if level == "sequence":  # whole sequences, but for the last one, which gives its first windows
        cut = 0
        for sequence in np.unique(pool.sequence[chosen]):
            members = np.flatnonzero(pool.sequence == sequence)
            taken = chosen[pool.sequence[chosen] == sequence]
            np.testing.assert_array_equal(taken, members[: len(taken)])
            cut += len(taken) < len(members)
        assert cut <= 1


def test_natural_takes_the_smoothest_and_worst_the_most_conspicuous() -> None:
    pool = candidates()
    rng = np.random.default_rng(0)
    natural = choose(
        names.load("poisoning.prediction.selections", "natural").scores(pool, rng), pool.sequence, 10, "window"
    )
    worst = choose(
        names.load("poisoning.prediction.selections", "worst").scores(pool, rng), pool.sequence, 10, "window"
    )
    total = sum(standardised(pool.naturalness[metric, "seam"]) for metric in ("Acc", "Jerk", "BLC"))
    assert set(natural) == set(np.argsort(total)[:10])
    assert set(worst) == set(np.argsort(total)[-10:])
    only = names.load("poisoning.prediction.selections", "natural").scores(pool, rng, jerk=0, blc=0)
    np.testing.assert_array_equal(np.argsort(only), np.argsort(pool.naturalness["Acc", "seam"]))


def test_balanced_takes_as_many_of_each_action() -> None:
    pool = candidates(90)
    scores = names.load("poisoning.prediction.selections", "balanced").scores(pool, np.random.default_rng(1))
    chosen = pool.action[choose(scores, pool.sequence, 12, "window")]
    assert np.unique(chosen, return_counts=True)[1].tolist() == [4, 4, 4]


def test_metrics_that_do_not_differ_do_not_choose() -> None:
    values = {key: np.full(5, 3.0) for key in METRICS} | {("Acc", "seam"): np.array([3.0, 1, 4, 1, 5])}
    pool = Candidates(np.array(["a"] * 5), np.zeros(5, int), lambda: values)
    scores = names.load("poisoning.prediction.selections", "natural").scores(pool, np.random.default_rng(0))
    assert choose(scores, pool.sequence, 2, "window").tolist() == [1, 3]


def test_a_part_there_is_none_of_is_refused() -> None:
    with pytest.raises(ValueError, match="found part 'middle', expected seam or whole"):
        names.load("poisoning.prediction.selections", "natural").scores(
            candidates(), np.random.default_rng(0), part="middle"
        )
