"""Trigger inversion over limbs: which limb, moved the same way in every window, silences the model?

Neural Cleanse (Wang et al., IEEE S&P 2019) for prediction, ours: limbs take the place of classes, one trajectory of
bone directions that of the patch and its mask, predicted motion that of the class.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
import torch
from torch import Tensor

from kinesec import seeding
from kinesec.defences.base import MODELS, Course, Outcome, Statistic
from kinesec.defences.cases.prediction import Case
from kinesec.errors import KinesecError
from kinesec.models.predictors.base import Predictor
from kinesec.motion.kinematics import pose_limb
from kinesec.motion.skeleton import Skeleton
from kinesec.progress import Progress
from kinesec.settings import Count, NotNegative, Range, Share, Whole

KIND = "inversion"
TASKS = ("prediction",)
Objective = Literal["motion", "pose", "energy"]
FLAG = 2.0


def limbs(skeleton: Skeleton, used: Sequence[int]) -> dict[str, tuple[int, ...]]:
    """The body parts that can be posed without tearing a bone: no joint outside hangs from one inside."""
    return {
        part: joints
        for part, joints in skeleton.groups.items()
        if set(joints) & set(used)
        and not any(parent in joints for joint, parent in enumerate(skeleton.parents) if joint not in joints)
    }


@dataclass(frozen=True)
class Limb:
    """Histories (window, frame, joint, xyz) of all joints, whose ``limb`` is posed; predictors see ``used`` joints."""

    history: Tensor
    parents: tuple[int, ...]
    limb: tuple[int, ...]
    used: list[int]

    def posed(self, directions: Tensor) -> Tensor:
        """Histories with the limb along directions (frame, len(limb), xyz), its median bone lengths kept."""
        limb = list(self.limb)
        bones = self.history[:, :, limb] - self.history[:, :, [self.parents[joint] for joint in limb]]
        lengths = torch.linalg.vector_norm(bones, dim=-1).median(dim=1, keepdim=True).values
        unit = torch.nn.functional.normalize(directions, dim=-1).expand(len(self.history), -1, -1, -1)
        posed: Tensor = pose_limb(self.history, self.parents, self.limb, unit, lengths.expand(unit.shape[:-1]))
        return posed

    def objective(self, model: Predictor, history: Tensor, kind: str) -> Tensor:
        """What is made small, mm, over the used joints outside the limb; a scalar.

        ``motion``: root of the variance across windows of the predicted displacement from the last observed pose;
        ``pose``: of the predicted pose itself; ``energy``: the root mean square displacement.
        """
        outside = [place for place, joint in enumerate(self.used) if joint not in self.limb]
        seen = history[:, :, self.used]
        predicted = model(seen)
        moved = (predicted if kind == "pose" else predicted - seen[:, -1:])[:, :, outside]
        squares = moved.square().mean(0) if kind == "energy" else moved.var(0, correction=0)
        value: Tensor = (squares.sum(-1).mean() + 1e-6).sqrt()
        return value


def invert(
    model: Predictor, of: Limb, start: Tensor, *, steps: int, rate: float, kind: str, progress: Progress | None = None
) -> tuple[Tensor, np.ndarray]:
    """The directions (frame, len(limb), xyz) of least objective that Adam meets from ``start`` on.

    And the objective's course: the least so far (step + 1,), begun with that of ``start``.
    """
    free = start.clone().requires_grad_()
    optimiser = torch.optim.Adam([free], lr=rate)
    best, least, course = start, float("inf"), []
    for step in range(steps + 1):
        loss = of.objective(model, of.posed(free), kind)
        if loss.item() < least:
            best, least = free.detach().clone(), loss.item()
        course.append(least)
        if step < steps:
            (free.grad,) = torch.autograd.grad(loss, [free])
            optimiser.step()
            if progress is not None:
                progress.update()
    return torch.nn.functional.normalize(best, dim=-1), np.array(course)


def anomaly(values: Sequence[float] | np.ndarray) -> np.ndarray:
    """|x - median| / (1.4826 MAD) of each value; zeros where they do not differ, infinite for one that alone does."""
    away = np.abs(np.asarray(values) - np.median(values))
    spread = 1.4826 * np.median(away)
    if spread > 0:
        return np.asarray(away / spread)
    return np.where(away > 0, np.inf, 0.0)


def _outcomes(setting: str, model: str, courses: dict[str, np.ndarray], windows: int) -> Iterator[Outcome]:
    """What is left of the objective (%) by part, its course, and the anomaly index of itself and of its logarithm."""
    values = np.array([course[-1] for course in courses.values()])
    plain, logarithmic = anomaly(values), anomaly(np.log(values))
    for place, (part, course) in enumerate(courses.items()):
        yield Course(setting, model, part, course)
        for step in quarters(len(course) - 1):
            left = float(course[step])
            yield Statistic(setting, model, "objective_left", left, "%", windows, part=part, step=step)
        for metric, index in (("anomaly_index", plain[place]), ("anomaly_index_log", logarithmic[place])):
            flagged = bool(index > FLAG and values[place] < np.median(values))
            yield Statistic(setting, model, metric, float(index), "", windows, part=part, flagged=flagged)


def quarters(steps: int) -> list[int]:
    """The steps after each quarter of a search, 0 and the last among them."""
    return sorted({round(steps * quarter / 4) for quarter in range(5)})


def defend(
    case: Case,
    *,
    objectives: Sequence[Objective] = ("motion",),
    windows: Annotated[int, Range(2)] = 64,
    steps: Whole = 200,
    restarts: Count = 2,
    rate: NotNegative = 0.1,
    share: Share = 0.1,
) -> Iterator[Outcome]:
    """Per limb: the least objective over that of the untouched windows, in %, and its anomaly index over the limbs.

    The objective's course is told step by step, and after each quarter of the steps as a number: where the last quarter
    gains little, more steps would not have decided otherwise.

    The index is that of the value itself (Neural Cleanse's) and of its logarithm: ratios differ by factors. A limb is
    flagged whose index is over 2 and whose value is under the median. ``windows`` clean training windows are
    drawn among the held-out ``share``; Adam takes ``steps`` of ``rate`` from each of ``restarts`` starts: the
    directions' mean over the windows, then poses drawn at random, held still.
    """
    skeleton, used, frames = case.training.skeleton, case.training.used, case.training.history
    parts = limbs(skeleton, used)
    if len(parts) < 3:
        raise KinesecError(
            f"trigger inversion: found {len(parts)} limbs in the skeleton, expected 3 or more to compare"
        )
    rng = seeding.generator(case.seed, "defence", "inversion")
    index = np.sort(rng.permutation(case.held_out(share))[:windows])
    history = torch.from_numpy(case.training.gather(index)[:, :frames]).to(case.device)
    with Progress("inverting", len(objectives) * len(MODELS) * len(parts) * restarts * steps, unit="steps") as progress:
        for kind in objectives:
            drawn = {part: rng.normal(size=(restarts - 1, 1, len(joints), 3)) for part, joints in parts.items()}
            for name in MODELS:
                courses = {}
                for part, joints in parts.items():
                    of = Limb(history, skeleton.parents, joints, used)
                    begins = [torch.from_numpy(posture.repeat(frames, 0)).to(history) for posture in drawn[part]]
                    mean = history[:, :, list(joints)] - history[:, :, [skeleton.parents[joint] for joint in joints]]
                    with torch.no_grad():
                        before = of.objective(case.models[name], history, kind).item()
                    searched = [
                        invert(case.models[name], of, start, steps=steps, rate=rate, kind=kind, progress=progress)[1]
                        for start in [torch.nn.functional.normalize(mean.mean(0), dim=-1), *begins]
                    ]
                    courses[part] = 100 * np.min(searched, axis=0) / before
                yield from _outcomes(f"objective={kind}", name, courses, len(index))
