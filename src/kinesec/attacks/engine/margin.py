"""Attacks led by the margin in logits by which a clip is not yet adversarial, in place of the strategy's own loss."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from torch import Tensor

from kinesec.attacks.engine.criteria import Criterion
from kinesec.attacks.engine.gradients import Gradients, gradient_at
from kinesec.attacks.engine.lanes import Lanes
from kinesec.attacks.engine.steps import TINY
from kinesec.errors import ConfigError
from kinesec.models.recognizers.base import Recognizer

Loss = Literal["strategy", "margin", "dlr"]


@dataclass(frozen=True)
class Margin(Criterion):
    """Another strategy, led to by its margin in logits, with ``relative`` over the largest's lead on the third."""

    of: Criterion
    relative: bool

    @property
    def name(self) -> str:
        return self.of.name

    def met(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        return self.of.met(logits, label, target)

    def margin(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        return self.of.margin(logits, label, target)

    def loss(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        margin = self.margin(logits, label, target)
        if not self.relative:
            return margin
        if logits.shape[1] < 3:
            raise ConfigError(f"attack: loss: found dlr for {logits.shape[1]} classes, expected margin")
        first, _, third = logits.topk(3, dim=1).values.unbind(1)
        return margin / (first - third).clamp_min(TINY)


def by_loss(loss: Loss, model: Recognizer, lanes: Lanes, criterion: Criterion) -> Gradients:
    """The gradient of a strategy's own loss, of its margin, or of that over the largest logit's lead on the third."""
    return gradient_at(model, lanes, criterion if loss == "strategy" else Margin(criterion, loss == "dlr"))
