"""Last hidden features of training windows, and their grouping by action, for defences that look inside a model."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

import numpy as np
import torch

from kinesec.defences.cases.prediction import Case
from kinesec.models.predictors.base import Predictor
from kinesec.progress import track
from kinesec.training.prediction import WindowBatches

By = Literal["action", "all"]


@torch.inference_mode()
def features(model: Predictor, data: WindowBatches) -> np.ndarray:
    """Pooled last hidden features (window, feature), float64, of the histories of all training windows."""
    parts = data.parts()
    history = model.shape.history
    batches = [model.features(data.batch(part)[:, :history]).cpu() for part in track(parts, "last hidden features")]
    return torch.cat(batches).numpy().astype(np.float64)


def groups(case: Case, model: str, by: By) -> Iterator[tuple[str, np.ndarray]]:
    """(action, its windows' indices) of a model's training set; ``all``: every window at once, named ``mean``."""
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
