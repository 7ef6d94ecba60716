"""Spectral signatures: poisoned samples lie far along one direction of feature space (Tran et al., NeurIPS 2018)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kinesec.defences.backdoor import _hidden
from kinesec.defences.backdoor._hidden import By
from kinesec.defences.base import MODELS, Detection, Outcome
from kinesec.defences.cases.prediction import Case

KIND = "detection"


def scores(values: np.ndarray) -> np.ndarray:
    """Squared projections (sample,) of centred features (sample, feature) on their top right singular vector.

    Divided by their mean, so that groups of other spread can be ranked together (ours); zeros for equal features.
    """
    squared = _hidden.principal(values, 1)[:, 0] ** 2
    mean = squared.mean()
    return np.asarray(squared / mean if mean > 1e-24 else np.zeros_like(squared))


def defend(case: Case, *, by: By = "action") -> Iterator[Outcome]:
    """Scores of all training windows within their action (the paper's class), or within ``all``."""
    score = {}
    for name in MODELS:
        values = _hidden.features(case.models[name], case.training_sets[name])
        score[name] = np.empty(len(values))
        for _, members in _hidden.groups(case, name, by):
            score[name][members] = scores(values[members])
    yield Detection(f"by={by}", score, case.marked)
