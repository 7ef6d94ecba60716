"""Success against perceptual cost: curves of one attack, and two attacks on the clips that both succeed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np
import pandas as pd

from kinesec import seeding
from kinesec.metrics.intervals import of_takes
from kinesec.metrics.perceptual import UNITS, cost_of

METRICS = (
    "displacement_mm",
    "acceleration_deviation_mm",
    "angular_acceleration_deviation_degrees",
    "bone_change_percent",
)
STEPS = (1.0, 1.2, 1.5, 1.8, 2.2, 2.7, 3.3, 3.9, 4.7, 5.6, 6.8, 8.2)  # E12: evenly on a logarithmic scale
BUDGETS = np.array([step * 10.0**power for power in range(-3, 4) for step in STEPS])
SHARES = (50, 90)
CASE = ("dataset", "clips", "recognizer", "strategy", "seed")
IDENTITY = (*CASE, "attack", "attack_module", "preset", "terms", "reduction", "after_success")


def curves(records: pd.DataFrame, identity: Mapping[str, Any], metrics: Sequence[str] = METRICS) -> pd.DataFrame:
    """Rows of ``attack_curves``: the share of clips attacked with success within each budget of each metric.

    Over clips correctly classified before the attack, with 95 % intervals over takes; ``BUDGETS`` are
    the same for all attacks and metrics.
    """
    right = records[records["right"]]
    won = right["success"].to_numpy(bool)
    parts = []
    for metric in metrics:
        cost = np.where(won, right[metric].to_numpy(float), np.inf)
        inside = 100.0 * (cost[:, None] <= BUDGETS)
        mean, low, high, _ = of_takes(inside, right["take"].to_numpy(), least=0.0, most=100.0, rate=True)
        named = {**{name: identity[name] for name in IDENTITY}, "metric": metric, "unit": UNITS[metric]}
        values = {"budget": BUDGETS, "success_percent": mean, "low_percent": low, "high_percent": high}
        parts.append(pd.DataFrame({**values, "n": len(right)}).assign(**named))
    table = pd.concat(parts, ignore_index=True)
    return table[[*IDENTITY, "metric", "unit", "budget", "success_percent", "low_percent", "high_percent", "n"]]


def pairs(jobs: Sequence[tuple[Mapping[str, Any], pd.DataFrame]], metrics: Sequence[str] = METRICS) -> pd.DataFrame:
    """Rows of ``attack_pairs``: every two attacks on the same model with the same strategy, at equal success.

    ``jobs`` are (identity, records). ``value`` and ``against_value`` are the metric's means over the ``n`` clips on
    which both succeed, ``ratio`` their quotient with its 95 % interval (over takes). ``cost_at_<p>`` is the
    least budget within which the attack succeeds on p % of all its clips (empty where it never does), and
    ``against_cost_at_<p>`` the other's.
    """
    rows: list[dict[str, Any]] = []
    for (job, first), (other, second) in combinations(jobs, 2):
        if any(str(job[name]) != str(other[name]) for name in CASE):
            continue
        both = first[first["right"] & first["success"]].merge(
            second[second["right"] & second["success"]], on="row", suffixes=("", "_against")
        )
        for metric in metrics:
            named = {**{name: job[name] for name in CASE}, "attack": job["attack"], "against": other["attack"]}
            rows.append(
                {**named, "metric": metric, "unit": UNITS[metric], **_paired(both, metric, int(job["seed"]))}
                | _at_shares(first, metric, "")
                | _at_shares(second, metric, "against_")
            )
    return pd.DataFrame(rows, columns=list(rows[0]) if rows else [*CASE, "attack", "against", "metric", "unit"])


def _paired(both: pd.DataFrame, metric: str, seed: int) -> dict[str, Any]:
    cost, other = (both[name].to_numpy(float) for name in (metric, f"{metric}_against"))
    if not len(both):
        return {"n": 0, **dict.fromkeys(("value", "against_value", "ratio", "ratio_low", "ratio_high"), np.nan)}
    mean, against = float(np.nanmean(cost)), float(np.nanmean(other))
    rng = seeding.generator(seed, "pairs")
    # the quotient of means is the mean of own values in units of the other's mean, drawn together
    names, place = np.unique(both["take"].to_numpy(str), return_inverse=True)
    times = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), 1000)[:, place].astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        drawn = (times @ cost) / (times @ other)
        ratio = mean / against if against else np.nan
    low, high = np.percentile(drawn, [2.5, 97.5])
    values = {"value": mean, "against_value": against, "ratio": ratio, "ratio_low": low, "ratio_high": high}
    return {"n": len(both), **values}


def _at_shares(records: pd.DataFrame, metric: str, prefix: str) -> dict[str, float]:
    right = records[records["right"]]
    cost, won = right[metric].to_numpy(float), right["success"].to_numpy(bool)
    costs = {share: cost_of(cost, won, share / 100) if len(right) else np.inf for share in SHARES}
    return {f"{prefix}cost_at_{share}": np.nan if np.isinf(cost_at) else cost_at for share, cost_at in costs.items()}
