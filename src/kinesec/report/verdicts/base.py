"""A verdict on one system, and how the verdicts of several cases become one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from kinesec.report.format import ANY, interval, plural

SHOWN, MIXED, NOT_SHOWN, NOT_RUN = "shown", "mixed", "not shown", "not run"


class Verdict(NamedTuple):
    """What a run shows of a ``system``: a ``mark``, and ``words`` of a sentence or two."""

    system: str
    mark: str
    words: str


@dataclass(frozen=True)
class Range:
    """A number with the ends of its 95 % interval; comparisons with NaN ends are false, so that they show nothing.

    ``within`` is the range of its quantity, which the printed interval never leaves.
    """

    value: float
    low: float
    high: float
    within: tuple[float, float] = field(default=ANY, kw_only=True)

    def __str__(self) -> str:
        return interval(self.value, self.low, self.high, within=self.within)


def together(marks: Sequence[str]) -> str:
    """Shown or not shown where all cases are, else mixed."""
    return marks[0] if len(set(marks)) == 1 else MIXED


def counted(marks: Sequence[str], noun: str) -> str:
    """In how many cases it is shown: ``in 2 of 3 backdoors``, or ``in the only backdoor``."""
    if len(marks) == 1:
        return f"in the only {noun}"
    return f"in {Counter(marks)[SHOWN]} of {plural(len(marks), noun)}"


def most_common(reasons: Sequence[str]) -> str:
    """The reason that most cases have, the first of equals."""
    return Counter(reasons).most_common(1)[0][0]


def not_run(system: str, part: str) -> Verdict:
    """The verdict on what a configuration does not ask for."""
    return Verdict(system, NOT_RUN, f"This run's configuration has no part `{part}`.")
