"""Confusion matrix of a recognizer: what each class is taken for."""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from kinesec.errors import KinesecError
from kinesec.plots.parts import heat
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH, short

WRITTEN = 30  # more classes than these leave no room for numbers
LONGEST = 24


def draw(table: pd.DataFrame, *, split: str = "test") -> Figure:
    """Share (%) of each class's clips taken for each class, over all seeds; empty cells are none.

    ``table``: columns ``split``, ``actual``, ``predicted``, ``count`` of one recognizer. Raises ``KinesecError`` where
    it has no clip of the split.
    """
    rows = table[table["split"] == split]
    classes = list(dict.fromkeys(rows["actual"]))
    counts = rows.pivot_table(index="actual", columns="predicted", values="count", aggfunc="sum")
    counts = counts.reindex(index=classes, columns=classes).fillna(0)
    if not counts.to_numpy().sum():
        raise KinesecError(f"confusion matrix: found no clip of split {split!r}, expected some")
    with mpl.rc_context(STYLE):
        return _compose(counts)


def _compose(counts: pd.DataFrame) -> Figure:
    values, names = counts.to_numpy(float), [short(str(name), LONGEST) for name in counts.index]
    total = values.sum(1, keepdims=True)
    share = np.divide(100 * values, total, out=np.full_like(values, np.nan), where=total > 0)
    few = len(names) <= WRITTEN
    font = 7.0 if few else max(2.5, 190 / len(names))
    longest = 0.0085 * font * max(map(len, names))  # inches
    side = min(0.34 * len(names), WIDTHS_INCH["double"] - longest - 1.3)
    figure = Figure(figsize=(side + longest + 1.3, side + 0.75 * longest + 0.5), layout="constrained")
    axes = figure.subplots()
    texts = [["" if not value > 0 else f"{value:.0f}" for value in line] for line in share] if few else None
    colours, scale = mpl.colormaps["Blues"], Normalize(0, 100)
    image = heat.cells(axes, share, texts, colours, scale, min(7.0, 24 * side / len(names)))
    axes.set_xticks(range(len(names)), names, rotation=45, ha="right", rotation_mode="anchor", fontsize=font)
    axes.set_yticks(range(len(names)), names, fontsize=font)
    axes.set_xlabel("recognized as")
    axes.set_ylabel("true class")
    heat.bar(axes, image, "share of the class (%)")
    return figure
