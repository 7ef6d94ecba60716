"""One number a model from one number a class."""

from __future__ import annotations

import numpy as np
import pytest

from kinesec.defences.backdoor._verdict import norm_ratio

CLASSES = ["walk", "run", "jump"]


@pytest.mark.parametrize(
    ("norms", "ratio", "action"),
    [
        ([6.0, 2.0, 0.5], 4.0, "jump"),
        ([6.0, 0.5, np.inf], 12.0, "run"),
        ([np.inf, 0.5, np.inf], np.inf, "run"),
        ([3.0, 3.0, 3.0], 1.0, "walk"),
        ([np.inf, np.inf, np.inf], 1.0, "walk"),
    ],
)
def test_the_smallest_norm_is_told_as_a_share_of_the_median(norms: list[float], ratio: float, action: str) -> None:
    statistic = norm_ratio("form=shared", CLASSES, norms, 12)
    assert (statistic.metric, statistic.value, statistic.action, statistic.n) == ("norm_ratio", ratio, action, 12)
