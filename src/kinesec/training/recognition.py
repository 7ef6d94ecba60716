"""What is particular to the training of recognizers: their clips on the device, and their task."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from kinesec.models.recognizers.base import RECOGNIZERS, Recipe, Recognizer
from kinesec.samples.clips.clips import Clips
from kinesec.training.augmentation import Augmenter
from kinesec.training.checkpoint import Record
from kinesec.training.loop import Task


class ClipBatches:
    """Clips as recognizers see them, on the device as one tensor, with their labels and which frames are there."""

    def __init__(self, clips: Clips, device: torch.device) -> None:
        self.clip = torch.from_numpy(clips.normalised).to(device)
        self.label = torch.from_numpy(clips.label).to(device)
        self.present = torch.from_numpy(clips.present).to(device)

    @property
    def device(self) -> torch.device:
        return self.label.device

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True)
class Recognition(Task):
    """A stage of a recognizer's training on clips; the best epoch is the most accurate, of these that of least loss."""

    model: Recognizer
    recipe: Recipe
    training: ClipBatches
    validation: ClipBatches | None
    augmenter: Augmenter | None
    samples = "clips"

    def begin(self) -> None:
        super().begin()
        self.model.pretraining = self.stage == "pretrain"

    def frozen(self, epoch: int) -> Iterable[nn.Parameter]:
        return self.model.frozen() if epoch < self.recipe.frozen_epochs else ()

    def loss(self, index: Tensor, generator: torch.Generator) -> Tensor:
        clip, device = self.training.clip[index], self.training.device
        if self.augmenter is not None:
            clip = self.augmenter(clip, self.training.present[index], generator)
        with torch.autocast(device.type, torch.bfloat16, enabled=self.recipe.autocast and device.type == "cuda"):
            return self.model.loss(clip, self.training.label[index], self.recipe.smoothing)

    def validated(self) -> dict[str, float | None]:
        accuracy, loss = (None, None) if self.validation is None else accuracy_and_loss(self.model, self.validation)
        return {"validation_accuracy_percent": accuracy, "validation_loss": loss}

    def merit(self, record: Record) -> tuple[float, ...] | None:
        if record["validation_loss"] is None:
            return None
        return -record["validation_accuracy_percent"], record["validation_loss"]


def stages(
    model: Recognizer,
    recipe: Recipe,
    training: ClipBatches,
    validation: ClipBatches | None,
    *,
    seed: int,
    augmenter: Augmenter | None = None,
) -> list[Recognition]:
    """The recipe's training, and before it its pre-training, which nothing validates."""
    main = Recognition(model, recipe, training, seed, validation, augmenter, marks={"stage": "train"})
    if recipe.pretrain is None:
        return [main]
    return [Recognition(model, recipe.pretrain, training, seed, None, augmenter, marks={"stage": "pretrain"}), main]


def accuracy_and_loss(model: Recognizer, data: ClipBatches) -> tuple[float, float]:
    """Share of clips (%) that are correctly classified, and their mean cross entropy."""
    logits = RECOGNIZERS.predict(model, data.clip)
    right = (logits.argmax(1) == data.label).float().mean()
    return 100 * right.item(), torch.nn.functional.cross_entropy(logits, data.label).item()
