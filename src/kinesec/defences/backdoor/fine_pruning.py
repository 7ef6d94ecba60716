"""Fine-pruning: drop the last hidden features that clean samples use least, then fine-tune (Liu et al., RAID 2018)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from kinesec.defences.backdoor._tune import tune
from kinesec.defences.base import Outcome, Repair
from kinesec.defences.cases.base import Case
from kinesec.progress import Progress
from kinesec.settings import SOME, NotNegative, Share, Whole

KIND = "repair"
TASKS = ("prediction", "recognition", "video")


def activity(model: Any, case: Case, index: Tensor) -> Tensor:
    """Mean absolute value (feature,) of the last hidden features over clean training samples ``index``."""
    return case.activity(model, index)


def prune(layer: nn.Module, active: Tensor, share: float) -> int:
    """Sets ``floor(share x features)`` of least ``active`` (feature,) to zero before ``layer``; returns how many.

    Equally active ones go in their order. The zeros hold through any training that follows.
    """
    count = int(share * len(active) + 1e-9)
    kept = torch.ones_like(active)
    kept[active.argsort(stable=True)[:count]] = 0
    layer.register_forward_pre_hook(lambda _, inputs: (inputs[0] * kept,))
    return count


def defend(
    case: Case,
    *,
    shares: Annotated[Sequence[Share], SOME] = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9),
    held_out: Share = 0.1,
    rate: NotNegative = 0.1,
    epochs: Whole = 1,
) -> Iterator[Outcome]:
    """Errors of victim and clean model per pruned share of features, before fine-tuning (epoch 0) and after.

    ``held_out`` is the share of clean training samples that activity is measured and tuned on, ``rate`` multiplies the
    recipe's, ``epochs`` 0 leaves fine-tuning out. Raises ``KinesecError`` for predictors without last hidden features.
    """
    index = case.held_out(held_out)
    tuned_at = case.recipe.rate * float(rate)
    with Progress("fine-pruning", len(shares) * len(case.names)) as progress:
        for name in case.names:
            active = activity(case.models[name], case, torch.from_numpy(index))
            for share in map(float, shares):
                model = case.copy_of(name)
                prune(case.last_layer(model), active, share)
                setting = f"pruned={share:g}"
                yield Repair(setting, name, case.errors(model), share, tuned_at, 0)
                for epoch in tune(model, case, index, tuned_at, epochs):
                    yield Repair(setting, name, case.errors(model), share, tuned_at, epoch)
                progress.update()
