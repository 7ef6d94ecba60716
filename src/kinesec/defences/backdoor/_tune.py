"""Training that goes on at a constant rate on clean windows, for defences that mend a model."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from kinesec import seeding
from kinesec.defences.base import CLEAN
from kinesec.defences.cases.prediction import Case
from kinesec.models.predictors.base import Predictor
from kinesec.training.batches import batches
from kinesec.training.loop import step


def tune(model: Predictor, case: Case, index: np.ndarray, rate: float, epochs: int) -> Iterator[int]:
    """Trains in place on clean windows ``index``, by the recipe but at a constant ``rate``; yields after each epoch.

    Running statistics of a batch normalisation follow these windows, as in any training, whatever the rate.
    """
    recipe, data = case.recipe, case.training_sets[CLEAN]
    optimiser = torch.optim.Adam(model.parameters(), lr=rate, weight_decay=recipe.weight_decay)
    chosen = torch.from_numpy(index)
    for epoch in range(1, epochs + 1):
        model.train()
        with seeding.torch_stream(case.seed, "defence", "dropout", epoch):
            for part in batches(len(index), recipe.batch, seeding.generator(case.seed, "defence", "order", epoch)):
                loss = model.loss(data.batch(chosen[part].to(case.device)))
                step(model, optimiser, loss, recipe.clip)
        model.eval()
        yield epoch
