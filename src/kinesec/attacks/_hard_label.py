"""Attacks on hard labels: all they learn of a model is the class that it gives to a clip."""

from __future__ import annotations

from abc import abstractmethod
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinesec.attacks.base import Attack, Lanes, Problem
from kinesec.attacks.engine.criteria import Criterion
from kinesec.attacks.engine.decision import Ground, Oracle, Stage, Starts, Walk, check_labels, select
from kinesec.attacks.engine.finished import Finished
from kinesec.attacks.engine.gradients import frozen
from kinesec.attacks.engine.landing import Landing
from kinesec.attacks.engine.lanes import width_for
from kinesec.attacks.engine.manifold import Manifold
from kinesec.models.recognizers.base import Recognizer
from kinesec.progress import Progress
from kinesec.samples.adversarial import Adversarial
from kinesec.settings import Count, NotNegative, Positive, Whole

STARTING, WALKING, LANDING, NOWHERE = range(4)
RESERVED = 20  # queries of a budget that are kept for the last landing


class HardLabelAttack(Attack):
    """Walks along the decision boundary towards the clean clip, from a training clip of another class.

    ``iterations`` steps at most, and ``budget`` queries, whichever comes first; ``starts`` training clips are tried at
    most. Every ``project_every`` steps and at the end the clip is projected onto the manifold of human motion (0:
    never): bones as long as the clean clip's, joint angles within those of the training motions and ``margin_degrees``,
    with the weight ``acceleration_weight`` at first, by a solver that ends at a projected gradient of ``tolerance`` or
    after ``solver_iterations``. What is kept is the last projection, where it is adversarial, else the nearest
    adversarial clip.
    """

    needs_training = True
    budget: Count | None
    starts: Count
    project_every: Whole
    acceleration_weight: NotNegative
    margin_degrees: NotNegative
    tolerance: Positive
    solver_iterations: Count

    def __post_init__(self) -> None:
        super().__post_init__()
        least = 2 * RESERVED if self.project_every else 1
        self.need(self.budget is None or self.budget >= least, "budget", f"null, or {least} queries or more")

    @abstractmethod
    def walk(self, ground: Ground) -> Walk:
        """The attack's own way, over just these lanes."""

    @property
    def allowed(self) -> float:
        """Queries after which the walk ends."""
        return float("inf") if self.budget is None else self.budget - (RESERVED if self.project_every else 0)

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
        """See ``Attack.run``. Raises ``ConfigError`` for a strategy that one label cannot tell of."""
        check_labels(self, model, problem, criterion)
        target = criterion.targets(problem.label.tolist(), problem.row.tolist(), model.shape.classes, seed)
        finished = Finished(problem, target, checkpoints)
        missing = finished.missing
        if not len(missing):
            return finished.adversarial()
        device = next((parameter.device for parameter in model.parameters()), problem.position.device)
        size = width or width_for(device, problem.position)
        lanes = Lanes(
            problem.take(missing), target[missing], width=size, batch=min(batch or size, size), device=device, seed=seed
        )
        way = _Way(self, lanes, seed)
        with frozen(model), torch.no_grad(), Progress(f"attacking by {self.name}", len(problem), show=show) as progress:
            progress.update(len(problem) - len(missing))
            oracle = Oracle(model, criterion, lanes)
            while way.fill():
                ended = way.round(oracle)
                for lane in ended:
                    finished.keep(int(missing[lanes.clip[lane]]), way.kept(lane))
                    way.leave(lane)
                if ended:
                    finished.save()
                    progress.update(len(ended))
        return finished.adversarial()


