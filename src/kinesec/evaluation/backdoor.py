"""What a backdoored classifier and the clean one say of each test sample, clean and triggered."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import pandas as pd

from kinesec.errors import KinesecError
from kinesec.samples.clips.checks import takes
from kinesec.samples.clips.clips import Clips
from kinesec.samples.videos.videos import Videos

PREDICTED = ("predicted_clean", "predicted_triggered", "clean_model_clean", "clean_model_triggered")
BACKDOOR_RECORDS = (
    "dataset", "samples", "modality", "network", "poison", "seed", "row", "subject", "take", "label", "target",
    *PREDICTED,
)  # fmt: skip


def records(
    samples: Clips | Videos,
    *,
    target: int,
    predicted_clean: np.ndarray,
    predicted_triggered: np.ndarray,
    clean_model_clean: np.ndarray,
    clean_model_triggered: np.ndarray,
    identity: Mapping[str, Any],
) -> pd.DataFrame:
    """A row a test sample (columns ``BACKDOOR_RECORDS``), of clips or of videos; ``row`` is its place in the store.

    ``predicted_*`` (sample,) are the classes that the backdoored classifier says, ``clean_model_*`` those of the clean
    one of the same seed; ``target`` is the attacker's. ``identity`` has modality, data, samples, network, training (the
    poison's name) and seed. ``take`` names the performance, which intervals draw whole. Raises ``KinesecError`` where
    there is not one prediction a sample.
    """
    given = (predicted_clean, predicted_triggered, clean_model_clean, clean_model_triggered)
    for name, values in zip(PREDICTED, given, strict=True):
        if np.shape(values) != (len(samples),):
            raise KinesecError(f"{name}: found shape {np.shape(values)}, expected ({len(samples)},), one a sample")
    return pd.DataFrame(
        {
            "dataset": str(identity["data"]),
            "samples": str(identity["samples"]),
            "modality": str(identity["modality"]),
            "network": str(identity["network"]),
            "poison": str(identity["training"]),
            "seed": int(identity["seed"]),
            "row": np.asarray(samples.place if isinstance(samples, Videos) else samples.row, np.int64),
            "subject": [str(subject) for subject in samples.subject],
            "take": takes(cast(Clips, samples)),  # what it asks for, videos have too
            "label": np.asarray(samples.label, np.int64),
            "target": int(target),
            **{name: np.asarray(values, np.int64) for name, values in zip(PREDICTED, given, strict=True)},
        },
        columns=list(BACKDOOR_RECORDS),
    )
