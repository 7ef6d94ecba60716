"""One evaluation job: clips and a trained recognizer in; how often it is right, and what it takes for what, out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch

from kinesec import seeding
from kinesec.metrics.clusters import clustered_means
from kinesec.models import trained_recognizers
from kinesec.samples.clips.checks import check_fit, checked, takes
from kinesec.samples.clips.clips import Clips
from kinesec.tables.prediction import write_csv
from kinesec.training.checkpoint import best_device

RECOGNITION_ACCURACY = (
    "dataset", "clips", "split_by", "recognizer", "training", "seed", "split", "class", "n", "takes",
    "accuracy_percent", "low_percent", "high_percent",
)  # fmt: skip
CONFUSION = (
    "dataset", "clips", "recognizer", "training", "seed", "split", "actual", "predicted", "count",
)  # fmt: skip
ALL_CLASSES = "mean"
TOP = 5


def records(clips: Clips, split: str, logits: np.ndarray) -> pd.DataFrame:
    """A row a clip of what a recognizer's logits (clip, class) say.

    ``top`` are its first five classes; ``margin`` is the true class's logit less the greatest of the others, and
    ``probability`` the true class's.
    """
    order = np.argsort(-logits, axis=1, kind="stable")
    index, label = np.arange(len(clips)), clips.label
    true = logits[index, label]
    others = logits.astype(np.float64)
    others[index, label] = -np.inf
    shifted = np.exp(logits - logits.max(1, keepdims=True), dtype=np.float64)
    return pd.DataFrame(
        {
            "row": clips.row,
            "split": split,
            "subject": [str(one) for one in clips.subject],
            "take": takes(clips),
            "label": label,
            "predicted": order[:, 0],
            "correct": order[:, 0] == label,
            "top": list(order[:, :TOP]),
            "margin": true - others.max(1),
            "probability": (shifted[index, label] / shifted.sum(1)),
        }
    )


def accuracy(found: pd.DataFrame, classes: list[str], rng: np.random.Generator) -> pd.DataFrame:
    """Accuracy (%) over all clips (class ``mean``) and by true class, of one split's ``records``.

    Intervals are 95 % bootstrap intervals over takes, because clips of one take are alike. Classes without a clip have
    no row.
    """
    label, correct = found["label"].to_numpy(), 100.0 * found["correct"].to_numpy()
    present = np.unique(label)
    columns = [correct, *(np.where(label == one, correct, np.nan) for one in present)]
    take = found["take"].to_numpy()
    mean, low, high = clustered_means(np.stack(columns, 1), take, rng)
    of = [np.ones(len(label), bool), *(label == one for one in present)]
    return pd.DataFrame(
        {
            "class": [ALL_CLASSES, *(classes[one] for one in present)],
            "n": [int(some.sum()) for some in of],
            "takes": [len(np.unique(take[some])) for some in of],
            "accuracy_percent": mean,
            "low_percent": low,
            "high_percent": high,
        }
    )


def confusion(found: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """How many clips of each class (``actual``) are taken for each (``predicted``), zeros included."""
    size = len(classes)
    cell = found["label"].to_numpy() * size + found["predicted"].to_numpy()
    names = np.array(classes, dtype=object)
    return pd.DataFrame(
        {
            "actual": names.repeat(size),
            "predicted": np.tile(names, size),
            "count": np.bincount(cell, minlength=size * size),
        }
    )


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
    model, description = trained_recognizers.load(model_path, device)
    parts: dict[str, list[pd.DataFrame]] = {"records": [], "accuracy": [], "confusion": []}
    tested = {split: checked(clips_path, split, empty=split == "val") for split in ("val", "test")}
    check_fit(model_path, model.shape, description, clips_path, tested["test"])
    for split, clips in tested.items():
        if not len(clips):
            continue
        logits = trained_recognizers.predict(model, torch.from_numpy(clips.normalised).to(device))
        found = records(clips, split, logits.float().cpu().numpy())
        named: dict[str, Any] = {
            "dataset": identity["data"],
            "clips": identity["clips"],
            "split_by": clips.attrs["split_by"],
            "recognizer": identity["recognizer"],
            "training": identity["training"],
            "seed": int(identity["seed"]),
            "split": split,
        }
        rng = seeding.generator(named["seed"], "bootstrap", split)
        parts["records"].append(found)
        parts["accuracy"].append(accuracy(found, clips.classes, rng).assign(**named))
        parts["confusion"].append(confusion(found, clips.classes).assign(**named))
    joined = {name: pd.concat(tables, ignore_index=True) for name, tables in parts.items()}
    for path in (records_path, table_path, confusion_path):
        path.parent.mkdir(parents=True, exist_ok=True)
    joined["records"].to_parquet(records_path, index=False)
    write_csv(joined["accuracy"][list(RECOGNITION_ACCURACY)], str(table_path))
    write_csv(joined["confusion"][list(CONFUSION)], str(confusion_path))
