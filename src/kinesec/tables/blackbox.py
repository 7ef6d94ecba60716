"""The run's tables of hard-label attacks: what they make at what cost, and how near they come by queries."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd

from kinesec import seeding
from kinesec.metrics.bootstrap import clustered_medians
from kinesec.samples.adversarial import QUERY_GRID

AFTER = (500, 1000, 2000)  # queries
# what a row of `recognition_attacks` does not have
SEARCH: tuple[str, ...] = (
    *("on_manifold_percent", "on_manifold_low", "on_manifold_high", "n_on_manifold", "clean_within_limits_percent"),
    *("n_projected", "converged_percent", "projected_percent", "limit_violations_percent", "limit_excess_degrees_max"),
    *("boundary_l_median", "search_l_median", "l_normalised_median", "l_on_manifold_median"),
    "boundary_over_search_median",
)
_OF_GRADIENTS = ("terms", "reduction", "after_success")
IDENTITY = (
    *("dataset", "clips", "split_by", "recognizer", "strategy", "seed"),
    *("attack", "attack_module", "preset", "settings"),
)


def of_labels(job: pd.DataFrame) -> bool:
    """Whether a job's row is of a hard-label attack."""
    return SEARCH[0] in job


def without_search(jobs: Iterable[pd.DataFrame]) -> list[pd.DataFrame]:
    """The jobs' rows with the columns alone that attacks of all kinds have."""
    return [job.drop(columns=[name for name in SEARCH if name in job]) for job in jobs]


def with_search(job: pd.DataFrame, records: pd.DataFrame) -> pd.DataFrame:
    """A hard-label attack's row with its median l after ``AFTER`` queries, and without what gradients alone need."""
    row = job.drop(columns=[name for name in _OF_GRADIENTS if name in job])
    return row.assign(**median_after(records, seeding.generator(int(job["seed"].iloc[0]), "queries")))


def traces(records: pd.DataFrame) -> np.ndarray:
    """The least l (clip, point) of an adversarial clip after ``QUERY_GRID`` queries; NaN before there is one."""
    return np.stack([*records["trace_l"]]) if len(records) else np.zeros((0, len(QUERY_GRID)))


def queries(records: pd.DataFrame, job: pd.DataFrame) -> pd.DataFrame:
    """Rows of ``blackbox_queries`` of a job, from its records and its row: the least l after so many queries.

    Over the clips classified correctly before: median with its 95 % interval over takes, and quartiles. A clip that is
    not adversarial yet counts as the largest, so that there is no value (NaN) where it is one of these.
    ``started_percent`` is the share that is adversarial, ``queries_max`` the most that any clip took.
    """
    right = records[records["right"]]
    least = traces(right)
    identity = {name: job[name].iloc[0] if name in job else "" for name in IDENTITY}
    rng = seeding.generator(int(identity["seed"]), "queries")
    median, low, high = clustered_medians(least, right["take"].to_numpy(), rng)
    filled = np.where(np.isnan(least), np.inf, least)
    quartiles = np.full((2, least.shape[1]), np.nan)
    if len(filled):
        quartiles = np.quantile(filled, [0.25, 0.75], axis=0, method="inverted_cdf")
    first, third = np.where(np.isinf(quartiles), np.nan, quartiles)
    values = {
        "queries": QUERY_GRID,
        "l_median": median,
        "l_median_low": low,
        "l_median_high": high,
        "l_quartile_1": first,
        "l_quartile_3": third,
        "started_percent": 100.0 * np.isfinite(least).mean(0) if len(least) else np.nan,
        "queries_max": int(right["queries"].max()) if len(right) else 0,
        "n": len(right),
    }
    table = pd.DataFrame(values).assign(**identity)
    return table[[*IDENTITY, *values]]


def median_after(records: pd.DataFrame, rng: np.random.Generator) -> dict[str, float]:
    """The columns ``l_after_<queries>`` of the median least l, with the ends of their intervals over takes."""
    right = records[records["right"]]
    place = np.searchsorted(QUERY_GRID, AFTER)
    ends = clustered_medians(traces(right)[:, place], right["take"].to_numpy(), rng)
    names: Sequence[str] = ("", "_low", "_high")
    return {
        f"l_after_{count}{name}": float(end[at])
        for at, count in enumerate(AFTER)
        for name, end in zip(names, ends, strict=True)
    }
