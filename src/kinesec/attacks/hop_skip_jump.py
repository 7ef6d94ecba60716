"""HopSkipJump (Chen et al., IEEE S&P 2020) as the Adversarial Robustness Toolbox has it, for comparison.

Wants the extra ``peers``: pip install -c constraints.txt -e '.[peers]'. The library knows no budget of queries and no
trace: here its model counts them, and ends the attack when they are spent; what is kept is the nearest adversarial clip
that it asked about.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinesec import seeding
from kinesec.attacks.base import Attack, Problem
from kinesec.attacks.engine.criteria import Criterion
from kinesec.attacks.engine.decision import check_labels, order_of_starts, start_from
from kinesec.attacks.engine.finished import Finished
from kinesec.attacks.engine.gradients import frozen
from kinesec.attacks.engine.lanes import width_for
from kinesec.errors import KinesecError
from kinesec.models.recognizers.base import Recognizer
from kinesec.progress import Progress
from kinesec.samples.adversarial import QUERY_GRID, Adversarial
from kinesec.settings import Count, Whole


@dataclass(frozen=True, kw_only=True)
class HopSkipJump(Attack):
    """At most ``iterations`` steps and ``budget`` queries a clip; ``first`` and ``most`` clips for an estimate (L2)."""

    needs_training = True
    iterations: Whole = 50
    budget: Count = 2000
    starts: Count = 100
    first: Count = 100
    most: Count = 10000

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
        """See ``Attack.run``: the library takes one clip after the other, whatever ``batch`` is."""
        check_labels(self, model, problem, criterion)
        target = criterion.targets(problem.label.tolist(), problem.row.tolist(), model.shape.classes, seed)
        finished, training = Finished(problem, target, checkpoints), problem.training
        if training is None:
            return finished.adversarial()
        device = next((parameter.device for parameter in model.parameters()), problem.position.device)
        size = width or width_for(device, problem.position)
        with frozen(model), torch.no_grad(), Progress(f"attacking by {self.name}", len(problem), show=show) as progress:
            progress.update(int(finished.there.sum()))
            for clip in finished.missing.tolist():
                counter = _Counter(model, problem, clip, int(target[clip]), self.budget, size, device)
                self._attack(counter, training, seed)
                finished.keep(clip, counter.kept())
                finished.save()
                progress.update(1)
        return finished.adversarial()

    def _attack(self, counter: _Counter, training: Problem, seed: int) -> None:
        art = _library()
        low, high = float(training.position.min()), float(training.position.max())
        shape = tuple(counter.clean.shape)
        classifier = art.estimators.classification.BlackBoxClassifier(
            counter, shape, counter.model.shape.classes, clip_values=(low, high)
        )
        row = counter.row
        order = order_of_starts(training, counter.label, counter.target, seed, row, self.starts)
        kept = np.random.get_state()  # noqa: NPY002 the library draws from the global generator
        np.random.seed(seeding.integer(seed, "attack", row) % 2**32)  # noqa: NPY002
        try:
            start = counter.first_adversarial(training, order)
            if start is None:
                return
            goal = counter.target if counter.target >= 0 else counter.label
            attack = art.attacks.evasion.HopSkipJump(
                classifier,
                targeted=counter.target >= 0,
                max_iter=self.iterations,
                max_eval=self.most,
                init_eval=self.first,
                verbose=False,
            )
            attack.generate(counter.clean[None].cpu().numpy(), np.array([goal]), x_adv_init=start[None].cpu().numpy())
        except _SpentError:
            pass
        finally:
            np.random.set_state(kept)  # noqa: NPY002


class _SpentError(Exception):
    """No query is left."""


class _Counter:
    """The model as the library calls it, for one clip: labels as one-hot rows; it counts queries and keeps the best."""

    def __init__(
        self, model: Recognizer, problem: Problem, clip: int, target: int, budget: int, width: int, device: torch.device
    ) -> None:
        self.model, self.target, self.budget, self.width = model, target, budget, width
        self.clean = problem.position[clip].to(device)
        self.present = problem.present[clip][..., None, None].to(self.clean)
        self.label, self.row = int(problem.label[clip]), int(problem.row[clip])
        self.queries, self.best, self.least = 0, self.clean, np.inf
        self.start_row = -1
        self.trace = np.full(len(QUERY_GRID), np.nan)

    def __call__(self, clips: np.ndarray) -> np.ndarray:
        rows = torch.from_numpy(np.asarray(clips, np.float32)).to(self.clean) * self.present
        labels = self.labels(rows[: self.budget - self.queries])
        if len(labels) < len(rows):
            raise _SpentError
        return np.asarray(np.eye(self.model.shape.classes, dtype=np.float32)[labels.cpu().numpy()])

    def labels(self, rows: Tensor) -> Tensor:
        """The model's labels (clip,) of clips, each a query."""
        parts = [torch.zeros(0, dtype=torch.int64, device=rows.device)]
        for part in rows.split(self.width):  # always of one shape
            whole = torch.cat([part, part[:1].expand(self.width - len(part), *part.shape[1:])])
            parts.append(self.model(whole).argmax(1)[: len(part)])
        labels = torch.cat(parts)
        hit = labels == self.target if self.target >= 0 else labels != self.label
        moved = rows - self.clean
        there = self.present[..., 0, 0]
        sizes = ((moved * moved).sum((3, 4)).sqrt() * there).sum((1, 2)) / there.sum().clamp_min(1)
        least = np.minimum.accumulate(np.where(hit.cpu(), sizes.double().cpu(), np.inf))
        if len(least):
            if least[-1] < self.least:
                self.best = rows[int(np.argmin(np.where(hit.cpu(), sizes.double().cpu(), np.inf)))]
            at = np.flatnonzero((self.queries < QUERY_GRID) & (self.queries + len(rows) >= QUERY_GRID))
            upto = np.minimum(least[QUERY_GRID[at] - self.queries - 1], self.least)
            self.trace[at] = np.where(np.isfinite(upto), upto, np.nan)
            self.least = min(self.least, float(least[-1]))
        self.queries += len(rows)
        return labels

    def first_adversarial(self, training: Problem, order: np.ndarray) -> Tensor | None:
        """The first start in that order that is adversarial."""
        for start in order.tolist():
            clip = start_from(training, start, self.clean, self.present)
            if self.queries >= self.budget:
                return None
            label = int(self.labels(clip[None])[0])
            if label == self.target if self.target >= 0 else label != self.label:
                self.start_row = int(training.row[start])
                return clip
        return None

    def kept(self) -> dict[str, Any]:
        """What is kept of the clip."""
        started = bool(np.isfinite(self.least))
        self.trace[self.queries < QUERY_GRID] = self.least if started else np.nan
        return {
            "position": self.best.cpu().numpy(),
            "claimed": started,
            "queries": self.queries,
            "perceptual_loss": self.least if started else np.nan,
            "search_l": self.least if started else np.nan,
            "start_row": self.start_row,
            "trace_l": self.trace,
        }


def _library() -> Any:
    try:
        import art.attacks.evasion
        import art.estimators.classification
    except ImportError:
        raise KinesecError(
            "attack 'hop_skip_jump': found no Adversarial Robustness Toolbox, expected the extra `peers`: "
            "pip install -c constraints.txt -e '.[peers]'"
        ) from None
    return art


NAME = "HopSkipJump"
ACCESS = "labels"
ATTACK = HopSkipJump
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
