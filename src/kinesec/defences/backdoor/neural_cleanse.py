"""Neural Cleanse: a backdoored class is reached by a far smaller patch than the others (Wang et al., IEEE S&P 2019).

Patch and mask are searched for each class: over joints or pixels alike in all frames, as TDBA's authors do (AAAI 2024,
appendix D), and, ours, with a mask over frames too, or over Fourier coefficients along time, which TDBA calls
infeasible.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated, Literal

import numpy as np

from kinesec.defences.backdoor import _inversion
from kinesec.defences.backdoor._verdict import compared, norm_ratio, of_classes
from kinesec.defences.base import Outcome
from kinesec.defences.cases.classification import Case
from kinesec.defences.cases.parametrisation import Form, Masked
from kinesec.progress import Progress
from kinesec.settings import SOME, Count, Positive, Range, Share, Whole

KIND = "inversion"
TASKS = ("recognition", "video")
BETAS = (0.5, 0.9)


def report(
    case: Case,
    search: _inversion.Search,
    triggers: Masked,
    restarts: int,
    norm: str,
    statistic: str,
    setting: str,
    n: int,
) -> Iterator[Outcome]:
    """Per class the mask's norm, success and steps; the anomaly index of 1 / norm (TDBA) or of the norm; the ratio."""
    lane = _inversion.smallest(search.size, search.reached, restarts)
    size = search.size if norm == "l1" else triggers.count(search.theta).clamp(min=0.5)
    norms = size[lane].double().cpu().numpy()
    yield from of_classes(setting, f"mask_{norm}", case.classes, norms, "sites", n)
    yield from of_classes(setting, "success", case.classes, 100 * search.success[lane].cpu().numpy(), "%", n)
    yield from of_classes(setting, "steps", case.classes, search.steps[lane].cpu().numpy(), "", n)
    if statistic == "reciprocal":
        yield from compared(setting, case.classes, 1 / np.maximum(norms, 1e-12), n, "high")
    else:
        yield from compared(setting, case.classes, norms, n, "low")
    yield norm_ratio(setting, case.classes, np.maximum(norms, 1e-12), n)


def defend(
    case: Case,
    *,
    forms: Annotated[Sequence[Form], SOME] = ("shared",),
    norm: Literal["l1", "l0"] = "l1",
    statistic: Literal["reciprocal", "norm"] = "reciprocal",
    steps: Count = 1000,
    samples: Count = 1000,
    batch: Count = 32,
    restarts: Count = 1,
    rate: Positive = 0.1,
    cost: Positive = 1e-3,
    patience: Count = 5,
    up: Annotated[float, Range(1, above=True)] = 2.0,
    success: Share = 0.99,
    early: Whole = 25,
) -> Iterator[Outcome]:
    """The smallest mask of each class, and how much smaller the smallest is: ``index``, ``norm_ratio``.

    Defaults are the released code's. A step goes through ``samples`` in batches; on a CPU, where 24 samples in one
    batch, 150 steps and ``cost`` 0.01 are enough to find patches, one batch is a step. ``norm`` ``l0`` counts sites
    whose mask is above one half.
    """
    target = _inversion.lanes(case, restarts)
    schedule = _inversion.Schedule(steps, success, cost, patience, up, up**1.5, early)
    data = _inversion.samples(case, samples, batch)
    with Progress("inverting", len(forms) * len(target) * steps, unit="lane steps") as progress:
        for form in forms:
            triggers, rng = Masked(form, case.layout), _inversion.stream(case, form)
            start = triggers.start(rng, len(target))
            search = _inversion.invert(
                case, data, triggers, start, target, schedule, _inversion.Adam(rate, BETAS), rng, progress=progress
            )
            yield from report(case, search, triggers, restarts, norm, statistic, f"form={form}", len(data.x))
