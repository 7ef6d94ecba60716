"""TABOR: Neural Cleanse with more costs, of scattered, large or blocking triggers (Guo et al., arXiv 1908.01763)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Annotated, Literal

import torch
from torch import Tensor

from kinesec.defences.backdoor import _inversion
from kinesec.defences.backdoor._inversion import Answers, entropy
from kinesec.defences.backdoor.neural_cleanse import report
from kinesec.defences.base import Outcome
from kinesec.defences.cases.classification import Case
from kinesec.defences.cases.parametrisation import Form, Masked, Theta, share
from kinesec.errors import ConfigError
from kinesec.progress import Progress
from kinesec.settings import SOME, Count, NotNegative, Positive, Range, Share, Whole

KIND = "inversion"
TASKS = ("recognition", "video")
WEIGHTS = (1e-6, 1e-5, 1e-7, 1e-8, 0.0, 1e-2)
BETAS = (0.5, 0.9)


def elastic(field: Tensor) -> Tensor:
    """l1 norm plus squared l2 norm (lane,)."""
    return (field.abs() + field.square()).flatten(1).sum(1)


def penalty(triggers: Masked, weights: Sequence[float], theta: Theta) -> Tensor:
    """(lane,): R1 to R4 of the paper: of a large mask, a pattern outside it, and of either not being smooth over sites.

    Patterns count as shares of their range, 0 to 1, whatever the samples' units.
    """
    mask = triggers.mask(theta)
    outside = (1 - mask) * share(theta[1])
    terms = (elastic(mask), elastic(outside), triggers.layout.variation(mask), triggers.layout.variation(outside))
    total = torch.zeros_like(terms[0])
    for weight, term in zip(weights, terms, strict=False):
        total = total + weight * term
    return total


def answered(triggers: Masked, weights: Sequence[float]) -> _inversion.Extra | None:
    """R5 and R6: a mask's blocked samples keep their class, and the trigger alone is called the target."""
    blocked, alone = weights[4:]
    if not blocked and not alone:
        return None

    def extra(theta: Theta, x: Tensor, label: Tensor, target: Tensor, answers: Answers) -> Tensor:
        layout = triggers.layout
        mask, total = layout.place(triggers.mask(theta)), torch.zeros(len(target), device=x.device)
        if blocked:
            # what the mask covers is at the middle of its range
            middle = layout.settled(x, mask * ((layout.low + layout.high) / 2 - x))
            classes = label.expand(len(target), -1)
            total = total + blocked * entropy(answers(middle), classes, torch.ones(classes.shape, device=x.device))
        if alone:
            blank = ((layout.low + layout.high) / 2).expand(x[:1].shape)
            logits = answers(triggers.apply(theta, blank))
            total = total + alone * entropy(logits, target[:, None], torch.ones(len(target), 1, device=x.device))
        return total

    return extra


def defend(
    case: Case,
    *,
    forms: Annotated[Sequence[Form], SOME] = ("shared",),
    norm: Literal["l1", "l0"] = "l0",
    statistic: Literal["reciprocal", "norm"] = "reciprocal",
    weights: Sequence[NotNegative] = WEIGHTS,
    steps: Count = 500,
    samples: Count = 1000,
    batch: Count = 32,
    restarts: Count = 1,
    rate: Positive = 0.1,
    cost: Positive = 1.0,
    patience: Count = 5,
    up: Annotated[float, Range(1, above=True)] = 2.0,
    success: Share = 0.99,
    early: Whole = 25,
) -> Iterator[Outcome]:
    """As Neural Cleanse's; ``weights`` are those of the paper's six terms, of which ``cost`` scales R1 to R4.

    ``cost`` rises and falls as Neural Cleanse's does; the weights are those of two ports, for pictures (thousands of
    pixels): of a skeleton's few joints, 1e-2, 1e-3, 1e-3, 1e-4, 0, 1e-2 weigh alike. The paper's own score of a trigger
    is not used: TDBA's authors take 1 / l0 as well. Forms of several frames are ours.
    """
    if len(weights) != 6:
        raise ConfigError(f"defence 'tabor': weights: found {len(weights)} numbers, expected 6, of R1 to R6")
    target = _inversion.lanes(case, restarts)
    schedule = _inversion.Schedule(steps, success, cost, patience, up, up**1.5, early)
    data = _inversion.samples(case, samples, batch)
    with Progress("inverting", len(forms) * len(target) * steps, unit="lane steps") as progress:
        for form in forms:
            triggers, rng = Masked(form, case.layout), _inversion.stream(case, "tabor", form)
            search = _inversion.invert(
                case,
                data,
                triggers,
                triggers.start(rng, len(target)),
                target,
                schedule,
                _inversion.Adam(rate, BETAS),
                rng,
                size=partial(penalty, triggers, weights),
                extra=answered(triggers, weights),
                progress=progress,
            )
            yield from report(case, search, triggers, restarts, norm, statistic, f"form={form}", len(data.x))
