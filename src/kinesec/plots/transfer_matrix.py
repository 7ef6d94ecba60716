"""Transfer of attacked clips: success by surrogate and target, a heat map a strategy."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from kinesec.errors import KinesecError
from kinesec.plots.parts import heat
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH
from kinesec.tables.labels import attack_labels
from kinesec.tables.recognition import sharing, typed
from kinesec.tables.seeds import of_seeds

PANELS_A_ROW = 2
MOST_WITH_CONTROL = 6  # columns, past which a cell has no room for two lines


def draw(table: pd.DataFrame, *, dataset: str, clips: str) -> Figure:
    """Success (%) over the clips that the target classifies correctly, a panel a method; white-box attacks are framed,
    and dashed where surrogate and target share a network.

    Below it stands the interval of the control, the same clips with each other's changes: what a change of that size
    does that was made for another clip. ``table`` is the table ``transfer``. Raises ``KinesecError`` where it has no
    row of the data set and clips.
    """
    rows = typed(table)
    rows = of_seeds(rows[(rows["dataset"] == dataset) & (rows["clips"] == clips)])
    if rows.empty:
        raise KinesecError(f"figure of {dataset}, {clips}: found no row of transfer, expected some")
    with mpl.rc_context(STYLE):
        return _compose(rows)


def _compose(rows: pd.DataFrame) -> Figure:
    labels = attack_labels(rows)
    targets = list(dict.fromkeys(rows["recognizer"]))
    # targets first, in their order, so that white-box attacks stand on the diagonal
    known = [*targets, *dict.fromkeys(rows["surrogate"])]
    surrogates = {
        attack: [name for name in dict.fromkeys(known) if name in set(rows.loc[rows["attack"] == attack, "surrogate"])]
        for attack in labels
    }
    columns = min(PANELS_A_ROW, len(labels))
    lines = [list(labels)[first : first + columns] for first in range(0, len(labels), columns)]
    cell = min(0.44, (WIDTHS_INCH["double"] / columns - 1.2) / len(targets))
    heights = [max(len(surrogates[attack]) for attack in line) for line in lines]
    # names of ensembles are long, and stand before each panel
    width = min(WIDTHS_INCH["double"], columns * (cell * len(targets) + 0.9) + 1.0)
    figure = Figure(figsize=(width, sum(cell * height + 1.0 for height in heights) + 0.1), layout="constrained")
    grid = figure.subplots(len(lines), columns, squeeze=False, height_ratios=heights)
    scale, colours = Normalize(0, 100), mpl.colormaps["Blues"]
    for axes_of, line in zip(grid, lines, strict=True):
        for axes, attack in zip(axes_of, line, strict=False):
            _panel(axes, rows[rows["attack"] == attack], (surrogates[attack], targets), scale, cell)
            axes.set_title(labels[attack], loc="left", pad=6)
        for axes in axes_of[len(line) :]:
            axes.set_visible(False)
        axes_of[0].set_ylabel("surrogate")
    heat.bar(grid[0][columns - 1], mpl.cm.ScalarMappable(norm=scale, cmap=colours), "success (%)")
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, order: tuple[list[str], list[str]], scale: Normalize, cell: float) -> None:
    surrogates, targets = order

    def matrix(column: str) -> np.ndarray:
        values = rows.pivot(index="surrogate", columns="recognizer", values=column)
        return values.reindex(index=surrogates, columns=targets).to_numpy(float)

    values, low, high = matrix("success_percent"), matrix("control_low"), matrix("control_high")
    texts = [["" if np.isnan(value) else f"{value:.0f}" for value in line] for line in values]
    if len(targets) <= MOST_WITH_CONTROL:
        texts = [
            [text and f"{text}\n{low[row, place]:.0f}\u2013{high[row, place]:.0f}" for place, text in enumerate(line)]
            for row, line in enumerate(texts)
        ]
    heat.cells(axes, values, texts, mpl.colormaps["Blues"], scale, min(7.5, 0.42 * 72 * cell))
    axes.set_xticks(range(len(targets)), [_plain(name) for name in targets], rotation=40, ha="right")
    for label in axes.get_xticklabels():
        label.set_rotation_mode("anchor")
    axes.set_yticks(range(len(surrogates)), [_plain(name) for name in surrogates])
    axes.set_xlabel("target")
    for row, name in enumerate(surrogates):
        if name in targets and np.isfinite(values[row, targets.index(name)]):
            heat.box_at(axes, row, targets.index(name))
    for surrogate, target in rows.loc[sharing(rows), ["surrogate", "recognizer"]].itertuples(index=False):
        heat.box_at(axes, surrogates.index(surrogate), targets.index(target), linestyle="--")


def _plain(name: str) -> str:
    return name.replace("_", " ")
