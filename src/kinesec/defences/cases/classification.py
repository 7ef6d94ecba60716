"""A classifier that may have a backdoor, of clips or of videos, as defences are given it."""

from __future__ import annotations

import copy
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
import torch
from torch import Tensor, nn

from kinesec import seeding
from kinesec.defences.base import VICTIM
from kinesec.defences.cases.parametrisation import Added, Form, Layout, Masked
from kinesec.errors import KinesecError
from kinesec.models.trained import Kind
from kinesec.training.batches import batches
from kinesec.training.loop import step

ENOUGH = 2
SCREENED = 1000


@dataclass(frozen=True)
class Samples:
    """Samples as the model sees them (sample, ...) and their labels (sample,).

    ``changed`` stand in the places where ``row`` (sample,) is not negative: poisoned ones, beside an array that is not
    copied.
    """

    value: np.ndarray
    label: np.ndarray
    changed: np.ndarray | None = None
    row: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.label)

    @property
    def marked(self) -> np.ndarray:
        """Which samples (sample,) are poisoned."""
        return np.asarray(np.zeros(len(self), bool) if self.row is None else self.row >= 0)

    def gather(self, index: np.ndarray) -> np.ndarray:
        """The samples ``index`` (sample, ...)."""
        chosen: np.ndarray = self.value[index]
        if self.changed is not None and self.row is not None:
            row = self.row[index]
            chosen[row >= 0] = self.changed[row[row >= 0]]
        return chosen

    def take(self, index: np.ndarray) -> Samples:
        return Samples(self.gather(index), self.label[index])


def poisoned(value: np.ndarray, label: np.ndarray, changed: np.ndarray, index: np.ndarray, target: int) -> Samples:
    """Training samples whose ``index`` are replaced by ``changed`` and labelled as the target."""
    row = np.full(len(label), -1)
    row[index] = np.arange(len(index))
    return Samples(value, np.where(row >= 0, target, label), changed, row)


