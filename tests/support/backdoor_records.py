"""Made-up records, searches and tables of backdoored classifiers."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

POISONS: dict[str, dict[str, dict[str, Any]]] = {
    "skeleton": {
        name: {
            **{"trigger": trigger, "form": "joints", "preset": "paper", "settings": settings},
            **{"ratio": 0.2, "per": "class", "labels": "dirty", "ours": True, "target": 0},
        }
        for name, trigger, settings in (
            ("dft", "dft", {"delta": 50.0}),
            ("dft-delta0", "dft", {"delta": 0.0}),
            ("dft-delta5", "dft", {"delta": 5.0}),
            ("badnet", "badnet", {}),
        )
    }
}
NETWORKS = {"skeleton": {"st_gcn_s": {"recognizer": "st_gcn", "settings": "small", "recipe": {}}}}


def records(
    success: float = 0.75,
    *,
    poison: str = "dft",
    seed: int = 0,
    count: int = 40,
    base: float = 0.0,
    clean_model: float = 0.0,
    right: float = 0.9,
) -> pd.DataFrame:
    """``count`` samples of four classes, target 0; the first shares of the others are called target."""
    label = np.arange(count) % 4
    other = np.flatnonzero(label)
    wrong = np.where(label == 3, 2, label + 1)
    kept = np.arange(count) < round(right * count)

    def called(share: float) -> np.ndarray:
        said = np.where(label == 0, 0, np.where(kept, label, wrong))
        said[other[: round(share * len(other))]] = 0
        return said

    return pd.DataFrame(
        {
            **{"dataset": "hdm05", "samples": "native60", "modality": "skeleton", "network": "st_gcn_s"},
            **{"poison": poison, "seed": seed, "row": np.arange(count), "subject": "s", "label": label, "target": 0},
            "take": [f"s/{place % 4}/{place // 4}" for place in range(count)],
            "predicted_clean": called(base),
            "predicted_triggered": called(success),
            "clean_model_clean": np.where(label == 0, 0, label),
            "clean_model_triggered": called(clean_model),
        }
    )


def searched(
    poison: str,
    seed: int,
    index: float,
    *,
    detector: str = "neural_cleanse",
    scaled: bool = True,
    ratio: float | None = None,
    **more: Any,
) -> pd.DataFrame:
    """The rows of one model and detector."""
    identity = {"modality": "skeleton", "data": "hdm05", "samples": "native60", "network": "st_gcn_s"}
    identity |= {"training": poison, "seed": str(seed), "detector": detector, **more}
    rows = [{"metric": "index", "action": "walk", "value": index}, {"metric": "norm", "action": "run", "value": 9.0}]
    if scaled:
        rows.append({"metric": "index_scaled", "action": "walk", "value": index / 1.4826})
    if ratio is not None:
        rows.append({"metric": "norm_ratio", "action": "walk", "value": ratio})
    return pd.DataFrame([{**identity, "setting": "mask", "unit": "", "n": 1, **row} for row in rows])
