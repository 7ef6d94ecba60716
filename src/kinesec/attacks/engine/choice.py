"""Which of some settings an attack is run with: chosen on clips that no number is reported of. Ours."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

NEARLY = 1e-9  # success rates are shares of one number of clips


@dataclass(frozen=True)
class Trial:
    """What an attack came to with some settings: success in per cent of the clips, mean displacement of the successes.

    ``displacement_mm`` is NaN where nothing succeeds.
    """

    success_percent: float
    displacement_mm: float


def choose(trials: Sequence[Trial], goal: float | None = None) -> int:
    """The place of the trial to keep.

    It succeeds most often, and among those that do displaces least; the first of equals. With a ``goal`` in per cent,
    the success that another attack has, to succeed more often than that counts for nothing: so that two attacks can be
    compared in what they cost.
    """

    def rank(place: int) -> tuple[float, float, int]:
        trial = trials[place]
        success = trial.success_percent if goal is None else min(trial.success_percent, goal)
        displaced = trial.displacement_mm
        return -round(success / NEARLY), displaced if displaced == displaced else float("inf"), place

    return min(range(len(trials)), key=rank)
