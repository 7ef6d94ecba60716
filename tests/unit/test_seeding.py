from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from kinesec import seeding

NAMES = st.lists(st.one_of(st.text(max_size=5), st.integers(0, 9)), min_size=1, max_size=3)


@given(st.integers(0, 2**63), NAMES)
def test_a_stream_is_its_names_alone(seed: int, names: list[str | int]) -> None:
    first = seeding.generator(seed, *names).random(4)
    seeding.generator(seed, "another").random(100)
    assert np.array_equal(seeding.generator(seed, *names).random(4), first)
    assert 0 <= seeding.integer(seed, *names) < 2**63
    assert seeding.integer(seed, *names) == seeding.integer(seed, *names)


def test_streams_differ_by_seed_name_and_order() -> None:
    streams = [(0, "a"), (1, "a"), (0, "b"), (0, "a", "b"), (0, "b", "a"), (0, "a", 0), (0, "a", 1)]
    drawn = {seeding.generator(seed, *names).random() for seed, *names in streams}
    assert len(drawn) == len(streams)
    assert len({seeding.integer(seed, *names) for seed, *names in streams}) == len(streams)


def test_numpys_own_generator_is_not_touched() -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002
    seeding.generator(0, "a").random()
    assert np.array_equal(np.random.get_state()[1], before)  # noqa: NPY002
