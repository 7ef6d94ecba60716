"""TimeGuard: a forecaster trained anew on the parts of windows that look reliable (ICML 2026, arXiv 2605.22365).

Its loss takes (window, channel) pairs, not windows: few poisoned channels do not drown among the others, and in
forecasting poisoned and clean losses merge. From the released code (qducnguyen/TimeGuard): per channel a first pool of
windows that are both easy to tell backwards (reverse consistency) and far from their nearest neighbours (poisoned
inputs cluster); a warm-up on it; then a growing pool, chosen anew before each epoch.

Ours: a channel is a used joint, its three axes together, so that a heading mixes no channels; distances in mm take the
place of SmoothL1; the victim's recipe, one optimiser throughout, and the last epoch's weights that of Adam at 1e-4, an
optimiser an epoch and the best epoch on test windows; windows that share a frame are no neighbours; a joint that hardly
moves is not blown up to unit variance; neighbours may be sought among drawn windows (``references``);
the random pools; the scores. All is repeated on the clean training set, as the null.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal

import numpy as np
import torch
from torch import Tensor

from kinesec import seeding
from kinesec.defences.base import MODELS, Detection, Outcome, Repair, Statistic
from kinesec.defences.cases.prediction import Case
from kinesec.errors import ConfigError, KinesecError
from kinesec.models.predictors.base import Predictor, Recipe
from kinesec.progress import Progress, track
from kinesec.settings import SOME, Count, Positive, Range, Share
from kinesec.training.batches import steps_of
from kinesec.training.checkpoint import Record
from kinesec.training.loop import Task, one_epoch
from kinesec.training.prediction import WindowBatches

KIND = "repair"
TASKS = ("prediction",)
ROWS = 64
Gate = Literal["timeguard", "random"]


def joint_distances(model: Predictor, window: Tensor, backwards: bool) -> Tensor:
    """Mean distance (window, joint) in mm of a model's future from that of windows (window, frame, joint, xyz).

    ``backwards`` turns windows round: what is told is the past, from the future.
    """
    motion = window.flip(1) if backwards else window
    first = model.shape.history
    off: Tensor = model(motion[:, :first]) - motion[:, first:]
    distance: Tensor = torch.linalg.vector_norm(off, dim=-1)
    return distance.mean(1)


@torch.inference_mode()
def all_distances(model: Predictor, data: WindowBatches, backwards: bool) -> Tensor:
    """``joint_distances`` (window, joint) of all windows of a training set."""
    model.eval()
    return torch.cat([joint_distances(model, data.batch(part), backwards) for part in data.parts()])


@dataclass(frozen=True)
class Pool:
    """The training windows that have a reliable joint, and which of a window's joints are: ``mask`` (window, joint)."""

    data: WindowBatches
    index: Tensor
    mask: Tensor

    @classmethod
    def of(cls, data: WindowBatches, mask: Tensor) -> Pool:
        """Raises ``KinesecError`` where it would hold less than two windows."""
        index = mask.any(1).nonzero()[:, 0]
        if len(index) < 2:
            raise KinesecError(
                f"defence 'timeguard': found a pool of {len(index)} windows, expected 2 or more; raise first"
            )
        return cls(data, index, mask)

    @property
    def device(self) -> torch.device:
        return self.data.device

    def __len__(self) -> int:
        return len(self.index)


@dataclass(frozen=True)
class Guarded(Task):
    """A training on a pool: the mean distance over its (window, joint) pairs, whose histories are whole."""

    model: Predictor
    recipe: Recipe
    training: Pool
    backwards: bool
    samples = "windows"

    @property
    def clip(self) -> float | None:
        return self.recipe.clip

    def loss(self, index: Tensor, generator: torch.Generator) -> Tensor:
        chosen = self.training.index[index]
        reliable = self.training.mask[chosen]
        distance = joint_distances(self.model, self.training.data.batch(chosen), self.backwards)
        return (distance * reliable).sum() / reliable.sum()

    def validated(self) -> dict[str, float | None]:
        return {}

    def merit(self, record: Record) -> None:
        return None


def profiles(data: WindowBatches, history: int, width: float, floor_mm: float) -> Tensor:
    """(joint, window, frame x xyz): windows' motion about the seam, so that a squared distance is 2 (1 - correlation).

    Frames weigh exp(-(t - history)^2 / (2 width^2)) over their sum, t from 0; a joint's weighted mean is taken off and
    its weighted deviation, over the axes together and of at least ``floor_mm``, divides it.
    """
    frame = torch.arange(data.length, device=data.device)
    weight = torch.exp(-((frame - history) ** 2) / (2 * width**2))
    weight = (weight / weight.sum())[:, None, None]
    parts = []
    for part in data.parts():
        window = data.batch(part)
        away = (window - (weight * window).sum(1, keepdim=True)) * weight.sqrt()
        deviation = away.square().sum((1, 3), keepdim=True).sqrt().clamp(min=floor_mm)
        parts.append((away / deviation).permute(2, 0, 1, 3).flatten(2))
    return torch.cat(parts, 1)


