"""Heat maps with numbers in their cells, and boxes around blocks of them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colorbar import Colorbar
from matplotlib.colors import Colormap, Normalize
from matplotlib.figure import Figure
from matplotlib.image import AxesImage
from matplotlib.patches import Rectangle


def cells(
    axes: Axes,
    values: np.ndarray,
    texts: Sequence[Sequence[str]] | None,
    colours: Colormap,
    scale: Normalize,
    size: float,
) -> AxesImage:
    """Values (row, column) as coloured cells, with texts that stand out from their cell's colour."""
    image = axes.imshow(values, cmap=colours, norm=scale, interpolation="nearest", aspect="equal")
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    for row, line in enumerate(texts or ()):
        for column, text in enumerate(line):
            value = values[row, column]
            red, green, blue, _ = colours(scale(value)) if np.isfinite(value) else (1.0, 1.0, 1.0, 1.0)
            dark = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 < 0.25
            ink = "white" if dark else "#111111"
            axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=size)
    return image


def bar(axes: Axes, image: ScalarMappable, label: str) -> Colorbar:
    """A colour bar beside a panel, as tall as it."""
    figure = axes.get_figure()
    assert isinstance(figure, Figure), "panels stand in a figure"
    made = figure.colorbar(image, cax=axes.inset_axes((1.04, 0.0, 0.045, 1.0)))
    made.set_label(label)
    made.outline.set_visible(False)
    return made


def box(axes: Axes, first: int, last: int, **dress: object) -> None:
    """A square around the block of rows and columns ``first`` to ``last``."""
    side = last - first + 1
    given = {"fill": False, "edgecolor": "#111111", "linewidth": 1.0, "zorder": 3, **dress}
    axes.add_patch(Rectangle((first - 0.5, first - 0.5), side, side, **given))  # type: ignore[arg-type]


def box_at(axes: Axes, row: int, column: int, **dress: object) -> None:
    """A square around one cell."""
    given = {"fill": False, "edgecolor": "#111111", "linewidth": 1.0, "zorder": 3, **dress}
    axes.add_patch(Rectangle((column - 0.5, row - 0.5), 1, 1, **given))  # type: ignore[arg-type]
