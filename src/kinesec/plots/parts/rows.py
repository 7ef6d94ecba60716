"""The rows of ``prediction_backdoor`` that a figure shows, and what figures say of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import pandas as pd
from matplotlib.axes import Axes

from kinesec.errors import KinesecError
from kinesec.tables import strategies as tidy


def of_predictor(
    table: pd.DataFrame,
    dataset: str,
    predictor: str,
    *,
    protocol: str | None = None,
    sampling: str | None = None,
    action: str = tidy.MEAN,
    joints: str = "used",
) -> pd.DataFrame:
    """The test windows' errors of one data set and predictor, of one protocol and test sampling (the widest).

    Raises ``KinesecError`` when there is no such row, or several protocols to choose from.
    """
    rows = tidy.typed(table)
    rows = rows[(rows["dataset"] == dataset) & (rows["predictor"] == predictor) & (rows["sampling"] != "")]
    protocols = sorted(set(rows["protocol"]))
    if protocol is None and len(protocols) > 1:
        raise KinesecError(f"figure of {dataset}, {predictor}: found protocols {', '.join(protocols)}; name one")
    rows = rows[rows["protocol"].isin([protocol] if protocol else protocols)]
    rows = rows[(rows["action"] == action) & (rows["joints"] == joints)]
    if rows.empty:
        raise KinesecError(f"figure of {dataset}, {predictor}: found no row of action {action!r}, {joints!r} joints")
    return rows[rows["sampling"] == (sampling or tidy.widest(rows))]


def at_largest_ratio(strategies: Sequence[tidy.Strategy]) -> list[tidy.Strategy]:
    """Of strategies that differ in their ratio alone, the one of the largest."""
    largest: dict[tuple[str, ...], float] = {}
    for strategy in strategies:
        largest[strategy[:4]] = max(strategy.ratio, largest.get(strategy[:4], 0.0))
    return [strategy for strategy in strategies if strategy.ratio == largest[strategy[:4]]]


def kind(strategy: tidy.Strategy) -> str:
    """Trigger and target: ``rigid \u2192 jammed``."""
    return f"{strategy.trigger} \u2192 {strategy.target}".replace("_", " ")


def bare(axes: Axes, grid: Literal["x", "y"] = "y") -> None:
    axes.grid(axis=grid)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def margin(axes: Axes, text: str) -> None:
    """Text along the right side of a row of panels."""
    axes.annotate(
        text,
        (1.02, 0.5),
        xycoords="axes fraction",
        rotation=270,
        va="center",
        ha="left",
        multialignment="center",
        fontsize=7.5,
    )
