"""Whether a reader can read a figure's texts, and a figure's bytes in every format."""

from __future__ import annotations

from itertools import combinations
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.text import Text

from kinesec.plots.parts import style


def visible_texts(figure: Figure) -> list[Text]:
    """The texts that are drawn: ticks beyond an axis' ends are not."""
    FigureCanvasAgg(figure).draw()
    panels = [panel for axes in figure.axes for panel in (axes, *axes.child_axes)]
    beyond = {
        id(label)
        for axes in panels
        for axis in (axes.xaxis, axes.yaxis)
        for tick in (*axis.get_major_ticks(), *axis.get_minor_ticks())
        for label in (tick.label1, tick.label2)
        if not min(axis.get_view_interval()) <= tick.get_loc() <= max(axis.get_view_interval())
    }
    hidden = {id(text) for axes in panels if not axes.get_visible() for text in axes.findobj(Text)}
    texts = [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]
    return [text for text in texts if id(text) not in beyond | hidden]


def check_texts(figure: Figure) -> None:
    """No text lies on another, leaves the page or is a raw key; of slanted texts, whose boxes are large, the latter."""
    texts = visible_texts(figure)
    for text in texts:
        assert "_" not in text.get_text(), f"{text.get_text()!r} is a key and no name in print"
    upright = [text for text in texts if text.get_rotation() % 90 == 0]
    boxes = [text.get_window_extent() for text in upright]
    for (label, first), (other, second) in combinations(zip(upright, boxes, strict=True), 2):
        assert label is other or not first.overlaps(second), f"{label.get_text()!r} lies on {other.get_text()!r}"
    page = figure.bbox
    for text in texts:
        box = text.get_window_extent()
        inside = box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1
        assert inside, f"{text.get_text()!r} leaves the page"


def save(figure: Figure, folder: Path) -> list[bytes]:
    """The bytes of a figure's PDF, SVG and PNG."""
    paths = {kind: folder / f"figure.{kind}" for kind in ("pdf", "svg", "png")}
    style.save(figure, **paths)
    return [path.read_bytes() for path in paths.values()]
