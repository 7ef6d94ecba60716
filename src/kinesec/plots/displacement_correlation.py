"""Do attacks move the joints that move? Correlations of displacement with the clean motion (SMART, figure 3)."""

from __future__ import annotations

from collections.abc import Mapping

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from kinesec.metrics.joints import CORRELATED, by_part
from kinesec.motion.skeleton import Skeleton
from kinesec.plots.parts import heat
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH

NOWHERE = "#d9d9d9"


def draw(correlations: Mapping[str, np.ndarray], skeleton: Skeleton) -> Figure:
    """A heat map each of displacement with displacement, speed and acceleration; body parts are boxed.

    ``found`` holds the correlations (joint, joint) by the names of ``CORRELATED``; joints without one are grey.
    """
    with mpl.rc_context(STYLE):
        return _compose(correlations, skeleton)


def _compose(correlations: Mapping[str, np.ndarray], skeleton: Skeleton) -> Figure:
    parts = by_part(skeleton)
    order = [joint for _, joints in parts for joint in joints]
    colours = mpl.colormaps["RdBu_r"].with_extremes(bad=NOWHERE)
    scale = Normalize(-1, 1)
    figure = Figure(figsize=(WIDTHS_INCH["double"], 2.7), layout="constrained")
    grid = figure.subplots(1, len(CORRELATED))
    for place, (axes, name) in enumerate(zip(grid, CORRELATED, strict=True)):
        values = np.ma.masked_invalid(correlations[name][np.ix_(order, order)])
        heat.cells(axes, values, None, colours, scale, 0)
        _parts(axes, parts, first=place == 0)
        axes.set_title(f"with {name}", loc="left", pad=5)
    grid[0].set_ylabel("displaced joint")
    bar = heat.bar(grid[-1], mpl.cm.ScalarMappable(norm=scale, cmap=colours), "correlation")
    bar.set_ticks([-1, -0.5, 0, 0.5, 1])
    return figure


def _parts(axes: Axes, parts: list[tuple[str, list[int]]], *, first: bool) -> None:
    middles, names, start = [], [], 0
    for part, joints in parts:
        heat.box(axes, start, start + len(joints) - 1, linewidth=1.1)
        middles.append(start + (len(joints) - 1) / 2)
        names.append(part.replace("_", " "))
        start += len(joints)
    axes.set_xticks(middles, names, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(middles, names if first else [])
