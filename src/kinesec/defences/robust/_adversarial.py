"""Adversarial training: each step's clips are attacked first. What SMART-AT, TRADES, MART and the mixture share."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from kinesec import seeding
from kinesec.attacks.engine.gradients import frozen
from kinesec.defences.robust.base import Case, Defence, Plan, Start
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.settings import Count, Positive
from kinesec.training.checkpoint import Record
from kinesec.training.recognition import ClipBatches, Recognition


@dataclass(frozen=True, kw_only=True)
class AdversarialTraining(Defence):
    """The inner attack's bound: ``steps`` signed steps of size ``step`` within ``epsilon`` (L_inf, normalised units).

    The papers' are images' in [0, 1]; nothing is clamped to that range here, in which no skeleton lies. ``start``:
    weights drawn anew, as in the papers, or (ours) the ``clean`` recognizer's.
    """

    epsilon: Positive = 0.031
    step: Positive = 0.007
    steps: Count = 10
    start: Start = "anew"

    def plan(self, case: Case) -> Plan:
        model, before = case.model(self.start)
        task = Robust(
            model,
            *case.course,
            self,
            self.objective(case),
            marks={"stage": "train"},
        )
        return Plan([*before, task], lambda: model)

    @abstractmethod
    def objective(self, case: Case) -> Objective:
        """The loss that the case's recognizer is trained by; it is in training mode when it is asked."""


@dataclass(frozen=True)
class Batch:
    """Clips (batch, body, frame, joint, xyz) of a step, after augmentation; ``row`` (batch,) in the training clips."""

    clip: Tensor
    label: Tensor
    present: Tensor
    row: Tensor
    smoothing: float
    generator: torch.Generator

    def cross_entropy(self, logits: Tensor) -> Tensor:
        return torch.nn.functional.cross_entropy(logits, self.label, reduction="sum")

    def normal(self, size: float) -> Tensor:
        """Normal noise of standard deviation ``size`` on the bodies and frames that are there."""
        noise = torch.randn(self.clip.shape, generator=self.generator, device=self.clip.device)
        return size * noise * self.present[..., None, None]


def ascended(
    model: Recognizer, batch: Batch, bound: AdversarialTraining, loss: Callable[[Tensor], Tensor], start: float = 1e-3
) -> Tensor:
    """Clips that climb a loss of the logits from ``start``, the size of normal noise, within the bound.

    The model answers as it will, in eval mode, meanwhile.
    """
    clean, there = batch.clip, batch.present[..., None, None]
    x = clean + batch.normal(start)
    with frozen(model):
        for _ in range(bound.steps):
            x.requires_grad_()
            gradient = torch.autograd.grad(loss(model(x)), x)[0]
            x = x.detach() + bound.step * gradient.sign() * there
            x = torch.clamp(x, clean - bound.epsilon, clean + bound.epsilon)
    return x.detach()


# The loss of a recognizer on a batch, a scalar
Objective = Callable[[Recognizer, Batch], Tensor]


@dataclass(frozen=True)
class Robust(Recognition):
    """A training on attacked clips; kept is the epoch of the best mean of clean and robust validation accuracy."""

    bound: AdversarialTraining
    objective: Objective

    def loss(self, index: Tensor, generator: torch.Generator) -> Tensor:
        clip, present = self.training.clip[index], self.training.present[index]
        if self.augmenter is not None:
            clip = self.augmenter(clip, present, generator)
        batch = Batch(clip, self.training.label[index], present, index, self.recipe.smoothing, generator)
        return self.objective(self.model, batch)

    def validated(self) -> dict[str, float | None]:
        robust = None if self.validation is None else self._robust(self.validation)
        return {**super().validated(), "validation_robust_percent": robust}

    def merit(self, record: Record) -> tuple[float, ...] | None:
        if record["validation_robust_percent"] is None:
            return None
        mean = (record["validation_accuracy_percent"] + record["validation_robust_percent"]) / 2
        return -mean, record["validation_loss"]

    def _robust(self, data: ClipBatches) -> float:
        """Share of validation clips (%) that are still rightly classified after the bounded attack."""
        right = 0
        for first in range(0, len(data), RECOGNIZERS.batch):
            at = slice(first, first + RECOGNIZERS.batch)
            generator = torch.Generator(data.device).manual_seed(seeding.integer(self.seed, "validation", first))
            row = torch.arange(len(data.label[at]))
            batch = Batch(data.clip[at], data.label[at], data.present[at], row, 0.0, generator)
            x = ascended(self.model, batch, self.bound, batch.cross_entropy)
            right += int((RECOGNIZERS.predict(self.model, x).argmax(1) == batch.label).sum())
        return 100.0 * right / len(data)
