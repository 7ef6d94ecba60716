"""What people saw of attacked clips: Deceitfulness, Naturalness and Indistinguishability, a panel each."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from kinesec.plots.parts.rows import bare
from kinesec.plots.parts.style import COLOURS, STYLE, WIDTHS_INCH
from kinesec.samples.errors import NothingToDraw

TEXT = ("screen", "part", "measure", "attack", "label", "dataset", "recognizer")
SCREEN = "sensitivity"  # the paper's
# a panel: its title, what is drawn in colour, and in grey what it is held against
PANELS = {
    "deceitfulness": ("Deceitfulness", "called by its true class (%)", "deceitfulness", {"recognized": "unattacked"}),
    "naturalness": ("Naturalness", "preferred (%)", "preference_normalised", {}),
    "indistinguishability": (
        "Indistinguishability",
        "called the same (%)",
        "indistinguishability",
        {"sensitivity": "same clip twice", "checks": "obviously changed"},
    ),
}


def draw(rates: pd.DataFrame, subjects: pd.DataFrame) -> Figure:
    """``rates`` is ``study_rates``, of the paper's screen; ``subjects`` is ``study_subjects``, for its dots.

    Obvious perturbations stand as the share that was called the same. Raises ``NothingToDraw`` where the screen
    left nobody.
    """
    rows = rates[(rates["screen"] == SCREEN) & rates["percent"].notna()]
    if rows.empty:
        raise NothingToDraw("figure of a study: found no subject that the screen keeps, expected one or more; ask more")
    kept = subjects[subjects["kept_by_sensitivity"].astype(bool)]
    with mpl.rc_context(STYLE):
        return _compose(rows, kept)


def _compose(rows: pd.DataFrame, kept: pd.DataFrame) -> Figure:
    panels = [part for part in PANELS if (rows["part"] == part).any()]
    figure = Figure(figsize=(WIDTHS_INCH["double"], 2.6), layout="constrained")
    grid = figure.subplots(1, len(panels), squeeze=False)[0]
    for axes, part in zip(grid, panels, strict=True):
        _panel(axes, rows[rows["part"] == part], part, kept)
    people, discarded = int(rows["subjects"].iloc[0]), int(rows["discarded"].iloc[0])
    figure.supxlabel(f"{people} subjects; {discarded} more did not pass the sensitivity screen", fontsize=7)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, part: str, kept: pd.DataFrame) -> None:
    title, ylabel, measure, controls = PANELS[part]
    attacks = rows[rows["measure"] == measure]
    bars = [(row["label"], row, COLOURS["clean"]) for _, row in attacks.iterrows()]
    for name, label in controls.items():
        for _, row in rows[rows["measure"] == name].iterrows():
            turned = _turned(row) if name == "checks" else row
            bars.append((label, turned, COLOURS["zero_velocity"]))
    for place, (_, row, colour) in enumerate(bars):
        axes.bar(place, row["percent"], width=0.62, color=colour, alpha=0.85, linewidth=0)
        ends = [[row["percent"] - row["low_percent"]], [row["high_percent"] - row["percent"]]]
        if np.isfinite(ends).all():
            axes.errorbar(place, row["percent"], yerr=ends, fmt="none", ecolor="#222222", elinewidth=1, capsize=2.5)
    column = f"{part}_percent"
    if len(attacks) == 1 and column in kept:
        _dots(axes, kept[column].dropna())
    axes.set_xticks(range(len(bars)), [_broken(label) for label, _, _ in bars])
    axes.set_title(title, loc="left", pad=4)
    axes.set_ylabel(ylabel)
    axes.set_ylim(0, 102)
    axes.set_yticks([0, 25, 50, 75, 100])
    axes.set_xlim(-0.6, max(len(bars), 2) - 0.4)
    axes.tick_params(axis="x", length=0)
    chance = 100 / len(attacks) if part == "naturalness" else 50
    axes.axhline(chance, color="#333333", linewidth=0.8, linestyle=(0, (4, 3)))
    bare(axes)


def _turned(row: pd.Series) -> pd.Series:
    """Of checks, what was called the same in place of what was called changed."""
    turned = row.copy()
    turned["percent"] = 100 - row["percent"]
    turned["low_percent"], turned["high_percent"] = 100 - row["high_percent"], 100 - row["low_percent"]
    return turned


def _dots(axes: Axes, values: pd.Series) -> None:
    """One subject each, beside one another where they would lie on each other."""
    places = values.groupby(values).cumcount() - (values.groupby(values).transform("size") - 1) / 2
    across = np.clip(0.05 * places.to_numpy(), -0.28, 0.28)
    axes.plot(across, values, "o", color="#222222", markersize=2, alpha=0.7, linestyle="none", zorder=3)


def _broken(label: str) -> str:
    return label.replace(", ", ",\n").replace(" ", "\n", 1) if len(label) > 10 else label
