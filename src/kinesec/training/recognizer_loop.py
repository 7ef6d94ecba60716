"""Trains a recognizer on clips: deterministic, resumable after any kill, selected on validation clips."""

from __future__ import annotations

import math
import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from kinesec import seeding
from kinesec.errors import KinesecError
from kinesec.models.recognizers.base import RECOGNIZERS, Recipe, Recognizer
from kinesec.progress import Progress
from kinesec.training.augmentation import Augmenter
from kinesec.training.batches import ClipBatches, batches, steps_of
from kinesec.training.checkpoint import Run

Record = dict[str, Any]


def optimiser(model: Recognizer, recipe: Recipe) -> torch.optim.Optimizer:
    """The recipe's optimiser of all parameters; one without a gradient, frozen or not in use, stays as it is."""
    parameters = list(model.parameters())
    if recipe.optimiser == "adam":
        return torch.optim.Adam(parameters, lr=recipe.rate, weight_decay=recipe.weight_decay, fused=True)
    made = torch.optim.SGD(
        parameters,
        lr=recipe.rate,
        momentum=recipe.momentum,
        weight_decay=recipe.weight_decay,
        nesterov=recipe.momentum > 0,
        fused=True,
    )
    if recipe.momentum > 0:
        # What torch begins with, but of all parameters: the fused step takes none that have no buffer beside some
        # that have one, as parameters that were frozen would.
        for parameter in parameters:
            made.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
    return made


def rate_at(recipe: Recipe, epoch: int) -> float:
    """The learning rate of an epoch, counted from zero."""
    warm = min(1.0, (epoch + 1) / recipe.warm_up) if recipe.warm_up else 1.0
    return recipe.rate * warm * recipe.decay ** sum(epoch >= milestone for milestone in recipe.milestones)


def accuracy_and_loss(model: Recognizer, data: ClipBatches) -> tuple[float, float]:
    """Share of clips (%) that are told right, and their mean cross entropy."""
    logits = RECOGNIZERS.predict(model, data.clip)
    right = (logits.argmax(1) == data.label).float().mean()
    return 100 * right.item(), torch.nn.functional.cross_entropy(logits, data.label).item()


def best_epoch(log: list[Record], selection: str) -> int:
    """The epoch (from 1) of the main training whose weights are kept: most accurate, of these of least loss."""
    epochs = [record for record in log if record["stage"] == "train"]
    if selection == "last" or epochs[-1]["validation_loss"] is None:
        return int(epochs[-1]["epoch"])
    return int(min(epochs, key=_merit)["epoch"])


def _merit(record: Record) -> tuple[float, float]:
    """Less is better."""
    return -record["validation_accuracy_percent"], record["validation_loss"]


def train(
    model: Recognizer,
    recipe: Recipe,
    training: ClipBatches,
    validation: ClipBatches | None,
    *,
    augmenter: Augmenter | None,
    seed: int,
    checkpoints: Path,
    job: dict[str, Any],
) -> list[Record]:
    """Trains ``model`` in place and returns one record an epoch, those of the recipe's ``pretrain`` first.

    A record has stage, epoch, training loss, rate, and validation accuracy (%) and loss: None in pre-training and
    without validation clips. The model ends with the weights that ``recipe.selection`` names; without validation clips,
    the last. A checkpoint a finished epoch goes to ``checkpoints`` and is removed at the end; ``job`` identifies the
    training. Raises ``KinesecError`` when a loss is no longer finite, or clips are too few.
    """
    stages = [("train", recipe)] if recipe.pretrain is None else [("pretrain", recipe.pretrain), ("train", recipe)]
    log: list[Record] = []
    for stage, own in stages:
        model.pretraining = stage == "pretrain"
        run = Run(model, optimiser(model, own), checkpoints / stage, {**job, "stage": stage})
        run.restore()
        _epochs(run, own, training, None if model.pretraining else validation, augmenter, seed, stage)
        model.load_state_dict(run.best)
        log += run.log
    shutil.rmtree(checkpoints, ignore_errors=True)
    return log


def _epochs(
    run: Run,
    recipe: Recipe,
    training: ClipBatches,
    validation: ClipBatches | None,
    augmenter: Augmenter | None,
    seed: int,
    stage: str,
) -> None:
    """The epochs that a run's log does not have yet."""
    model: Recognizer = run.model  # type: ignore[assignment]
    steps = steps_of(len(training), recipe.batch)
    if not steps:
        raise KinesecError(f"training: found {len(training)} training clips, expected two or more")
    frozen = list(model.frozen())
    with Progress(f"{stage}ing", recipe.epochs * steps, unit="steps") as progress:
        progress.update(len(run.log) * steps)
        for epoch in range(len(run.log), recipe.epochs):
            for parameter in frozen:
                parameter.requires_grad_(epoch >= recipe.frozen_epochs)
            rate = rate_at(recipe, epoch)
            for group in run.optimiser.param_groups:
                group["lr"] = rate
            with seeding.torch_stream(seed, "dropout", stage, epoch):
                loss = one_epoch(run, recipe, training, augmenter, seed, (stage, epoch), progress) / steps
            _need_finite(f"the loss of {stage}ing epoch {epoch + 1}", loss)
            found = (None, None) if validation is None else accuracy_and_loss(model, validation)
            if found[1] is not None:
                _need_finite(f"the validation loss of epoch {epoch + 1}", found[1])
            run.log.append(
                {
                    "stage": stage,
                    "epoch": epoch + 1,
                    "loss": loss,
                    "rate": rate,
                    "validation_accuracy_percent": found[0],
                    "validation_loss": found[1],
                }
            )
            if stage == "pretrain" or best_epoch(run.log, recipe.selection) == epoch + 1:
                run.keep()
            run.save()
    for parameter in frozen:
        parameter.requires_grad_(True)


def _need_finite(what: str, value: float) -> None:
    if not math.isfinite(value):
        raise KinesecError(f"training: {what} is {value}; lower the rate")


def one_epoch(
    run: Run,
    recipe: Recipe,
    training: ClipBatches,
    augmenter: Augmenter | None,
    seed: int,
    stream: tuple[str, int],
    progress: Progress,
) -> float:
    """One epoch; returns the sum of its steps' losses."""
    model: Recognizer = run.model  # type: ignore[assignment]
    device = training.device
    generator = torch.Generator(device).manual_seed(seeding.integer(seed, "augment", *stream))
    model.train()
    total: Tensor = torch.zeros((), device=device)
    for order in batches(len(training), recipe.batch, seeding.generator(seed, "order", *stream)):
        index = order.to(device)
        clip = training.clip[index]
        if augmenter is not None:
            clip = augmenter(clip, training.present[index], generator)
        with torch.autocast(device.type, torch.bfloat16, enabled=recipe.autocast and device.type == "cuda"):
            loss = model.loss(clip, training.label[index], recipe.smoothing)
        run.optimiser.zero_grad(set_to_none=True)
        loss.backward()
        run.optimiser.step()
        total += loss.detach()
        progress.update()
    return total.item()
