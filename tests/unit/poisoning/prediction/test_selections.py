"""Selections: what is chosen among the training windows, and how many."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesec import names
from kinesec.metrics.naturalness import naturalness
from kinesec.poisoning.prediction.candidates import Candidates, choose, quotas, standardised

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


@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=6),
    share=st.floats(0.01, 1.0),
    level=st.sampled_from(["window", "sequence"]),
    seed=st.integers(0, 99),
)
@settings(max_examples=40)
def test_each_stratum_gives_its_share_and_its_windows_of_lowest_score(
    counts: list[int], share: float, level, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    stratum = rng.permutation(np.repeat([f"s{i}" for i in range(len(counts))], counts))
    budget = max(1, int(share * len(stratum)))
    exact = budget * np.array(counts) / len(stratum)
    taken = quotas(stratum, budget)
    assert taken.sum() == budget
    assert (np.abs(taken - exact) < 1).all()
    scores, sequence = rng.permutation(len(stratum)).astype(float), np.arange(len(stratum)) // 4
    chosen = choose(scores, sequence, budget, level, stratum)
    assert (np.diff(chosen) > 0).all()
    for place, quota in enumerate(taken):
        members = np.flatnonzero(stratum == f"s{place}")
        mine = np.intersect1d(members, chosen)
        assert len(mine) == quota
        if level == "window":
            assert set(scores[mine]) == set(np.sort(scores[members])[:quota])
        else:
            alone = members[choose(scores[members], sequence[members], int(quota), level)]
            np.testing.assert_array_equal(mine, alone)


def test_remainders_go_to_the_largest_and_to_the_first_of_equals() -> None:
    stratum = np.repeat(["a", "b", "c"], [50, 30, 20])
    assert quotas(stratum, 10).tolist() == [5, 3, 2]
    assert quotas(stratum, 9).tolist() == [4, 3, 2]  # 4.5, 2.7 and 1.8
    assert quotas(stratum, 7).tolist() == [4, 2, 1]  # 3.5, 2.1 and 1.4
    assert quotas(np.array(["a", "b", "c"]), 2).tolist() == [1, 1, 0]


def test_bones_that_keep_their_lengths_do_not_choose() -> None:
    """Rounding of rigid bones to float32 is no change of their lengths: it must not move a window up or down."""
    rng = np.random.default_rng(0)
    turned = rng.normal(size=(40, 12, 3))
    bone = 300.0 * turned / np.linalg.norm(turned, axis=-1, keepdims=True)
    root = rng.uniform(-2000, 2000, (40, 1, 3)) + np.cumsum(rng.normal(0, 5, (40, 12, 3)), axis=1)
    rigid = np.stack([root, root + bone, root + 2 * bone], axis=2).astype(np.float32)
    values = naturalness(rigid, (-1, 0, 1), 8)
    assert values["BLC", "seam"].std() > 0  # there is rounding to be standardised
    np.testing.assert_array_equal(standardised(values["BLC", "seam"]), 0.0)
    pool = Candidates(np.full(40, "a"), np.zeros(40, int), lambda: values)
    natural = names.load("poisoning.prediction.selections", "natural")
    np.testing.assert_array_equal(natural.scores(pool, rng), natural.scores(pool, rng, blc=0.0))
    np.testing.assert_array_equal(natural.scores(pool, rng, acc=0.0, jerk=0.0), 0.0)
    stretched = rigid.copy()
    stretched[::2, 8:, 2, 0] += 1.0  # a millimetre is no rounding
    assert standardised(naturalness(stretched, (-1, 0, 1), 8)["BLC", "seam"]).std() == pytest.approx(1.0)


def test_scores_say_which_metrics_they_move() -> None:
    load = {name: names.load("poisoning.prediction.selections", name) for name in ("natural", "worst", "random")}
    assert load["natural"].minimised(jerk=0.0) == {("Acc", "seam"), ("Acc", "seam/whole"), ("BLC", "seam")}
    assert load["natural"].minimised(part="whole", acc=0.0, blc=0.0) == {("Jerk", "whole")}
    raised = {("Acc", "seam"), ("Acc", "seam/whole"), ("Jerk", "seam"), ("Jerk", "seam/whole"), ("BLC", "seam")}
    assert load["worst"].maximised() == raised
    assert not {"minimised", "maximised"} & set(vars(load["random"]))


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
