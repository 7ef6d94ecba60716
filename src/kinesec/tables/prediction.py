"""Tidy tables from per-sample records."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from kinesec.metrics.intervals import Estimate, Sample, of_ratios, of_windows
from kinesec.metrics.naturalness import UNITS
from kinesec.metrics.over_seeds import over_seeds
from kinesec.metrics.prediction import derived, limits, paired
from kinesec.tables import seeds
from kinesec.tables.strategies import WINDOWS

PREDICTION_BACKDOOR = (
    "dataset", "protocol", "sampling", "action", "predictor", "trigger", "target", "selection", "level", "ratio",
    "seed", "model", "windows", "metric", "part", "joints", "frame", "horizon_ms_nominal", "horizon_ms_measured",
    "threshold_mm", "value", "low", "high", "unit", "n", "n_effective",
)  # fmt: skip
_ENDS = ("value", "low", "high")
ALL_ACTIONS = "mean"
NEAR_MISSES = ("rotated_", "half_frames", "natural_nearest")


@dataclass
class _Columns:
    """Values (window, column) of the same windows, and what each column holds.

    ``over`` has an array of the same shape where a column is a quotient of means, and None for columns that are means.
    """

    sample: Sample
    values: list[np.ndarray] = field(default_factory=list)
    over: list[np.ndarray | None] = field(default_factory=list)
    labels: list[dict[str, Any]] = field(default_factory=list)

    def add(self, values: np.ndarray, label: Mapping[str, Any], over: np.ndarray | None = None) -> None:
        """Columns (window, frame) of one metric, which are numbered by frame unless it is of the whole window."""
        self.values.append(values)
        self.over.append(over)
        whole = label["metric"] in UNITS
        self.labels += [{**label, "frame": None if whole else index + 1} for index in range(values.shape[1])]


class _Group(NamedTuple):
    """Values (window, frame) of one kind of record of one model."""

    labels: dict[str, Any]
    windows: np.ndarray
    sample: Sample
    values: np.ndarray


def _grouped(records: pd.DataFrame, span: int) -> Iterator[_Group]:
    keys = ["sampling", "model", "windows", "metric", "part", "joints"]
    window, frame = records["window"].to_numpy(), records["frame"].to_numpy()
    value, action = records["value"].to_numpy(np.float64), records["action"]
    groups: dict[Any, Any] = records.groupby(keys, observed=True).indices
    for labels, rows in sorted(groups.items()):
        order = rows[np.lexsort((frame[rows], window[rows]))]
        frames = len(np.unique(frame[rows]))
        first = order[::frames]
        sequence, start = (records[name].to_numpy()[first] for name in ("sequence", "start"))
        sample = Sample(action.iloc[first].to_numpy(), sequence, start, span)
        yield _Group(dict(zip(keys, labels, strict=True)), window[first], sample, value[order].reshape(-1, frames))


def _columns(records: pd.DataFrame, threshold_mm: float, span: int) -> list[_Columns]:
    same_windows: dict[tuple[str, bytes], _Columns] = {}
    groups = list(_grouped(records, span))
    clean = {
        tuple({**group.labels, "model": "victim"}.values()): group.values
        for group in groups
        if group.labels["model"] == "clean"
    }
    for labels, windows, sample, values in groups:
        columns = same_windows.setdefault((labels["sampling"], windows.tobytes()), _Columns(sample))
        for metric, of_metric, unit in derived(labels["metric"], labels["windows"], values, threshold_mm):
            threshold = threshold_mm if metric == "ASR" else None
            columns.add(of_metric, {**labels, "metric": metric, "unit": unit, "threshold_mm": threshold})
        before = clean.get(tuple(labels.values()))
        if before is not None and labels["metric"] == "MPJPE_at" and labels["joints"] == "used":
            for change in paired(labels["windows"], values, before):
                label = {**labels, "metric": change.metric, "unit": change.unit, "threshold_mm": None}
                columns.add(change.scale * change.values, label, change.over)
    return list(same_windows.values())


def prediction_backdoor(
    records: pd.DataFrame,
    identity: Mapping[str, Any],
    *,
    frame_ms_nominal: float,
    frame_ms_measured: float,
    threshold_mm: float,
    span: int,
) -> pd.DataFrame:
    """The rows of one evaluation job (columns ``PREDICTION_BACKDOOR``).

    ``identity`` names dataset, protocol, predictor, strategy (its parts) and seed. Values are means over test windows
    with 95 % intervals (``metrics.intervals``); action ``mean`` is the mean of the actions' means. CDE and BDE are
    errors averaged over frames up to each frame; ASR is the share of windows whose BDE is under ``threshold_mm``. Rows
    of the victim that compare it with the clean model are of differences within a window (``metrics.prediction``).
    ``span`` is a window's length in frames.
    """
    groups = _columns(records, threshold_mm, span)
    table = pd.concat([part for columns in groups for part in _rows(columns)], ignore_index=True)
    return _finished(table, identity, frame_ms_nominal, frame_ms_measured)


def _rows(columns: _Columns) -> Iterator[pd.DataFrame]:
    """The rows of every action, and of their mean; near misses have the mean alone, or they would be half the table."""
    sample = columns.sample
    labels = pd.DataFrame(columns.labels).astype({"frame": "Int64", "threshold_mm": "float64"})
    ends = _estimated(columns, [limits(metric) for metric in labels["metric"]])
    near = labels["windows"].str.startswith(NEAR_MISSES)
    counts = [*sample.counts.tolist(), len(sample.action)]
    for row, (action, count) in enumerate(zip([*sample.actions[0], ALL_ACTIONS], counts, strict=True)):
        numbers = dict(zip((*_ENDS, "n_effective"), (of[row] for of in ends), strict=True))
        rows = labels.assign(action=action, n=count, **numbers)
        yield rows if action == ALL_ACTIONS else rows[~near]


def _estimated(columns: _Columns, ranges: Sequence[tuple[float, float, bool]]) -> Estimate:
    least, most, rate = (np.array(of) for of in zip(*ranges, strict=True))
    values = np.concatenate(columns.values, axis=1)
    estimate = Estimate(*map(np.array, of_windows(values, columns.sample, least=least, most=most, rate=rate)))
    divisors = [over for over in columns.over if over is not None]
    if divisors:
        pairs = zip(columns.values, columns.over, strict=True)
        at = np.concatenate([np.full(of.shape[1], over is not None) for of, over in pairs])
        quotients = of_ratios(
            values[:, at], np.concatenate(divisors, axis=1), columns.sample, least=least[at], most=most[at]
        )
        for of, quotient in zip(estimate, quotients, strict=True):
            of[:, at] = quotient
    return estimate


def _finished(
    table: pd.DataFrame, identity: Mapping[str, Any], frame_ms_nominal: float, frame_ms_measured: float
) -> pd.DataFrame:
    table = table.assign(**identity)
    table["horizon_ms_nominal"] = (table["frame"] * frame_ms_nominal).astype("Float64")
    table["horizon_ms_measured"] = (table["frame"] * frame_ms_measured).astype("Float64")
    return table[list(PREDICTION_BACKDOOR)]


def stealth(
    kinds: Mapping[str, tuple[Sample, Mapping[tuple[str, str], np.ndarray]]], identity: Mapping[str, Any]
) -> pd.DataFrame:
    """Rows of training windows (columns ``PREDICTION_BACKDOOR``, sampling and predictor empty, model ``data``).

    ``kinds`` holds, by the kind of windows, which they are and their ``naturalness``. Beside the mean of the actions'
    means stands action ``windows``, the mean over windows.
    """
    parts: list[pd.DataFrame] = []
    for kind, (sample, measured) in kinds.items():
        columns = _Columns(sample)
        for (metric, part), values in measured.items():
            same = {"sampling": "", "model": "data", "windows": kind, "joints": "", "threshold_mm": None}
            columns.add(values[:, None], {**same, "metric": metric, "part": part, "unit": UNITS[metric]})
        together = replace(columns, sample=replace(sample, action=np.full(len(sample.action), WINDOWS)))
        parts += [*_rows(columns), next(_rows(together))]
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

    A number has such a row when two or more seeds have it. See ``metrics.over_seeds``; no end leaves the range of its
    metric, and ``n_effective`` is the seeds' least.
    """

    def pooled(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        ends = dict(zip(_ENDS, over_seeds(*(values[name] for name in _ENDS)), strict=True))
        return ends | {"n_effective": values["n_effective"].min(1)}

    numbers = (*_ENDS, "n_effective")
    keys = [name for name in table.columns if name not in ("seed", *numbers, "n")]
    every = seeds.with_all_seeds(table, keys, numbers, pooled)
    ranges = {metric: limits(metric) for metric in set(every["metric"])}
    least, most = (every["metric"].map({metric: ends[at] for metric, ends in ranges.items()}) for at in (0, 1))
    return every.assign(low=every["low"].clip(lower=least), high=every["high"].clip(upper=most))
