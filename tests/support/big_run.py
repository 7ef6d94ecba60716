"""A big made-up run: many backdoors, long tables and a figure beside the page, as `report.build` gets them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from backdoor_table import backdoor_table
from report_run import make_report

STRATEGIES = [
    (trigger, target, selection, ratio)
    for trigger in ("rigid", "soft")
    for target in ("jammed", "moving")
    for selection in ("random", "natural", "worst")
    for ratio in (0.05, 0.1, 0.2)
]


def make_big_report(folder: Path) -> Path:
    """The page of two predictors with 36 backdoors each."""
    table = pd.concat([backdoor_table(predictor=name, strategies=STRATEGIES) for name in ("ltd_small", "hri")])
    return make_report(folder, table=table)
