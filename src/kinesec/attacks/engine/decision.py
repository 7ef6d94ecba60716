"""Attacks that see the class of a clip and nothing else: what is known of each lane, and the stages of its way.

In each round every lane asks one query, and all go through the model in one batch. A lane is in one stage at a time
(``Stage``): it looks for a clip to start from (``Starts``), walks along the decision boundary (an attack's own), or
lands on the manifold of human motion (``kinesec.attacks.engine.landing``). All state is tensors of (lane, ...), so that
no lane depends on another.
"""

from __future__ import annotations

from abc import ABC, abstractmethod

import numpy as np
import torch
from torch import Tensor, nn

from kinesec import seeding
from kinesec.attacks.base import Attack
from kinesec.attacks.engine.criteria import Criterion
from kinesec.attacks.engine.lanes import Lanes
from kinesec.attacks.engine.problem import Problem
from kinesec.errors import ConfigError, KinesecError
from kinesec.models.recognizers.base import Recognizer
from kinesec.samples.adversarial import QUERY_GRID

FIRST_APPROACH = 0.95  # of the way from the start to the clean clip, where the first boundary point is looked for
LESS_APPROACH = 0.9
LEAST_APPROACH = 0.01


def select(where: Tensor, chosen: Tensor, other: Tensor) -> Tensor:
    """``chosen`` (lane, ...) in the lanes that ``where`` (lane,) marks, ``other`` in the rest."""
    return torch.where(where.view(-1, *(1,) * (other.dim() - 1)), chosen, other)


def spread_over(lane: Tensor, like: Tensor) -> Tensor:
    """A number a lane (lane,) in the shape of ``like`` (lane, ...), to be broadcast."""
    return lane.to(like).view(-1, *(1,) * (like.dim() - 1))


def check_labels(attack: Attack, model: Recognizer, problem: Problem, criterion: Criterion) -> None:
    """Raises ``ConfigError`` for a strategy that one label cannot tell of, ``KinesecError`` for unusable clips."""
    if criterion.name not in ("AB", "SA"):
        raise ConfigError(
            f"attack {attack.name!r}: strategy: found {criterion.name}, expected AB or SA: it sees labels"
        )
    if len(problem) and (problem.training is None or not len(problem.training)):
        raise KinesecError(f"attack {attack.name!r}: found no training clips, expected some to start from")
    problem.check(model.shape.classes)


class Oracle:
    """The model as these attacks know it: whether clips in the lanes are adversarial, from their class alone."""

    def __init__(self, model: nn.Module, criterion: Criterion, lanes: Lanes) -> None:
        self.model, self.lanes, self.targeted = model, lanes, criterion.name == "SA"

    def __call__(self, clips: Tensor) -> Tensor:
        """Whether each clip (lane,) has the target class, or without a target another than the true one."""
        classes: Tensor = self.model(clips).argmax(1)
        return classes == self.lanes.target if self.targeted else classes != self.lanes.label


class Ground:
    """What is known of the lanes' clips, whatever stage they are in.

    ``here`` (lane, body, frame, joint, xyz) is where each stands, adversarial once it has started; ``start`` where it
    came from. ``best`` is the adversarial clip of least ``l`` since its start or its last landing, ``best_l`` its l
    (lane,): the mean over frames of the norm of what was moved (BASAR's). ``least`` is the least l of all its clips,
    and ``trace`` (lane, point) that after ``QUERY_GRID`` queries. ``queries`` and ``steps`` count (lane,).
    """

    def __init__(self, lanes: Lanes) -> None:
        self.lanes = lanes
        x, width = lanes.x, lanes.width
        self.here, self.start, self.best = x.clone(), x.clone(), x.clone()
        self.best_l, self.least, self.boundary_l = (x.new_full((width,), torch.inf) for _ in range(3))
        self.queries, self.steps = (torch.zeros(width, dtype=torch.int64, device=x.device) for _ in range(2))
        self.grid = torch.from_numpy(QUERY_GRID).to(x.device)
        self.trace = x.new_full((width, len(QUERY_GRID)), torch.nan)

    def enter(self, lane: int) -> None:
        """Forgets the clip that was in a lane."""
        for kept in (self.here, self.start, self.best):
            kept[lane] = self.lanes.clean[lane]
        self.best_l[lane] = self.least[lane] = self.boundary_l[lane] = torch.inf
        self.queries[lane] = self.steps[lane] = 0
        self.trace[lane] = torch.nan

    def l(self, clips: Tensor) -> Tensor:  # noqa: E743 the sources' name
        """BASAR's l (lane,) of clips in normalised units: mean over frames that are there of the change's norm."""
        moved = clips - self.lanes.clean
        present = self.lanes.present[..., 0, 0]
        length = (moved * moved).sum((3, 4)).sqrt() * present
        return length.sum((1, 2)) / present.sum((1, 2)).clamp_min(1)

    def note(self, asked: Tensor, clips: Tensor, adversarial: Tensor) -> None:
        """Counts a query of the lanes ``asked`` (lane,) and keeps what is better than all before."""
        size = torch.where(asked & adversarial, self.l(clips), torch.inf)
        better = size < self.best_l
        self.best, self.best_l = select(better, clips, self.best), torch.where(better, size, self.best_l)
        self.least = torch.minimum(self.least, size)
        self.queries += asked
        here = asked[:, None] & (self.queries[:, None] == self.grid) & self.least.isfinite()[:, None]
        self.trace = torch.where(here, self.least[:, None], self.trace)

    def land(self, landed: Tensor, clips: Tensor) -> None:
        """Goes on from clips of the lanes ``landed`` (lane,): what was best before is forgotten."""
        self.here, self.best = select(landed, clips, self.here), select(landed, clips, self.best)
        self.best_l = torch.where(landed, self.l(clips), self.best_l)

    def traced(self, lane: int) -> np.ndarray:
        """The trace (point,) of a lane whose clip is at its end: what is least stays so for all queries to come."""
        trace = self.trace[lane].double().cpu().numpy()
        over = int(self.queries[lane]) < QUERY_GRID
        trace[over] = float(self.least[lane]) if bool(self.least[lane].isfinite()) else np.nan
        return trace


