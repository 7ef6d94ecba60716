"""Whether a run shows that recognizers are fooled, by gradients or by labels alone, beside changes as large."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kinesec.report.format import PERCENT, number, pretty
from kinesec.report.verdicts.base import (
    NOT_RUN,
    NOT_SHOWN,
    SHOWN,
    Range,
    Verdict,
    counted,
    most_common,
    not_run,
    together,
)
from kinesec.tables.seeds import of_seeds

GRADIENTS, LABELS = "Attack by gradients (SMART)", "Attack on labels alone (BASAR)"
Row = Mapping[Any, Any]


def learnt(accuracy: pd.DataFrame, row: Row) -> bool:
    """Whether a row's recognizer is right more often than a guess: its accuracy's low end is above a class's share."""
    rows = accuracy[(accuracy["split"] == "test") & (accuracy["class"] == "mean") & (accuracy["training"] == "clean")]
    for name in ("dataset", "clips", "recognizer"):
        rows = rows[rows[name] == row[name]]
    chance = 100 / float(row["classes"])
    return any(low > chance for low in of_seeds(rows)["low_percent"])


def judge(row: Row, accuracy: pd.DataFrame) -> tuple[str, str]:
    """The mark of one recognizer under attack and why it is not shown (docs/definitions.md, section 14)."""
    if not learnt(accuracy, row):
        return NOT_SHOWN, "the recognizer has learnt nothing"
    if not row["low_percent"] > row["control_high"]:
        return NOT_SHOWN, "the same change put on other clips fools it as often"
    return SHOWN, ""


def by_gradients(rows: pd.DataFrame | None, accuracy: pd.DataFrame | None) -> Verdict:
    """The verdict on SMART's own loss with strategy AB, of the tables ``recognition_attacks`` and ``_accuracy``."""
    if rows is None or accuracy is None:
        return not_run(GRADIENTS, "recognition.attacks")
    smart = (rows["attack_module"] == "smart") & (rows["strategy"] == "AB") & (rows["terms"] == "smart")
    return _verdict(GRADIENTS, rows[smart], accuracy, "SMART's whole loss, strategy AB")


def by_labels(rows: pd.DataFrame | None, accuracy: pd.DataFrame | None) -> Verdict:
    """The verdict on BASAR, of the tables ``blackbox`` and ``recognition_accuracy``."""
    if rows is None or accuracy is None:
        return not_run(LABELS, "recognition.attacks")
    return _verdict(LABELS, rows[rows["attack_module"] == "basar"], accuracy, "BASAR")


def _verdict(system: str, rows: pd.DataFrame, accuracy: pd.DataFrame, what: str) -> Verdict:
    if rows.empty:
        return Verdict(system, NOT_RUN, f"This run does not try {what}.")
    # of several settings on a recognizer the most successful
    pooled = of_seeds(rows).sort_values("success_percent", ascending=False, kind="stable")
    best = pooled.drop_duplicates(["dataset", "clips", "recognizer"]).to_dict("records")
    judged = [judge(row, accuracy) for row in best]
    marks = [mark for mark, _ in judged]
    reasons = [why for mark, why in judged if mark != SHOWN]
    if SHOWN not in marks:
        return Verdict(system, together(marks), f"No recognizer is shown to be fooled: {most_common(reasons)}.")
    # the hardest of those that are fooled
    row = min(
        (row for row, mark in zip(best, marks, strict=True) if mark == SHOWN), key=lambda row: row["success_percent"]
    )
    success = Range(row["success_percent"], row["low_percent"], row["high_percent"], within=PERCENT)
    control = Range(row["control_percent"], row["control_low"], row["control_high"], within=PERCENT)
    words = (
        f"The attack is shown {counted(marks, 'recognizer')}. The hardest of these ({row['dataset']}, "
        f"{pretty(row['recognizer'])}) says another class of {success} % of the clips that it knows; the same change "
        f"put on other clips does so for {control} %. Joints move {number(float(row['displacement_mm']))} mm on "
        f"average and bone lengths change by {number(float(row['bone_change_percent']))} %."
    )
    if "on_manifold_percent" in row:
        ends = Range(row["on_manifold_percent"], row["on_manifold_low"], row["on_manifold_high"], within=PERCENT)
        words += (
            f" {ends} % of the clips keep to the joint angles of human motion, of clean clips "
            f"{number(float(row['clean_within_limits_percent']))} %."
        )
    if reasons:
        words += f" Where it is not shown, mostly {most_common(reasons)}."
    return Verdict(system, together(marks), words)
