"""Outcomes of a defence as per-window records and as tidy rows of the table ``prediction_defences``."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from kinesec.defences.base import CLEAN, KINDS, VICTIM, Course, Detection, Outcome, Repair, Statistic
from kinesec.metrics.detection import auc, tpr_at
from kinesec.metrics.intervals import Estimate, Sample, of_ratios, of_windows

DETECTOR = ("auc", "auc_low", "auc_high", "tpr_at_1_fpr", "tpr_at_5_fpr", "tpr_at_10_fpr")
NAMED = tuple(name if name.startswith("tpr") else f"detector_{name}" for name in DETECTOR)
PREDICTION_DEFENCES = (
    "dataset", "protocol", "sampling", "action", "predictor", "trigger", "target", "selection", "level", "ratio",
    "seed", "defence", "module", "setting", "model", "windows", "metric", "part", "joints", "share", "rate", "epoch",
    "step", "frame", "value", "low", "high", "unit", "gap_repaired", "gap_repaired_low", "gap_repaired_high", "n",
    "n_effective", "n_marked", "flagged", *NAMED, *(f"{name}_null" for name in NAMED),
)  # fmt: skip
RECORD = (
    "setting", "share", "rate", "epoch", "model", "windows", "window", "part", "step", "marked", "metric", "value"
)  # fmt: skip
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
    if isinstance(outcome, Course):
        yield {"model": outcome.model, "windows": "training", "metric": "objective_left", "part": outcome.part,
               "step": np.arange(len(outcome.value)), "window": -1, "value": outcome.value}  # fmt: skip


def records(outcomes: Sequence[Outcome]) -> pd.DataFrame:
    """One row a window and score, a window and error (mm, up to the last frame), or a search's step; ``RECORD``.

    A search's rows are of all windows together: ``window`` is -1.
    """
    numbers = dict.fromkeys(("share", "rate", "epoch", "step"), np.nan)
    empty = {**numbers, "part": "", "marked": False}
    parts = [
        pd.DataFrame({**empty, "setting": outcome.setting, "window": np.arange(len(values["value"])), **values})
        for outcome in outcomes
        for values in _records(outcome)
    ]
    if not parts:
        return pd.DataFrame(columns=list(RECORD)).astype({"value": "float64", "marked": "bool"})
    table = pd.concat([part.astype(dict.fromkeys(numbers, "float64")) for part in parts])
    return table[list(RECORD)].reset_index(drop=True)


def _detector(outcome: Detection, model: str, source: np.ndarray) -> list[float]:
    score, marked = outcome.score[model], outcome.marked[model]
    return [*auc(score, marked, cluster=source), *tpr_at(score, marked)]


def _detection(outcome: Detection, sources: Mapping[str, np.ndarray]) -> dict[str, Any]:
    result, null = (_detector(outcome, model, sources[model]) for model in (VICTIM, CLEAN))
    return {
        "setting": outcome.setting, "model": VICTIM, "windows": outcome.windows, "metric": "AUC", "action": "mean",
        "value": result[0], "low": result[1], "high": result[2], "unit": "", "n": len(outcome.score[VICTIM]),
        "n_marked": int(outcome.marked[VICTIM].sum()), **dict(zip(NAMED, result, strict=True)),
        **{f"{name}_null": value for name, value in zip(NAMED, null, strict=True)},
    }  # fmt: skip


def _repairs(
    outcomes: Sequence[Repair], untouched: Mapping[str, np.ndarray], sample: Sample, frame: int
) -> Iterator[dict[str, Any]]:
    """CDE and BDE of every repair, means of the actions' means with 95 % intervals, and the share of the gap repaired.

    That share is (victim - repaired) / (victim - clean) of mean BDE: 0 where the repaired model is as the victim and 1
    where it is as the clean model, both ``untouched``.
    """
    columns = [(outcome, kind) for outcome in outcomes for kind in KINDS]
    if not columns:
        return
    values = np.stack([outcome.error[kind] for outcome, kind in columns], axis=1)
    gain = np.stack([outcome.error["triggered"] - untouched[VICTIM] for outcome, _ in columns], axis=1)
    gap = np.broadcast_to((untouched[CLEAN] - untouched[VICTIM])[:, None], gain.shape)
    means = Estimate(*(of[-1] for of in of_windows(values, sample, least=0.0)))
    shares = Estimate(*(of[-1] for of in of_ratios(gain, gap, sample)))
    for place, (outcome, kind) in enumerate(columns):
        ends = (shares.mean[place], shares.low[place], shares.high[place])
        repaired = dict(zip(("gap_repaired", "gap_repaired_low", "gap_repaired_high"), ends, strict=True))
        yield {
            "setting": outcome.setting, "model": outcome.model, "windows": kind, "metric": METRICS[kind],
            "action": "mean", "joints": "used", "share": outcome.share, "rate": outcome.rate, "epoch": outcome.epoch,
            "frame": frame, "value": means.mean[place], "low": means.low[place], "high": means.high[place],
            "unit": "mm", "n": len(values), "n_effective": means.n_effective[place],
            **(repaired if kind == "triggered" and outcome.model == VICTIM else {}),
        }  # fmt: skip


def _statistic(outcome: Statistic) -> dict[str, Any]:
    return {**vars(outcome), "windows": "training"}


def prediction_defences(
    outcomes: Sequence[Outcome],
    identity: Mapping[str, Any],
    *,
    sample: Sample,
    sources: Mapping[str, Mapping[str, np.ndarray]],
    future: int,
    untouched: Mapping[str, np.ndarray],
) -> pd.DataFrame:
    """The rows of one defence (columns ``PREDICTION_DEFENCES``).

    ``identity`` names dataset, protocol, sampling, predictor, strategy (its parts), seed, defence and module;
    ``sample`` says which the test windows are, ``future`` the last frame's number, ``sources`` by kind of windows and
    model the pieces of recordings (window,) that scored windows are of, ``untouched`` the models' BDE (window,), mm.
    A detector has one row, metric ``AUC`` with its interval over sources, and columns ``detector_*`` and ``tpr_at_*``
    with their nulls; a repair has ``CDE`` and ``BDE`` rows, the victim's BDE with the share of the gap that is
    repaired; others are as their module names them.
    """
    detections = [outcome for outcome in outcomes if isinstance(outcome, Detection)]
    rows = [_detection(outcome, sources[outcome.windows]) for outcome in detections]
    repairs = [outcome for outcome in outcomes if isinstance(outcome, Repair)]
    rows += _repairs(repairs, untouched, sample, future)
    rows += [_statistic(outcome) for outcome in outcomes if isinstance(outcome, Statistic)]
    table = pd.DataFrame(rows).assign(**identity)
    table = table.reindex(columns=list(PREDICTION_DEFENCES))
    whole = dict.fromkeys(("seed", "epoch", "step", "frame", "n", "n_marked"), "Int64")
    return table.astype({**whole, "flagged": "boolean"})
