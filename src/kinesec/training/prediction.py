"""What is particular to the training of predictors: their windows on the device, and their task."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kinesec.models.predictors.base import PREDICTORS, Predictor, Recipe, mean_joint_error
from kinesec.samples.windows.poisoned import Poisoned
from kinesec.samples.windows.windows import Windows
from kinesec.training.checkpoint import Record
from kinesec.training.loop import Task


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

    @property
    def device(self) -> torch.device:
        return self.start.device

    def __len__(self) -> int:
        return len(self.start)

    def parts(self) -> tuple[Tensor, ...]:
        """All indices in order, as many at once as predictors are evaluated on."""
        parts: tuple[Tensor, ...] = torch.arange(len(self), device=self.device).split(PREDICTORS.batch)
        return parts

    def batch(self, index: Tensor) -> Tensor:
        """Windows (batch, frame, joint, xyz) of some indices (batch,)."""
        window = self.frames[self.start[index][:, None] + self._offset]
        if self.posed is not None:
            rows = self.row[index]
            window = torch.where((rows >= 0)[:, None, None, None], self.posed[rows.clamp(min=0)], window)
        return window


@dataclass(frozen=True)
class Prediction(Task):
    """A predictor's training on windows, in one stage; the best epoch has the smallest validation error."""

    model: Predictor
    recipe: Recipe
    training: WindowBatches
    validation: WindowBatches | None
    samples = "windows"

    @property
    def clip(self) -> float | None:
        return self.recipe.clip

    def loss(self, index: Tensor, generator: torch.Generator) -> Tensor:
        return self.model.loss(self.training.batch(index))

    def validated(self) -> dict[str, float | None]:
        return {"validation_mm": None if self.validation is None else validation_error(self.model, self.validation)}

    def merit(self, record: Record) -> tuple[float, ...] | None:
        return None if record["validation_mm"] is None else (record["validation_mm"],)


def validation_error(model: Predictor, data: WindowBatches) -> float:
    """Mean joint error (mm) over all validation windows, future frames and used joints."""
    total = 0.0
    history = model.shape.history
    for part in data.parts():
        window = data.batch(part)
        predicted = PREDICTORS.predict(model, window[:, :history])
        total += mean_joint_error(predicted, window[:, history:]).item() * len(part)
    return total / len(data)
