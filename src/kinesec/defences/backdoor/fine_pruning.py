"""Fine-pruning: drop the last hidden features that clean windows use least, then fine-tune (Liu et al., RAID 2018)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import torch
from torch import Tensor, nn

from kinesec.defences.backdoor._tune import tune
from kinesec.defences.base import CLEAN, MODELS, Outcome, Repair
from kinesec.defences.cases.prediction import Case
from kinesec.models.predictors.base import PREDICTORS, Predictor
from kinesec.progress import Progress
from kinesec.settings import SOME, NotNegative, Share, Whole

KIND = "repair"


@torch.inference_mode()
def activity(model: Predictor, case: Case, index: torch.Tensor) -> Tensor:
    """Mean absolute value (feature,) of the last hidden features over tokens and clean training windows ``index``."""
    total: list[Tensor] = []

    def add(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        total.append(inputs[0].abs().flatten(0, -2).mean(0) * (inputs[0].shape[1] / len(index)))

    handle = model.last_layer().register_forward_pre_hook(add)
    try:
        for part in index.split(PREDICTORS.batch):
            model(case.training_sets[CLEAN].batch(part.to(case.device))[:, : case.training.history])
    finally:
        handle.remove()
    return torch.stack(total).sum(0)


def prune(model: Predictor, active: Tensor, share: float) -> int:
    """Sets ``floor(share x features)`` of least ``active`` (feature,) to zero for good, in place; returns how many.

    Equally active ones go in their order. The zeros hold through any training that follows.
    """
    count = int(share * len(active) + 1e-9)
    kept = torch.ones_like(active)
    kept[active.argsort(stable=True)[:count]] = 0
    model.last_layer().register_forward_pre_hook(lambda _, inputs: (inputs[0] * kept,))
    return count


def defend(
    case: Case,
    *,
    shares: Annotated[Sequence[Share], SOME] = (0.0, 0.2, 0.4, 0.6, 0.8, 0.9),
    held_out: Share = 0.1,
    rate: NotNegative = 0.1,
    epochs: Whole = 1,
) -> Iterator[Outcome]:
    """CDE and BDE of victim and clean model per pruned share of features, before fine-tuning (epoch 0) and after.

    ``held_out`` is the share of clean training windows that activity is measured and tuned on, ``rate`` multiplies the
    recipe's, ``epochs`` 0 leaves fine-tuning out. Raises ``KinesecError`` for predictors without last hidden features.
    """
    index = case.held_out(held_out)
    tuned_at = case.recipe.rate * float(rate)
    with Progress("fine-pruning", len(shares) * len(MODELS)) as progress:
        for name in MODELS:
            active = activity(case.models[name], case, torch.from_numpy(index))
            for share in map(float, shares):
                model = case.copy_of(name)
                prune(model, active, share)
                setting = f"pruned={share:g}"
                yield Repair(setting, name, case.errors(model), share, tuned_at, 0)
                for epoch in tune(model, case, index, tuned_at, epochs):
                    yield Repair(setting, name, case.errors(model), share, tuned_at, epoch)
                progress.update()