class _Way:
    """The lanes on their way through the stages."""

    def __init__(self, attack: HardLabelAttack, lanes: Lanes, seed: int) -> None:
        self.attack, self.lanes = attack, lanes
        training = lanes.problem.training
        assert training is not None
        self.ground = Ground(lanes)
        self.starts = Starts(self.ground, training, seed, attack.starts)
        self.walk = attack.walk(self.ground)
        self.landing: Landing | None = None
        if attack.project_every:
            manifold = Manifold.of(training.position, training.present, training.geometry, attack.margin_degrees)
            self.landing = Landing(
                self.ground,
                manifold,
                weight=attack.acceleration_weight,
                tolerance=attack.tolerance,
                iterations=attack.solver_iterations,
            )
        self.stage = torch.full((lanes.width,), NOWHERE, device=lanes.x.device)
        self.ended = torch.zeros(lanes.width, dtype=torch.bool, device=lanes.x.device)

    def fill(self) -> list[int]:
        """Takes in clips; the lanes that have one."""
        for lane in self.lanes.fill():
            self.ground.enter(lane)
            self.starts.enter(lane)
            self.stage[lane], self.ended[lane] = STARTING, self.starts.exhausted(lane)
            if self.landing:
                self.landing.begin(lane)
        return self.lanes.active

    def round(self, oracle: Oracle) -> list[int]:
        """One query of every lane that does not wait; the lanes that are at their end."""
        stage, ground, landing = self.stage, self.ground, self.landing
        stages: list[tuple[int, Stage]] = [(STARTING, self.starts), (WALKING, self.walk)]
        asked = (stage != NOWHERE) & ~self.ended
        if landing:
            stages.append((LANDING, landing))
            landing.project(len(self.lanes.active))
            asked = asked & ~landing.waiting
        if bool(asked.any()):
            clips = ground.here
            there = [(number, of) for number, of in stages if bool((asked & (stage == number)).any())]
            for number, of in there:
                clips = select(stage == number, of.ask(asked & (stage == number)), clips)
            adversarial = oracle(clips)
            ground.note(asked, clips, adversarial)
            for number, of in there:
                now = asked & (stage == number)
                stepped = of.answer(now, clips, adversarial)
                if number == STARTING:
                    self._begin(now, stepped)
                else:
                    self._go_on(now, stepped, number)
        return [lane for lane in self.lanes.active if bool(self.ended[lane])]

    def _begin(self, now: Tensor, arrived: Tensor) -> None:
        for lane in arrived.nonzero()[:, 0].tolist():
            self.walk.begin(lane)
        for lane in (now & ~arrived).nonzero()[:, 0].tolist():
            self.ended[lane] = self.starts.exhausted(lane)
        self.ended = self.ended | (now & ~arrived & (self.ground.queries >= self.attack.allowed))
        if bool(arrived.any()):
            self.stage = torch.where(arrived, WALKING, self.stage)
            self.walk.enter(arrived)

    def _go_on(self, now: Tensor, stepped: Tensor, number: int) -> None:
        """To the next stage, where a step of the walk or a landing is over, or no query is left."""
        ground, attack = self.ground, self.attack
        over = (ground.steps >= attack.iterations) | (ground.queries >= attack.allowed)
        if number == WALKING:
            due = now & (over | (stepped & _every(ground.steps, attack.project_every)))
            if self.landing is None:
                self.ended = self.ended | due
            elif bool(due.any()):
                self.stage = torch.where(due, LANDING, self.stage)
                self.landing.enter(due, over)
            return
        assert self.landing is not None
        spent = now & ~stepped & (ground.queries >= (attack.budget or torch.inf))
        if bool(spent.any()):
            self.landing.waiting = self.landing.waiting & ~spent
        ready = stepped | spent
        self.ended = self.ended | (ready & over)
        again = ready & ~over
        if bool(again.any()):
            self.stage = torch.where(again, WALKING, self.stage)
            self.walk.enter(again)

    def kept(self, lane: int) -> dict[str, Any]:
        """What is kept of the clip in a lane that is at its end."""
        ground, landing = self.ground, self.landing
        started = bool(ground.best_l[lane].isfinite())
        values: dict[str, Any] = {
            "position": ground.best[lane].cpu().numpy(),
            "claimed": started,
            "iterations": int(ground.steps[lane]),
            "queries": int(ground.queries[lane]),
            "perceptual_loss": float(ground.best_l[lane]) if started else np.nan,
            "start_row": int(self.starts.row[lane]) if started else -1,
            "boundary_l": float(ground.boundary_l[lane]) if started else np.nan,
            "search_l": float(ground.best_l[lane]) if started else np.nan,
            "trace_l": ground.traced(lane),
        }
        if landing and int(landing.made[lane]):
            values |= {
                "search_l": float(landing.search_l[lane]),
                "projected": bool(landing.landed[lane]),
                "projections": int(landing.made[lane]),
                "converged": bool(landing.converged[lane]),
                "projection_residual": float(landing.residual[lane]),
            }
        return values

    def leave(self, lane: int) -> None:
        """Empties a lane."""
        self.lanes.clip[lane] = -1
        self.stage[lane], self.ended[lane] = NOWHERE, False


def _every(steps: Tensor, count: int) -> Tensor:
    return (steps % count == 0) & (steps > 0) if count else torch.zeros_like(steps, dtype=torch.bool)
