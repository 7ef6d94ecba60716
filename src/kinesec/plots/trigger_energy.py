"""Where in time a trigger's energy lies: its share in each frame, a panel a trigger, beside an even spread."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinesec.errors import KinesecError
from kinesec.plots.parts.backdoors import colours
from kinesec.plots.parts.rows import bare
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH
from kinesec.samples.errors import NothingToDraw
from kinesec.tables.labels import trigger_labels

FIRST = 4
COLUMNS = 3


def draw(energy: pd.DataFrame) -> Figure:
    """The share (%) of a trigger's squared change in each frame, the mean over seeds; how much the first four have.

    ``energy`` has a row a poison, seed and frame: ``attack``, ``attack_module``, ``form``, ``seed``, ``frame`` (from 1)
    and ``energy_share``; of poisons whose triggers have the same module, form and ``projection``, the first is drawn.
    A trigger that changes nothing has none. Raises ``KinesecError`` without a row, ``NothingToDraw`` where no trigger
    changes anything.
    """
    if energy.empty:
        raise KinesecError("figure of triggers' energy: found no row, expected one a trigger and frame")
    known = [name for name in ("attack_module", "form", "projection") if name in energy]
    seen = energy[energy["energy_share"].notna()]
    seen = seen[seen.groupby(["attack", "seed"])["energy_share"].transform("sum") > 0]
    if seen.empty:
        raise NothingToDraw("triggers' energy: found no trigger that changes anything")
    chosen = seen.drop_duplicates(known)["attack"]
    rows = seen[seen["attack"].isin(chosen)]
    with mpl.rc_context(STYLE):
        return _compose(rows)


def _compose(rows: pd.DataFrame) -> Figure:
    labels = trigger_labels(rows)
    modules = dict(zip(rows["attack"], rows["attack_module"], strict=True))
    inks = colours(modules.values())
    columns = min(COLUMNS, len(labels))
    deep = -(-len(labels) // columns)
    figure = Figure(
        figsize=(WIDTHS_INCH["double" if columns > 1 else "single"], 0.5 + 1.45 * deep), layout="constrained"
    )
    grid = figure.subplots(deep, columns, sharex=True, squeeze=False).ravel()
    for place, (axes, (attack, label)) in enumerate(zip(grid, labels.items(), strict=False)):
        _panel(axes, rows[rows["attack"] == attack], inks[modules[attack]], attack)
        axes.set_title(label, loc="left", pad=4)
        if place >= len(labels) - columns:
            axes.set_xlabel("frame")
            axes.tick_params(labelbottom=True)
        if place % columns == 0:
            axes.set_ylabel("energy (%)")
    for axes in grid[len(labels) :]:
        axes.set_visible(False)
    key = [
        Patch(facecolor="#ececec", label=f"first {FIRST} frames"),
        Line2D([], [], color="#444444", linestyle=":", linewidth=1.0, label="spread evenly"),
    ]
    figure.legend(handles=key, loc="outside upper center", ncols=2, frameon=False)
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, ink: str, attack: str) -> None:
    means = rows.groupby("frame")["energy_share"].mean()
    frames, share = means.index.to_numpy(), 100 * means.to_numpy()
    share = share * 100 / share.sum()
    axes.axvspan(0.5, FIRST + 0.5, color="#ececec", linewidth=0, zorder=0)
    axes.axhline(100 / len(frames), color="#444444", linestyle=":", linewidth=1.0, gid="even")
    axes.bar(frames, share, width=0.8, color=ink, gid=attack, linewidth=0)
    first = share[:FIRST].sum()
    axes.text(
        *(0.97, 0.93, f"first {FIRST}: {first:.0f} %"), transform=axes.transAxes, ha="right", va="top", fontsize=7.5
    )
    axes.set_xlim(0.5, len(frames) + 0.5)
    axes.set_ylim(0, 1.3 * max(share.max(), 150 / len(frames)))
    step = max(1, int(np.ceil(len(frames) / 4)))
    axes.set_xticks([1, *range(step, len(frames) + 1, step)] if step > 1 else list(range(1, len(frames) + 1)))
    bare(axes)
