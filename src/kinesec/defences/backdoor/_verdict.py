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


def of_classes(
    setting: str, metric: str, classes: Sequence[str], values: Sequence[float] | np.ndarray, unit: str, n: int
) -> Iterator[Statistic]:
    """A number of each class."""
    for name, value in zip(classes, values, strict=True):
        yield Statistic(setting, VICTIM, metric, float(value), unit, n, action=name)
