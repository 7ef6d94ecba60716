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
from kinesec.tables.recognition import typed
from kinesec.tables.seeds import of_seeds

PANELS_A_ROW = 2


def draw(table: pd.DataFrame, *, dataset: str, clips: str) -> Figure:
    """Success (%) over the clips that the target classifies correctly; the diagonal, framed, is the white-box attack.

    ``table`` is the table ``transfer``. Raises ``KinesecError`` where it has no row of the data set and clips.
    """
    rows = typed(table)
    rows = of_seeds(rows[(rows["dataset"] == dataset) & (rows["clips"] == clips)])
    if rows.empty:
        raise KinesecError(f"figure of {dataset}, {clips}: found no row of transfer, expected some")
    with mpl.rc_context(STYLE):
        return _compose(rows)


def _compose(rows: pd.DataFrame) -> Figure:
    labels = attack_labels(rows)
    order = list(dict.fromkeys([*rows["surrogate"], *rows["recognizer"]]))
    columns = min(PANELS_A_ROW, len(labels))
    lines = -(-len(labels) // columns)
    side = min(0.44 * len(order), WIDTHS_INCH["double"] / columns - 1.2)
    width = min(WIDTHS_INCH["double"], columns * side + 1.9 + 0.6 * (columns - 1))
    figure = Figure(figsize=(width, (side + 1.0) * lines + 0.1), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False).ravel()
    scale, colours = Normalize(0, 100), mpl.colormaps["Blues"]
    for place, (axes, (attack, label)) in enumerate(zip(grid, labels.items(), strict=False)):
        _panel(axes, rows[rows["attack"] == attack], order, scale, side, first=place % columns == 0)
        axes.set_title(label, loc="left", pad=6)
    for axes in grid[len(labels) :]:
        axes.set_visible(False)
    heat.bar(grid[columns - 1], mpl.cm.ScalarMappable(norm=scale, cmap=colours), "success (%)")
    return figure


def _panel(axes: Axes, rows: pd.DataFrame, order: list[str], scale: Normalize, side: float, *, first: bool) -> None:
    matrix = rows.pivot(index="surrogate", columns="recognizer", values="success_percent").reindex(
        index=order, columns=order
    )
    values = matrix.to_numpy(float)
    texts = [["" if np.isnan(value) else f"{value:.0f}" for value in line] for line in values]
    size = min(7.5, 0.42 * 72 * side / len(order))
    heat.cells(axes, values, texts, mpl.colormaps["Blues"], scale, size)
    names = [name.replace("_", " ") for name in order]
    axes.set_xticks(range(len(order)), names, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(order)), names if first else [])
    axes.set_xlabel("target")
    if first:
        axes.set_ylabel("surrogate")
    for place in range(len(order)):
        if np.isfinite(values[place, place]):
            heat.box(axes, place, place)
