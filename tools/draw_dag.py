"""Draws the demo's rules and what each of them reads from another, from Snakemake's own ``--rulegraph``.

    python tools/draw_dag.py [docs/img/dag.svg]

A column a stage, as the rules' files are; an arrow that others imply is left out.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib
import networkx
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib.path import Path as Line
from matplotlib.textpath import TextPath

REPOSITORY = Path(__file__).resolve().parents[1]
# the files of each column, with those whose names begin so, and its heading
COLUMNS = {
    "sources": ("sources",),
    "samples": ("samples",),
    "poisoning": ("poisoning",),
    "training": ("training",),
    "attacks, defences": ("attacks", "defences"),
    "evaluation": ("evaluation",),
    "tables": ("tables",),
    "figures": ("figures",),
    "report, provenance": ("report", "study", "provenance"),
}
# prediction, recognition, both; of a palette that the colour-blind can tell apart
COLOURS: dict[tuple[str, ...], str] = {("cut_windows",): "#0072b2", ("cut_clips",): "#b35900"}
BOTH = "#555555"
# points
FONT, HEIGHT, ROW, GAP, PADDING = 9, 24, 32, 26, 5
# letters of a line
LONGEST = 12
SWEEPS = 8


def rulegraph() -> networkx.DiGraph:
    """The rules that the demo runs, an edge from each to those that read what it makes; without implied edges."""
    dot = subprocess.run(
        ["snakemake", "--rulegraph"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout
    rules = dict(re.findall(r'(\d+)\[label = "(\w+)"', dot))
    graph = networkx.DiGraph([(rules[above], rules[below]) for above, below in re.findall(r"(\d+) -> (\d+)", dot)])
    graph.remove_node("all")
    return networkx.transitive_reduction(graph)


def columns(graph: networkx.DiGraph) -> list[list[str]]:
    """The rules of each column, ordered so that arrows cross little: each beside the mean of its neighbours."""
    stage_of = {
        rule: stage
        for stage, files in COLUMNS.items()
        for path in sorted((REPOSITORY / "workflow/rules").glob("*.smk"))
        if path.stem.startswith(files)
        for rule in re.findall(r"^(?:rule|use rule \w+ as) (\w+)", path.read_text("utf-8"), re.MULTILINE)
    }
    filled = [[rule for rule in stage_of if stage_of[rule] == stage and rule in graph] for stage in COLUMNS]
    for _ in range(SWEEPS):
        for column in (*filled, *reversed(filled)):
            place = {rule: row - len(other) / 2 for other in filled for row, rule in enumerate(other)}

            def mean(rule: str, place: dict[str, float] = place) -> float:
                near = [*graph.predecessors(rule), *graph.successors(rule)]
                return sum(place[other] for other in near) / max(len(near), 1)

            column.sort(key=mean)
    return filled


def label(name: str) -> str:
    """A name, a long one in two lines that are as short as can be."""
    if len(name) <= LONGEST:
        return name
    breaks = [place.end() for place in re.finditer(r"_|, ", name)]
    middle = min(breaks, key=lambda place: max(place, len(name) - place))
    return f"{name[:middle].strip()}\n{name[middle:]}"


def width(text: str) -> float:
    """The width of a text's longest line, in points."""
    font = FontProperties(family="DejaVu Sans")
    return max(float(TextPath((0, 0), line, size=FONT, prop=font).get_extents().width) for line in text.split("\n"))


def colour(graph: networkx.DiGraph, rule: str) -> str:
    """The colour of the one task that a rule is a part of, or that of both."""
    upstream = {rule, *networkx.ancestors(graph, rule)}
    return COLOURS.get(tuple(root for root in ("cut_windows", "cut_clips") if root in upstream), BOTH)


def arrow(start: tuple[float, float, float], end: tuple[float, float, float]) -> Line:
    """The line from one box (left, top, width) to another: to the right, or within a column down, up or round."""
    x, y, wide = start
    if x != end[0]:
        here, there = (x + wide, y + HEIGHT / 2), (end[0], end[1] + HEIGHT / 2)
        bend = min(max((there[0] - here[0]) / 2, GAP / 2), 2 * GAP)
        turns = [(here[0] + bend, here[1]), (there[0] - bend, there[1])]
    elif abs(end[1] - y) <= ROW:
        below = end[1] > y
        here, there = (x + wide / 2, y + HEIGHT * below), (x + wide / 2, end[1] + HEIGHT * (not below))
        return Line([here, there])
    else:
        here, there = (x + wide, y + HEIGHT / 2), (x + wide, end[1] + HEIGHT / 2)
        turns = [(x + wide + GAP / 2, here[1]), (x + wide + GAP / 2, there[1])]
    return Line([here, *turns, there], [Line.MOVETO, *[Line.CURVE4] * 3])


def draw(graph: networkx.DiGraph, file: Path) -> None:
    """Writes the drawing; the same rules give the same bytes."""
    placed = columns(graph)
    rows = max(len(column) for column in placed)
    boxes: dict[str, tuple[float, float, float]] = {}
    headings = {}
    left = 0.0
    for stage, column in zip(COLUMNS, placed, strict=True):
        wide = max(width(label(name)) for name in (stage, *column)) + 2 * PADDING
        headings[stage] = left + wide / 2
        for row, rule in enumerate(column):
            boxes[rule] = (left, ROW * ((rows - len(column)) / 2 + row), wide)
        left += wide + GAP
    right, bottom = left - GAP / 2, ROW * rows
    figure = Figure(figsize=((right + 4) / 72, (bottom + ROW) / 72))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set(xlim=(-2, right + 2), ylim=(bottom, -ROW))
    axes.axis("off")
    text: dict[str, Any] = {"size": FONT, "ha": "center", "va": "center", "zorder": 3, "linespacing": 0.95}
    for stage, middle in headings.items():
        axes.text(middle, -ROW / 2, label(stage), weight="bold", color="#222222", **text)
    style: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 7, "linewidth": 0.8, "color": "#8a8a8a"}
    for above, below in sorted(graph.edges):
        axes.add_patch(FancyArrowPatch(path=arrow(boxes[above], boxes[below]), zorder=1, **style))
    for rule, (x, y, wide) in boxes.items():
        shade = colour(graph, rule)
        box = FancyBboxPatch((x, y), wide, HEIGHT, boxstyle="round,pad=0,rounding_size=4", zorder=2)
        box.set(facecolor="white", edgecolor=shade, linewidth=1.2)
        axes.add_patch(box)
        axes.text(x + wide / 2, y + HEIGHT / 2, label(rule), color=shade, **text)
    file.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "kinesec"}):
        figure.savefig(file, facecolor="white", metadata={"Date": None} if file.suffix == ".svg" else None)


if __name__ == "__main__":
    draw(rulegraph(), Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / "docs/img/dag.svg")
