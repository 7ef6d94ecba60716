"""Fine-tuning: training goes on for a few epochs on clean samples, so that the victim forgets its trigger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

from kinesec.defences.backdoor._tune import tune
from kinesec.defences.base import Outcome, Repair
from kinesec.defences.cases.base import Case, Recipe
from kinesec.progress import Progress
from kinesec.settings import SOME, Count, NotNegative, Share
from kinesec.training.batches import steps_of

KIND = "repair"
TASKS = ("prediction", "recognition", "video")
Rate = Literal["final"] | NotNegative


def learning_rate(recipe: Recipe, rate: Rate, samples: int) -> float:
    """``final``: the rate of the last step of the recipe's training on ``samples``; a number multiplies its rate."""
    if rate == "final":
        steps = steps_of(samples, recipe.batch)
        return recipe.rate_at(recipe.epochs - 1 / max(steps, 1))
    return recipe.rate * float(rate)


def defend(
    case: Case,
    *,
    shares: Annotated[Sequence[Share], SOME] = (0.05, 0.1, 0.2),
    rates: Annotated[Sequence[Rate], SOME] = ("final", 0.1, 1.0),
    epochs: Count = 20,
) -> Iterator[Outcome]:
    """Errors of victim and clean model after each epoch, for every share of clean samples and every rate.

    ``shares`` are of all training samples, drawn among those that were never poisoned. Errors are CDE and BDE of
    prediction, and of classifiers wrong answers and answers that are the target.
    """
    named = [(rate, learning_rate(case.recipe, rate, len(case.training))) for rate in rates]
    before = {name: case.errors(case.models[name]) for name in case.names}
    with Progress("fine-tuning", len(shares) * len(named) * len(case.names) * epochs, unit="epochs") as progress:
        for share in map(float, shares):
            index = case.held_out(share)
            for label, rate in named:
                setting = f"share={share:g} rate={label if isinstance(label, str) else f'{label:g}x'}"
                for name in case.names:
                    yield Repair(setting, name, before[name], share, rate, 0)
                    model = case.copy_of(name)
                    for epoch in tune(model, case, index, rate, epochs):
                        yield Repair(setting, name, case.errors(model), share, rate, epoch)
                        progress.update()
