"""One number a model: how far the class that stands out most is from the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from kinesec.defences.base import VICTIM, Statistic
from kinesec.metrics.anomaly import Side, mad_index

FLAG = 2.0


def compared(
    setting: str, classes: Sequence[str], values: Sequence[float] | np.ndarray, n: int, side: Side
) -> Iterator[Statistic]:
    """The largest anomaly index of the classes' ``values``, as ``index`` and with the factor 1.4826 (``index_scaled``).

    ``action`` is the class; it is flagged above 2, the published threshold. High values of either look backdoored.
    """
    for metric, scaled in (("index", False), ("index_scaled", True)):
        index = mad_index(values, scaled=scaled, side=side)
        place = int(index.argmax())
        flagged = bool(index[place] > FLAG)
        yield Statistic(setting, VICTIM, metric, float(index[place]), "", n, action=classes[place], flagged=flagged)


def norm_ratio(setting: str, classes: Sequence[str], norms: Sequence[float] | np.ndarray, n: int) -> Statistic:
    """How many times smaller than the classes' median norm the smallest is, that of ``action``: ``norm_ratio`` (ours).

    Norms are above 0, infinite where no trigger was found. Clean models say how large the ratio may be by chance, so
    that it needs no median deviation, which some ten classes give badly. 1 where no class has a finite norm.
    """
    sizes = np.asarray(norms, np.float64)
    place = int(sizes.argmin())
    ratio = float(np.median(sizes) / sizes[place]) if np.isfinite(sizes[place]) else 1.0
    return Statistic(setting, VICTIM, "norm_ratio", ratio, "", n, action=classes[place])


def of_classes(
    setting: str, metric: str, classes: Sequence[str], values: Sequence[float] | np.ndarray, unit: str, n: int
) -> Iterator[Statistic]:
    """A number of each class."""
    for name, value in zip(classes, values, strict=True):
        yield Statistic(setting, VICTIM, metric, float(value), unit, n, action=name)
