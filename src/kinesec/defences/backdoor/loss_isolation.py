"""Loss isolation: poisoned samples are learnt first, so their loss is lowest after a few epochs.

The first half of anti-backdoor learning (ABL, Li et al., NeurIPS 2021); unlearning is not part of it here.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from kinesec.defences.base import MODELS, Detection, Outcome
from kinesec.defences.cases.prediction import Case
from kinesec.errors import ConfigError
from kinesec.models.predictors.base import PREDICTORS, Predictor
from kinesec.settings import Count
from kinesec.training.loop import train
from kinesec.training.prediction import Prediction, WindowBatches

KIND = "detection"
TASKS = ("prediction",)


def window_losses(model: Predictor, data: WindowBatches) -> np.ndarray:
    """Mean joint error (window,) in mm of every training window, over future frames and used joints."""
    history = model.shape.history

    def of(part: Tensor) -> Tensor:
        window = data.batch(part)
        difference: Tensor = PREDICTORS.predict(model, window[:, :history]) - window[:, history:]
        return difference.square().sum(-1).sqrt().mean((1, 2))

    parts = data.parts()
    return torch.cat([of(part).cpu() for part in parts]).numpy().astype(np.float64)


def defend(case: Case, *, epochs: Count = 1) -> Iterator[Outcome]:
    """The losses, negated, of all training windows after ``epochs`` of a training from scratch by the victim's recipe.

    The null is that of a training on the clean set. The recipe's schedule is shortened to ``epochs``.
    """
    if not list(case.models[MODELS[0]].parameters()):
        raise ConfigError("defence 'loss_isolation': found a predictor without parameters, expected one to train")
    recipe = replace(case.recipe, epochs=epochs, selection="last")
    score = {}
    for name in MODELS:
        model, data = case.fresh(), case.training_sets[name]
        with tempfile.TemporaryDirectory() as folder:
            train([Prediction(model, recipe, data, case.seed, None)], checkpoints=Path(folder) / "c", job={})
        score[name] = -window_losses(model, data)
    yield Detection(f"epochs={epochs}", score, case.marked)
