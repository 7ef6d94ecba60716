"""Randomised smoothing (Cohen et al., ICML 2019): a recognizer trained with noise, asked with noise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from kinesec.defences.robust.base import Case, Defence, Plan, Start
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.models.wrappers.smoothed import Smoothed, Space, body_of
from kinesec.motion.angles import Rig
from kinesec.settings import Count, Positive
from kinesec.training.recognition import Recognition


@dataclass(frozen=True, kw_only=True)
class Smoothing(Defence):
    """Noise of standard deviation ``sigma`` in training and use, on ``positions`` (normalised units) or ``rotations``.

    Noise on the log-rotation vectors of bones, in radians, is ours. ``draws`` are averaged where an attack asks,
    ``fresh_draws`` others where its clips are judged. ``start``: see ``AdversarialTraining``.
    """

    sigma: Positive = 0.25
    space: Space = "positions"
    draws: Count = 4
    fresh_draws: Count = 32
    start: Start = "anew"

    def plan(self, case: Case) -> Plan:
        model, before = case.model(self.start)
        wrapper = {"wrapper": "smoothed", "settings": self.wrapper(case)}
        smoothed: Smoothed = RECOGNIZERS.wrapped(model, wrapper)  # type: ignore[assignment]
        smoothed.to(case.device)
        model.requires_grad_(True)  # within the wrapper it is frozen
        task = Noisy(
            model,
            *case.course,
            smoothed,
            marks={"stage": "train"},
        )
        return Plan([*before, task], lambda: smoothed, wrapper)

    def wrapper(self, case: Case) -> Mapping[str, Any]:
        """The wrapper's settings: the defence's, and for rotations the skeleton of the training motions."""
        names = ("sigma", "space", "draws", "fresh_draws")
        settings = {name: getattr(self, name) for name in names}
        if self.space == "positions":
            return settings
        problem = case.problem
        true = (problem.position.double() + torch.from_numpy(problem.geometry.mean)).numpy()[problem.present.numpy()]
        return {**settings, "body": body_of(Rig.of(true, problem.geometry.parents), problem.geometry.mean)}


@dataclass(frozen=True)
class Noisy(Recognition):
    """A training on clips with the noise that they will be asked with; validated by smoothed answers."""

    smoothed: Smoothed

    def loss(self, index: Tensor, generator: torch.Generator) -> Tensor:
        clip, present = self.training.clip[index], self.training.present[index]
        if self.augmenter is not None:
            clip = self.augmenter(clip, present, generator)
        noise = torch.randn((len(clip), *self.smoothed.noise_shape), generator=generator, device=clip.device)
        return self.model.loss(self.smoothed.noised(clip, noise), self.training.label[index], self.recipe.smoothing)

    def validated(self) -> dict[str, float | None]:
        if self.validation is None:
            return super().validated()
        logits = RECOGNIZERS.predict(self.smoothed, self.validation.clip)
        right = (logits.argmax(1) == self.validation.label).float().mean()
        loss = torch.nn.functional.cross_entropy(logits, self.validation.label).item()
        return {"validation_accuracy_percent": 100 * right.item(), "validation_loss": loss}


DEFENCE = Smoothing
WRAPPER = "smoothed"
CERTIFIES = True
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
