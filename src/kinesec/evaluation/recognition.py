"""How often a recognizer is right, and what it takes for what."""

from __future__ import annotations

import numpy as np
import pandas as pd

from kinesec.metrics.intervals import of_takes
from kinesec.samples.clips.checks import takes
from kinesec.samples.clips.clips import Clips

RECOGNITION_ACCURACY = (
    "dataset", "clips", "split_by", "recognizer", "training", "seed", "split", "class", "n", "takes",
    "accuracy_percent", "low_percent", "high_percent", "n_effective",
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
            "subject": [str(subject) for subject in clips.subject],
            "take": takes(clips),
            "label": label,
            "predicted": order[:, 0],
            "correct": order[:, 0] == label,
            "top": list(order[:, :TOP]),
            "margin": true - others.max(1),
            "probability": (shifted[index, label] / shifted.sum(1)),
        }
    )


def accuracy(rows: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """Accuracy (%) over all clips (class ``mean``) and by true class, of one split's ``records``.

    Intervals (95 %) are over takes, because clips of one take are alike (``metrics.intervals``): ``n_effective`` says
    how many independent clips they are worth. Classes without a clip have no row.
    """
    label, correct = rows["label"].to_numpy(), 100.0 * rows["correct"].to_numpy()
    present = np.unique(label)
    columns = [correct, *(np.where(label == class_index, correct, np.nan) for class_index in present)]
    take = rows["take"].to_numpy()
    mean, low, high, worth = of_takes(np.stack(columns, 1), take, least=0.0, most=100.0, rate=True)
    of = [np.ones(len(label), bool), *(label == class_index for class_index in present)]
    return pd.DataFrame(
        {
            "class": [ALL_CLASSES, *(classes[class_index] for class_index in present)],
            "n": [int(some.sum()) for some in of],
            "takes": [len(np.unique(take[some])) for some in of],
            "accuracy_percent": mean,
            "low_percent": low,
            "high_percent": high,
            "n_effective": worth,
        }
    )


def confusion(rows: pd.DataFrame, classes: list[str]) -> pd.DataFrame:
    """How many clips of each class (``actual``) are taken for each (``predicted``), zeros included."""
    size = len(classes)
    cell = rows["label"].to_numpy() * size + rows["predicted"].to_numpy()
    names = np.array(classes, dtype=object)
    return pd.DataFrame(
        {
            "actual": names.repeat(size),
            "predicted": np.tile(names, size),
            "count": np.bincount(cell, minlength=size * size),
        }
    )
