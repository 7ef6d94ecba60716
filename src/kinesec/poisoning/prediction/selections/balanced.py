"""Balanced selection: random within each action, as many of one action as of another while they last."""

from __future__ import annotations

import numpy as np

from kinesec.poisoning.prediction.candidates import Candidates

STRATA = "none"  # the scores themselves say how many of each action


def scores(candidates: Candidates, rng: np.random.Generator) -> np.ndarray:
    """A window's place in a random order of its action's windows, plus a draw under one for ties (window,)."""
    place = np.empty(len(candidates))
    for action in np.unique(candidates.action.astype(str)):
        members = np.flatnonzero(candidates.action == action)
        place[members] = rng.permutation(len(members))
    return np.asarray(place + rng.random(len(candidates)))
