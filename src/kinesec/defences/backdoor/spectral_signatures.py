"""Spectral signatures: poisoned samples lie far along one direction of feature space (Tran et al., NeurIPS 2018)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from kinesec.defences.backdoor import _hidden
from kinesec.defences.backdoor._hidden import By
from kinesec.defences.backdoor._verdict import compared, of_classes
from kinesec.defences.base import Detection, Outcome
from kinesec.defences.cases.base import Case

KIND = "detection"
TASKS = ("prediction", "recognition", "video")


def scores(values: np.ndarray) -> np.ndarray:
    """Squared projections (sample,) of centred features (sample, feature) on their top right singular vector.

    Divided by their mean, so that groups of other spread can be ranked together (ours); zeros for equal features.
    """
    squared = _hidden.principal(values, 1)[:, 0] ** 2
    mean = squared.mean()
    return np.asarray(squared / mean if mean > 1e-24 else np.zeros_like(squared))


def top_share(values: np.ndarray) -> float:
    """The share of features' variance (sample, feature) along their top right singular vector; 0 without variance."""
    variance = np.linalg.svd(values - values.mean(0), compute_uv=False) ** 2
    total = variance.sum()
    return float(variance[0] / total) if total > 1e-24 else 0.0


def defend(case: Case, *, by: By = "action") -> Iterator[Outcome]:
    """Scores of all training samples within their action (the paper's class), or within ``all``.

    Of a classifier besides, ours: how far the class whose variance is most along one direction is off the others.
    """
    score = {}
    for name in case.names:
        values = case.hidden(name)
        score[name] = np.empty(len(values))
        shares = {}
        for action, members in _hidden.groups(case, name, by):
            score[name][members] = scores(values[members])
            shares[action] = top_share(values[members])
        if case.numbered:
            yield from of_classes(f"by={by}", "top_share", list(shares), list(shares.values()), "", len(values))
            yield from compared(f"by={by}", list(shares), list(shares.values()), len(values), "high")
    yield Detection(f"by={by}", score, case.marked)
