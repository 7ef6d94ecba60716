"""Trains a predictor on windows: deterministic, resumable after any kill, selected on validation windows."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import torch

from kinesec import seeding
from kinesec.errors import KinesecError
from kinesec.models.predictors.base import PREDICTORS, Predictor, Recipe, mean_joint_error
from kinesec.progress import Progress
from kinesec.training.batches import WindowBatches, batches, steps_of
from kinesec.training.checkpoint import Run


def rate_at(recipe: Recipe, progress: float) -> float:
    """The learning rate after ``progress`` epochs.

    ``one_cycle``: from a twenty-fifth of the rate up to it over the first 30 %, then down to a hundred-thousandth, both
    along a cosine (Smith and Topin, 2019).
    """
    if recipe.schedule == "step":
        return recipe.rate * recipe.decay ** (int(progress) // recipe.decay_every)
    share = progress / recipe.epochs
    if recipe.schedule == "drop":
        return recipe.rate * (recipe.decay if share >= recipe.drop_at else 1.0)
    if share < 0.3:
        return recipe.rate * (1 + 24 * (1 - math.cos(math.pi * share / 0.3)) / 2) / 25
    return recipe.rate * (1e-5 + (1 - 1e-5) * (1 + math.cos(math.pi * (share - 0.3) / 0.7)) / 2)


def validation_error(model: Predictor, data: WindowBatches) -> float:
    """Mean joint error (mm) over all validation windows, future frames and used joints."""
    total = 0.0
    history = model.shape.history
    for part in data.parts():
        window = data.batch(part)
        total += mean_joint_error(PREDICTORS.predict(model, window[:, :history]), window[:, history:]).item() * len(
            part
        )
    return total / len(data)


class _Run(Run):
    """The state of one predictor's training, with Adam."""

    def __init__(self, model: Predictor, recipe: Recipe, folder: Path, job: dict[str, Any]) -> None:
        parameters = model.parameters()
        optimiser = torch.optim.Adam(parameters, lr=recipe.rate, weight_decay=recipe.weight_decay, fused=True)
        super().__init__(model, optimiser, folder, job)


def best_error(log: list[dict[str, Any]]) -> float:
    """The smallest validation error (mm) of some epochs' records; infinite where there is none."""
    return min((past["validation_mm"] for past in log if past["validation_mm"] is not None), default=math.inf)


def train(
    model: Predictor,
    recipe: Recipe,
    training: WindowBatches,
    validation: WindowBatches | None,
    *,
    seed: int,
    checkpoints: Path,
    job: dict[str, Any],
) -> list[dict[str, Any]]:
    """Trains ``model`` in place and returns one record an epoch: training loss, validation error (mm), rate.

    The model ends with the weights that ``recipe.selection`` names; without validation windows, the last ones, and the
    error is None. A checkpoint a finished epoch goes to
    ``checkpoints`` and is removed at the end; ``job`` identifies the training, so that no other's is picked up.
    Raises ``KinesecError`` when the loss or the validation error is no longer finite, or windows are too few.
    """
    run = _Run(model, recipe, checkpoints, job)
    run.restore()
    steps = steps_of(len(training), recipe.batch)
    if not steps:
        raise KinesecError(f"training: found {len(training)} training windows, expected two or more")
    with Progress("training", recipe.epochs * steps, unit="steps") as progress:
        progress.update(len(run.log) * steps)
        for epoch in range(len(run.log), recipe.epochs):
            model.train()
            total = torch.zeros((), device=training.device)
            with seeding.torch_stream(seed, "dropout", epoch):
                order = batches(len(training), recipe.batch, seeding.generator(seed, "order", epoch))
                for step, index in enumerate(order):
                    rate = rate_at(recipe, epoch + step / steps)
                    for group in run.optimiser.param_groups:
                        group["lr"] = rate
                    loss = model.loss(training.batch(index.to(training.device)))
                    run.optimiser.zero_grad(set_to_none=True)
                    loss.backward()
                    if recipe.clip is not None:
                        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
                    run.optimiser.step()
                    total += loss.detach()
                    progress.update()
            mean_loss = total.item() / steps
            if not math.isfinite(mean_loss):
                raise KinesecError(f"training: the loss of epoch {epoch + 1} is {mean_loss}; lower the rate")
            error = None if validation is None else validation_error(model, validation)
            if error is not None and not math.isfinite(error):
                raise KinesecError(f"training: the validation error of epoch {epoch + 1} is {error}; lower the rate")
            if recipe.selection == "last" or error is None or error < best_error(run.log):
                run.keep()
            run.log.append({"epoch": epoch + 1, "loss": mean_loss, "validation_mm": error, "rate": rate})
            run.save()
    model.load_state_dict(run.best)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return run.log
