"""What every defence of a recognizer is: settings, and the training that makes the defended recognizer.

A subclass is a frozen dataclass whose fields are its settings, with the paper's values as defaults; it stands in a
module of its own, with ``DEFENCE`` and ``PRESETS``.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, Literal

import torch
from torch import nn

from kinesec import names
from kinesec.attacks.engine.problem import Geometry, Problem
from kinesec.errors import ConfigError
from kinesec.models.fit import shape_of
from kinesec.models.recognizers.base import RECOGNIZERS, Recipe, Recognizer
from kinesec.samples.clips.clips import Clips
from kinesec.settings import changed, check
from kinesec.settings import preset as settings_of
from kinesec.training.augmentation import Augmenter
from kinesec.training.loop import Task
from kinesec.training.recognition import ClipBatches, stages

# The weights that a training begins with: drawn anew, as in the papers, or (ours) the clean recognizer's
Start = Literal["anew", "clean"]


@dataclass(frozen=True)
class Case:
    """What a defence is given: clips, the recognizer that was trained on them (``clean``), and how it was.

    ``name`` and ``settings`` build another such recognizer; ``recipe`` is the clean one's, ``changes`` what the defence
    is to train by instead. The clips are those of the store's splits.
    """

    name: str
    settings: Mapping[str, Any]
    recipe: Recipe
    changes: Mapping[str, Any]
    augmenter: Augmenter
    clean: Recognizer
    training: Clips
    validation: Clips
    device: torch.device
    seed: int

    @cached_property
    def problem(self) -> Problem:
        """The training clips as an attack takes them."""
        return Problem.of(self.training)

    @property
    def changed_recipe(self) -> Recipe:
        """The recognizer's recipe with the defence's changes."""
        return changed(f"recognizer {self.name!r}", self.recipe, self.changes)

    @property
    def geometry(self) -> Geometry:
        return self.problem.geometry

    def model(self, start: Start) -> tuple[Recognizer, list[Task]]:
        """A recognizer to train, and what is trained first: the recipe's pre-training of one that begins anew."""
        if start == "clean":
            return self.copied(), []
        model = self.untrained()
        recipe, training, *_ = self.course
        before = stages(model, recipe, training, None, seed=self.seed, augmenter=self.augmenter)[:-1]
        return model, list(before)

    @property
    def course(self) -> tuple[Recipe, ClipBatches, int, ClipBatches | None, Augmenter]:
        """What a ``Recognition`` takes after its model: recipe, training clips, seed, validation clips, augmenter."""
        training = ClipBatches(self.training, self.device)
        return self.changed_recipe, training, self.seed, self.batches(self.validation), self.augmenter

    def batches(self, clips: Clips) -> ClipBatches | None:
        """Clips on the device; None where there are none."""
        return ClipBatches(clips, self.device) if len(clips) else None

    def untrained(self) -> Recognizer:
        """A recognizer such as the clean one with weights of its own, drawn by the same seed."""
        built = RECOGNIZERS.build(self.name, shape_of(self.training), self.settings, self.seed)
        return built.to(self.device)

    def copied(self) -> Recognizer:
        """A recognizer with the clean one's weights."""
        copy = self.untrained()
        copy.load_state_dict(self.clean.state_dict())
        return copy


@dataclass(frozen=True)
class Plan:
    """How a defended recognizer is made: ``tasks`` are trained in turn, then ``finish`` gives the recognizer.

    ``wrapper`` says what it is around the trained network, as a stored model's description has it (None: nothing).
    """

    tasks: Sequence[Task]
    finish: Callable[[], Recognizer]
    wrapper: Mapping[str, Any] | None = None

    @property
    def recipe(self) -> dict[str, Any]:
        """What the last task is trained by, as a log and a stored model have it."""
        return asdict(self.tasks[-1].recipe)  # type: ignore[call-overload, no-any-return]

    @property
    def trained(self) -> list[nn.Module]:
        """What learns."""
        return [task.model for task in self.tasks]


class Defence(ABC):
    """Settings, and how they make a recognizer of another one."""

    def __post_init__(self) -> None:
        check(f"defence {self.name!r}", self)

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    def need(self, holds: bool, key: str, expected: str) -> None:
        """Raises ``ConfigError`` that names a setting unless ``holds``."""
        if not holds:
            raise ConfigError(f"defence {self.name!r}: {key}: found {getattr(self, key)!r}, expected {expected}")

    @property
    def described(self) -> dict[str, Any]:
        """Every setting by name, as built-in types."""
        return {field.name: getattr(self, field.name) for field in fields(self)}  # type: ignore[arg-type]

    @abstractmethod
    def plan(self, case: Case) -> Plan:
        """How the case's recognizer is defended."""


def build(name: str, settings: Mapping[str, Any], preset: str = "paper") -> Defence:
    """The defence of a module with a preset's settings and changes to them; ``ConfigError`` for unusable ones."""
    module = names.load("defences.robust", name)
    taken = settings_of(f"defence {name!r}", module.DEFENCE, module.PRESETS, preset, settings)
    defence: Defence = module.DEFENCE(**taken)
    return defence
