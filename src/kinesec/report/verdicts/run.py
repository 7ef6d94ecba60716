"""The verdicts of a run on all systems, from the files of its tables."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from kinesec.report.verdicts import attacks, classifiers, defences, prediction
from kinesec.report.verdicts.base import Verdict
from kinesec.tables import backdoor, recognition, strategies


def verdicts(tables: Mapping[str, str | Path]) -> list[Verdict]:
    """One verdict a system, in the order of the papers; ``tables`` are CSV files by name."""

    def read(name: str) -> pd.DataFrame | None:
        return recognition.read(tables[name]) if name in tables else None

    predicted = strategies.read(tables["prediction_backdoor"]) if "prediction_backdoor" in tables else None
    defended = pd.read_csv(tables["prediction_defences"]) if "prediction_defences" in tables else None
    poisoned, detected = (
        backdoor.read(tables[name]) if name in tables else None for name in ("backdoor_recognition", "detection")
    )
    accuracy = read("recognition_accuracy")
    return [
        prediction.backdoors(predicted, defended),
        attacks.by_gradients(read("recognition_attacks"), accuracy),
        attacks.by_labels(read("blackbox"), accuracy),
        defences.robust(read("robustness"), read("robustness_pairs")),
        classifiers.backdoors(poisoned, detected),
    ]
