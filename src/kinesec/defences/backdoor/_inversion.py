"""One loop that searches triggers by gradients, of all classes and restarts at once: a lane each.

Lanes share the samples of a step and nothing else; the model's parameters are frozen. Neural Cleanse, TABOR and PT-RED
differ in how a trigger is written down, what is added to the cross entropy, the optimiser and when a lane stops.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from kinesec import seeding
from kinesec.attacks.engine.gradients import frozen
from kinesec.defences.cases.classification import Case
from kinesec.defences.cases.parametrisation import Theta
from kinesec.errors import KinesecError
from kinesec.progress import Progress

NEVER = float("inf")


class Triggers(Protocol):
    """How triggers are written down."""

    def apply(self, theta: Theta, x: Tensor) -> Tensor: ...

    def size(self, theta: Theta) -> Tensor: ...


class Update(Protocol):
    """A step of an optimiser of ``theta``'s lanes ``index``, in place."""

    def __call__(self, theta: Theta, gradient: Theta, index: Tensor) -> None: ...


@dataclass
class Adam:
    """Adam (Kingma and Ba, 2015), each lane with its own moments and its own count of steps."""

    rate: float
    betas: tuple[float, float]
    moments: list[tuple[Tensor, Tensor]] = field(default_factory=list)
    count: Tensor | None = None

    def __call__(self, theta: Theta, gradient: Theta, index: Tensor) -> None:
        if self.count is None:
            self.moments = [(torch.zeros_like(values), torch.zeros_like(values)) for values in theta]
            self.count = torch.zeros(len(theta[0]), device=index.device)
        self.count[index] += 1
        one, two = self.betas
        for values, slope, (mean, square) in zip(theta, gradient, self.moments, strict=True):
            steps = self.count[index].reshape(-1, *[1] * (values.dim() - 1))
            first = one * mean[index] + (1 - one) * slope
            second = two * square[index] + (1 - two) * slope.square()
            mean[index], square[index] = first, second
            scaled = (second / (1 - two**steps)).sqrt() + 1e-8
            values[index] -= self.rate * first / (1 - one**steps) / scaled


@dataclass(frozen=True)
class Descent:
    """Plain gradient descent, each lane at its own rate (lane,)."""

    rate: Tensor

    def __call__(self, theta: Theta, gradient: Theta, index: Tensor) -> None:
        for values, slope in zip(theta, gradient, strict=True):
            values[index] -= self.rate[index].reshape(-1, *[1] * (values.dim() - 1)) * slope


@dataclass(frozen=True)
class Schedule:
    """When a lane's cost of size changes, and when it stops (Neural Cleanse's released code).

    ``cost`` is switched on after ``patience`` steps in a row with at least the share ``success`` of samples called the
    target, multiplied by ``up`` after as many more, divided by ``down`` after as many without. A lane stops when the
    smallest successful trigger has not shrunk for ``early`` steps and the cost has gone both ways; with ``first`` at
    its first success. ``early`` 0 never.
    """

    steps: int
    success: float
    cost: float = 0.0
    patience: int = 5
    up: float = 2.0
    down: float = 2.0**1.5
    early: int = 25
    first: bool = False


@dataclass(frozen=True)
class Data:
    """Samples (sample, ...) and labels on the device; ``others``: lanes leave out samples of their target's class."""

    x: Tensor
    label: Tensor
    batch: int
    others: bool = False


@dataclass(frozen=True)
class Search:
    """A lane's result: smallest successful trigger, its size, whether there was one, steps taken; all (lane, ...)."""

    theta: Theta
    size: Tensor
    success: Tensor
    reached: Tensor
    steps: Tensor


@dataclass
class _Costs:
    """The cost of size and the counts that change it, all (lane,)."""

    schedule: Schedule
    cost: Tensor
    hits: Tensor
    misses: Tensor
    raised: Tensor
    lowered: Tensor
    stale: Tensor
    least: Tensor

    @classmethod
    def begin(cls, schedule: Schedule, like: Tensor) -> _Costs:
        zero, count = torch.zeros_like(like), torch.zeros_like(like, dtype=torch.long)
        return cls(
            schedule,
            zero,
            count,
            count.clone(),
            count.bool(),
            count.bool(),
            count.clone(),
            torch.full_like(like, NEVER),
        )

    def update(self, lanes: Tensor, success: Tensor, size: Tensor) -> Tensor:
        """Counts a step of ``lanes``; returns which of them (lane,) stop."""
        rule = self.schedule
        hit = success >= rule.success
        if rule.first:
            return hit
        before = self.least[lanes]
        least = torch.where(hit & (size < before), size, before)
        self.least[lanes] = least
        stale = torch.where(least < before, 0, self.stale[lanes] + least.isfinite())
        hits = torch.where(hit, self.hits[lanes] + 1, 0)
        misses = torch.where(hit, 0, self.misses[lanes] + 1)
        cost, off = self.cost[lanes], self.cost[lanes] == 0
        begin, more = off & (hits >= rule.patience), ~off & (hits >= rule.patience)
        less = ~off & (misses >= rule.patience)
        self.raised[lanes] = (self.raised[lanes] | more) & ~begin
        self.lowered[lanes] = (self.lowered[lanes] | less) & ~begin
        cost = torch.where(begin, torch.full_like(cost, rule.cost), cost)
        self.cost[lanes] = torch.where(more, cost * rule.up, torch.where(less, cost / rule.down, cost))
        self.hits[lanes] = torch.where(begin | more, 0, hits)
        self.misses[lanes] = torch.where(begin | less, 0, misses)
        self.stale[lanes] = torch.where(begin, 0, stale)
        settled = self.raised[lanes] & self.lowered[lanes] & (self.stale[lanes] >= rule.early)
        return settled if rule.early else torch.zeros_like(settled)


