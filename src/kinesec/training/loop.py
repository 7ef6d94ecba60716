"""One training loop for every network: deterministic, resumable after any kill, selected on validation samples.

A ``Task`` is what a kind of model does its own way; ``train`` goes through one or more of them, each with its own
recipe, such as a pre-training and the training that follows it.
"""

from __future__ import annotations

import math
import shutil
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from kinesec import seeding
from kinesec.errors import KinesecError
from kinesec.progress import Progress
from kinesec.training.batches import batches, steps_of
from kinesec.training.checkpoint import Record, Run


class Samples(Protocol):
    """Training samples on a device."""

    @property
    def device(self) -> torch.device: ...

    def __len__(self) -> int: ...


class Recipe(Protocol):
    """What the loop asks of a recipe; ``rate_at`` takes the epochs that are behind, as a fraction within one."""

    @property
    def epochs(self) -> int: ...

    @property
    def batch(self) -> int: ...

    @property
    def selection(self) -> str: ...

    def rate_at(self, progress: float) -> float: ...

    def optimiser_of(self, model: nn.Module) -> torch.optim.Optimizer: ...


@dataclass(frozen=True)
class Task(ABC):
    """A model, the samples it is trained on, and how.

    ``marks`` tell a stage from the others, in the records of its epochs and in the names of its random streams; a kind
    of model that is trained in one stage has none. ``samples`` is what it learns from, in errors.
    """

    model: nn.Module
    recipe: Recipe
    training: Samples
    seed: int
    marks: Mapping[str, str] = field(default_factory=dict, kw_only=True)
    samples = "samples"

    @property
    def stage(self) -> str:
        return self.marks.get("stage", "train")

    @property
    def clip(self) -> float | None:
        """The largest norm of a step's gradient, None for any."""
        return None

    def begin(self) -> None:
        """Sets the model to what an epoch of the task trains."""
        self.model.train()

    def frozen(self, epoch: int) -> Iterable[nn.Parameter]:
        """The parameters that stay as they are in an epoch, counted from zero."""
        return ()

    @abstractmethod
    def loss(self, index: Tensor, generator: torch.Generator) -> Tensor:
        """The loss of the training samples ``index`` (batch,), a scalar; ``generator`` draws their augmentation."""

    @abstractmethod
    def validated(self) -> dict[str, float | None]:
        """What an epoch's record says of the validation samples; None where there are none."""

    @abstractmethod
    def merit(self, record: Record) -> tuple[float, ...] | None:
        """How good the weights of a record are, less is better; None without validation samples."""


def train(tasks: Sequence[Task], *, checkpoints: Path, job: Mapping[str, Any]) -> tuple[list[Record], int]:
    """Trains the tasks' model in place; returns one record an epoch, and the last task's epoch that is kept, from 1.

    A record has epoch, mean training loss, rate, the task's ``marks`` and what it validates. The model ends each task
    with the weights that the recipe's ``selection`` names; without validation samples, the last. A checkpoint a
    finished epoch goes to ``checkpoints`` and is removed at the end; ``job`` identifies the training, so that no
    other's is picked up. Raises ``KinesecError`` when a loss is no longer finite, or samples are too few.
    """
    log: list[Record] = []
    kept = 0
    for task in tasks:
        run = Run(
            task.model, task.recipe.optimiser_of(task.model), checkpoints / task.stage, {**job, "stage": task.stage}
        )
        run.restore()
        _epochs(task, run)
        task.model.load_state_dict(run.best)
        log += run.log
        kept = best_epoch(task, run.log)
    shutil.rmtree(checkpoints, ignore_errors=True)
    return log, kept


def best_epoch(task: Task, log: Sequence[Record]) -> int:
    """The epoch (from 1) whose weights are kept, the first of the best."""
    merits = [merit for record in log if (merit := task.merit(record)) is not None]
    if task.recipe.selection == "last" or len(merits) < len(log):
        return len(log)
    return 1 + merits.index(min(merits))


def _epochs(task: Task, run: Run) -> None:
    """The epochs that a run's log does not have yet."""
    recipe, steps = task.recipe, steps_of(len(task.training), task.recipe.batch)
    if not steps:
        raise KinesecError(f"training: found {len(task.training)} training {task.samples}, expected two or more")
    with Progress(f"{task.stage}ing", recipe.epochs * steps, unit="steps") as progress:
        progress.update(len(run.log) * steps)
        for epoch in range(len(run.log), recipe.epochs):
            with _held(task.frozen(epoch)):
                loss, rate = one_epoch(task, run.optimiser, epoch, progress)
            _need_finite(task, epoch, {"loss": loss})
            validated = task.validated()
            _need_finite(task, epoch, validated)
            run.log.append({**task.marks, "epoch": epoch + 1, "loss": loss, "rate": rate, **validated})
            if best_epoch(task, run.log) == epoch + 1:
                run.keep()
            run.save()


def one_epoch(task: Task, optimiser: torch.optim.Optimizer, epoch: int, progress: Progress) -> tuple[float, float]:
    """Trains for one epoch, counted from zero; returns its steps' mean loss and the last step's rate."""
    stream: tuple[str | int, ...] = (*task.marks.values(), epoch)
    device, size = task.training.device, task.recipe.batch
    steps = steps_of(len(task.training), size)
    generator = torch.Generator(device).manual_seed(seeding.integer(task.seed, "augment", *stream))
    total, rate = torch.zeros((), device=device), 0.0
    task.begin()
    with seeding.torch_stream(task.seed, "dropout", *stream):
        order = batches(len(task.training), size, seeding.generator(task.seed, "order", *stream))
        for number, index in enumerate(order):
            rate = task.recipe.rate_at(epoch + number / steps)
            for group in optimiser.param_groups:
                group["lr"] = rate
            loss = task.loss(index.to(device), generator)
            step(task.model, optimiser, loss, task.clip)
            total += loss.detach()
            progress.update()
    return total.item() / steps, rate


def step(model: nn.Module, optimiser: torch.optim.Optimizer, loss: Tensor, clip: float | None) -> None:
    """One step down a loss's gradient, whose norm is at most ``clip``."""
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    if clip is not None:
        torch.nn.utils.clip_grad_norm_(model.parameters(), clip)
    optimiser.step()


@contextmanager
def _held(parameters: Iterable[nn.Parameter]) -> Iterator[None]:
    """Parameters without a gradient for a ``with`` block alone."""
    held = list(parameters)
    for parameter in held:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in held:
            parameter.requires_grad_(True)


def _need_finite(task: Task, epoch: int, values: Mapping[str, float | None]) -> None:
    for name, value in values.items():
        if value is not None and not math.isfinite(value):
            what = name.replace("_", " ")
            raise KinesecError(f"{task.stage}ing: the {what} of epoch {epoch + 1} is {value}; lower the rate")
