"""PT-RED: a backdoored class is reached by a far smaller common perturbation (Xiang, Miller and Kesidis, TNNLS 2020).

As TDBA's authors run it (AAAI 2024, appendix D): one perturbation a target class, of all other classes' samples.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Annotated

import numpy as np
import torch

from kinesec.defences.backdoor import _inversion
from kinesec.defences.backdoor._verdict import compared, norm_ratio, of_classes
from kinesec.defences.base import Outcome
from kinesec.defences.cases.classification import Case
from kinesec.defences.cases.parametrisation import Added, Form
from kinesec.progress import Progress
from kinesec.settings import SOME, Count, NotNegative, Positive, Share

KIND = "inversion"
TASKS = ("recognition", "video")
JITTER = 0.1


def defend(
    case: Case,
    *,
    forms: Annotated[Sequence[Form], SOME] = ("shared",),
    steps: Count = 1000,
    samples: Count = 1000,
    batch: Count = 32,
    restarts: Count = 1,
    rate: Positive = 0.01,
    deviation: NotNegative = 1e-3,
    success: Share = 0.9,
) -> Iterator[Outcome]:
    """The l2 norm of each class's perturbation, and how much smaller the smallest is: ``index``, ``norm_ratio``.

    Descent of ``rate`` (1 + 0.1 N(0, 1)) from N(0, ``deviation``) until the share ``success`` of the other classes'
    samples is called the target; defaults are the first author's code, in units of grey level / 255 or of normalised
    positions. A class whose target was never reached has 1 / norm 0: none was found (ours). ``frequency`` searches
    Fourier coefficients: their basis is orthonormal, so that it is ``time`` from another start.
    """
    target = _inversion.lanes(case, restarts)
    schedule = _inversion.Schedule(steps, success, first=True)
    data = _inversion.samples(case, samples, batch, others=True)
    with Progress("perturbing", len(forms) * len(target) * steps, unit="lane steps") as progress:
        for form in forms:
            triggers, rng = Added(form, case.layout), _inversion.stream(case, form)
            start = triggers.start(rng, len(target), deviation)
            rates = torch.from_numpy(rate * (1 + JITTER * rng.normal(size=len(target)))).to(start[0])
            search = _inversion.invert(
                case, data, triggers, start, target, schedule, _inversion.Descent(rates), rng, progress=progress
            )
            lane = _inversion.smallest(search.size, search.reached, restarts)
            norms = search.size[lane].double().cpu().numpy()
            found = search.reached[lane].cpu().numpy()
            setting, n = f"form={form}", len(data.x)
            yield from of_classes(setting, "l2", case.classes, norms, "units", n)
            yield from of_classes(setting, "success", case.classes, 100 * search.success[lane].cpu().numpy(), "%", n)
            yield from of_classes(setting, "steps", case.classes, search.steps[lane].cpu().numpy(), "", n)
            norms = np.where(found, np.maximum(norms, 1e-12), np.inf)
            yield from compared(setting, case.classes, 1 / norms, n, "high")
            yield norm_ratio(setting, case.classes, norms, n)
