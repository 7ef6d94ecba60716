"""The table ``trigger_strength``: how victims answer triggers that are performed and captured imperfectly."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kinesec.metrics.intervals import Sample, of_windows
from kinesec.metrics.over_seeds import over_seeds
from kinesec.metrics.prediction import limits
from kinesec.tables import files, seeds

TEXT = (
    "dataset", "protocol", "sampling", "predictor", "trigger", "target", "selection", "level", "poison", "seed",
    "disturbance", "module", "stage", "amount_unit", "model", "windows", "metric", "unit",
)  # fmt: skip
COLUMNS = (
    "dataset", "protocol", "sampling", "predictor", "trigger", "target", "selection", "level", "ratio", "poison",
    "seed", "disturbance", "module", "stage", "amount", "amount_unit", "neutral", "model", "windows", "metric",
    "threshold_mm", "value", "low", "high", "unit", "n", "n_effective",
)  # fmt: skip
_ENDS = ("value", "low", "high")
_NUMBERS = (*_ENDS, "n_effective")
DIFFERENCE = "victim - clean"


def _columns(
    errors: Mapping[tuple[str, float, str, str], np.ndarray], threshold_mm: float
) -> Iterator[tuple[dict[str, Any], np.ndarray]]:
    """Labels and values (window,) of each number of the table; victim minus clean is of the same windows."""
    for (disturbance, amount, windows, model), error in errors.items():
        metric = "CDE" if windows == "clean" else "BDE"
        labels = {"disturbance": disturbance, "amount": amount, "windows": windows, "model": model}
        yield {**labels, "metric": metric, "unit": "mm"}, error
        if model == "victim":
            difference = error - errors[disturbance, amount, windows, "clean"]
            yield {**labels, "model": DIFFERENCE, "metric": metric, "unit": "mm"}, difference
        if windows != "clean":
            share = 100.0 * (error < threshold_mm)
            yield {**labels, "metric": "ASR", "unit": "%", "threshold_mm": threshold_mm}, share


def _ranges(table: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The least and the most that each row's number can be, and whether it is a rate; differences know no bounds."""
    least, most, rate = (np.array(of) for of in zip(*map(limits, table["metric"]), strict=True))
    different = table["model"].to_numpy() == DIFFERENCE
    return np.where(different, -np.inf, least), np.where(different, np.inf, most), rate & ~different


def trigger_strength(
    records: pd.DataFrame,
    identity: Mapping[str, Any],
    described: Mapping[str, Mapping[str, Any]],
    threshold_mm: float,
    span: int,
) -> pd.DataFrame:
    """The rows of one evaluation job (columns ``COLUMNS``).

    ``records`` are those of ``evaluation.trigger_strength``; ``described`` says of each disturbance its ``module``,
    ``stage``, ``amount_unit`` and ``neutral``; ``span`` is a window's length in frames. ``value`` is a mean of the
    actions' means with a 95 % interval (``metrics.intervals``): CDE, BDE and ASR are means over all future frames, by
    docs/definitions.md. The rows of model ``victim - clean`` are paired differences.
    """
    keys = ["disturbance", "amount", "windows", "model"]
    groups = {tuple(key): part for key, part in records.groupby(keys, sort=False, observed=True)}
    first = next(iter(groups.values()))
    errors: Any = {key: part["error_mm"].to_numpy(np.float64) for key, part in groups.items()}
    labels, values = zip(*_columns(errors, threshold_mm), strict=True)
    table = pd.DataFrame(list(labels)).reindex(columns=[*keys, "metric", "unit", "threshold_mm"])
    least, most, rate = _ranges(table)
    action, sequence, start = (first[name].to_numpy() for name in ("action", "sequence", "start"))
    sample = Sample(action, sequence, start, span)
    estimate = of_windows(np.stack(values, axis=1), sample, least=least, most=most, rate=rate)
    numbers = dict(zip(_NUMBERS, (of[-1] for of in estimate), strict=True))
    table = table.assign(n=len(first), **numbers, **identity)
    for column in ("module", "stage", "amount_unit", "neutral"):
        table[column] = [described.get(name, {}).get(column) for name in table["disturbance"]]
    return table[list(COLUMNS)]


def joined(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    """One table of many evaluations' tables, with rows of seed ``all`` behind it where there are several."""
    table = pd.concat(parts, ignore_index=True)

    def pooled(values: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
        ends = dict(zip(_ENDS, over_seeds(*(values[name] for name in _ENDS)), strict=True))
        return ends | {"n_effective": values["n_effective"].min(1)}

    keys: Sequence[str] = [name for name in COLUMNS if name not in ("seed", *_NUMBERS, "n")]
    every = seeds.with_all_seeds(table, keys, _NUMBERS, pooled)
    least, most, _ = _ranges(every)
    return every.assign(low=every["low"].clip(lower=least), high=every["high"].clip(upper=most))


def read(path: str | Path) -> pd.DataFrame:
    """A table from its CSV file, with text as str and numbers as float."""
    numbers = [name for name in COLUMNS if name not in TEXT]
    table = files.read_csv(path, TEXT, absent={name: [""] for name in numbers})
    return files.with_text(table, TEXT, whole=("sampling", "seed"))


def chosen_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """The rows over all seeds where there are any, else those of the only seed."""
    pooled = table["seed"] == seeds.ALL_SEEDS
    return table[pooled] if pooled.any() else table
