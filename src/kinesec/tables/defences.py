"""Outcomes of a defence as per-window records and as tidy rows of the table ``prediction_defences``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from kinesec import seeding
from kinesec.defences.base import CLEAN, KINDS, VICTIM, Detection, Outcome, Repair, Statistic
from kinesec.metrics.bootstrap import bootstrap_means
from kinesec.metrics.detection import auc, tpr_at

DETECTOR = ("auc", "auc_low", "auc_high", "tpr_at_1_fpr", "tpr_at_5_fpr", "tpr_at_10_fpr")
NAMED = tuple(name if name.startswith("tpr") else f"detector_{name}" for name in DETECTOR)
PREDICTION_DEFENCES = (
    "dataset", "protocol", "sampling", "action", "predictor", "trigger", "target", "selection", "level", "ratio",
    "seed", "defence", "module", "setting", "model", "windows", "metric", "part", "joints", "share", "rate", "epoch",
    "frame", "value", "low", "high", "unit", "n", "n_marked", "flagged", *NAMED, *(f"{name}_null" for name in NAMED),
)  # fmt: skip
RECORD = ("setting", "share", "rate", "epoch", "model", "windows", "window", "marked", "metric", "value")
METRICS = {"clean": "CDE", "triggered": "BDE"}


def _records(outcome: Outcome) -> Iterator[dict[str, Any]]:
    if isinstance(outcome, Detection):
        for model, score in outcome.score.items():
            yield {"model": model, "windows": outcome.windows, "marked": outcome.marked[model], "metric": "score",
                   "value": score}  # fmt: skip
    if isinstance(outcome, Repair):
        varied = {"share": outcome.share, "rate": outcome.rate, "epoch": outcome.epoch}
        for kind, error in outcome.error.items():
            yield {"model": outcome.model, "windows": kind, "metric": METRICS[kind], "value": error, **varied}


def records(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """One row a window and score, or a window and error (mm, up to the last frame); columns ``RECORD``."""
    empty = {"share": np.nan, "rate": np.nan, "epoch": np.nan, "marked": False}
    parts = [
        pd.DataFrame({**empty, "setting": outcome.setting, **values, "window": np.arange(len(values["value"]))})
        for outcome in outcomes
        for values in _records(outcome)
    ]
    if not parts:
        return pd.DataFrame(columns=list(RECORD)).astype({"value": "float64", "marked": "bool"})
    table = pd.concat([part.astype({name: "float64" for name in empty if name != "marked"}) for part in parts])
    return table[list(RECORD)].reset_index(drop=True)


def _detector(score: np.ndarray, marked: np.ndarray) -> list[float]:
    return [*auc(score, marked), *tpr_at(score, marked)]


def _detection(outcome: Detection) -> dict[str, Any]:
    result = _detector(outcome.score[VICTIM], outcome.marked[VICTIM])
    null = _detector(outcome.score[CLEAN], outcome.marked[CLEAN])
    return {
        "setting": outcome.setting, "model": VICTIM, "windows": outcome.windows, "metric": "AUC", "action": "mean",
        "value": result[0], "low": result[1], "high": result[2], "unit": "", "n": len(outcome.score[VICTIM]),
        "n_marked": int(outcome.marked[VICTIM].sum()), **dict(zip(NAMED, result, strict=True)),
        **{f"{name}_null": value for name, value in zip(NAMED, null, strict=True)},
    }  # fmt: skip


def _repairs(outcomes: Sequence[Repair], actions: np.ndarray, frame: int, seed: int) -> Iterator[dict[str, Any]]:
    """CDE and BDE of every repair, means of the actions' means with 95 % bootstrap intervals, all of the same draws."""
    columns = [(outcome, kind) for outcome in outcomes for kind in KINDS]
    if not columns:
        return
    values = np.stack([outcome.error[kind] for outcome, kind in columns], axis=1)
    _, mean, low, high = bootstrap_means(values, actions, seeding.generator(seed, "bootstrap"))
    for place, (outcome, kind) in enumerate(columns):
        yield {
            "setting": outcome.setting, "model": outcome.model, "windows": kind, "metric": METRICS[kind],
            "action": "mean", "joints": "used", "share": outcome.share, "rate": outcome.rate, "epoch": outcome.epoch,
            "frame": frame, "value": mean[-1, place], "low": low[-1, place], "high": high[-1, place], "unit": "mm",
            "n": len(values),
        }  # fmt: skip


def _statistic(outcome: Statistic) -> dict[str, Any]:
    return {**vars(outcome), "windows": "training"}


def prediction_defences(
    outcomes: Sequence[Outcome], identity: Mapping[str, Any], *, actions: np.ndarray, future: int
) -> pd.DataFrame:
    """The rows of one defence (columns ``PREDICTION_DEFENCES``).

    ``identity`` names dataset, protocol, sampling, predictor, strategy (its parts), seed, defence and module;
    ``actions`` (window,) are those of the test windows, ``future`` the last frame's number.
    A detector has one row, metric ``AUC`` with DeLong's interval, and columns ``detector_*`` and ``tpr_at_*`` with
    their nulls; a repair has ``CDE`` and ``BDE`` rows; others are as their module names them.
    """
    rows = [_detection(outcome) for outcome in outcomes if isinstance(outcome, Detection)]
    repairs = [outcome for outcome in outcomes if isinstance(outcome, Repair)]
    rows += _repairs(repairs, actions, future, int(identity["seed"]))
    rows += [_statistic(outcome) for outcome in outcomes if isinstance(outcome, Statistic)]
    table = pd.DataFrame(rows).assign(**identity)
    table = table.reindex(columns=list(PREDICTION_DEFENCES))
    whole = dict.fromkeys(("seed", "epoch", "frame", "n", "n_marked"), "Int64")
    return table.astype({**whole, "flagged": "boolean"})