# Logits (lane, sample, class) of samples (lane, sample, ...)
Answers = Callable[[Tensor], Tensor]
# What is added, beside the cost of size, to lanes' cross entropy (lane,): of theta, samples, labels, targets, answers
Extra = Callable[[Theta, Tensor, Tensor, Tensor, Answers], Tensor]


def entropy(logits: Tensor, label: Tensor, weight: Tensor) -> Tensor:
    """Weighted mean cross entropy (lane,) of logits (lane, sample, class); label and weight (lane, sample)."""
    losses = nn.functional.cross_entropy(logits.flatten(0, 1), label.flatten(), reduction="none")
    mean: Tensor = (losses.unflatten(0, label.shape) * weight).sum(1) / weight.sum(1).clamp(min=1)
    return mean


def invert(
    case: Case,
    data: Data,
    triggers: Triggers,
    start: Theta,
    target: Tensor,
    schedule: Schedule,
    update: Update,
    rng: np.random.Generator,
    *,
    size: Callable[[Theta], Tensor] | None = None,
    extra: Extra | None = None,
    progress: Progress | None = None,
) -> Search:
    """Searches from ``start`` for each lane's smallest trigger that makes the model say ``target`` (lane,).

    A step goes through the samples once, in batches, with a gradient step a batch; ``size`` is what the cost weighs,
    by default the trigger's own. Without any success a lane keeps its last trigger. Raises ``KinesecError`` where no
    sample is left for a lane.
    """
    theta = [values.clone() for values in start]
    lanes, of = len(target), size or triggers.size
    weight = torch.ones(lanes, len(data.x), device=target.device)
    if data.others:
        weight = (data.label != target[:, None]).float()
    if not (weight.sum(1) > 0).all():
        raise KinesecError("inversion: found a class with no sample of another class, expected one or more; draw more")
    alive = torch.arange(lanes, device=target.device)
    costs = _Costs.begin(schedule, weight[:, 0])
    best, least = [values.clone() for values in theta], torch.full((lanes,), NEVER, device=target.device)
    success, steps = torch.zeros_like(least), torch.zeros_like(target)
    at_once = max(1, case.batch // min(data.batch, len(data.x)))

    def answers(x: Tensor) -> Tensor:
        logits: Tensor = case.model(x.flatten(0, 1)).unflatten(0, x.shape[:2])
        return logits

    with frozen(case.model):
        for _ in range(schedule.steps):
            order = torch.from_numpy(rng.permutation(len(data.x))).to(target.device)
            hits, looked = torch.zeros_like(least), [values.clone() for values in theta]
            for part in order.split(data.batch):
                if len(order) > data.batch:
                    looked = [values.clone() for values in theta]
                for chunk in alive.split(at_once):
                    free = [values[chunk].requires_grad_() for values in theta]
                    x, y, weights = data.x[part], data.label[part], weight[chunk][:, part]
                    logits = answers(triggers.apply(free, x))
                    wanted = target[chunk][:, None].expand(-1, len(part))
                    loss = entropy(logits, wanted, weights) + costs.cost[chunk] * of(free)
                    if extra is not None:
                        loss = loss + extra(free, x, y, target[chunk], answers)
                    slopes = torch.autograd.grad(loss.sum(), free)
                    update(theta, list(slopes), chunk)
                    hits[chunk] += ((logits.detach().argmax(2) == wanted) * weights).sum(1)
            share = hits[alive] / weight[alive].sum(1)
            now = of([values[alive] for values in looked]).detach()
            better = (share >= schedule.success) & (now < least[alive])
            better |= least[alive].isinf()  # the last one, until there is one that succeeds
            for values, kept in zip(looked, best, strict=True):
                kept[alive[better]] = values[alive[better]]
            success[alive[better]] = share[better]
            least[alive] = torch.where((share >= schedule.success) & (now < least[alive]), now, least[alive])
            steps[alive] += 1
            stop = costs.update(alive, share, now)
            if progress is not None:
                progress.update(len(alive))
            alive = alive[~stop]
            if not len(alive):
                break
    return Search(best, triggers.size(best).detach(), success, least.isfinite(), steps)


def samples(case: Case, count: int, batch: int, *, others: bool = False) -> Data:
    """Clean samples that triggers are searched on, ``count`` at most, the classes as evenly as they come."""
    index = case.drawn(count, "inversion")
    label = torch.from_numpy(case.clean.label[index]).to(case.device)
    return Data(case.seen(case.clean.gather(index)), label, batch, others)


def lanes(case: Case, restarts: int) -> Tensor:
    """The target (lane,) of each lane: all classes once, then again for each restart."""
    return torch.arange(len(case.classes), device=case.device).repeat(restarts)


def stream(case: Case, *names: str) -> np.random.Generator:
    return seeding.generator(case.seed, "defence", "inversion", *names)


def smallest(size: Tensor, reached: Tensor, restarts: int) -> Tensor:
    """The lane (class,) of each class that has the smallest successful trigger, or, without any, the smallest."""
    by_restart = torch.where(reached, size, size + 1e12).reshape(restarts, -1)
    classes = by_restart.shape[1]
    return by_restart.argmin(0) * classes + torch.arange(classes, device=size.device)
