"""The table of certificates: what is right and certified so far, at the same radii for every seed."""

from __future__ import annotations

from statistics import NormalDist
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kinesec.tables import certificates
from kinesec.tables.recognition import with_all_seeds


def certified(radius: list[float], right: list[bool], **changes: Any) -> pd.DataFrame:
    """A job's table: a clip a radius, which is 0 where there is no answer."""
    made = pd.DataFrame(
        {
            **{"dataset": "d", "clips": "c", "recognizer": "st_gcn_s", "defence": "smoothing", "seed": 0},
            **{"space": "positions", "unit": "normalised", "sigma": 0.25, "alpha": 0.001, "draws": 1000},
            **{"radius": radius, "radius_mm": [500 * value for value in radius], "right": right},
            **{"predicted": [1 if value else -1 for value in radius], "take": [f"t{i}" for i in range(len(radius))]},
            **{"searched": [value > 0 for value in radius], "broken": False},
        }
    )
    return made.assign(**changes)


def test_certified_accuracy_counts_right_clips_at_least_so_far() -> None:
    made = certificates.accuracy([certified([0.4, 0.2, 0.3, 0.0], [True, True, False, False])])
    near, far = made.iloc[0], made[made["radius"] > 0.2].iloc[0]
    assert near["certified_percent"] == 50  # an answer that abstains is not certified at any radius
    assert far["certified_percent"] == 25
    assert made["certified_percent"].is_monotonic_decreasing
    assert made.iloc[-1]["certified_percent"] == 0
    assert (near["abstained"], near["searched"], near["broken"]) == (1, 3, 0)
    assert far["radius_mm"] == pytest.approx(500 * far["radius"])


def test_radii_are_sixteenths_of_the_noise_and_lead_beyond_all_that_draws_can_certify() -> None:
    radii = certificates.accuracy([certified([0.1], [True])])["radius"].to_numpy()
    np.testing.assert_allclose(radii, 0.25 / 16 * np.arange(len(radii)), atol=1e-6)
    assert {0.125, 0.25} <= set(radii)
    largest = 0.25 * NormalDist().inv_cdf(0.001 ** (1 / 1000))
    assert radii[-2] >= largest > radii[-4]


def test_few_draws_reach_one_standard_deviation_all_the_same() -> None:
    assert certificates.accuracy([certified([0.01], [True], draws=10)])["radius"].max() > 0.25


def test_seeds_that_certify_other_radii_are_pooled() -> None:
    jobs = [certified([0.1], [True]), certified([0.4], [True], seed=1)]
    made = with_all_seeds(certificates.accuracy(jobs))
    pooled = made[made["seed"] == "all"].set_index("radius")["certified_percent"]
    assert len(pooled) == len(made) / 3
    assert (pooled[0.0], pooled[0.25], pooled.iloc[-1]) == (100, 50, 0)


def test_a_wrong_answer_is_certified_and_does_not_count() -> None:
    made = certificates.accuracy([certified([0.4, 0.4], [False, False])])
    assert (made["certified_percent"] == 0).all()
    assert set(made["radius_median"]) == {0.4}
    assert set(made["abstained"]) == {0}


def test_a_broken_certificate_is_counted() -> None:
    made = certificates.accuracy([certified([0.4, 0.2, 0.0], [True, True, False], broken=[True, False, False])])
    assert set(made["broken"]) == {1}
    assert set(made["searched"]) == {2}


def test_no_radius_is_no_certificate() -> None:
    assert certificates.accuracy([certified([0.0, 0.1], [True, True])])["certified_percent"].iloc[0] == 50


def test_without_any_answer_there_is_no_radius() -> None:
    made = certificates.accuracy([certified([0.0, 0.0], [False, False])])
    assert (made["certified_percent"] == 0).all()
    assert set(made["abstained"]) == {2}
    assert made[["radius_median", "radius_mm"]].isna().all(axis=None)


def test_intervals_are_over_takes() -> None:
    apart = certificates.accuracy([certified([0.4] * 4 + [0.0] * 4, [True] * 4 + [False] * 4)]).iloc[0]
    takes = ["t0"] * 4 + ["t1"] * 4
    together = certificates.accuracy([certified([0.4] * 4 + [0.0] * 4, [True] * 4 + [False] * 4, take=takes)]).iloc[0]
    assert together["certified_low"] < 10 < apart["certified_low"] < 50
    assert together["certified_high"] > 90 > apart["certified_high"] > 50
