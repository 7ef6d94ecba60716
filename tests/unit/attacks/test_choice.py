"""Which settings are kept, by hand."""

from __future__ import annotations

import math

import pytest

from kinesec.attacks.engine.choice import Trial, choose

TRIALS = [Trial(80.0, 30.0), Trial(100.0, 60.0), Trial(100.0, 40.0), Trial(0.0, math.nan)]


@pytest.mark.parametrize(
    ("trials", "goal", "kept"),
    [
        (TRIALS, None, 2),  # most success, then least displacement
        (TRIALS, 75.0, 0),  # more than the goal counts for nothing
        (TRIALS, 90.0, 2),
        (TRIALS[::-1], 0.0, 3),  # a goal of nothing: the least displacement, and none before all
        ([Trial(0.0, math.nan), Trial(0.0, math.nan)], None, 0),
        ([Trial(50.0, 20.0), Trial(50.0, 20.0)], None, 0),
    ],
)
def test_the_choice_by_hand(trials: list[Trial], goal: float | None, kept: int) -> None:
    assert choose(trials, goal) == kept
