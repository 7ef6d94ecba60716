"""Which samples are poisoned."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kinesec.errors import KinesecError
from kinesec.poisoning.classification.all_to_one import chosen

labels = st.lists(st.integers(0, 4), min_size=8, max_size=60).map(lambda few: np.array([*few, 0, 1]))


@given(label=labels, ratio=st.floats(0, 1), seed=st.integers(0, 9))
@settings(max_examples=25)
def test_every_other_class_gives_its_share(label: np.ndarray, ratio: float, seed: int) -> None:
    index = chosen(label, 0, ratio, per="class", labels="dirty", seed=seed)
    assert (np.diff(index) > 0).all()
    for value in range(5):
        count = (label == value).sum()
        wanted = max(1, int(ratio * count + 1e-9)) if ratio > 0 and count and value else 0
        assert (label[index] == value).sum() == wanted


@given(label=labels, ratio=st.floats(0, 1), seed=st.integers(0, 9))
@settings(max_examples=25)
def test_clean_labels_are_the_targets(label: np.ndarray, ratio: float, seed: int) -> None:
    index = chosen(label, 1, ratio, per="all", labels="clean", seed=seed)
    assert (label[index] == 1).all()
    assert len(index) == (max(1, int(ratio * (label == 1).sum() + 1e-9)) if ratio > 0 else 0)


def test_over_all_the_targets_own_are_left_out() -> None:
    label = np.repeat(np.arange(5), 200)
    index = chosen(label, 0, 0.2, per="all", labels="dirty", seed=0)
    assert (label[index] != 0).all()
    assert 140 < len(index) < 180  # 200 drawn, about 40 of them of class 0
    counts = np.bincount(label[index], minlength=5)
    assert len(set(counts[1:])) > 1  # not per class


@pytest.mark.parametrize("per", ["class", "all"])
@pytest.mark.parametrize("kind", ["dirty", "clean"])
def test_a_greater_ratio_poisons_more_of_the_same(per: str, kind: str) -> None:
    label = np.random.default_rng(0).integers(0, 6, 300)
    several = [
        set(chosen(label, 0, ratio, per=per, labels=kind, seed=3))  # type: ignore[arg-type]
        for ratio in (0.0, 0.01, 0.1, 0.5, 1.0)
    ]
    assert not several[0]
    assert all(less < more for less, more in itertools.pairwise(several))
    assert several[2] != set(chosen(label, 0, 0.1, per=per, labels=kind, seed=4))  # type: ignore[arg-type]


def test_what_cannot_be_poisoned_is_named() -> None:
    label = np.zeros(4, int)
    with pytest.raises(KinesecError, match="poison: found no sample outside class 0, expected one or more"):
        chosen(label, 0, 0.5, per="class", labels="dirty", seed=0)
    with pytest.raises(KinesecError, match="poison: found no sample of class 3, expected one or more"):
        chosen(label, 3, 0.5, per="class", labels="clean", seed=0)
    with pytest.raises(KinesecError, match=r"poison: ratio: found 1.5, expected 0 to 1"):
        chosen(label, 1, 1.5, per="class", labels="dirty", seed=0)
