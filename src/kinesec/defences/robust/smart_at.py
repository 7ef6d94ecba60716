"""SMART-AT: adversarial training with SMART as the attack (a baseline of BEAT, AAAI 2023)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinesec.attacks.base import Attack, Problem
from kinesec.attacks.base import build as build_attack
from kinesec.attacks.engine import criteria
from kinesec.defences.robust._adversarial import AdversarialTraining, Batch, Objective
from kinesec.defences.robust.base import Case
from kinesec.models.recognizers.base import Recognizer
from kinesec.settings import Share


@dataclass(frozen=True, kw_only=True)
class SMARTAT(AdversarialTraining):
    """``steps`` iterations of SMART (``attack``: changes of its settings) make the clips that are trained on.

    ``share`` of the loss is that of attacked clips, the rest that of clean ones. How the paper mixes them, and how many
    iterations it takes, could not be read: all attacked, and 10, are ours. ``epsilon`` and ``step`` are of the bounded
    attack that weights are chosen by.
    """

    attack: Mapping[str, Any] = field(default_factory=lambda: {"reduction": "normalised", "weight": 0.6})
    share: Share = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        self.smart()

    def smart(self) -> Attack:
        """The attack; raises ``ConfigError`` for settings that SMART does not take."""
        return build_attack("smart", {**self.attack, "iterations": self.steps})

    def objective(self, case: Case) -> Objective:
        return partial(self._loss, case.problem)

    def _loss(self, training: Problem, model: Recognizer, batch: Batch) -> Tensor:
        attacked = model.loss(self._attacked(training, model, batch), batch.label, batch.smoothing)
        if self.share == 1:
            return attacked
        return self.share * attacked + (1 - self.share) * model.loss(batch.clip, batch.label, batch.smoothing)

    def _attacked(self, training: Problem, model: Recognizer, batch: Batch) -> Tensor:
        """What SMART makes of the batch, ``training`` saying whose bodies they are."""
        rows = batch.row.cpu().numpy()
        seen = batch.clip.detach().cpu()
        problem = replace(training.take(rows), position=seen, place=np.arange(len(rows)))
        criterion = criteria.parse("AB", model.shape.classes)
        made = self.smart().run(model, problem, criterion, width=len(rows), batch=len(rows))
        return torch.from_numpy(made.position).to(batch.clip)


DEFENCE = SMARTAT
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
