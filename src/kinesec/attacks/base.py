"""What every attack is: settings, and a course that moves clips until they are adversarial or the budget is spent.

A subclass is a frozen dataclass whose fields are its settings, with the paper's values as defaults and with what they
may be in their annotations (``kinesec.settings``); it stands in a
module of its own, with ``ATTACK`` and ``PRESETS``. See docs/adding-things.md.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Annotated, Any, Literal, Self

import torch
from torch import Tensor

from kinesec import names
from kinesec.attacks.engine.criteria import Criterion
from kinesec.attacks.engine.gradients import Estimate, Gradients, frozen, gradient_at, plain
from kinesec.attacks.engine.lanes import Lanes, width_for
from kinesec.attacks.engine.problem import Geometry, Problem
from kinesec.attacks.engine.record import Record
from kinesec.errors import ConfigError
from kinesec.models.recognizers.base import Recognizer
from kinesec.progress import Progress
from kinesec.samples.adversarial import Adversarial
from kinesec.settings import Rule, Whole, check
from kinesec.settings import preset as settings_of

__all__ = [
    "AfterSuccess",
    "Attack",
    "Box",
    "Course",
    "Estimate",
    "Geometry",
    "GradientAttack",
    "Gradients",
    "Lanes",
    "Problem",
    "build",
    "gradient_at",
    "plain",
]

AfterSuccess = Literal["stop", "continue", "refine", "ignore"]
Box = Annotated[Sequence[float], Rule("low and high", lambda box: len(box) == 2 and box[0] < box[1])]


class Course(ABC):
    """One run of an attack over the lanes: all of its state that is not a setting.

    ``loss`` is the classification loss (lane,) where the lanes stand, from before each ``advance``.
    """

    loss: Tensor

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes

    def enter(self, lane: int) -> None:  # noqa: B027 a course may have no state
        """Makes ready for the clip that has just come into a lane; ``lanes.x`` is the clean clip there."""

    @abstractmethod
    def cost(self) -> tuple[Tensor, Tensor | None]:
        """The perceptual loss (lane,) where the lanes stand, and its gradient where the attack minimises it."""

    @abstractmethod
    def advance(self, class_gradient: Tensor, cost_gradient: Tensor | None) -> None:
        """Moves ``lanes.x`` by one step, in place; bodies and frames that are not there stay zero."""


class Attack(ABC):
    """Settings, and a run over clips that makes adversarial ones of them.

    ``needs_training``: the run wants ``problem.training``, the clips that the attacker has.
    """

    needs_training = False
    iterations: Whole

    def __post_init__(self) -> None:
        check(f"attack {self.name!r}", self)

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    def with_budget(self, iterations: int) -> Self:
        """The same attack with another number of iterations."""
        return replace(self, iterations=iterations)  # type: ignore[type-var]

    @property
    def settings(self) -> dict[str, Any]:
        """Every setting by name, as built-in types."""
        return {field.name: getattr(self, field.name) for field in fields(self) if field.init}  # type: ignore[arg-type]

    def need(self, holds: bool, key: str, expected: str) -> None:
        """Raises ``ConfigError`` that names a setting unless ``holds``."""
        if not holds:
            raise ConfigError(f"attack {self.name!r}: {key}: found {getattr(self, key)!r}, expected {expected}")

    @abstractmethod
    def run(
        self,
        model: Recognizer,
        problem: Problem,
        criterion: Criterion,
        *,
        batch: int | None = None,
        seed: int = 0,
        width: int | None = None,
        show: bool = False,
        checkpoints: Path | None = None,
    ) -> Adversarial:
        """Attacks every clip of a problem, at most ``batch`` at once; ``batch`` changes the time it takes alone.

        Lanes are ``width`` in number (see ``width_for``), filled again as clips leave. The model is in eval mode and
        its parameters are frozen; afterwards it is as it was. An attack that takes long leaves finished clips in the
        folder ``checkpoints`` and, when it runs again, goes on from there. Raises ``KinesecError`` where clips, labels
        and model do not fit.
        """


class GradientAttack(Attack):
    """A white-box attack by gradients of the input.

    At most ``iterations`` steps a clip. ``after_success``: ``stop`` at the first success; ``continue`` to the end of
    the budget and keep the adversarial clip of least perceptual loss; ``refine`` (ours) is the same, but while a clip
    is adversarial its perceptual loss alone is minimised; ``ignore`` success and keep the last clip.
    """

    after_success: AfterSuccess

    @abstractmethod
    def course(self, lanes: Lanes) -> Course:
        """The run over just these lanes."""

    def estimator(self) -> Estimate:
        """How the gradient of the classification loss is found."""
        return plain

    def run(
        self,
        model: Recognizer,
        problem: Problem,
        criterion: Criterion,
        *,
        batch: int | None = None,
        seed: int = 0,
        width: int | None = None,
        show: bool = False,
        checkpoints: Path | None = None,
    ) -> Adversarial:
        """See ``Attack.run``; no checkpoints are left. Raises ``KinesecError`` where a loss stops being a number."""
        problem.check(model.shape.classes)
        target = criterion.targets(problem.label.tolist(), problem.row.tolist(), model.shape.classes, seed)
        record = Record(problem, target, self.name, self.iterations, self.after_success)
        if not len(problem):
            return record.adversarial()
        device = next(model.parameters()).device
        size = width or width_for(device, problem.position)
        lanes = Lanes(problem, target, width=size, batch=min(batch or size, size), device=device, seed=seed)
        with frozen(model), torch.no_grad(), Progress(f"attacking by {self.name}", len(problem), show=show) as progress:
            course, estimate = self.course(lanes), self.estimator()
            while True:
                for lane in lanes.fill():
                    course.enter(lane)
                if not lanes.active:
                    break
                lanes.last_look = all(lanes.iteration[lane] >= self.iterations for lane in lanes.active)
                logits, loss, gradient = estimate(model, lanes, criterion)
                cost, cost_gradient = course.cost()
                met = criterion.met(logits, lanes.label, lanes.target)
                progress.update(record.note(lanes, met, loss, cost))
                if self.after_success == "refine":
                    gradient = gradient * ~met[:, None, None, None, None]
                if lanes.active:
                    course.loss = loss
                    course.advance(gradient, cost_gradient)
        return record.adversarial()


def build(name: str, settings: Mapping[str, Any], preset: str = "paper") -> Attack:
    """The attack of a module with a preset's settings and changes to them; raises ``ConfigError`` for unusable ones."""
    module = names.load("attacks", name)
    taken = settings_of(f"attack {name!r}", module.ATTACK, module.PRESETS, preset, settings)
    attack: Attack = module.ATTACK(**taken)
    return attack
