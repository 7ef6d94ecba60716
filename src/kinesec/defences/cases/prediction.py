"""A victim of motion prediction with the clean model beside it, as defences are given them."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinesec import seeding
from kinesec.defences.base import CLEAN, VICTIM
from kinesec.metrics.prediction import joint_errors
from kinesec.models.predictors.base import PREDICTORS, Predictor, Recipe
from kinesec.poisoning.prediction.badhmp import Poison, poison_windows
from kinesec.samples.windows.poisoned import Poisoned
from kinesec.samples.windows.windows import Windows
from kinesec.training.prediction import WindowBatches


@dataclass(frozen=True)
class Case:
    """A victim and the clean model beside it, the training windows, those that were poisoned, and test windows.

    ``description`` is the victim's (predictor, settings, recipe), ``poison`` its resolved strategy, ``seed`` its seed.
    """

    training: Windows
    poisoned: Poisoned
    test: Windows
    poison: Poison
    models: Mapping[str, Predictor]
    description: Mapping[str, Any]
    device: torch.device
    seed: int

    @property
    def recipe(self) -> Recipe:
        return Recipe(**self.description["recipe"])

    @property
    def future(self) -> int:
        return self.training.future

    def copy_of(self, model: str) -> Predictor:
        """A copy of a model that can be changed."""
        return copy.deepcopy(self.models[model])

    def fresh(self) -> Predictor:
        """A predictor like the victim, not trained."""
        made = PREDICTORS.build(self.description["predictor"], self.models[VICTIM].shape, self.description["settings"])
        return made.to(self.device)

    @cached_property
    def training_sets(self) -> dict[str, WindowBatches]:
        """What the victim was trained on, and what the clean model was."""
        return {
            VICTIM: WindowBatches(self.training, self.poisoned, self.device),
            CLEAN: WindowBatches(self.training, None, self.device),
        }

    @cached_property
    def marked(self) -> dict[str, np.ndarray]:
        """Which windows (window,) of either training set are poisoned, or would have been."""
        null = np.zeros(len(self.training), bool)
        null[self.poisoned.index] = True
        return {VICTIM: (self.training_sets[VICTIM].row >= 0).cpu().numpy(), CLEAN: null}

    @cached_property
    def sequence(self) -> dict[str, np.ndarray]:
        """The sequence (window,) of each window of either training set."""
        sequence = self.training.sequence_index
        added = sequence[self.poisoned.index] if self.poisoned.mode == "append" else sequence[:0]
        return {VICTIM: np.concatenate([sequence, added]), CLEAN: sequence}

    def actions(self, model: str) -> np.ndarray:
        """The action (window,) of each window of either training set."""
        return np.array([str(self.training.action[index]) for index in self.sequence[model]])

    def held_out(self, share: float) -> np.ndarray:
        """Training windows that were never poisoned: a seeded draw of ``share`` of all training windows, ascending."""
        never = np.setdiff1d(np.arange(len(self.training)), self.poisoned.index)
        count = min(len(never), max(2, int(share * len(self.training) + 1e-9)))
        return np.sort(seeding.generator(self.seed, "defence", "held out").permutation(never)[:count])

    @cached_property
    def test_windows(self) -> dict[str, np.ndarray]:
        """Test windows (window, frame, joint, xyz), clean and triggered."""
        clean = self.test.gather()
        return {"clean": clean, "triggered": poison_windows(clean, self.test.skeleton, self.test.history, self.poison)}

    def seen(self, window: np.ndarray) -> Tensor:
        """What predictors see of windows or histories (window, frame, joint, xyz): used joints, history alone."""
        return torch.from_numpy(np.ascontiguousarray(window[:, : self.test.history, self.test.used])).to(self.device)

    def errors(self, model: Predictor) -> dict[str, np.ndarray]:
        """A model's error (window,) on each kind of test windows, mean over future frames and used joints, mm."""
        mean_errors = {}
        for kind, window in self.test_windows.items():
            predicted = PREDICTORS.predict(model, self.seen(window)).cpu().numpy()
            expected = window[:, self.test.history :, self.test.used]
            mean_errors[kind] = joint_errors(predicted, expected).mean((1, 2))
        return mean_errors