def neighbours(profile: Tensor, start: Tensor, length: int, k: int, among: Tensor) -> tuple[Tensor, Tensor]:
    """Distances and indices (joint, window, k), nearest first, of each window's k nearest ``among`` (window,) windows.

    Windows of ``length`` frames that share one, by their first frames ``start`` (window,), are no neighbours. Raises
    ``ConfigError`` where a window has less than k.
    """
    others, place = profile[:, among], start[among]
    squares = others.square().sum(-1)[:, None]
    distances, indices = [], []
    for part in track(torch.arange(len(start), device=start.device).split(ROWS), "nearest windows"):
        these = profile[:, part]
        shared = (start[part][:, None] - place).abs() < length
        if (fewest := len(among) - int(shared.sum(1).max())) < k:
            raise ConfigError(f"defence 'timeguard': found {fewest} windows to be neighbours, expected {k} or more")
        squared = torch.baddbmm(squares, these, others.mT, alpha=-2).add_(these.square().sum(-1)[..., None])
        nearest = squared.masked_fill_(shared, torch.inf).topk(k, largest=False)
        distances.append(nearest.values.clamp(min=0).sqrt())
        indices.append(among[nearest.indices])
    return torch.cat(distances, 1), torch.cat(indices, 1)


def apart(distance: Tensor, index: Tensor, reliable: Tensor) -> Tensor:
    """(window, joint): mean distance to the neighbours that are not reliable there; infinite where all are."""
    present = (~reliable).T.gather(1, index.flatten(1)).view(index.shape)
    return ((distance * present).sum(-1) / present.sum(-1)).nan_to_num(nan=torch.inf).T


def chosen(score: Tensor, share: float, *, largest: bool) -> Tensor:
    """Which (window, joint) are the ``floor(share x windows)`` of each joint with the largest, or smallest, score."""
    count = int(min(share, 1.0) * len(score) + 1e-9)
    order = torch.sort(score, dim=0, descending=largest, stable=True).indices[:count]
    return torch.zeros_like(score, dtype=torch.bool).scatter_(0, order, True)


@dataclass(frozen=True)
class Growth:
    """How the pools of a training set come about: from the reverse model's errors ``told`` (window, joint), and from
    each window's neighbours, ``graph`` as ``neighbours`` gives it; with ``drawn`` at random, as large.
    """

    data: WindowBatches
    told: Tensor
    graph: tuple[Tensor, Tensor]
    k: int
    first: float
    last: float
    spare: float
    drawn: np.random.Generator | None = None

    @property
    def far(self) -> Tensor:
        """Mean distance (window, joint) to the ``k`` nearest."""
        return self.graph[0][..., : self.k].mean(-1).T

    def begun(self) -> Tensor:
        """The first pool (window, joint)."""
        pool = chosen(self.told, self.first, largest=False) & chosen(self.far, self.first, largest=True)
        return pool if self.drawn is None else self._random(self.drawn, int(pool.sum()) / pool.numel())

    def grown(self, model: Predictor, progress: float, pool: Tensor) -> Tensor:
        """The pool (window, joint) after ``pool``, ``progress`` from 0 to 1 of the way from ``first`` to ``last``."""
        share = self.first + (self.last - self.first) * progress
        if self.drawn is not None:
            return self._random(self.drawn, share)
        candidates = chosen(apart(*self.graph, pool), self.spare * share, largest=True)
        told = all_distances(model, self.data, False).masked_fill(~candidates, torch.inf)
        return chosen(told, share, largest=False)

    def _random(self, rng: np.random.Generator, share: float) -> Tensor:
        return chosen(torch.from_numpy(rng.random(self.told.shape)).to(self.told.device), share, largest=False)


def trained(model: Predictor, recipe: Recipe, growth: Growth, warm_up: int, seed: int) -> Iterator[Tensor]:
    """Trains ``model`` in place, ``warm_up`` epochs on the first pool; yields each epoch's pool (window, joint)."""
    optimiser, later = recipe.optimiser_of(model), recipe.epochs - warm_up
    pool = growth.begun()
    for epoch in range(recipe.epochs):
        if epoch >= warm_up:
            pool = growth.grown(model, (epoch - warm_up) / max(later - 1, 1), pool)
        training = Pool.of(growth.data, pool)
        with Progress("training on the pool", steps_of(len(training), recipe.batch), unit="steps") as progress:
            one_epoch(Guarded(model, recipe, training, seed, False), optimiser, epoch, progress)
        yield pool
    model.eval()


