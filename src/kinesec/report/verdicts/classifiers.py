"""Whether a run shows backdoors of recognizers and of video networks; the marks are the table's own."""

from __future__ import annotations

import pandas as pd

from kinesec.report.format import PERCENT, POINTS, number, plural, pretty
from kinesec.report.verdicts.base import MIXED, NOT_SHOWN, SHOWN, Range, Verdict, counted, not_run, together
from kinesec.tables import backdoor
from kinesec.tables.detection import FLAGGED, NOT_VALIDATED

SYSTEM = "Temporal backdoor on recognizers and video networks"


def backdoors(table: pd.DataFrame | None, detection: pd.DataFrame | None) -> Verdict:
    """The verdict on the tables ``backdoor_recognition`` and ``detection``, None where a run has none."""
    if table is None or table.empty:
        return not_run(SYSTEM, "backdoor")
    rows = backdoor.plain(backdoor.of_seeds(table))
    marks = [str(mark) for mark in rows["verdict"]]
    row = rows.iloc[int(rows["asr_over_base_points"].to_numpy(float).argmax())].to_dict()
    if all(mark == NOT_SHOWN for mark in marks):
        words = (
            "No backdoor is shown: triggered samples are called target no more often than without the trigger, or than "
            "by a clean network."
        )
        return Verdict(SYSTEM, NOT_SHOWN, words)
    success = Range(*(row[f"asr_non_target_{end}"] for end in ("percent", "low", "high")), within=PERCENT)
    change = Range(*(row[f"acc_change_points{end}"] for end in ("", "_low", "_high")), within=POINTS)
    words = (
        f"The backdoor is shown {counted(marks, 'backdoor')}. At best ({row['dataset']}, {pretty(row['recognizer'])}, "
        f"{pretty(row['attack'])}) {success} % of the triggered samples of other classes are called target; without "
        f"the trigger {number(float(row['base_rate_percent']))} %, by the clean network "
        f"{number(float(row['clean_model_asr_percent']))} %. Accuracy changes by {change} points."
    )
    mark = together(marks) if set(marks) <= {SHOWN, MIXED, NOT_SHOWN} else MIXED
    return Verdict(SYSTEM, mark, " ".join([words, *_detected(detection)]))


def _detected(detection: pd.DataFrame | None) -> list[str]:
    """A sentence on the detectors that find what they were published against: how many other victims they flag."""
    if detection is None or detection.empty:
        return []
    victims = detection[detection["model"] != backdoor.CLEAN]
    valid = victims[victims["validated_by"] != NOT_VALIDATED]
    tried = plural(victims["detector"].nunique(), "detector")
    if valid.empty:
        return [f"Of {tried} none finds here what it was published against, so their silence says nothing."]
    others = valid[valid["attack_module"] != valid["validated_by"]]
    named = ", ".join(pretty(str(name)) for name in dict.fromkeys(valid["detector"]))
    return [
        f"Of {tried} these find what they were published against: {named}. Of networks with other triggers they flag "
        f"{int((others['verdict'] == FLAGGED).sum())} in {len(others)} tries."
    ]
