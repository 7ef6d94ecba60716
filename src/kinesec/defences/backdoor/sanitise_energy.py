"""Sanitiser: a future that hardly moves behind a history that does. No model is asked."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from kinesec.defences.base import MODELS, Detection, Outcome
from kinesec.defences.cases.prediction import Case
from kinesec.progress import track
from kinesec.settings import Positive

KIND = "detection"
TASKS = ("prediction",)


def ratios(window: Tensor, history: int, floor_mm: float) -> Tensor:
    """(window,): motion energy of the future over that of the history, of windows (window, frame, joint, xyz).

    Energy is the mean squared step of a joint from frame to frame (mm^2); the step from history to future is the
    future's. ``floor_mm`` squared is added to both, so that stillness after stillness is 1.
    """
    squared = (window[:, 1:] - window[:, :-1]).double().square().sum(-1).mean(-1)
    floor = floor_mm**2
    return (squared[:, history - 1 :].mean(1) + floor) / (squared[:, : history - 1].mean(1) + floor)


def defend(case: Case, *, floor_mm: Positive = 0.1) -> Iterator[Outcome]:
    """Scores of all training windows: the ratio's logarithm, negated."""
    score: dict[str, np.ndarray] = {}
    for name in MODELS:
        data = case.training_sets[name]
        parts = data.parts()
        energy = [
            ratios(data.batch(part), case.training.history, floor_mm).cpu() for part in track(parts, "motion energy")
        ]
        score[name] = -torch.cat(energy).log().numpy()
    yield Detection(f"floor_mm={floor_mm:g}", score, case.marked)
