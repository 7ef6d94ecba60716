"""TRADES: a trade-off between accuracy and robustness (Zhang et al., ICML 2019)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import kl_div

from kinesec.attacks.engine.gradients import frozen
from kinesec.defences.robust._adversarial import AdversarialTraining, Batch, Objective, ascended
from kinesec.defences.robust.base import Case
from kinesec.models.recognizers.base import Recognizer
from kinesec.settings import NotNegative


@dataclass(frozen=True, kw_only=True)
class TRADES(AdversarialTraining):
    """Equation 5: cross entropy of clean clips, and ``beta`` (1 / lambda) times how far attacked ones are answered.

    How far is the Kullback-Leibler divergence of the two softmax outputs, which the attack climbs too.
    """

    beta: NotNegative = 6.0

    def objective(self, case: Case) -> Objective:
        return self._loss

    def _loss(self, model: Recognizer, batch: Batch) -> Tensor:
        with frozen(model), torch.no_grad():
            before = model(batch.clip).softmax(1)
        attacked = ascended(model, batch, self, lambda logits: kl_div(logits.log_softmax(1), before, reduction="sum"))
        clean = model(batch.clip)
        away = kl_div(model(attacked).log_softmax(1), clean.softmax(1), reduction="batchmean")
        cross_entropy = torch.nn.functional.cross_entropy(clean, batch.label, label_smoothing=batch.smoothing)
        return cross_entropy + self.beta * away


DEFENCE = TRADES
PRESETS: dict[str, dict[str, Any]] = {"paper": {}, "robustbench": {"epsilon": 0.01, "step": 1e-4, "steps": 20}}
