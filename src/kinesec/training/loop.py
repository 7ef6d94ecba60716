"""Trains a predictor on windows: deterministic, resumable after any kill, selected on validation windows."""

from __future__ import annotations

import math
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinesec import seeding
from kinesec.errors import KinesecError
from kinesec.models import weights
from kinesec.models.predictors.base import Predictor, Recipe, mean_joint_error
from kinesec.progress import Progress
from kinesec.samples.windows.windows import Windows
from kinesec.training.checkpoint import Run, batches, best_device

__all__ = [
    "EVALUATION_BATCH",
    "Poisoned",
    "WindowBatches",
    "batches",
    "best_device",
    "best_error",
    "predict",
    "rate_at",
    "save_model",
    "train",
    "validation_error",
]
EVALUATION_BATCH = 256


@dataclass(frozen=True)
class Poisoned:
    """The poisoned windows (window, frame, joint, xyz) and the clean windows' indices they replace or follow."""

    position: np.ndarray
    index: np.ndarray
    mode: str
    content_sha256: str = ""


class WindowBatches:
    """Training windows on the device: frames once, poisoned windows beside them; batches are gathered there."""

    def __init__(self, clean: Windows, poisoned: Poisoned | None, device: torch.device) -> None:
        used = clean.used
        self.length = clean.history + clean.future
        self.frames = torch.from_numpy(np.ascontiguousarray(clean.position[:, used])).to(device)
        self.start = torch.from_numpy(clean.start).to(device)
        self.row = torch.full((len(clean),), -1, dtype=torch.int64)
        self.posed: Tensor | None = None
        if poisoned is not None:
            self.posed = torch.from_numpy(np.ascontiguousarray(poisoned.position[:, :, used])).to(device)
            index = torch.from_numpy(poisoned.index)
            rows = torch.arange(len(index))
            if poisoned.mode == "replace":
                self.row[index] = rows
            else:
                self.row = torch.cat([self.row, rows])
                self.start = torch.cat([self.start, self.start[index.to(device)]])
        self.row = self.row.to(device)
        self._offset = torch.arange(self.length, device=device)

    def __len__(self) -> int:
        return len(self.start)

    def batch(self, index: Tensor) -> Tensor:
        """Windows (batch, frame, joint, xyz) of some indices (batch,)."""
        window = self.frames[self.start[index][:, None] + self._offset]
        if self.posed is not None:
            rows = self.row[index]
            window = torch.where((rows >= 0)[:, None, None, None], self.posed[rows.clamp(min=0)], window)
        return window


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


@torch.inference_mode()
def predict(model: Predictor, history: Tensor) -> Tensor:
    """Futures of many histories, in batches of a fixed size."""
    model.eval()
    return torch.cat([model(part) for part in history.split(EVALUATION_BATCH)])


def validation_error(model: Predictor, data: WindowBatches) -> float:
    """Mean joint error (mm) over all validation windows, future frames and used joints."""
    total = 0.0
    history = model.shape.history
    for part in torch.arange(len(data), device=data.start.device).split(EVALUATION_BATCH):
        window = data.batch(part)
        total += mean_joint_error(predict(model, window[:, :history]), window[:, history:]).item() * len(part)
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
    steps = sum(1 for _ in batches(len(training), recipe.batch, np.random.default_rng(0)))
    if not steps:
        raise KinesecError(f"training: found {len(training)} training windows, expected two or more")
    with Progress("training", recipe.epochs * steps, unit="steps") as progress:
        progress.update(len(run.log) * steps)
        for epoch in range(len(run.log), recipe.epochs):
            model.train()
            total = torch.zeros((), device=training.start.device)
            with seeding.torch_stream(seed, "dropout", epoch):
                order = batches(len(training), recipe.batch, seeding.generator(seed, "order", epoch))
                for step, index in enumerate(order):
                    rate = rate_at(recipe, epoch + step / steps)
                    for group in run.optimiser.param_groups:
                        group["lr"] = rate
                    loss = model.loss(training.batch(index.to(training.start.device)))
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


def save_model(path: Path, model: Predictor, description: dict[str, Any]) -> None:
    """Weights as safetensors, with what it takes to build the network again as metadata."""
    path.parent.mkdir(parents=True, exist_ok=True)
    weights.write(path, model.state_dict(), {**description, "shape": asdict(model.shape)})
