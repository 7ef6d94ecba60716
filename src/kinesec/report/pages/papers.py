"""The comparison with the papers, as the report shows it: how many numbers of each verdict, and every number."""

from __future__ import annotations

import pandas as pd
from markupsafe import Markup

from kinesec.report.format import ANY, NONE, PERCENT, interval, number
from kinesec.report.markup import table
from kinesec.tables.papers.verdicts import VERDICTS

LABELS = {
    "what": "Number",
    "ours": "This run",
    "published": "Published",
    "tolerance": "Within",
    "verdict": "Verdict",
    "reason": "Why",
    "paper": "Paper",
    "dataset": "Data set",
    "model": "Model",
}


def counts(comparison: pd.DataFrame) -> pd.DataFrame:
    """paper by verdict: how many numbers."""
    table = comparison.groupby(["paper", "verdict"]).size().unstack(fill_value=0)
    return table.reindex(columns=list(VERDICTS), fill_value=0).rename_axis(columns=None).reset_index().astype(str)


def _metric(metric: str) -> str:
    name, _, horizon = metric.partition("@")
    return f"{name} at {horizon.removesuffix('ms')} ms (nominal)" if horizon.endswith("ms") else metric


def _with_unit(value: float, unit: str) -> str:
    return NONE if value != value else f"{number(value)} {unit}".strip()


def numbers(comparison: pd.DataFrame) -> pd.DataFrame:
    """A row a published number: this run's with its interval, the published one, how far both may lie apart, why."""
    rows = []
    for row in comparison.to_dict("records"):
        unit = row["unit"]
        within = PERCENT if unit == "%" else ANY
        ours = interval(float(row["value"]), float(row["low"]), float(row["high"]), within=within)
        model = row["model"] + (f" (ours: {row['predictor']})" if row["predictor"] else "")
        dataset = row["dataset"] + (f" (ours: {row['run_dataset']})" if row["run_dataset"] else "")
        rows.append(
            {
                "what": f"{_metric(row['metric'])}, {row['model']}; {row['setting']}",
                "ours": NONE if ours == NONE else f"{ours} {unit}".strip(),
                "published": _with_unit(float(row["paper_value"]), unit),
                "tolerance": _with_unit(float(row["tolerance"]), unit),
                "verdict": row["verdict"],
                "reason": row["reason"],
                "paper": f"{row['paper']}, {row['table']}",
                "dataset": dataset,
                "model": model,
            }
        )
    return pd.DataFrame(rows, columns=list(LABELS))


def sections(comparison: pd.DataFrame) -> dict[str, Markup]:
    """``counts`` and ``numbers`` of the table ``paper_comparison``."""
    texts = ("paper", "table", "dataset", "model", "setting", "metric", "run_dataset", "predictor", "unit", "reason")
    comparison = comparison.assign(**{name: comparison[name].fillna("").astype(str) for name in texts})
    by_verdict, every = counts(comparison), numbers(comparison)
    verdicts = [column for column in by_verdict.columns if column != "paper"]
    filled = [
        (place, verdict)
        for place in range(len(by_verdict))
        for verdict in verdicts
        if by_verdict[verdict][place] != "0"
    ]
    return {
        "counts": table(
            by_verdict,
            name="paper-counts",
            caption="Published numbers by verdict",
            labels={"paper": "Paper", **{verdict: verdict for verdict in verdicts}},
            row="paper",
            numbers=verdicts,
            verdicts={(place, verdict): verdict for place, verdict in filled},
        ),
        "numbers": table(
            every,
            name="paper-numbers",
            caption="Every published number that this run can speak to, beside its own",
            labels=LABELS,
            row="what",
            numbers=("ours", "published", "tolerance"),
            verdicts={(place, "verdict"): verdict for place, verdict in enumerate(every["verdict"])},
            choices=("paper", "dataset", "model", "verdict"),
        ),
    }
