"""The run's table of certificates: how many clips are right and certified within a radius, and whether any fails."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil
from statistics import NormalDist

import numpy as np
import pandas as pd

from kinesec.metrics.intervals import of_takes

STEPS = 16  # of radius, in a standard deviation of noise
IDENTITY = ("dataset", "clips", "recognizer", "defence", "seed", "space", "unit", "sigma", "alpha", "draws")


def accuracy(jobs: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Rows by radius (sixteenths of ``sigma``): the share of clips that are right and certified at least so far.

    Radii lead beyond the largest that so many draws can certify, the same for every seed. Intervals are over takes.
    ``radius_mm`` is how far any joint can go within such a radius, at most, in the median clip; ``searched`` counts
    certified clips in whose radius a counterexample was searched for, ``broken`` those of which one was there.
    """
    return pd.concat([_of(job) for job in jobs], ignore_index=True)


def _of(job: pd.DataFrame) -> pd.DataFrame:
    first = job.iloc[0]
    sigma, radius = float(first["sigma"]), job["radius"].to_numpy(float)
    grid = sigma / STEPS * np.arange(ceil(STEPS * _farthest(first)) + 2)
    within = job["right"].to_numpy(bool)[:, None] & (radius[:, None] >= grid) & (radius[:, None] > 0)
    mean, low, high, _ = of_takes(100.0 * within, job["take"].to_numpy(), least=0.0, most=100.0, rate=True)
    certified = job[job["radius"] > 0]
    return pd.DataFrame(
        {
            **{name: first[name] for name in IDENTITY},
            "radius": grid.round(6),
            "radius_mm": grid * float((certified["radius_mm"] / certified["radius"]).median()),
            "certified_percent": mean,
            "certified_low": low,
            "certified_high": high,
            "n": len(job),
            "abstained": int((job["predicted"] < 0).sum()),
            "radius_median": float(certified["radius"].median()),
            "searched": int(job["searched"].sum()),
            "broken": int(job["broken"].sum()),
        }
    )


def _farthest(row: pd.Series) -> float:
    """The largest radius there can be, in sigmas: of a clip whose class is that of every draw; one at least."""
    return max(1.0, NormalDist().inv_cdf(float(row["alpha"]) ** (1 / int(row["draws"]))))
