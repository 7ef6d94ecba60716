"""Training samples' grouping by action, and their principal directions, for defences that look inside a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np

from kinesec.defences.cases.base import Case

By = Literal["action", "all"]


def groups(case: Case, model: str, by: By) -> Iterator[tuple[str, np.ndarray]]:
    """(action, its samples' indices) of a model's training set, a classifier's class; ``all``: every one at once."""
    actions = case.actions(model)
    if by == "all":
        yield "all", np.arange(len(actions))
        return
    for action in np.unique(actions):
        yield str(action), np.flatnonzero(actions == action)


def principal(values: np.ndarray, count: int) -> np.ndarray:
    """Projections (sample, count) of centred values (sample, feature) on their directions of most variance, in order.

    A direction's sign is such that its largest coordinate is positive.
    """
    centred = values - values.mean(0)
    _, vectors = np.linalg.eigh(centred.T @ centred)
    chosen = vectors[:, ::-1][:, :count]
    largest = np.abs(chosen).argmax(0)
    return np.asarray(centred @ (chosen * np.sign(chosen[largest, np.arange(chosen.shape[1])])))
