"""MART: misclassification aware adversarial training (Wang et al., ICLR 2020)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import one_hot

from kinesec.defences.robust._adversarial import AdversarialTraining, Batch, Objective, ascended
from kinesec.defences.robust.base import Case
from kinesec.models.recognizers.base import Recognizer
from kinesec.settings import NotNegative

LEAST = 1e-12  # of a probability whose logarithm is taken


@dataclass(frozen=True, kw_only=True)
class MART(AdversarialTraining):
    """Boosted cross entropy of attacked clips, and ``weight`` (lambda) times how far they are answered from clean ones.

    Boosted: minus log p_y minus log(1 - the largest other p) (section 3.3). The Kullback-Leibler divergence of each
    clip counts by 1 - p_y of its clean answer.
    """

    weight: NotNegative = 5.0

    def objective(self, case: Case) -> Objective:
        return self._loss

    def _loss(self, model: Recognizer, batch: Batch) -> Tensor:
        attacked = ascended(model, batch, self, batch.cross_entropy)
        clean, moved = model(batch.clip).softmax(1), model(attacked).softmax(1)
        true = one_hot(batch.label, clean.shape[1]).bool()
        other = moved.masked_fill(true, 0).amax(1)
        boosted = -_log(moved[true]) - _log(1 - other)
        away = (clean * (_log(clean) - _log(moved))).sum(1)
        loss: Tensor = (boosted + self.weight * away * (1 - clean[true])).mean()
        return loss


def _log(probability: Tensor) -> Tensor:
    return torch.log(probability.clamp_min(LEAST))


DEFENCE = MART
PRESETS: dict[str, dict[str, Any]] = {"paper": {}, "wide_resnet": {"weight": 6.0}}