class Stage(ABC):
    """A part of a clip's way, which any number of lanes are in."""

    def __init__(self, ground: Ground) -> None:
        self.ground = ground

    @abstractmethod
    def ask(self, now: Tensor) -> Tensor:
        """The clips (lane, ...) that the lanes ``now`` (lane,) show to the model next; anything in the others."""

    @abstractmethod
    def answer(self, asked: Tensor, clips: Tensor, adversarial: Tensor) -> Tensor:
        """Learns what the model said to the clips of the lanes ``asked`` (lane,); the lanes that end a step (lane,)."""


class Walk(Stage):
    """An attack's own way along the decision boundary; it counts ``ground.steps``."""

    @abstractmethod
    def begin(self, lane: int) -> None:
        """Makes ready for a clip that has just found its first boundary point."""

    @abstractmethod
    def enter(self, lanes: Tensor) -> None:
        """Goes on from ``ground.here`` in those lanes (lane,), for the first time or after a landing."""


def order_of_starts(training: Problem, label: int, target: int, seed: int, row: int, most: int) -> np.ndarray:
    """The training clips that a clip may start from, those of ``target`` (-1: of another class than ``label``).

    At most so many, in an order that depends on the seed and the clip's row alone.
    """
    labels = training.label.numpy()
    wanted = labels == target if target >= 0 else labels != label
    return seeding.generator(seed, "start", row).permutation(np.flatnonzero(wanted))[:most]


def start_from(training: Problem, start: int, clean: Tensor, present: Tensor) -> Tensor:
    """A training clip (body, frame, joint, xyz) in a clean clip's place; frames that it lacks are the clean clip's."""
    lacking = ~training.present[start][..., None, None].to(clean.device)
    return torch.where(lacking, clean, training.position[start].to(clean)) * present


class Starts(Stage):
    """Each clip's start, and its way towards the clean clip up to the first boundary point.

    Starts are training clips of another class, or of the target's, in an order that depends on the seed and the clip's
    row alone; the first that the model takes for adversarial is it. Frames that it lacks are the clean clip's. Then the
    clip goes 0.95 of the way to the clean one, or 0.9 of that as often as it takes (released code).
    """

    def __init__(self, ground: Ground, training: Problem, seed: int, most: int) -> None:
        super().__init__(ground)
        self.training, self.seed, self.most = training, seed, most
        width = ground.lanes.width
        self.order: list[np.ndarray] = [np.zeros(0, np.int64)] * width
        self.tried = [0] * width
        self.row = np.full(width, -1)
        self.approach = ground.here.new_zeros(width)

    def enter(self, lane: int) -> None:
        """Draws the order of a new clip's starts."""
        lanes = self.ground.lanes
        clip, problem = lanes.clip[lane], lanes.problem
        label, row = int(problem.label[clip]), int(problem.row[clip])
        self.order[lane] = order_of_starts(self.training, label, int(lanes.target_of[clip]), self.seed, row, self.most)
        self.tried[lane] = 0
        self._take(lane)

    def exhausted(self, lane: int) -> bool:
        """Whether a lane has no start left to try."""
        return self.tried[lane] >= len(self.order[lane])

    def _take(self, lane: int) -> None:
        self.approach[lane] = 0.0
        if self.exhausted(lane):
            return
        start, lanes = int(self.order[lane][self.tried[lane]]), self.ground.lanes
        self.ground.start[lane] = start_from(self.training, start, lanes.clean[lane], lanes.present[lane])
        self.row[lane] = int(self.training.row[start])

    def ask(self, now: Tensor) -> Tensor:
        start = self.ground.start
        return start + spread_over(self.approach, start) * (self.ground.lanes.clean - start)

    def answer(self, asked: Tensor, clips: Tensor, adversarial: Tensor) -> Tensor:
        ground, first = self.ground, self.approach == 0
        for lane in (asked & first & ~adversarial).nonzero()[:, 0].tolist():
            self.tried[lane] += 1
            self._take(lane)
        arrived = asked & adversarial & ~first
        less = self.approach * LESS_APPROACH
        never = asked & ~adversarial & ~first & (less < LEAST_APPROACH)
        self.approach = torch.where(asked & first & adversarial, FIRST_APPROACH, self.approach)
        self.approach = torch.where(asked & ~first & ~adversarial, less, self.approach)
        ground.here = select(arrived, clips, select(never, ground.start, ground.here))
        arrived = arrived | never
        ground.boundary_l = torch.where(arrived, ground.l(ground.here), ground.boundary_l)
        return arrived
