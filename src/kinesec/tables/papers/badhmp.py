"""BadHMP's published claims (arXiv 2409.19638) beside the run's: never comparable, for what they average is unknown.

No table of the paper could be read, nor its equations: poisons, joints, lengths and means are ours
(docs/definitions.md). The numbers stand side by side so that nobody takes one for the other.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from kinesec.tables import seeds, strategies
from kinesec.tables.papers.verdicts import NOT_COMPARABLE

PAPER = "BadHMP (arXiv 2409.19638)"
MODELS = ("ltd", "hri")
SHORT_MS = 80.0  # 12 mm is what LTD errs by there, and far below its mean over the whole future
UNKNOWN = "over which frames, joints and windows the paper averages is unknown; its equations are not public"
NAMES = ("dataset", "protocol", "predictor", "trigger", "target", "selection", "level", "ratio", "horizon_ms_nominal")

Answer = dict[str, Any]


def compare(table: pd.DataFrame, reference: pd.DataFrame, models: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Rows of ``paper_comparison`` for each claim and each of the run's LTD and HRI.

    Errors are means over the frames up to 80 ms and up to the last; of a claim of all strategies the mean over the
    run's, else the least or the largest. ``table`` is ``prediction_backdoor``; ``models`` as in ``compare.compare``.
    """
    table = strategies.typed(table)
    claims = reference[reference["paper"] == PAPER]
    claims = claims.assign(value=pd.to_numeric(claims["value"], errors="coerce"))
    kept = ("paper", "table", "dataset", "model", "setting", "metric", "unit")
    rows = []
    for name in dict.fromkeys(str(model["predictor"]) for model in models if model["module"] in MODELS):
        victims = table[(table["predictor"] == name) & (table["model"] == "victim")]
        for dataset, of_dataset in victims.groupby("dataset", sort=True):
            for claim in claims.to_dict("records"):
                for answer in _answers(of_dataset, claim, name):
                    same = {column: claim[column] for column in kept}
                    rows.append({**same, "run_dataset": dataset, "paper_value": claim["value"], **answer})
    return rows


def _answers(victims: pd.DataFrame, claim: Mapping[Any, Any], predictor: str) -> Iterator[Answer]:
    if claim["metric"] not in ("CDE", "BDE"):
        least = 100 * float(victims["ratio"].min()) if claim["unit"] == "%" else math.nan
        reason = (
            UNKNOWN if claim["unit"] == "%" else f"no number was published; the table prediction_defences; {UNKNOWN}"
        )
        yield _answer(predictor, least, reason)
        return
    rows = _errors(victims, str(claim["metric"]))
    for horizon in sorted({SHORT_MS, float(rows["horizon_ms_nominal"].max())} & set(rows["horizon_ms_nominal"])):
        values = rows.loc[rows["horizon_ms_nominal"] == horizon, "value"]
        value = {"the easiest strategy": values.min(), "the hardest strategy": values.max()}
        yield _answer(f"{predictor}, to {horizon:g} ms", float(value.get(claim["setting"], values.mean())), UNKNOWN)


def _errors(victims: pd.DataFrame, metric: str) -> pd.DataFrame:
    """A row a strategy and horizon: the mean error over actions and seeds, of the widest test sampling."""
    windows = "clean" if metric == "CDE" else "triggered"
    asked = {"metric": metric, "windows": windows, "joints": "used", "action": strategies.MEAN}
    rows = victims[(victims[list(asked)] == pd.Series(asked)).all(axis=1)]
    rows = rows[rows["sampling"] == strategies.widest(rows)] if len(rows) else rows
    return seeds.over_seeds(rows, list(NAMES))


def _answer(predictor: str, value: float, reason: str) -> Answer:
    ends = dict.fromkeys(("low", "high", "tolerance"), math.nan)
    return {"predictor": predictor, "value": value, **ends, "verdict": NOT_COMPARABLE, "reason": reason}
