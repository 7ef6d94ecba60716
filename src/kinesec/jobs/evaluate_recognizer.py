"""One evaluation job: clips and a trained recognizer in; how often it is right, and what it takes for what, out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from kinesec.evaluation.recognition import CONFUSION, RECOGNITION_ACCURACY, accuracy, confusion, records
from kinesec.models.device import best_device
from kinesec.models.fit import check_fit
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.samples.clips.checks import checked
from kinesec.tables.files import write_csv


def evaluate_recognizer(
    *,
    clips_path: Path,
    model_path: Path,
    identity: Mapping[str, str],
    records_path: Path,
    table_path: Path,
    confusion_path: Path,
) -> None:
    """Writes per-clip records (Parquet), accuracy (CSV, ``RECOGNITION_ACCURACY``) and confusion (CSV, ``CONFUSION``).

    All of the validation clips, where there are some, and of the test clips. ``identity`` has data, clips, training,
    recognizer and seed. Raises ``KinesecError`` for clips that the recognizer cannot be tested on.
    """
    device = best_device()
    model, description = RECOGNIZERS.load(model_path, device)
    model.fresh()
    parts: dict[str, list[pd.DataFrame]] = {"records": [], "accuracy": [], "confusion": []}
    tested = {split: checked(clips_path, split, empty=split == "val") for split in ("val", "test")}
    check_fit(model_path, model.shape, description, clips_path, tested["test"])
    for split, clips in tested.items():
        if not len(clips):
            continue
        logits = RECOGNIZERS.predict_array(model, clips.normalised, device)
        per_clip = records(clips, split, logits)
        named: dict[str, Any] = {
            "dataset": identity["data"],
            "clips": identity["clips"],
            "split_by": clips.attrs["split_by"],
            "recognizer": identity["recognizer"],
            "training": identity["training"],
            "seed": int(identity["seed"]),
            "split": split,
        }
        parts["records"].append(per_clip)
        parts["accuracy"].append(accuracy(per_clip, clips.classes).assign(**named))
        parts["confusion"].append(confusion(per_clip, clips.classes).assign(**named))
    joined = {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
    for path in (records_path, table_path, confusion_path):
        path.parent.mkdir(parents=True, exist_ok=True)
    joined["records"].to_parquet(records_path, index=False)
    write_csv(joined["accuracy"][list(RECOGNITION_ACCURACY)], str(table_path))
    write_csv(joined["confusion"][list(CONFUSION)], str(confusion_path))
