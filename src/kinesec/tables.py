"""Tidy tables from per-sample records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kinesec import seeding
from kinesec.metrics.intervals import bootstrap_means
from kinesec.metrics.naturalness import UNITS
from kinesec.metrics.prediction import upto

PREDICTION_BACKDOOR = (
    "dataset", "protocol", "sampling", "action", "predictor", "trigger", "target", "selection", "level", "ratio",
    "seed", "model", "windows", "metric", "part", "joints", "frame", "horizon_ms_nominal", "horizon_ms_measured",
    "threshold_mm", "value", "low", "high", "unit", "n",
)  # fmt: skip
ALL_ACTIONS = "mean"


@dataclass
class _Columns:
    """Values (window, column) of one sampling, and what each column holds."""

    actions: np.ndarray
    values: list[np.ndarray] = field(default_factory=list)
    labels: list[dict[str, Any]] = field(default_factory=list)


def _grouped(records: pd.DataFrame) -> Iterator[tuple[dict[str, Any], np.ndarray, np.ndarray]]:
    """Labels, actions (window,) and values (window, frame) of each sampling, model, kind, metric, part and joints."""
    keys = ["sampling", "model", "windows", "metric", "part", "joints"]
    window, frame = records["window"].to_numpy(), records["frame"].to_numpy()
    value, action = records["value"].to_numpy(np.float64), records["action"]
    groups: dict[Any, Any] = records.groupby(keys, observed=True).indices
    for labels, rows in sorted(groups.items()):
        order = rows[np.lexsort((frame[rows], window[rows]))]
        frames = len(np.unique(frame[rows]))
        of_windows = action.iloc[order[::frames]].to_numpy()
        yield dict(zip(keys, labels, strict=True)), of_windows, value[order].reshape(-1, frames)


def _derived(labels: Mapping[str, Any], values: np.ndarray, threshold: float) -> Iterator[tuple[str, np.ndarray, str]]:
    """(metric, values (window, frame), unit) that a group of records gives."""
    if labels["metric"] != "MPJPE_at":
        yield labels["metric"], values, UNITS[labels["metric"]]
        return
    running = upto(values)
    yield "MPJPE_at", values, "mm"
    yield "MPJPE_upto", running, "mm"
    yield ("CDE" if labels["windows"] == "clean" else "BDE"), running, "mm"
    if labels["windows"] != "clean":
        yield "ASR", 100.0 * (running < threshold), "%"


def _columns(records: pd.DataFrame, threshold_mm: float) -> dict[str, _Columns]:
    samplings: dict[str, _Columns] = {}
    for labels, actions, values in _grouped(records):
        columns = samplings.setdefault(labels["sampling"], _Columns(actions))
        for metric, of_metric, unit in _derived(labels, values, threshold_mm):
            threshold = threshold_mm if metric == "ASR" else None
            columns.values.append(of_metric)
            columns.labels += [
                {
                    **labels,
                    "metric": metric,
                    "unit": unit,
                    "frame": None if metric in UNITS else index + 1,
                    "threshold_mm": threshold,
                }
                for index in range(of_metric.shape[1])
            ]
    return samplings


def prediction_backdoor(
    records: pd.DataFrame,
    identity: Mapping[str, Any],
    *,
    frame_ms_nominal: float,
    frame_ms_measured: float,
    threshold_mm: float,
) -> pd.DataFrame:
    """The rows of one evaluation job (columns ``PREDICTION_BACKDOOR``).

    ``identity`` names dataset, protocol, predictor, strategy (its parts) and seed. Values are means over
    test windows with 95 % bootstrap intervals; action ``mean`` is the mean of the actions' means. CDE and BDE are
    errors averaged over frames up to each frame; ASR is the share of windows whose BDE is under ``threshold_mm``.
    """
    rng = seeding.generator(int(identity["seed"]), "bootstrap")
    parts: list[pd.DataFrame] = []
    for columns in _columns(records, threshold_mm).values():
        names, mean, low, high = bootstrap_means(np.concatenate(columns.values, axis=1), columns.actions, rng)
        counts = [int((columns.actions == name).sum()) for name in names]
        labels = pd.DataFrame(columns.labels).astype({"frame": "Int64", "threshold_mm": "float64"})
        for row, (action, count) in enumerate(zip([*names, ALL_ACTIONS], [*counts, sum(counts)], strict=True)):
            parts.append(labels.assign(action=action, value=mean[row], low=low[row], high=high[row], n=count))
    table = pd.concat(parts, ignore_index=True).assign(**identity)
    table["horizon_ms_nominal"] = (table["frame"] * frame_ms_nominal).astype("Float64")
    table["horizon_ms_measured"] = (table["frame"] * frame_ms_measured).astype("Float64")
    return table[list(PREDICTION_BACKDOOR)]


def write_csv(table: pd.DataFrame, path: str) -> None:
    """One header line, six significant digits."""
    table.to_csv(path, index=False, float_format="%.6g")
