"""The rows of backdoored classifiers that figures show, and how each trigger looks in all of them."""

from __future__ import annotations

from collections.abc import Iterable

import pandas as pd

from kinesec.errors import KinesecError
from kinesec.plots.parts.style import COLORBLIND, palette

# so that a trigger has one colour in all figures of a run, and the four of the issue the first four
KNOWN = (
    *("dft", "dct", "dwt", "random_phase", "random_transform", "badnet", "blend", "sig", "wanet", "fttrojan"),
    "gesture",
)
CLEAN = "#222222"


def of_network(name: str, table: pd.DataFrame, dataset: str, samples: str, recognizer: str) -> pd.DataFrame:
    """A table's rows of one network on a data set's samples; raises ``KinesecError`` where it has none."""
    wanted = {"dataset": dataset, "samples": samples, "recognizer": recognizer}
    rows = table[(table[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    if rows.empty:
        raise KinesecError(
            f"figure of {dataset}, {samples}, {recognizer}: found no row of {name}, expected one or more"
        )
    return rows


def colours(triggers: Iterable[str]) -> dict[str, str]:
    """The colour of each trigger, by its module; those beyond the known ones follow them."""
    given = dict.fromkeys(triggers)
    others = [name for name in given if name not in KNOWN]
    every = dict(zip((*KNOWN, *others), palette(len(KNOWN) + len(others)), strict=True))
    every["gesture"] = "#5b3a8e" if len(KNOWN) > len(COLORBLIND) else every["gesture"]
    return {name: every[name] for name in given}
