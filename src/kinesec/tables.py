"""Tidy tables from per-sample records."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from kinesec import seeding
from kinesec.metrics.intervals import bootstrap_mean
from kinesec.metrics.naturalness import UNITS
from kinesec.metrics.prediction import upto

PREDICTION_BACKDOOR = (
    "dataset", "protocol", "sampling", "action", "predictor", "trigger", "target", "selection", "ratio", "seed",
    "model", "windows", "metric", "part", "joints", "frame", "horizon_ms_nominal", "horizon_ms_measured",
    "threshold_mm", "value", "low", "high", "unit", "n",
)  # fmt: skip
ALL_ACTIONS = "mean"


def _grouped(records: pd.DataFrame) -> Iterator[tuple[dict[str, Any], np.ndarray, np.ndarray]]:
    """Labels, actions (window,) and values (window, frame) of each sampling, model, kind, metric, part and joints."""
    keys = ["sampling", "model", "windows", "metric", "part", "joints"]
    for labels, rows in records.groupby(keys, observed=True, sort=True):
        wide = rows.pivot_table(index=["window", "action"], columns="frame", values="value", observed=True)
        yield dict(zip(keys, labels, strict=True)), wide.index.get_level_values("action").to_numpy(), wide.to_numpy()


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


def _intervals(
    values: np.ndarray, actions: np.ndarray, rng: np.random.Generator
) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray, np.ndarray], int]]:
    for action in sorted(set(actions)):
        of_action = values[actions == action]
        yield action, bootstrap_mean(of_action, None, rng), len(of_action)
    yield ALL_ACTIONS, bootstrap_mean(values, actions, rng), len(values)


def prediction_backdoor(
    records: pd.DataFrame,
    identity: Mapping[str, Any],
    *,
    frame_ms_nominal: float,
    frame_ms_measured: float,
    threshold_mm: float,
) -> pd.DataFrame:
    """The rows of one evaluation job (columns ``PREDICTION_BACKDOOR``).

    ``identity`` names dataset, protocol, predictor, trigger, target, selection, ratio and seed. Values are means over
    test windows with 95 % bootstrap intervals; action ``mean`` is the mean of the actions' means. CDE and BDE are
    errors averaged over frames up to each frame; ASR is the share of windows whose BDE is under ``threshold_mm``.
    """
    rng = seeding.generator(int(identity["seed"]), "bootstrap")
    rows: list[dict[str, Any]] = []
    for labels, actions, values in _grouped(records):
        for metric, of_metric, unit in _derived(labels, values, threshold_mm):
            whole_window = metric in UNITS
            for action, (mean, low, high), count in _intervals(of_metric, actions, rng):
                for index in range(len(mean)):
                    frame = None if whole_window else index + 1
                    rows.append(
                        {
                            **identity, **labels, "metric": metric, "action": action, "frame": frame,
                            "horizon_ms_nominal": frame and frame * frame_ms_nominal,
                            "horizon_ms_measured": frame and frame * frame_ms_measured,
                            "threshold_mm": threshold_mm if metric == "ASR" else None,
                            "value": mean[index], "low": low[index], "high": high[index], "unit": unit, "n": count,
                        }
                    )  # fmt: skip
    table = pd.DataFrame(rows, columns=list(PREDICTION_BACKDOOR))
    return table.astype({"frame": "Int64"})


def write_csv(table: pd.DataFrame, path: str) -> None:
    """One header line, six significant digits."""
    table.to_csv(path, index=False, float_format="%.6g")
