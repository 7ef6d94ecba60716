"""The comparison with the papers, as the report shows it: one row a setting, one column a horizon."""

from __future__ import annotations

import math

import pandas as pd
from markupsafe import Markup

from kinesec.report.format import NONE, number
from kinesec.report.markup import table
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
    """``reproduced``, or each verdict with its count; what is not judged carries the times of its reasons."""
    times = part["verdict"].value_counts()
    said = [
        verdict if len(times) == 1 else f"{times[verdict]} {verdict}" for verdict in VERDICTS if verdict in times.index
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
    for (paper, place, model, setting, dataset, predictor), part in comparison.groupby(ROW, sort=False, dropna=False):
        ours = ", ".join(str(text) for text in (predictor, dataset if several else "") if text)
        name = f"{model}; {setting}" + (f" \u2014 {ours}" if ours else "")
        row = {"group": f"{paper}, {place}", "what": name}
        for metric in metrics:
            here = part[part["metric"] == metric]
            row[labels[metric]] = NONE if here.empty else _cell(here.iloc[0])
            if not here.empty:
                colours[len(rows), labels[metric]] = str(here.iloc[0]["verdict"])
        rows.append({**row, "verdict": _verdict(part, notes)})
    return pd.DataFrame(rows), colours


def sections(comparison: pd.DataFrame) -> tuple[dict[str, Markup], list[str]]:
    """``counts``, ``grid`` (by horizon) and ``others`` of the table ``paper_comparison``; the reasons they name.

    ``others`` is there only when the comparison has a metric that is no error at a horizon.
    """
    comparison = comparison.assign(**{name: comparison[name].fillna("") for name in ("predictor", "run_dataset")})
    by_verdict = counts(comparison)
    verdicts = [column for column in by_verdict.columns if column != "paper"]
    filled = [
        (place, verdict)
        for place in range(len(by_verdict))
        for verdict in verdicts
        if by_verdict[verdict][place] != "0"
    ]
    tables = {
        "counts": table(
            by_verdict,
            name="paper-counts",
            caption="Published numbers by verdict",
            labels={"paper": "Paper", **{verdict: verdict for verdict in verdicts}},
            row="paper",
            numbers=verdicts,
            verdicts={(place, verdict): verdict for place, verdict in filled},
        )
    }
    horizon = comparison["metric"].str.startswith("MPJPE@")
    notes: list[str] = []
    for key, part, caption in (
        ("grid", comparison[horizon], "This run / published: MPJPE (mm) at the nominal horizon"),
        ("others", comparison[~horizon], "This run / published: other numbers"),
    ):
        if part.empty:
            continue
        cells, colours = grid(part, notes)
        metrics = [column for column in cells.columns if column not in ("group", "what", "verdict")]
        tables[key] = table(
            cells,
            name=f"paper-{key}",
            caption=caption,
            labels={"what": "Model; setting \u2014 our predictor", **{name: name for name in metrics}}
            | {"verdict": "Verdict"},
            row="what",
            group="group",
            numbers=metrics,
            verdicts=colours,
        )
    return tables, notes
