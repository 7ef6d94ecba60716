"""Tidy tables from per-sample records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from kinesec import seeding
from kinesec.metrics.bootstrap import bootstrap_means, over_seeds
from kinesec.metrics.naturalness import UNITS
from kinesec.metrics.prediction import derived
from kinesec.tables import seeds

PREDICTION_BACKDOOR = (
    "dataset", "protocol", "sampling", "action", "predictor", "trigger", "target", "selection", "level", "ratio",
    "seed", "model", "windows", "metric", "part", "joints", "frame", "horizon_ms_nominal", "horizon_ms_measured",
    "threshold_mm", "value", "low", "high", "unit", "n",
)  # fmt: skip
_ENDS = ("value", "low", "high")
ALL_ACTIONS = "mean"
NEAR_MISSES = ("rotated_", "half_frames", "natural_nearest")


@dataclass
class _Columns:
    """Values (window, column) of the same windows, and what each column holds."""

    actions: np.ndarray
    values: list[np.ndarray] = field(default_factory=list)
    labels: list[dict[str, Any]] = field(default_factory=list)


def _grouped(records: pd.DataFrame) -> Iterator[tuple[dict[str, Any], np.ndarray, np.ndarray, np.ndarray]]:
    """Labels, windows, actions (window,) and values (window, frame) of each kind of record of each model."""
    keys = ["sampling", "model", "windows", "metric", "part", "joints"]
    window, frame = records["window"].to_numpy(), records["frame"].to_numpy()
    value, action = records["value"].to_numpy(np.float64), records["action"]
    groups: dict[Any, Any] = records.groupby(keys, observed=True).indices
    for labels, rows in sorted(groups.items()):
        order = rows[np.lexsort((frame[rows], window[rows]))]
        frames = len(np.unique(frame[rows]))
        first = order[::frames]
        values = value[order].reshape(-1, frames)
        yield dict(zip(keys, labels, strict=True)), window[first], action.iloc[first].to_numpy(), values


def _columns(records: pd.DataFrame, threshold_mm: float) -> list[_Columns]:
    same_windows: dict[tuple[str, bytes], _Columns] = {}
    for labels, windows, actions, values in _grouped(records):
        columns = same_windows.setdefault((labels["sampling"], windows.tobytes()), _Columns(actions))
        for metric, of_metric, unit in derived(labels["metric"], labels["windows"], values, threshold_mm):
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
    return list(same_windows.values())


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
    groups = _columns(records, threshold_mm)
    table = pd.concat([part for columns in groups for part in _rows(columns, rng)], ignore_index=True)
    return _finished(table, identity, frame_ms_nominal, frame_ms_measured)


def _rows(columns: _Columns, rng: np.random.Generator) -> Iterator[pd.DataFrame]:
    """The rows of every action, and of their mean; near misses have the mean alone, or they would be half the table."""
    names, mean, low, high = bootstrap_means(np.concatenate(columns.values, axis=1), columns.actions, rng)
    counts = [int((columns.actions == name).sum()) for name in names]
    labels = pd.DataFrame(columns.labels).astype({"frame": "Int64", "threshold_mm": "float64"})
    near = labels["windows"].str.startswith(NEAR_MISSES)
    for row, (action, count) in enumerate(zip([*names, ALL_ACTIONS], [*counts, sum(counts)], strict=True)):
        rows = labels.assign(action=action, value=mean[row], low=low[row], high=high[row], n=count)
        yield rows if action == ALL_ACTIONS else rows[~near]


def _finished(
    table: pd.DataFrame, identity: Mapping[str, Any], frame_ms_nominal: float, frame_ms_measured: float
) -> pd.DataFrame:
    table = table.assign(**identity)
    table["horizon_ms_nominal"] = (table["frame"] * frame_ms_nominal).astype("Float64")
    table["horizon_ms_measured"] = (table["frame"] * frame_ms_measured).astype("Float64")
    return table[list(PREDICTION_BACKDOOR)]


def stealth(
    kinds: Mapping[str, tuple[np.ndarray, Mapping[tuple[str, str], np.ndarray]]], identity: Mapping[str, Any]
) -> pd.DataFrame:
    """Rows of training windows (columns ``PREDICTION_BACKDOOR``, sampling and predictor empty, model ``data``).

    ``kinds`` holds, by the kind of windows, their actions (window,) and their ``naturalness``.
    """
    rng = seeding.generator(int(identity["seed"]), "bootstrap")
    parts: list[pd.DataFrame] = []
    for kind, (actions, measured) in kinds.items():
        columns = _Columns(actions)
        for (metric, part), values in measured.items():
            same = {"sampling": "", "model": "data", "windows": kind, "joints": "", "frame": None}
            columns.values.append(values[:, None])
            columns.labels.append({**same, "metric": metric, "part": part, "unit": UNITS[metric], "threshold_mm": None})
        parts += _rows(columns, rng)
    return _finished(pd.concat(parts, ignore_index=True), {**identity, "predictor": ""}, 0.0, 0.0)


def joined(parts: Iterable[pd.DataFrame], frames: Sequence[int] | None, actions: str) -> pd.DataFrame:
    """One table of many evaluations' tables, with at most the future ``frames`` (counted from 1; None: all).

    With ``actions`` "first", rows of single actions are kept of the first evaluation of each data set, protocol,
    predictor and seed alone: those of the clean model on clean windows are the same in all of them, and there are
    thousands of evaluations in a paper's grid.
    """
    kept: list[pd.DataFrame] = []
    seen: set[tuple[Any, ...]] = set()
    for part in parts:
        rows = pd.Series(True, index=part.index)
        if frames is not None:
            rows &= part["frame"].isna() | part["frame"].isin(frames)
        model = tuple(part[["dataset", "protocol", "predictor", "seed"]].iloc[0].astype(str)) if len(part) else ()
        if actions == "first" and model in seen:
            rows &= part["action"] == ALL_ACTIONS
        seen.add(model)
        kept.append(part[rows])
    return pd.concat(kept, ignore_index=True)


def with_all_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """The table with rows of seed ``all`` behind it: means over seeds, intervals over seeds and test windows.

    A number has such a row when two or more seeds have it. See ``metrics.bootstrap.over_seeds``.
    """
    rng = seeding.generator(0, "over seeds")

    def pooled(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        ends = over_seeds(values["value"], values["low"], values["high"], rng)
        return dict(zip(_ENDS, ends, strict=True))

    keys = [name for name in table.columns if name not in ("seed", *_ENDS, "n")]
    return seeds.with_all_seeds(table, keys, _ENDS, pooled)
