"""What a defence of motion prediction is given (``Case``) and what it finds (``Outcome``).

A module has ``KIND`` ("detection", "repair" or "inversion"), and ``defend(case, *, settings ...)``, which yields
outcomes. Every outcome comes for the victim and, as its null, for the clean model or the clean training set.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinesec import seeding
from kinesec.errors import ConfigError
from kinesec.metrics.prediction import joint_errors
from kinesec.models.predictors.base import PREDICTORS, Predictor, Recipe
from kinesec.poisoning.prediction.badhmp import Poison, poison_windows
from kinesec.samples.windows.poisoned import Poisoned
from kinesec.samples.windows.windows import Windows
from kinesec.training.batches import batches
from kinesec.training.loop import step
from kinesec.training.prediction import WindowBatches

VICTIM, CLEAN = "victim", "clean"
MODELS = (VICTIM, CLEAN)
KINDS = ("clean", "triggered")


@dataclass(frozen=True)
class Detection:
    """Scores (sample,) by model, high where a sample looks poisoned, and which samples are (``marked``).

    ``clean`` holds the null: the same samples marked where nothing was poisoned. ``windows``: what the samples are.
    """

    setting: str
    score: Mapping[str, np.ndarray]
    marked: Mapping[str, np.ndarray]
    windows: str = "training"


@dataclass(frozen=True)
class Repair:
    """A model's error (window,) in mm on each kind of test windows, up to the last frame; ``epoch`` 0 is before.

    ``share`` is of tuning windows or of pruned features, ``rate`` a learning rate: what the defence varies.
    """

    setting: str
    model: str
    error: Mapping[str, np.ndarray]
    share: float | None = None
    rate: float | None = None
    epoch: int | None = None


@dataclass(frozen=True)
class Statistic:
    """One number of a model: of a body ``part``, or of an ``action``'s training windows; ``flagged`` is a verdict."""

    setting: str
    model: str
    metric: str
    value: float
    unit: str
    n: int
    action: str = ""
    part: str = ""
    flagged: bool | None = None


Outcome = Detection | Repair | Statistic


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
        own = self.training.sequence_index
        added = own[self.poisoned.index] if self.poisoned.mode == "append" else own[:0]
        return {VICTIM: np.concatenate([own, added]), CLEAN: own}

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
        found = {}
        for kind, window in self.test_windows.items():
            predicted = PREDICTORS.predict(model, self.seen(window)).cpu().numpy()
            expected = window[:, self.test.history :, self.test.used]
            found[kind] = joint_errors(predicted, expected).mean((1, 2))
        return found


def tune(model: Predictor, case: Case, index: np.ndarray, rate: float, epochs: int) -> Iterator[int]:
    """Trains in place on clean windows ``index``, by the recipe but at a constant ``rate``; yields after each epoch.

    Running statistics of a batch normalisation follow these windows, as in any training, whatever the rate.
    """
    recipe, data = case.recipe, case.training_sets[CLEAN]
    optimiser = torch.optim.Adam(model.parameters(), lr=rate, weight_decay=recipe.weight_decay)
    chosen = torch.from_numpy(index)
    for epoch in range(1, epochs + 1):
        model.train()
        with seeding.torch_stream(case.seed, "defence", "dropout", epoch):
            for part in batches(len(index), recipe.batch, seeding.generator(case.seed, "defence", "order", epoch)):
                loss = model.loss(data.batch(chosen[part].to(case.device)))
                step(model, optimiser, loss, recipe.clip)
        model.eval()
        yield epoch


def number(key: str, value: Any, low: float, high: float = float("inf")) -> float:
    """A setting's number; raises ``ConfigError`` naming its ``key`` for another thing, or one out of its range."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        limits = f"{low:g} to {high:g}" if high < float("inf") else f"{low:g} or more"
        raise ConfigError(f"defence setting {key}: found {value!r}, expected a number, {limits}")
    return float(value)


def numbers(key: str, values: Any, low: float, high: float = float("inf")) -> list[float]:
    """A setting's list of numbers, checked as ``number`` does."""
    if isinstance(values, str) or not isinstance(values, Sequence) or not values:
        raise ConfigError(f"defence setting {key}: found {values!r}, expected a list of numbers")
    return [number(key, value, low, high) for value in values]


def whole(key: str, value: Any, low: int) -> int:
    """A setting's whole number from ``low`` on."""
    if int(number(key, value, low)) != value:
        raise ConfigError(f"defence setting {key}: found {value!r}, expected a whole number")
    return int(value)
