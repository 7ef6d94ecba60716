from __future__ import annotations

import numpy as np

from kinesec.samples.videos import draws

ROWS, VIEWS = np.array([5, 0, 7, 5]), np.array([0, 0, 0, 1])


def test_streams_are_those_of_splitmix64() -> None:
    """The first numbers of the generator's reference implementation from state 0."""
    expected = [0xE220A8397B1DCDAF, 0x6E789E6AA1B965F4, 0x06C45D188009454F]
    assert draws.bits(np.zeros(1, np.uint64), 3)[0].tolist() == expected


def test_a_clips_numbers_depend_on_its_row_its_view_the_name_and_the_seed_alone() -> None:
    together = draws.normal(draws.keys(3, "noise", ROWS, VIEWS), 10, 2.0)
    alone = [draws.normal(draws.keys(3, "noise", ROWS[i : i + 1], VIEWS[i : i + 1]), 10, 2.0)[0] for i in range(4)]
    np.testing.assert_array_equal(together, alone)
    others = [draws.keys(4, "noise", ROWS, VIEWS), draws.keys(3, "camera", ROWS, VIEWS)]
    every = np.concatenate([draws.keys(3, "noise", ROWS, VIEWS), *others])
    assert len(set(every.tolist())) == 12


def test_numbers_are_spread_as_they_say() -> None:
    key = draws.keys(0, "a", np.arange(200))
    even = draws.uniform(key, 500)
    assert 0 <= even.min() < 1e-3
    assert 1 - 1e-3 < even.max() < 1
    assert abs(even.mean() - 0.5) < 5 / np.sqrt(12 * even.size)
    normal = draws.normal(key, 501, 3.0)
    assert normal.shape == (200, 501)
    assert normal.dtype == np.float32
    assert abs(normal.mean()) < 15 / np.sqrt(normal.size)
    assert abs(normal.std() - 3) < 15 / np.sqrt(2 * normal.size)
    between = np.corrcoef(normal[:20])
    assert np.abs(between[~np.eye(20, dtype=bool)]).max() < 5 / np.sqrt(501)
