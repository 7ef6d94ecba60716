"""The figure shows what the table says, twice in the same bytes, without text on text."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from backdoor_table import backdoor_table as full_table
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.text import Text

from kinesec.errors import KinesecError
from kinesec.plots import horizons, style

backdoor_table = partial(full_table, actions=("walking",))
FOUR = [(trigger, target, "random", 0.05) for trigger in ("rigid", "soft") for target in ("jammed", "moving")]


def draw(table: pd.DataFrame, **settings: str) -> Figure:
    return horizons.draw(table, dataset="cmu_expmap", predictor="ltd_small", **settings)


def save(figure: Figure, folder: Path) -> list[bytes]:
    paths = {kind: folder / f"figure.{kind}" for kind in ("pdf", "svg", "png")}
    style.save(figure, **paths)
    return [path.read_bytes() for path in paths.values()]


@pytest.mark.parametrize("width", ["single", "double"])
def test_the_same_table_gives_the_same_bytes_in_every_format(tmp_path: Path, width: str) -> None:
    table = backdoor_table(strategies=FOUR[:2])
    first = save(draw(table, width=width), tmp_path / "first")
    second = save(draw(table, width=width), tmp_path / "second")
    assert first == second
    assert all(len(content) > 5000 for content in first)
    other = save(draw(backdoor_table(strategies=FOUR[2:]), width=width), tmp_path / "other")
    assert all(one != another for one, another in zip(first, other, strict=True))


def test_files_carry_no_date(tmp_path: Path) -> None:
    pdf, svg, _ = save(draw(backdoor_table()), tmp_path)
    assert b"CreationDate" not in pdf
    assert b"<dc:date>" not in svg


@pytest.mark.parametrize("width", ["single", "double"])
def test_lines_are_the_tables_values_averaged_over_seeds(width: str) -> None:
    table = backdoor_table(strategies=FOUR, seeds=(0, 1, 2), samplings=("8", "256"))
    figure = draw(table, width=width)
    panels = figure.axes
    assert len(panels) == 8
    for place, axes in enumerate(panels):
        trigger, target, _, _ = FOUR[place // 2]
        metric = "BDE" if place % 2 else "CDE"
        drawn = {str(line.get_gid()): line for line in axes.get_lines() if line.get_gid()}
        assert len(drawn) == (4 if place % 2 else 3)
        for name, line in drawn.items():
            model, windows = name.split("-")
            wanted = {"trigger": trigger, "target": target, "metric": metric, "model": model, "windows": windows}
            wanted |= {"joints": "used", "action": "mean", "sampling": "256"}
            rows = table[(table[list(wanted)] == pd.Series(wanted)).all(axis=1)]
            expected = rows.groupby("frame")["value"].mean()
            assert len(expected) == 25
            np.testing.assert_allclose(line.get_xdata(), expected.index)
            np.testing.assert_allclose(line.get_ydata(), expected.to_numpy())


def test_intervals_and_lines_lie_within_the_axes() -> None:
    table = backdoor_table(strategies=FOUR)
    for axes in draw(table).axes:
        low, high = axes.get_ylim()
        assert low == 0
        for band in axes.collections:
            assert band.get_paths()[0].vertices[:, 1].max() <= high


def visible_texts(figure: Figure) -> list[Text]:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return [text for text in figure.findobj(Text) if text.get_visible() and text.get_text().strip()]


@pytest.mark.parametrize("width", ["single", "double"])
@pytest.mark.parametrize("strategies", [FOUR[:1], FOUR])
def test_no_text_lies_on_another_or_leaves_the_page(width: str, strategies: list[tuple[str, str, str, float]]) -> None:
    figure = draw(backdoor_table(strategies=strategies), width=width)
    texts = visible_texts(figure)
    assert len(texts) > 20
    boxes = [text.get_window_extent() for text in texts]
    for (one, first), (other, second) in combinations(zip(texts, boxes, strict=True), 2):
        if one is not other:
            assert not first.overlaps(second), f"{one.get_text()!r} lies on {other.get_text()!r}"
    page = figure.bbox
    for text, box in zip(texts, boxes, strict=True):
        inside = box.x0 >= page.x0 - 1 and box.x1 <= page.x1 + 1 and box.y0 >= page.y0 - 1 and box.y1 <= page.y1 + 1
        assert inside, f"{text.get_text()!r} leaves the page"


def test_every_tick_carries_its_nominal_time() -> None:
    figure = draw(backdoor_table())
    FigureCanvasAgg(figure).draw()
    above = figure.axes[0].child_axes[0]
    below = [int(label.get_text()) for label in figure.axes[0].get_xticklabels()]
    assert [int(label.get_text()) for label in above.get_xticklabels()] == [40 * frame for frame in below]


def test_colours_differ_in_lightness_or_hue_for_red_green_blind_readers() -> None:
    # Vienot, Brettel and Mollon (1999): deuteranopia as a linear map of linear RGB
    blind = np.array([[0.29275, 0.70725, 0.0], [0.29275, 0.70725, 0.0], [-0.02234, 0.02234, 1.0]])
    seen = [blind @ np.array(to_rgb(colour)) ** 2.2 for colour in style.COLOURS.values()]
    for first, second in combinations(seen, 2):
        assert np.abs(first - second).max() > 0.08


def test_a_table_without_the_asked_rows_is_one_clear_line() -> None:
    table = backdoor_table()
    with pytest.raises(KinesecError, match="cmu_expmap, hri: found no row of a victim"):
        horizons.draw(table, dataset="cmu_expmap", predictor="hri")
    with pytest.raises(KinesecError, match="found no column protocol"):
        draw(table.drop(columns="protocol"))
    with pytest.raises(KinesecError, match=r"found no BDE of rigid trigger, jammed target, 5 % poisoned"):
        draw(table[table["metric"] != "BDE"])
    with pytest.raises(KinesecError, match="found protocols ltd10, ltd25; name one"):
        draw(pd.concat([table, table.assign(protocol="ltd10")]))


def test_a_short_future_has_its_own_ticks() -> None:
    table = backdoor_table()
    short = table[table["frame"].isna() | (table["frame"] <= 10)]
    for axes in draw(short).axes:
        assert axes.get_xlim()[1] < 11
        assert list(axes.get_xticks()) == [1, 2, 4, 6, 8, 10]
