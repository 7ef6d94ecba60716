"""A big made-up run, as `report.build` gets it: a dozen backdoors and a thousand published numbers."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from backdoor_table import backdoor_table
from report_run import make_report

from kinesec.tables.papers.verdicts import VERDICTS

STRATEGIES = [("rigid", target, "random", ratio) for target in ("jammed", "moving") for ratio in (0.05, 0.1, 0.2)]
PUBLISHED = 1000


def published() -> pd.DataFrame:
    """Rows of ``paper_comparison``, of five papers, two data sets and four models."""
    rows = range(PUBLISHED)
    return pd.DataFrame(
        {
            "paper": [f"Paper {row % 5}" for row in rows],
            "table": "Table 1",
            "dataset": [f"Data {row % 2}" for row in rows],
            "model": [f"Model {row % 4}" for row in rows],
            "setting": [f"setting {row}" for row in rows],
            "metric": "MPJPE@80ms",
            "run_dataset": "cmu_expmap",
            "predictor": "ltd_small",
            "paper_value": [10.0 + row % 7 for row in rows],
            "unit": "mm",
            "value": [float(9 + (37 * row) % 101) for row in rows],
            "low": [float(8 + (37 * row) % 101) for row in rows],
            "high": [float(10 + (37 * row) % 101) for row in rows],
            "tolerance": 1.5,
            "verdict": [VERDICTS[row % 4] for row in rows],
            "reason": "trained by another recipe",
        }
    )


def make_big_report(folder: Path) -> Path:
    """The page of two predictors with six backdoors each."""
    made = [
        backdoor_table(predictor=name, strategies=STRATEGIES, actions=("walking",)) for name in ("ltd_small", "hri")
    ]
    return make_report(folder, table=pd.concat(made), comparison=published())
