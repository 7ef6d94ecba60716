"""What a defence finds (``Outcome``), whatever the task: numbers alone, so that tables need no torch.

A module has ``KIND`` ("detection", "repair" or "inversion"), and ``defend(case, *, settings ...)``, which yields
outcomes. Its settings' annotations say what they may be; what a case holds is the task's (``defences.cases``). Every
outcome comes for the victim and, as its null, for the clean model or the clean training set.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

VICTIM, CLEAN = "victim", "clean"
MODELS = (VICTIM, CLEAN)
KINDS = ("clean", "triggered")


@dataclass(frozen=True)
class Detection:
    """Scores (sample,) by model, high where a sample looks poisoned, and which samples are (``marked``).

    ``clean`` holds the null: the same samples marked where nothing was poisoned. ``windows``: what the samples are.
    """

    setting: str
    score: Mapping[str, np.ndarray]
    marked: Mapping[str, np.ndarray]
    windows: str = "training"


@dataclass(frozen=True)
class Repair:
    """A model's error (window,) in mm on each kind of test windows, up to the last frame; ``epoch`` 0 is before.

    ``share`` is of tuning windows, of pruned features or of a pool, ``rate`` a learning rate: what the defence varies.
    """

    setting: str
    model: str
    error: Mapping[str, np.ndarray]
    share: float | None = None
    rate: float | None = None
    epoch: int | None = None


@dataclass(frozen=True)
class Statistic:
    """One number of a model: of a body ``part``, or of an ``action``'s training windows; ``flagged`` is a verdict.

    ``step`` is that of a search, of what is left after so many.
    """

    setting: str
    model: str
    metric: str
    value: float
    unit: str
    n: int
    action: str = ""
    part: str = ""
    flagged: bool | None = None
    step: int | None = None


@dataclass(frozen=True)
class Course:
    """What a search for a trigger on a body ``part`` of a ``model`` has left of its objective, in %, after each step.

    ``value`` (step + 1,) is the least of all starts so far; step 0 is before the first.
    """

    setting: str
    model: str
    part: str
    value: np.ndarray


Outcome = Detection | Repair | Statistic | Course