@dataclass(frozen=True, kw_only=True)
class Case(ABC):
    """A classifier, what it was trained on, clean samples that the defender holds, and test samples.

    ``training`` is as the model was trained on it: poisoned samples labelled as the target. ``clean`` was never
    trained on, or never poisoned (``held``). ``test`` has ``clean`` samples and, of a backdoor, ``triggered`` ones with
    their true labels. ``target`` is what a record says, not what a detector may look at.
    """

    model: Any
    classes: Sequence[str]
    training: Samples
    clean: Samples
    test: Mapping[str, Samples]
    recipe: Any
    description: Mapping[str, Any]
    kind: Kind[Any, Any, Any]
    device: torch.device
    seed: int
    target: int | None = None

    modality: ClassVar[str]
    batch: ClassVar[int]
    unit: ClassVar[float]
    names: ClassVar[tuple[str, ...]] = (VICTIM,)
    numbered: ClassVar[bool] = True
    keeps: ClassVar[tuple[str, ...]] = ("nothing",)
    measures: ClassVar[tuple[str, ...]] = ("entropy",)
    others: ClassVar[int] = 100  # the released code of STRIP
    largest_norm: ClassVar[float | None] = None

    @property
    def models(self) -> dict[str, Any]:
        return {VICTIM: self.model}

    @property
    @abstractmethod
    def layout(self) -> Layout:
        """Where frames, sites and channels stand in a sample."""

    @abstractmethod
    def mixed(self, samples: Tensor, others: Tensor, weight: float) -> Tensor:
        """(sample, other, ...): each of ``samples`` mixed with each of ``others``, which have the share ``weight``."""

    @abstractmethod
    def spectrum(self, samples: Tensor) -> Tensor:
        """Power (sample, frequency, band) over time, a band a joint or a range of spatial frequencies."""

    def parametrisation(self, form: Form, made: Literal["masked", "added"] = "masked") -> Masked | Added:
        """How triggers of a form are written down."""
        return (Masked if made == "masked" else Added)(form, self.layout)

    def seen(self, samples: np.ndarray) -> Tensor:
        """Samples as the model is given them, on its device."""
        return torch.from_numpy(np.ascontiguousarray(samples)).to(self.device)

    def parts(self, samples: Samples, index: np.ndarray | None = None) -> Iterator[Tensor]:
        """Samples in batches, on the device."""
        index = np.arange(len(samples)) if index is None else index
        for first in range(0, len(index), self.batch):
            yield self.seen(samples.gather(index[first : first + self.batch]))

    @torch.inference_mode()
    def logits(self, samples: Samples, model: nn.Module | None = None) -> Tensor:
        """(sample, class); with no ``model`` the victim's."""
        model = self.model if model is None else model
        model.eval()
        return torch.cat([model(part) for part in self.parts(samples)])

    @torch.inference_mode()
    def features(self, samples: Samples, index: np.ndarray | None = None) -> np.ndarray:
        """Last hidden features (sample, feature), float64."""
        self.model.eval()
        return torch.cat([self.model.features(part).cpu() for part in self.parts(samples, index)]).numpy().astype(float)

    def hidden(self, model: str) -> np.ndarray:
        return self.features(self.training)

    def actions(self, model: str) -> np.ndarray:
        """The class (sample,) of each training sample, as the model was trained on it."""
        return np.array([self.classes[label] for label in self.training.label])

    @cached_property
    def marked(self) -> dict[str, np.ndarray]:
        return {VICTIM: self.training.marked}

    def copy_of(self, model: str) -> Any:
        """A copy of the model that can be changed."""
        return copy.deepcopy(self.model)

    def fresh(self, seed: int) -> Any:
        """A model like the victim, not trained."""
        name = self.description[self.kind.name]
        made = self.kind.build(name, self.model.shape, self.description["settings"], seed)
        return made.to(self.device)

    def held_out(self, share: float) -> np.ndarray:
        """Training samples that were never poisoned: a seeded draw of ``share`` of all training samples, ascending."""
        never = np.flatnonzero(~self.training.marked)
        count = min(len(never), max(2, int(share * len(self.training) + 1e-9)))
        return np.sort(seeding.generator(self.seed, "defence", "held out").permutation(never)[:count])

    def drawn(self, count: int, *stream: str, of: np.ndarray | None = None) -> np.ndarray:
        """At most ``count`` clean samples, ascending, the classes as evenly as they come; of ``of`` alone if given."""
        there = np.arange(len(self.clean)) if of is None else of
        if not len(there):
            raise KinesecError("defence: found no clean sample to draw, expected one or more; keep more of them apart")
        order = seeding.generator(self.seed, "defence", *stream).permutation(there)
        label = self.clean.label[order]
        turn = np.empty(len(order), int)
        for number in np.unique(label):
            turn[label == number] = np.arange((label == number).sum())
        return np.sort(order[np.argsort(turn, kind="stable")][:count])

    def last_layer(self, model: Any) -> nn.Module:
        layer: nn.Module = model.classifier
        return layer

    @torch.inference_mode()
    def activity(self, model: Any, index: Tensor) -> Tensor:
        """Mean absolute value (feature,) of the last hidden features over training samples ``index``."""
        model.eval()
        parts = self.parts(self.training, index.cpu().numpy())
        total: Tensor = sum(model.features(part).abs().sum(0) for part in parts)
        return total / len(index)

    def optimiser(self, model: Any, rate: float) -> torch.optim.Optimizer:
        """The recipe's, at a constant rate."""
        optimiser: torch.optim.Optimizer = self.recipe.optimiser_of(model)
        for group in optimiser.param_groups:
            group["lr"] = rate
        return optimiser

    def loss(self, model: Any, index: Tensor) -> Tensor:
        """The training loss of training samples ``index``, a scalar."""
        place = index.cpu().numpy()
        label = torch.from_numpy(self.training.label[place]).to(self.device)
        loss: Tensor = model.loss(self.seen(self.training.gather(place)), label, self.recipe.smoothing)
        return loss

    def trained(self, samples: Samples, seed: int, epochs: int) -> Any:
        """A fresh model, trained on ``samples`` by the recipe, its schedule shortened to ``epochs``; nothing chosen."""
        model = self.fresh(seed)
        optimiser, batch = self.recipe.optimiser_of(model), min(self.recipe.batch, len(samples))
        label = torch.from_numpy(samples.label).to(self.device)
        for epoch in range(epochs):
            model.train()
            for group in optimiser.param_groups:
                group["lr"] = self.recipe.rate_at(epoch * self.recipe.epochs / epochs)
            with seeding.torch_stream(seed, "defence", "dropout", epoch):
                for part in batches(len(samples), batch, seeding.generator(seed, "defence", "order", epoch)):
                    seen = self.seen(samples.gather(part.numpy()))
                    step(model, optimiser, model.loss(seen, label[part.to(self.device)], self.recipe.smoothing), None)
        return model.eval()

    def errors(self, model: Any) -> dict[str, np.ndarray]:
        """``clean`` (sample,): 1 where it is wrong; ``triggered``, other classes alone: 1 where it says the target."""
        test = self.test["clean"]
        wrong = self.logits(test, model).argmax(1).cpu().numpy() != test.label
        errors = {"clean": wrong.astype(float)}
        if "triggered" in self.test and self.target is not None:
            triggered = self.test["triggered"]
            others = triggered.take(np.flatnonzero(triggered.label != self.target))
            if len(others):
                said = self.logits(others, model).argmax(1).cpu().numpy()
                errors["triggered"] = (said == self.target).astype(float)
        return errors

    def screened(self, others: int, share: float) -> tuple[np.ndarray, dict[str, tuple[np.ndarray, np.ndarray]]]:
        """Clean samples to mix with, and which samples STRIP looks at, by name, with which are marked.

        ``clean`` are other clean samples than those to mix with, where there are enough; ``training`` at most
        ``SCREENED``, drawn, of those that the model was trained on, in their order; ``test`` the test samples, clean
        ones and triggered ones of other classes.
        """
        mixers = self.drawn(min(others, max(1, len(self.clean) // 2)), "strip")
        rest = np.setdiff1d(np.arange(len(self.clean)), mixers)
        looked = {"clean": self.clean.gather(rest if len(rest) >= ENOUGH else mixers)}
        marked = {"clean": np.zeros(len(looked["clean"]), bool)}
        order = seeding.generator(self.seed, "defence", "screened").permutation(len(self.training))
        trained = np.sort(order[:SCREENED])
        looked["training"], marked["training"] = self.training.gather(trained), self.training.marked[trained]
        if "triggered" in self.test:
            triggered = self.test["triggered"]
            fired = triggered.gather(np.flatnonzero(triggered.label != self.target))
            looked["test"] = np.concatenate([self.test["clean"].value, fired])
            marked["test"] = np.arange(len(looked["test"])) >= len(self.test["clean"])
        return self.clean.gather(mixers), {name: (looked[name], marked[name]) for name in looked}

    def superimpose(self, samples: np.ndarray, others: np.ndarray, weight: float, keep: str) -> Tensor:
        return self.mixed(self.seen(samples), self.seen(others), weight)

    @torch.inference_mode()
    def spreads(self, model: Any, mixed: Tensor) -> dict[str, np.ndarray]:
        """``entropy`` (sample,) in bits, mean over mixtures (sample, other, ...): STRIP's own measure."""
        model.eval()
        logits = torch.cat([model(part) for part in mixed.flatten(0, 1).split(self.batch)])
        chance = logits.double().softmax(1)
        entropy = -(chance * chance.clamp(min=1e-300).log2()).sum(1)
        return {"entropy": entropy.unflatten(0, mixed.shape[:2]).mean(1).cpu().numpy()}
