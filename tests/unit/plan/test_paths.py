from __future__ import annotations

from kinesec.plan.paths import WINDOWS, every, filled


def test_wildcards_that_are_not_filled_in_stay() -> None:
    assert filled(WINDOWS, data="cmu") == "results/windows/cmu/{protocol}/windows.zarr/zarr.json"
    assert filled("{a}/{b}", a="{b}", b=2) == "2/2"


def test_the_last_wildcard_varies_fastest() -> None:
    assert every("{a}-{b}", a=["x", "y"], b=[0, 1]) == ["x-0", "x-1", "y-0", "y-1"]
    assert every("{a}-{b}", a=["x", "y"], b=[]) == []
