"""CBD: a backdoored model says its target under noise whatever it sees (Xiang, Xiong and Li, NeurIPS 2023).

The statistic is the local dominant probability; its p-value is conformal, against shadow models trained on clean
samples. Equations are those of the released code; the certificate is not given here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

import numpy as np
import torch
from torch import Tensor

from kinesec import seeding
from kinesec.defences.base import VICTIM, Outcome, Statistic
from kinesec.defences.cases.classification import Case
from kinesec.errors import KinesecError
from kinesec.metrics.anomaly import trimmed_p
from kinesec.progress import Progress
from kinesec.settings import Count, Positive, Range, Whole

KIND = "detection"
TASKS = ("recognition", "video")
LEVEL = 0.05


def one_each(case: Case, model: Any) -> np.ndarray:
    """A correctly classified clean sample of each class that has one, by place, ascending."""
    right = case.logits(case.clean, model).argmax(1).cpu().numpy() == case.clean.label
    order = seeding.generator(case.seed, "defence", "cbd").permutation(np.flatnonzero(right))
    _, first = np.unique(case.clean.label[order], return_index=True)
    return np.sort(order[first])


@torch.inference_mode()
def dominant(case: Case, model: Any, index: np.ndarray, sigma: float, draws: int) -> Tensor:
    """Each class's share (class,) among a model's answers to noisy samples ``index``, mean over the samples.

    The noise is the same for every model, and leaves bodies and frames alone that are not there.
    """
    noise = torch.Generator(case.device).manual_seed(seeding.integer(case.seed, "defence", "cbd noise"))
    total = torch.zeros(len(case.classes), dtype=torch.float64, device=case.device)
    x = case.seen(case.clean.gather(index))
    at_once = max(1, case.batch // len(x))
    for first in range(0, draws, at_once):
        size = (min(at_once, draws - first), *x.shape)
        change = sigma * case.unit * torch.randn(size, generator=noise, device=case.device)
        answers = model(case.layout.settled(x, change).flatten(0, 1)).argmax(1)
        total += torch.bincount(answers, minlength=len(total))
    return total / (draws * len(x))


def defend(
    case: Case,
    *,
    sigma: Positive = 1.14,
    draws: Count = 1024,
    shadows: Whole = 100,
    epochs: Count = 50,
    trim: Annotated[float, Range(0, 1, below=True)] = 0.2,
) -> Iterator[Outcome]:
    """The local dominant probability (``index``), its class, and ``p_shadow`` against ``shadows`` models.

    Shadows are trained on the clean samples for ``epochs`` by the victim's recipe; 0 leaves them out, where a table has
    clean models to compare with. ``sigma`` is in units of normalised positions or of 255 grey levels; 1.14 is the
    released code's of CIFAR-10, whose 100 shadows learn from 5000 samples. Flagged where p is at most 0.05. Raises
    ``KinesecError`` where the model is right of no clean sample.
    """
    index = one_each(case, case.model)
    if not len(index):
        raise KinesecError("defence 'cbd': found no clean sample that the model is right of, expected one or more")
    share = dominant(case, case.model.eval(), index, sigma, draws)
    value, place, setting = float(share.max()), int(share.argmax()), f"sigma={sigma:g}"
    null = []
    with Progress("training shadows", shadows, show=shadows > 0) as progress:
        for number in range(shadows):
            shadow = case.trained(case.clean, seeding.integer(case.seed, "shadow", number) % 2**31, epochs)
            mine = one_each(case, shadow)
            null.append(float(dominant(case, shadow, mine, sigma, draws).max()) if len(mine) else 1.0)
            progress.update()
    p = trimmed_p(value, null, trim) if null else None
    flagged = None if p is None else p <= LEVEL
    yield Statistic(setting, VICTIM, "index", value, "", len(index), action=case.classes[place], flagged=flagged)
    if p is not None:
        yield Statistic(setting, VICTIM, "p_shadow", p, "", shadows, action=case.classes[place], flagged=flagged)
