"""Figures of defended recognizers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from figure_texts import check_texts, save
from matplotlib.figure import Figure

from kinesec.errors import KinesecError
from kinesec.plots import certified_accuracy, robustness_costs, robustness_iterations, robustness_tradeoff
from kinesec.plots.parts import style
from kinesec.samples.errors import NothingToDraw

DEFENCES = ("clean", "beat", "smoothing")
OF = {"dataset": "d", "clips": "c"}


def rows(**columns: object) -> pd.DataFrame:
    """A row a recognizer and defence."""
    return pd.DataFrame(
        [
            {**OF, "recognizer": recognizer, "defence": defence, "seed": "0", **columns}
            for recognizer in ("st_gcn_s", "sgn_s")
            for defence in DEFENCES
        ]
    )


def gids(figure: object) -> list[str]:
    return [artist.get_gid() for axes in figure.axes for artist in axes.get_lines() if artist.get_gid()]  # type: ignore[attr-defined]


def curves(attacks: tuple[str, ...] = ("pgd", "long")) -> pd.DataFrame:
    parts = [
        rows(
            **{"attack": attack, "attack_module": "pgd", "settings": "{}", "budget": budget},
            **{"robust_accuracy_percent": 60.0 - budget, "robust_accuracy_low": 40.0 - budget},
            robust_accuracy_high=70.0,
        )
        for place, attack in enumerate(attacks)
        for budget in (5, 20 + place)
    ]
    return pd.concat(parts)


def attacked(lefts: Mapping[str, float], **columns: object) -> pd.DataFrame:
    """A table ``robustness``: what each attack leaves; ``far`` has no bound."""
    clean = {"clean_accuracy_percent": 95.0, "clean_accuracy_low": 90.0, "clean_accuracy_high": 99.0}
    parts = [
        rows(
            **{**clean, "attack": attack, "unbounded": attack == "far", "robust_accuracy_percent": left},
            **{"robust_accuracy_low": left - 5, "robust_accuracy_high": left + 5, **columns},
        )
        for attack, left in lefts.items()
    ]
    return pd.concat(parts)


def certified(**columns: object) -> pd.DataFrame:
    grid = np.linspace(0, 0.4, 5)
    parts = [
        pd.DataFrame(
            {
                **{**OF, "recognizer": "sgn_s", "defence": f"on_{space}", "seed": "0", "space": space, "unit": unit},
                **{"radius": grid, "certified_percent": 100 - 200 * grid, "certified_low": 10.0},
                **{"certified_high": 100.0, **columns},
            }
        )
        for space, unit in (("positions", "normalised"), ("rotations", "rad"))
    ]
    return pd.concat(parts)


FIGURES: dict[str, Callable[[], Figure]] = {
    "iterations": lambda: robustness_iterations.draw(curves(), dataset="d", clips="c"),
    "tradeoff": lambda: robustness_tradeoff.draw(attacked({"pgd": 50.0}), dataset="d", clips="c"),
    "certified": lambda: certified_accuracy.draw(certified(), dataset="d", clips="c"),
    "costs": lambda: robustness_costs.draw(rows(training_seconds=1234.5, inference_factor=1.25)),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_readable_and_the_same_twice(name: str, tmp_path: Path) -> None:
    check_texts(FIGURES[name]())
    assert save(FIGURES[name](), tmp_path / "first") == save(FIGURES[name](), tmp_path / "second")


def test_robust_accuracy_by_iterations_is_a_line_a_defence() -> None:
    figure = FIGURES["iterations"]()
    assert len(figure.axes) == 4
    assert sorted(gids(figure)) == sorted(4 * DEFENCES)
    line = figure.axes[0].get_lines()[0]
    assert list(line.get_xdata()) == [5, 20]
    assert list(line.get_ydata()) == [55, 40]


def test_the_longest_attacks_are_drawn_three_at_most() -> None:
    table = curves(("brief", "pgd", "longer", "longest"))
    figure = robustness_iterations.draw(table, dataset="d", clips="c")
    titles = [axes.get_title(loc="left") for axes in figure.axes[:3]]
    assert len(figure.axes) == 2 * 3
    assert titles == ["PGD (pgd)", "PGD (longer)", "PGD (longest)"]


def test_rows_over_seeds_are_drawn_alone() -> None:
    table = curves(("pgd",))
    seeds = [table, table.assign(seed="1"), table.assign(seed="all", robust_accuracy_percent=33.0)]
    figure = robustness_iterations.draw(pd.concat(seeds), dataset="d", clips="c")
    assert sorted(gids(figure)) == sorted(2 * DEFENCES)
    assert {float(value) for line in figure.axes[0].get_lines() for value in line.get_ydata()} == {33.0}


def test_the_trade_off_is_with_what_the_strongest_bounded_attack_leaves() -> None:
    table = attacked({"pgd": 50.0, "smart": 20.0, "far": 0.0})
    figure = robustness_tradeoff.draw(table, dataset="d", clips="c")
    drawn = {tuple(point) for axes in figure.axes for line in axes.get_lines() for point in line.get_xydata()}
    assert (95.0, 20.0) in drawn
    assert not {(95.0, 50.0), (95.0, 0.0)} & drawn


def test_a_defence_is_a_point_with_its_intervals() -> None:
    table = attacked({"pgd": 50.0})
    only = (table["recognizer"] == "sgn_s") & (table["defence"] == "beat")
    table = table.assign(robust_accuracy_percent=np.where(only, 52.0, 50.0))
    panels = robustness_tradeoff.draw(table, dataset="d", clips="c").axes
    drawn = {bars.lines[0].get_gid(): bars for bars in panels[1].containers}
    assert set(drawn) == set(DEFENCES)
    point, _, (across, along) = drawn["beat"].lines
    assert [tuple(at) for at in point.get_xydata()] == [(95.0, 52.0)]
    np.testing.assert_allclose(across.get_segments(), [[[90, 52], [99, 52]]])
    np.testing.assert_allclose(along.get_segments(), [[[95, 45], [95, 55]]])


def test_no_clip_that_is_right_is_no_point() -> None:
    table = attacked({"pgd": 50.0})
    table.loc[table["defence"] == "beat", "robust_accuracy_percent"] = np.nan
    panels = robustness_tradeoff.draw(table, dataset="d", clips="c").axes
    assert {bars.lines[0].get_gid() for bars in panels[0].containers} == {"clean", "smoothing"}
    with pytest.raises(NothingToDraw, match="d, c: found no attacked clip that is correctly classified"):
        robustness_tradeoff.draw(table.assign(robust_accuracy_percent=np.nan), dataset="d", clips="c")


def test_certified_accuracy_is_a_panel_a_kind_of_noise() -> None:
    figure = FIGURES["certified"]()
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["noise on positions", "noise on rotations"]
    assert [axes.get_xlabel() for axes in figure.axes] == ["radius, l2 (normalised units)", "radius, l2 (rad)"]


def test_certified_accuracy_is_a_line_a_smoothed_recognizer() -> None:
    table = pd.concat([certified(), certified(recognizer="st_gcn_s", certified_percent=40.0)])
    figure = certified_accuracy.draw(table, dataset="d", clips="c")
    lines = {line.get_gid(): line for line in figure.axes[1].get_lines()}
    assert set(lines) == {"sgn_s-on_rotations", "st_gcn_s-on_rotations"}
    np.testing.assert_allclose(lines["sgn_s-on_rotations"].get_ydata(), [100, 80, 60, 40, 20])
    np.testing.assert_allclose(lines["st_gcn_s-on_rotations"].get_ydata(), 40)
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == [f"{name} s, on {space}" for name in ("sgn", "st gcn") for space in ("positions", "rotations")]


def test_costs_are_a_bar_a_defence() -> None:
    figure = robustness_costs.draw(rows(training_seconds=12.5, inference_factor=1.25))
    assert len(figure.axes) == 4
    assert all(len(axes.patches) == len(DEFENCES) for axes in figure.axes)
    assert [bar.get_gid() for bar in figure.axes[0].patches] == list(DEFENCES)
    assert {bar.get_width() for bar in figure.axes[1].patches} == {1.25}


def test_the_cost_of_a_defence_is_its_bar() -> None:
    table = rows(inference_factor=1.0).assign(training_seconds=[1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    table = table[(table["recognizer"] != "sgn_s") | (table["defence"] != "beat")]
    figure = robustness_costs.draw(table)
    widths = [{bar.get_gid(): bar.get_width() for bar in axes.patches} for axes in (figure.axes[0], figure.axes[2])]
    assert widths == [{"clean": 1, "beat": 2, "smoothing": 3}, {"clean": 4, "smoothing": 6}]
    with pytest.raises(KinesecError, match="figure of costs of defences: found no row of costs, expected one or more"):
        robustness_costs.draw(table[:0])


def test_without_any_curve_the_figure_says_so() -> None:
    figure = style.drawn(lambda: robustness_iterations.draw(curves()[:0], dataset="d", clips="c"))
    assert "found no attack that counts its steps to success" in figure.texts[0].get_text()


@pytest.mark.parametrize("draw", [robustness_iterations.draw, robustness_tradeoff.draw, certified_accuracy.draw])
def test_a_data_set_without_rows_is_one_line(draw: object) -> None:
    table = rows(attack="pgd", unbounded=False)
    with pytest.raises(KinesecError, match="figure of other, c: found no row"):
        draw(table, dataset="other", clips="c")  # type: ignore[operator]
