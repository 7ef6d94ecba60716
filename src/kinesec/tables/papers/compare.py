"""Published numbers beside the run's: a verdict for every number of ``reference.csv`` that the run can speak to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from kinesec.tables.papers import badhmp, cmu_mocap, smart, tdba

COLUMNS = (
    "paper",
    "table",
    "dataset",
    "model",
    "setting",
    "metric",
    "run_dataset",
    "predictor",
    "paper_value",
    "unit",
    "value",
    "low",
    "high",
    "tolerance",
    "verdict",
    "reason",
)


def compare(
    tables: Mapping[str, pd.DataFrame],
    reference: pd.DataFrame,
    models: Sequence[Mapping[str, Any]],
    *,
    modules: Mapping[str, str] | None = None,
    protocols: Sequence[str] = (cmu_mocap.PROTOCOL,),
) -> pd.DataFrame:
    """A row for every reference number, data set and predictor of ours that stands for its model, in ``COLUMNS``.

    ``tables`` holds the run's tables by name; ``prediction_backdoor`` is read by ``cmu_mocap`` and ``badhmp``,
    ``recognition_attacks`` and ``transfer`` by ``smart``, ``backdoor_recognition`` and ``detection`` by ``tdba``.
    ``models`` describes the run's clean predictors: ``{"predictor": name in the configuration, "module": "ltd",
    "settings": {...}, "recipe": {...}, "missing_files": [paths of raw files that are absent], "held_out": [training
    files kept for validation], "parameters": count, "dataset": name}``; the last three may be left out; see
    ``provenance.facts.models``.
    ``modules`` names each data set's module, ``protocols`` the run's protocols that are the published one
    (LTD's poses, 10 + 25 frames, every second row).

    ``value``, ``low`` and ``high`` are the run's, over all seeds, NaN where there is none; ``tolerance`` is how far
    ``value`` may lie from ``paper_value``, in ``unit``: 15 % where a model is trained, 1 % or 0.1 mm (rounding) where
    nothing is. Trained models are ``not comparable`` unless their size, recipe and training files are the published.
    """
    rows = []
    if "prediction_backdoor" in tables:
        named = modules or {cmu_mocap.MODULE: cmu_mocap.MODULE}
        rows += cmu_mocap.compare(tables["prediction_backdoor"], reference, models, named, protocols)
        rows += badhmp.compare(tables["prediction_backdoor"], reference, models)
    rows += smart.compare(tables, reference, modules or {})
    rows += tdba.compare(tables, reference, modules or {})
    return pd.DataFrame(rows, columns=list(COLUMNS))
