"""The figure shows what the table says, twice in the same bytes, without text on text."""

from __future__ import annotations

from functools import partial
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from backdoor_table import backdoor_table as full_table
from figure_texts import check_texts, save, visible_texts
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from kinesec.errors import KinesecError
from kinesec.plots import horizons, near_misses, ratio, stealth
from kinesec.plots.parts import style
from kinesec.tables.prediction import with_all_seeds

backdoor_table = partial(full_table, actions=("walking",))
FOUR = [(trigger, target, "random", 0.05) for trigger in ("rigid", "soft") for target in ("jammed", "moving")]


def draw(table: pd.DataFrame, **settings: str) -> Figure:
    return horizons.draw(table, dataset="cmu_expmap", predictor="ltd_small", **settings)


@pytest.mark.parametrize("width", ["single", "double"])
def test_the_same_table_gives_the_same_bytes_in_every_format(tmp_path: Path, width: str) -> None:
    table = backdoor_table(strategies=FOUR[:2])
    first = save(draw(table, width=width), tmp_path / "first")
    second = save(draw(table, width=width), tmp_path / "second")
    assert first == second
    assert all(len(content) > 5000 for content in first)
    other = save(draw(backdoor_table(strategies=FOUR[2:]), width=width), tmp_path / "other")
    assert all(picture != another for picture, another in zip(first, other, strict=True))


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


@pytest.mark.parametrize("width", ["single", "double"])
@pytest.mark.parametrize("strategies", [FOUR[:1], FOUR])
def test_no_text_lies_on_another_or_leaves_the_page(width: str, strategies: list[tuple[str, str, str, float]]) -> None:
    figure = draw(backdoor_table(strategies=strategies), width=width)
    check_texts(figure)
    assert len(visible_texts(figure)) > 20


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
    with pytest.raises(KinesecError, match="cmu_expmap, hri: found no row of action 'mean'"):
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


RATIOS = [(*strategy[:3], ratio) for strategy in FOUR for ratio in (0.02, 0.1)]
CHARTS = {
    "ratio": lambda table: ratio.draw(table, dataset="cmu_expmap", predictor="ltd_small"),
    "near_misses": lambda table: near_misses.draw(table, dataset="cmu_expmap", predictor="ltd_small"),
    "stealth": lambda table: stealth.draw(table, dataset="cmu_expmap", protocol="ltd25"),
}


@pytest.fixture(scope="module")
def ratios() -> pd.DataFrame:
    return with_all_seeds(backdoor_table(strategies=RATIOS, seeds=(0, 1)))


@pytest.mark.parametrize("name", CHARTS)
@pytest.mark.parametrize("count", [2, 8])
def test_every_chart_is_readable_and_the_same_twice(
    name: str, count: int, ratios: pd.DataFrame, tmp_path: Path
) -> None:
    table = ratios[(ratios["trigger"] == "rigid") & (ratios["target"] == "jammed")] if count == 2 else ratios
    check_texts(CHARTS[name](table))
    assert save(CHARTS[name](table), tmp_path / "first") == save(CHARTS[name](table), tmp_path / "second")


def test_a_ratio_has_its_numbers_over_all_seeds_beside_its_controls(ratios: pd.DataFrame) -> None:
    panels = CHARTS["ratio"](ratios).axes
    assert len(panels) == 8
    for place, (metric, windows) in enumerate((("CDE", "clean"), ("BDE", "triggered"))):
        axes = panels[4 * place + 3]  # soft, moving
        drawn = {str(line.get_gid()): line for line in axes.get_lines() if line.get_gid()}
        assert set(drawn) == {"clean", "zero_velocity", "victim, random selection"}
        bars = axes.containers[0]
        assert bars.get_label() == "victim, random selection"
        wanted = {"trigger": "soft", "target": "moving", "metric": metric, "windows": windows, "model": "victim"}
        wanted |= {"seed": "all", "joints": "used", "frame": 25, "action": "mean"}
        rows = ratios[(ratios[list(wanted)] == pd.Series(wanted)).all(axis=1)].sort_values("ratio")
        assert bars[0].get_xdata() == pytest.approx(100 * rows["ratio"].to_numpy())
        assert bars[0].get_ydata() == pytest.approx(rows["value"].to_numpy())


def test_near_misses_stand_in_order_and_at_the_largest_ratio(ratios: pd.DataFrame) -> None:
    panels = CHARTS["near_misses"](ratios).axes
    labels = [text.get_text().replace("\n", " ") for text in panels[2].get_xticklabels()]
    turned = [f"{angle}\u00b0" for angle in (0, 5, 15, 30, 45)]
    assert labels == [*turned, "half of the frames", "wrong limb", "nearest clean"]
    victims = panels[0].containers[1]
    rows = ratios[(ratios["windows"] == "rotated_30") & (ratios["model"] == "victim") & (ratios["metric"] == "BDE")]
    rows = rows[(rows["ratio"] == 0.1) & (rows["seed"] == "all") & (rows["action"] == "mean")]
    rows = rows[(rows["trigger"] == "rigid") & (rows["target"] == "jammed")]
    assert victims[0].get_ydata()[3] == pytest.approx(rows["value"].item())


def test_stealth_has_every_selection_before_and_after(ratios: pd.DataFrame) -> None:
    panels = CHARTS["stealth"](ratios).axes
    assert len(panels) == 24
    assert [text.get_text() for text in panels[0].get_yticklabels()] == ["random", "natural", "worst", "balanced"]
    drawn = {str(bars[0].get_gid()) for bars in panels[0].containers}
    assert drawn == {
        f"train_{when}-{selection}"
        for when in ("before", "poisoned")
        for selection in ("random", "natural", "worst", "balanced")
    }


def test_bone_lengths_that_do_not_change_are_said_and_not_drawn(ratios: pd.DataFrame) -> None:
    same = ratios.copy()
    same.loc[same["metric"] == "BLC", ["value", "low", "high"]] *= 1e-3
    panels = CHARTS["stealth"](same).axes
    assert [len(axes.containers) for axes in panels[:6]] == [8, 8, 8, 8, 0, 0]


def test_charts_say_what_they_lack() -> None:
    clean = backdoor_table(strategies=())
    for name, message in {
        "ratio": "found ratios \\[\\], expected two or more",
        "near_misses": "found no row of a victim",
        "stealth": "found no row of poisoned training windows",
    }.items():
        with pytest.raises(KinesecError, match=message):
            CHARTS[name](clean)


def test_clean_models_alone_have_one_panel() -> None:
    figure = draw(backdoor_table(strategies=(), seeds=(0, 1)))
    (axes,) = figure.axes
    assert {str(line.get_gid()) for line in axes.get_lines() if line.get_gid()} == {
        "clean-clean",
        "zero_velocity-clean",
    }
    check_texts(figure)


def test_horizons_of_several_ratios_are_of_the_largest(ratios: pd.DataFrame) -> None:
    assert len(draw(ratios).axes) == 8
