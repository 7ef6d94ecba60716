"""Training that goes on at a constant rate on clean samples, for defences that mend a model."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinesec import seeding
from kinesec.defences.cases.base import Case
from kinesec.training.batches import batches
from kinesec.training.loop import step


def tune(
    model: Any,
    case: Case,
    index: np.ndarray,
    rate: float,
    epochs: int,
    extra: Callable[[Tensor], Tensor] | None = None,
) -> Iterator[int]:
    """Trains in place on clean samples ``index``, by the recipe but at a constant ``rate``; yields after each epoch.

    Running statistics of a batch normalisation follow these samples, as in any training, whatever the rate. ``extra``
    is added to the loss of the training samples that it is given.
    """
    optimiser = case.optimiser(model, rate)
    chosen = torch.from_numpy(index)
    for epoch in range(1, epochs + 1):
        model.train()
        with seeding.torch_stream(case.seed, "defence", "dropout", epoch):
            for part in batches(len(index), case.recipe.batch, seeding.generator(case.seed, "defence", "order", epoch)):
                samples = chosen[part].to(case.device)
                loss = case.loss(model, samples)
                step(model, optimiser, loss if extra is None else loss + extra(samples), case.largest_norm)
        model.eval()
        yield epoch
