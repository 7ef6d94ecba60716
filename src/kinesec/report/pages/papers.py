"""The comparison with the papers, as the report shows it: one row a setting, one column a horizon."""

from __future__ import annotations

import math

import pandas as pd

from kinesec.report.pages._rows import NONE, number
from kinesec.tables.papers.verdicts import VERDICTS

ROW = ["paper", "table", "model", "setting", "run_dataset", "predictor"]


def counts(comparison: pd.DataFrame) -> pd.DataFrame:
    """paper by verdict: how many numbers."""
    table = comparison.groupby(["paper", "verdict"]).size().unstack(fill_value=0)
    return table.reindex(columns=list(VERDICTS), fill_value=0).rename_axis(columns=None).reset_index().astype(str)


def _cell(row: pd.Series) -> str:
    return f"{number(float(row['value']))} / {number(float(row['paper_value']))}"


def _horizon(metric: str) -> float:
    digits = metric.partition("@")[2].removesuffix("ms")
    return float(digits) if digits.isdigit() else math.inf


def _verdict(part: pd.DataFrame, notes: list[str]) -> str:
    """``reproduced``, or each verdict with its count; what is not judged carries the numbers of its reasons."""
    found = part["verdict"].value_counts()
    said = [
        verdict if len(found) == 1 else f"{found[verdict]} {verdict}" for verdict in VERDICTS if verdict in found.index
    ]
    reasons = list(dict.fromkeys(part.loc[part["verdict"].isin(["not comparable", "not run"]), "reason"]))
    notes.extend(reason for reason in reasons if reason not in notes)
    places = ", ".join(str(notes.index(reason) + 1) for reason in reasons)
    return ", ".join(said) + (f" [{places}]" if places else "")


def grid(comparison: pd.DataFrame, notes: list[str]) -> tuple[pd.DataFrame, dict[tuple[int, str], str]]:
    """(table, verdict by its row's place and column): cells are ``ours / published``.

    Columns ``group`` (paper, table), ``what`` (model, setting, our predictor), one a metric, and ``verdict``, which
    names by number the reasons why numbers are not judged; new reasons are put at the end of ``notes``.
    """
    metrics = sorted(set(comparison["metric"]), key=_horizon)
    labels = {metric: metric.replace("MPJPE@", "").replace("ms", " ms") for metric in metrics}
    rows: list[dict[str, str]] = []
    colours: dict[tuple[int, str], str] = {}
    several = comparison["run_dataset"].nunique() > 1
    for (paper, table, model, setting, dataset, predictor), part in comparison.groupby(ROW, sort=False, dropna=False):
        ours = ", ".join(str(text) for text in (predictor, dataset if several else "") if text)
        name = f"{model}; {setting}" + (f" \u2014 {ours}" if ours else "")
        row = {"group": f"{paper}, {table}", "what": name}
        for metric in metrics:
            here = part[part["metric"] == metric]
            row[labels[metric]] = NONE if here.empty else _cell(here.iloc[0])
            if not here.empty:
                colours[len(rows), labels[metric]] = str(here.iloc[0]["verdict"])
        rows.append({**row, "verdict": _verdict(part, notes)})
    return pd.DataFrame(rows), colours
