"""Activation clustering: poisoned samples make a cluster of their own in feature space (Chen et al., SafeAI 2019)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from kinesec import seeding
from kinesec.defences.backdoor import _hidden
from kinesec.defences.backdoor._hidden import By
from kinesec.defences.base import VICTIM, Detection, Outcome, Statistic
from kinesec.defences.cases.base import Case
from kinesec.settings import Count

KIND = "detection"
TASKS = ("prediction", "recognition", "video")
FLAG = 0.1
ROUNDS = 100
SILHOUETTE_SAMPLES = 2000


def two_means(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Labels (sample,) and centres (2, feature) of 2-means (Lloyd), begun at the first coordinate's halves.

    ``values`` (sample, feature) are principal projections, so the start is the split of most variance: no draw.
    """
    label = (values[:, 0] > values[:, 0].mean()).astype(int)
    centres = np.zeros((2, values.shape[1]))
    for _ in range(ROUNDS):
        if label.min() == label.max():
            return label, np.stack([values.mean(0)] * 2)
        centres = np.stack([values[label == side].mean(0) for side in (0, 1)])
        distance = ((values[:, None] - centres) ** 2).sum(-1)
        new = distance.argmin(1)
        if (new == label).all():
            break
        label = new
    return label, centres


def scores(values: np.ndarray, label: np.ndarray, centres: np.ndarray) -> np.ndarray:
    """In [-1, 1] (sample,): distance to the larger cluster's centre less that to the smaller's, over that between both.

    Above 0 in the smaller cluster; zeros where there is one cluster.
    """
    apart = float(np.linalg.norm(centres[0] - centres[1]))
    if apart < 1e-12:
        return np.zeros(len(values))
    small = int(label.mean() < 0.5)
    distance = np.linalg.norm(values[:, None] - centres, axis=-1)
    return np.asarray((distance[:, 1 - small] - distance[:, small]) / apart)


def silhouette(values: np.ndarray, label: np.ndarray) -> float:
    """Mean of (b - a) / max(a, b) over samples (Rousseeuw, 1987): a the mean distance to the own cluster's others, b to
    the other cluster's; 0 for a cluster of one, NaN for one cluster.
    """
    if label.min() == label.max():
        return float("nan")
    squares = (values**2).sum(1)
    distance = np.sqrt(np.maximum(squares[:, None] + squares - 2 * values @ values.T, 0))
    np.fill_diagonal(distance, 0)
    sums = np.stack([distance[:, label == side].sum(1) for side in (0, 1)], 1)
    count = np.bincount(label, minlength=2)
    rows = np.arange(len(values))
    fellows, other = count[label] - 1, count[1 - label]
    a = sums[rows, label] / np.maximum(fellows, 1)
    b = sums[rows, 1 - label] / other
    with np.errstate(invalid="ignore"):
        each = np.where(fellows > 0, (b - a) / np.maximum(np.maximum(a, b), 1e-12), 0.0)
    return float(each.mean())


def defend(case: Case, *, by: By | Sequence[By] = ("action", "all"), components: Count = 10) -> Iterator[Outcome]:
    """Scores of all training samples, clustered within their action and all together, and each clustering's silhouette.

    ``components`` principal components are clustered. The silhouette is that of a seeded draw of up to
    ``SILHOUETTE_SAMPLES`` samples of a group. A classifier's ``index`` is the largest of its classes; TDBA's authors
    flag above 0.1.
    """
    values = {name: case.hidden(name) for name in case.names}
    for grouping in [by] if isinstance(by, str) else by:
        score, largest = {}, Statistic(f"by={grouping}", VICTIM, "index", -1.0, "", 0)
        for name in case.names:
            score[name] = np.zeros(len(values[name]))
            for action, members in _hidden.groups(case, name, grouping):
                projected = _hidden.principal(values[name][members], components)
                label, centres = two_means(projected)
                score[name][members] = scores(projected, label, centres)
                rng = seeding.generator(case.seed, "defence", "silhouette", action)
                drawn = rng.permutation(len(members))[:SILHOUETTE_SAMPLES]
                value = silhouette(projected[drawn], label[drawn])
                yield Statistic(f"by={grouping}", name, "silhouette", value, "", len(members), action=action)
                if value > largest.value:
                    largest = replace(largest, value=value, n=len(members), action=action, flagged=value > FLAG)
        if case.numbered:
            yield largest
        yield Detection(f"by={grouping}", score, case.marked)
