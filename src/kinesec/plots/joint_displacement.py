"""Which joints attacks move: mean and standard deviation of each joint's displacement (SMART, figure 2, right)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
from matplotlib.artist import Artist
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from kinesec.metrics.joints import by_part
from kinesec.motion.skeleton import Skeleton
from kinesec.plots.parts.rows import bare
from kinesec.plots.parts.style import STYLE, WIDTHS_INCH, palette
from kinesec.samples.errors import NothingToDraw

GAP = 0.8
ROOM = 0.8  # of a joint's place, for the bars of all attacks


def places(parts: Sequence[tuple[str, Sequence[int]]]) -> tuple[np.ndarray, list[int], list[tuple[str, float, float]]]:
    """Places on the axis, the joints that stand there, and each part's first and last place; parts stand apart."""
    x, joints, spans = [], [], []
    at = 0.0
    for part, members in parts:
        spans.append((part, at, at + len(members) - 1))
        x += [at + place for place in range(len(members))]
        joints += list(members)
        at += len(members) + GAP
    return np.array(x), joints, spans


def draw(displacements: Mapping[str, np.ndarray], skeleton: Skeleton) -> Figure:
    """Mean with quartiles above, standard deviation below, over clips; joints in body parts, a bar an attack.

    ``displacements`` holds, by the attack's label, each clip's and joint's mean displacement (clip, joint) in mm.
    Raises ``NothingToDraw`` where no attack has a clip.
    """
    shown = {label: values for label, values in displacements.items() if len(values)}
    if not shown:
        raise NothingToDraw("figure of joint displacements: found no attack that succeeds, expected one or more")
    with mpl.rc_context(STYLE):
        return _compose(shown, skeleton)


def _compose(shown: Mapping[str, np.ndarray], skeleton: Skeleton) -> Figure:
    x, joints, spans = places(by_part(skeleton))
    figure = Figure(figsize=(WIDTHS_INCH["double"], 4.1), layout="constrained")
    top, bottom = figure.subplots(2, 1, sharex=True)
    colours = palette(len(shown))
    for axes, measure, title in ((top, np.mean, "mean (mm)"), (bottom, np.std, "standard deviation (mm)")):
        for place, (label, values) in enumerate(shown.items()):
            wide = ROOM / len(shown)
            at = x + (place - (len(shown) - 1) / 2) * wide
            bars = axes.bar(at, measure(values, axis=0)[joints], wide, color=colours[place], linewidth=0)
            for bar, joint in zip(bars, joints, strict=True):
                bar.set_gid(f"{label}-{skeleton.names[joint]}")
            if axes is top:
                quartiles = np.quantile(values[:, joints], [0.25, 0.75], axis=0)
                axes.vlines(at, *quartiles, color="#333333", linewidth=0.6, gid=f"quartiles-{label}")
        for _, _, end in spans[:-1]:
            axes.axvline(end + (1 + GAP) / 2, color="#cccccc", linewidth=0.7)
        bare(axes)
        axes.set_ylim(bottom=0)
        axes.set_ylabel(title)
        axes.set_xlim(-0.7, x[-1] + 0.7)
    for part, first, last in spans:
        top.annotate(
            part.replace("_", " "),
            ((first + last) / 2, 1.02),
            xycoords=("data", "axes fraction"),
            ha="center",
            fontsize=7.5,
        )
    names = [skeleton.names[joint].replace("_", " ") for joint in joints]
    bottom.set_xticks(x, names, rotation=60, ha="right", rotation_mode="anchor", fontsize=6)
    key: list[Artist] = [
        *(Patch(facecolor=colours[place], label=label) for place, label in enumerate(shown)),
        Line2D([], [], color="#333333", linewidth=0.6, label="quartiles of the clips"),
    ]
    figure.legend(handles=key, loc="outside upper center", ncols=min(len(key), 5), frameon=False)
    return figure