def reverse_distances(model: Predictor, recipe: Recipe, data: WindowBatches, seed: int) -> Tensor:
    """(window, joint): how far off a model of the past is, which is trained in place on all of ``data``."""
    everything = Pool.of(data, torch.ones(len(data), model.shape.joints, dtype=torch.bool, device=data.device))
    task = Guarded(model, recipe, everything, seed, True, marks={"stage": "reverse"})
    optimiser = recipe.optimiser_of(model)
    with Progress("training backwards", recipe.epochs * steps_of(len(data), recipe.batch), unit="steps") as progress:
        for epoch in range(recipe.epochs):
            one_epoch(task, optimiser, epoch, progress)
    return all_distances(model, data, True)


def defend(
    case: Case,
    *,
    gates: Annotated[Sequence[Gate], SOME] = ("timeguard",),
    backwards: Count = 10,
    warm_up: Count = 10,
    epochs: Count = 90,
    first: Share = 0.2,
    last: Share = 0.5,
    spare: Annotated[float, Range(1)] = 1.25,
    k: Count = 20,
    cached: Count = 64,
    references: Count | None = None,
    width: Positive = 2.0,
    floor_mm: Positive = 1.0,
) -> Iterator[Outcome]:
    """Errors of each model (epoch 0) and of what is trained in its place; scores of training windows; what pools hold.

    ``backwards`` epochs of the reverse model; per joint the share ``first`` of windows that it tells best, and of these
    the ones that are also among the ``first`` farthest from their ``k`` nearest: on them ``warm_up`` epochs. Then
    ``epochs``, the pool's share g from ``first`` to ``last``: of the ``spare`` x g windows that are farthest from their
    unreliable neighbours (among the ``cached`` nearest) the g of least error. ``references``: how many windows are
    drawn to be neighbours, None for all. A ``random`` gate has pools as large, drawn.

    Scores (high is suspicious), means over joints: the reverse model's error (``of=reverse``), the negated distance to
    neighbours (``of=neighbours``), the share of the later epochs whose pool lacked the window (``of=pool``). Of the
    first and the last pool, in %: the share of its pairs that are poisoned, ``poisoned_in_pool``. Raises
    ``ConfigError`` for a predictor without parameters.
    """
    if not list(case.models[MODELS[0]].parameters()):
        raise ConfigError("defence 'timeguard': found a predictor without parameters, expected one to train")
    shape, scores = case.models[MODELS[0]].shape, {}
    turned = replace(shape, history=shape.future, future=shape.history)
    recipe = replace(case.recipe, epochs=warm_up + epochs, selection="last")
    for name in MODELS:
        data, before = case.training_sets[name], case.errors(case.models[name])
        told = reverse_distances(case.fresh(turned), replace(recipe, epochs=backwards), data, case.seed)
        rng = seeding.generator(case.seed, "defence", "timeguard", "references")
        among = torch.from_numpy(np.sort(rng.permutation(len(data))[:references])).to(data.device)
        profile = profiles(data, shape.history, width, floor_mm)
        graph = neighbours(profile, data.start, data.length, max(k, cached), among)
        plan = Growth(data, told, graph, k, first, last, spare)
        scores["reverse", name], scores["neighbours", name] = told.mean(1), -plan.far.mean(1)
        for gate in gates:
            rng = seeding.generator(case.seed, "defence", "timeguard", gate)
            growth = plan if gate == "timeguard" else replace(plan, drawn=rng)
            model = case.fresh()
            pools = list(trained(model, recipe, growth, warm_up, case.seed))
            for when, pool in (("first", pools[0]), ("last", pools[-1])):
                marked = torch.from_numpy(case.marked[name]).to(pool.device)
                share = 100 * int(pool[marked].sum()) / int(pool.sum())
                yield Statistic(f"gate={gate} pool={when}", name, "poisoned_in_pool", share, "%", int(pool.sum()))
            if gate == "timeguard":
                scores["pool", name] = 1 - torch.stack(pools[warm_up:]).float().mean((0, 2))
            for epoch, error in ((0, before), (recipe.epochs, case.errors(model))):
                yield Repair(f"gate={gate}", name, error, last, recipe.rate, epoch)
    for of in dict.fromkeys(of for of, _ in scores):
        score = {name: scores[of, name].double().cpu().numpy() for name in MODELS}
        yield Detection(f"of={of}", score, case.marked)
