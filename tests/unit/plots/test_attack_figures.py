"""The figures of attacks show what tables and stores say, twice in the same bytes, without text on text."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from attack_records import attack_row, records, transfer_row
from figure_texts import check_texts, save
from matplotlib.figure import Figure
from stores import SKELETON

from kinesec.errors import KinesecError
from kinesec.metrics import joints as joint_analysis
from kinesec.plots import (
    animation,
    attack_bounds,
    attack_curves,
    confusion,
    displacement_correlation,
    joint_displacement,
    queries,
    transfer_matrix,
)
from kinesec.plots.parts import style
from kinesec.samples.adversarial import QUERY_GRID
from kinesec.samples.errors import NothingToDraw
from kinesec.tables import blackbox, bounds, recognition
from kinesec.tables.attack_costs import curves

ATTACKS = (("smart_ab", "smart", "smart"), ("smart_l2", "smart", "l2"), ("iaa_ab", "iaa", ""))
RECOGNIZERS = ("st_gcn_s", "sgn_s", "hrnn_s")


@pytest.fixture(scope="module")
def costs() -> tuple[pd.DataFrame, pd.DataFrame]:
    costs_of_rows, rows = [], []
    for place, recognizer in enumerate(RECOGNIZERS):
        for index, (attack, module, terms) in enumerate(ATTACKS):
            for seed in (0, 1):
                made = records(seed=10 * place + index + 100 * seed, smooth=1 + 5 * index)
                row = attack_row(recognizer=recognizer, attack=attack, module=module, terms=terms, seed=seed)
                costs_of_rows.append(curves(made, row))
                rows.append(pd.DataFrame([row]))
    table = recognition.with_all_seeds(pd.concat(costs_of_rows))
    return table, recognition.joined("recognition_attacks", rows)


def bounded(seeds: tuple[int, ...] = (0, 1)) -> pd.DataFrame:
    """The table of three attacks on two recognizers within three bounds, success as many per cent as mm."""
    rows = [
        attack_row(
            recognizer=recognizer, attack=f"{module}_{mm}mm", module=module, terms="", seed=seed, success=float(mm)
        )
        | {"bound_mm": mm, "epsilon_mm": mm}
        for recognizer in RECOGNIZERS[:2]
        for module in ("pgd", "mi_fgsm", "iaa")
        for mm in (80, 20, 40)
        for seed in seeds
    ]
    return recognition.with_all_seeds(bounds.table(pd.DataFrame(rows)))


def searched(seeds: tuple[int, ...] = (0, 1)) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Tables of three hard-label attacks on three recognizers, whose l falls with queries, each at its own pace."""
    rng, found, rows = np.random.default_rng(0), [], []
    for recognizer in RECOGNIZERS:
        for place, attack in enumerate(("basar", "boundary", "subspace")):
            for seed in seeds:
                row = attack_row(recognizer=recognizer, attack=attack, module=attack, terms="", seed=seed)
                row |= dict.fromkeys(blackbox.SEARCH, 50.0) | {"l_on_manifold_median": 0.4, "queries_median": 1900.0}
                made = records(seed=seed)
                size = np.exp(rng.normal(0, 0.4, (len(made), 1)))
                trace = size * np.maximum(0.1, (50 / QUERY_GRID) ** (0.4 + 0.2 * place))
                trace[:, QUERY_GRID < 50] = np.nan
                made["trace_l"], made["queries"] = [*trace], 2000 + 1000 * (place == 2)
                frame = pd.DataFrame([row])
                found.append(blackbox.queries(made, frame))
                rows.append(blackbox.with_search(frame, made))
    return recognition.with_all_seeds(pd.concat(found)), recognition.joined("blackbox", rows)


def transfers(names: tuple[str, ...], strategies: tuple[str, ...]) -> pd.DataFrame:
    rows = [
        transfer_row(surrogate=surrogate, recognizer=other, strategy=strategy, success=float(7 * i + j))
        for strategy in strategies
        for i, surrogate in enumerate(names)
        for j, other in enumerate(names)
    ]
    return recognition.joined("transfer", [pd.DataFrame([row]) for row in rows])


def confused(classes: list[str], split: str = "test") -> pd.DataFrame:
    size = len(classes)
    count = np.random.default_rng(0).integers(0, 2, (size, size)) + 9 * np.eye(size, dtype=int)
    return pd.DataFrame(
        {
            "split": split,
            "actual": np.repeat(classes, size),
            "predicted": np.tile(classes, size),
            "count": count.ravel(),
        }
    )


def spread() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    return {label: rng.gamma(3, 5, (40, len(SKELETON))) for label in ("SMART", "SMART, l2", "IAA")}


def correlated() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    clean = np.cumsum(rng.normal(size=(5, 1, 20, len(SKELETON), 3)), axis=2)
    clean[..., 0, :] = 0
    moved = clean + rng.normal(size=clean.shape)
    return joint_analysis.correlations(clean, moved, np.ones((5, 1, 20), bool))


CHARTS: dict[str, Callable[[tuple[pd.DataFrame, pd.DataFrame]], Figure]] = {
    "curves": lambda costs: attack_curves.draw(*costs, dataset="hdm05", clips="smart"),
    "bounds": lambda _: attack_bounds.draw(bounded(), dataset="hdm05", clips="smart"),
    "queries": lambda _: queries.draw(*searched(), dataset="hdm05", clips="smart"),
    "queries of one": lambda _: queries.draw(
        *(table[table["recognizer"] == "sgn_s"] for table in searched((0,))), dataset="hdm05", clips="smart"
    ),
    "transfer": lambda _: transfer_matrix.draw(
        transfers(("a_gcn", "bb", "c"), ("AB", "AB5")), dataset="hdm05", clips="smart"
    ),
    "transfer of many": lambda _: transfer_matrix.draw(
        transfers(tuple(f"recognizer_{i}" for i in range(8)), ("AB", "AB5", "SA")), dataset="hdm05", clips="smart"
    ),
    "confusion": lambda _: confusion.draw(confused([f"a rather long class {i}, indeed" for i in range(11)])),
    "confusion of many": lambda _: confusion.draw(confused([f"class {i}" for i in range(60)])),
    "joints": lambda _: joint_displacement.draw(spread(), SKELETON),
    "correlation": lambda _: displacement_correlation.draw(correlated(), SKELETON),
}


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_readable_and_the_same_twice(
    name: str, costs: tuple[pd.DataFrame, pd.DataFrame], tmp_path: Path
) -> None:
    check_texts(CHARTS[name](costs))
    assert save(CHARTS[name](costs), tmp_path / "first") == save(CHARTS[name](costs), tmp_path / "second")


def test_curves_are_the_tables_over_all_seeds(costs: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    figure = CHARTS["curves"](costs)
    assert len(figure.axes) == 9
    table = costs[0]
    wanted = {"recognizer": "sgn_s", "metric": "acceleration_deviation_mm", "attack": "smart_l2", "seed": "all"}
    rows = table[(table[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    (line,) = [line for line in figure.axes[4].get_lines() if line.get_gid() == "smart_l2"]
    np.testing.assert_allclose(line.get_xdata(), rows["budget"])
    np.testing.assert_allclose(line.get_ydata(), rows["success_percent"])
    low, high = figure.axes[4].get_xlim()
    assert rows.loc[rows["budget"] <= low, "success_percent"].max() == 0
    last = rows["success_percent"].max()
    assert rows.loc[rows["budget"] >= high * 0.999, "success_percent"].min() == pytest.approx(last)
    words = [text.get_text() for text in figure.legends[0].get_texts()]
    assert words == ["SMART", "SMART, l2", "IAA"]


def test_a_cost_below_all_budgets_has_no_dot(costs: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    table, attacks = costs
    free = attacks.assign(bone_change_percent=np.where(attacks["attack"] == "iaa_ab", 1e-6, 2.0))
    figure = attack_curves.draw(table, free, dataset="hdm05", clips="smart")
    dots = [[line for line in axes.get_lines() if line.get_marker() == "o"] for axes in figure.axes[:3]]
    assert [len(of_panel) for of_panel in dots] == [3, 3, 2]


def test_queries_are_the_tables_up_to_what_was_spent() -> None:
    tables = searched()
    figure = queries.draw(*tables, dataset="hdm05", clips="smart")
    rows = tables[0]
    rows = rows[(rows["recognizer"] == "sgn_s") & (rows["attack"] == "basar") & (rows["seed"] == "all")]
    rows = rows[rows["queries"] <= 2000]
    (line,) = [line for line in figure.axes[1].get_lines() if line.get_gid() == "basar"]
    np.testing.assert_allclose(line.get_xdata(), rows["queries"])
    np.testing.assert_allclose(line.get_ydata(), rows["l_median"])
    dots = [line for line in figure.axes[1].get_lines() if line.get_marker() == "o"]
    assert {(float(dot.get_xdata()[0]), float(dot.get_ydata()[0])) for dot in dots} == {(1900.0, 0.4)}
    assert [text.get_text() for text in figure.legends[0].get_texts()][-1] == "on the manifold"


def test_a_transfers_cell_is_its_row_and_the_diagonal_is_framed() -> None:
    table = transfers(("a", "b", "c"), ("AB",))
    (axes, *_) = transfer_matrix.draw(table, dataset="hdm05", clips="smart").axes
    words = {text.get_position(): text.get_text() for text in axes.texts}
    assert words[(2, 1)] == "9\n2\u201311"  # surrogate b, target c; below it the control's interval
    assert len(axes.patches) == 3


def test_surrogates_that_are_no_targets_have_rows_of_their_own() -> None:
    table = transfers(("a", "b"), ("AB",))
    more = table[table["surrogate"] == "a"].assign(surrogate="a and b", success_percent=55.0)
    table = pd.concat([more.assign(shared_members=[1, 0]), table.assign(shared_members=1)], ignore_index=True)
    table.loc[table["surrogate"] == "b", "shared_members"] = 0
    table.loc[(table["surrogate"] == "a") & (table["recognizer"] == "b"), "shared_members"] = 0
    (axes, *_) = transfer_matrix.draw(table, dataset="hdm05", clips="smart").axes
    words = {text.get_position(): text.get_text() for text in axes.texts}
    assert [label.get_text() for label in axes.get_yticklabels()] == ["a", "b", "a and b"]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["a", "b"]
    assert words[(1, 2)].startswith("55")
    framed = {patch.get_xy(): patch.get_linestyle() for patch in axes.patches}  # type: ignore[attr-defined]
    assert framed == {(-0.5, -0.5): "solid", (0.5, 0.5): "solid", (-0.5, 1.5): "--"}  # a and b has a in it


def test_a_confusion_is_a_share_of_the_true_class() -> None:
    table = confused(["a", "b"])
    table["count"] = [3, 1, 0, 0]
    (axes, *_) = confusion.draw(table).axes
    words = {text.get_position(): text.get_text() for text in axes.texts}
    assert (words[(0, 0)], words[(1, 0)], words[(0, 1)]) == ("75", "25", "")


def test_joints_stand_in_body_parts_once_each() -> None:
    parts = joint_analysis.by_part(SKELETON)
    assert [part for part, _ in parts] == ["trunk", "left_arm", "right_arm"]
    x, joints, spans = joint_displacement.places(parts)
    assert sorted(joints) == list(range(len(SKELETON)))
    assert (np.diff(x) > 0).all()
    assert [last - first + 1 for _, first, last in spans] == [len(members) for _, members in parts]
    top, bottom = joint_displacement.draw(spread(), SKELETON).axes
    values = spread()["IAA"]
    for axes, measure in ((top, np.mean), (bottom, np.std)):
        heights = {bar.get_gid(): bar.get_height() for bar in axes.patches}
        of_joints = dict(zip(SKELETON.names, measure(values, axis=0), strict=True))
        assert {name: heights[f"IAA-{name}"] for name in SKELETON.names} == pytest.approx(of_joints)
        assert axes.get_ylim()[0] == 0
    (whiskers,) = [lines for lines in top.collections if lines.get_gid() == "quartiles-IAA"]
    ends = np.array([segment[:, 1] for segment in whiskers.get_segments()])
    np.testing.assert_allclose(ends, np.quantile(values[:, joints], [0.25, 0.75], axis=0).T)


def test_no_bars_of_two_attacks_lie_on_each_other() -> None:
    top = joint_displacement.draw(spread(), SKELETON).axes[0]
    ends = sorted((bar.get_x(), bar.get_x() + bar.get_width()) for bar in top.patches)
    assert all(right <= left + 1e-9 for (_, right), (left, _) in pairwise(ends))


def test_displacement_that_follows_speed_is_correlated_with_it() -> None:
    rng = np.random.default_rng(3)
    clean = np.cumsum(rng.normal(size=(4, 2, 30, 5, 3)), axis=2)
    clean[..., 4, :] = 7.0  # stands still
    speed = np.linalg.norm(np.diff(clean, axis=2), axis=-1)
    moved = clean.copy()
    moved[:, :, :-1, :, 1] += 3 * speed * (1 + np.arange(4))[:, None, None, None]  # clips differ in size
    present = np.ones((4, 2, 30), bool)
    present[0, 1], present[1, :, 20:] = False, False
    correlations = joint_analysis.correlations(clean, moved, present)
    np.testing.assert_allclose(np.diag(correlations["speed"])[:4], 1)
    assert np.isnan(correlations["speed"][:, 4]).all()
    off = correlations["speed"][~np.eye(5, dtype=bool)]
    assert np.nanmax(np.abs(off)) < 0.5
    np.testing.assert_allclose(correlations["displacement"], correlations["displacement"].T)
    means = joint_analysis.joint_displacements(clean, moved, present)
    distance = np.linalg.norm(moved - clean, axis=-1)
    np.testing.assert_allclose(means[0], distance[0, 0].mean(0))
    np.testing.assert_allclose(means[1], distance[1, :, :20].mean((0, 1)))


def test_charts_say_what_they_lack(costs: tuple[pd.DataFrame, pd.DataFrame]) -> None:
    with pytest.raises(KinesecError, match="figure of hdm05, smart, SA: found no attack's curve"):
        attack_curves.draw(*costs, dataset="hdm05", clips="smart", strategy="SA")
    with pytest.raises(KinesecError, match="figure of ntu60, smart: found no row of blackbox_queries"):
        queries.draw(*searched(), dataset="ntu60", clips="smart")
    lines, dots = searched()
    with pytest.raises(NothingToDraw, match="found no attack with an adversarial clip for half of the clips"):
        queries.draw(lines.assign(l_median=np.nan), dots, dataset="hdm05", clips="smart")
    with pytest.raises(KinesecError, match="figure of ntu60, smart: found no row of transfer"):
        transfer_matrix.draw(transfers(("a",), ("AB",)), dataset="ntu60", clips="smart")
    with pytest.raises(KinesecError, match="found no clip of split 'test'"):
        confusion.draw(confused(["a", "b"], split="val"))
    with pytest.raises(NothingToDraw, match="found no attack that succeeds"):
        joint_displacement.draw({"SMART": np.zeros((0, 6))}, SKELETON)


def test_a_run_whose_attacks_all_fail_says_so_in_its_figures(tmp_path: Path) -> None:
    figure = style.drawn(lambda: joint_displacement.draw({"SMART": np.zeros((0, 6))}, SKELETON))
    assert "found no attack that succeeds" in figure.texts[0].get_text()
    style.save(figure, **{kind: tmp_path / f"note.{kind}" for kind in ("pdf", "svg", "png")})
    animation.save_note("nothing", webp=tmp_path / "note.webp", png=tmp_path / "note2.png")
    assert all(path.stat().st_size > 0 for path in tmp_path.iterdir())


@pytest.mark.parametrize("seeds", [(0,), (0, 1)])
def test_success_is_drawn_against_the_bound_in_mm(seeds: tuple[int, ...]) -> None:
    figure = attack_bounds.draw(bounded(seeds), dataset="hdm05", clips="smart")
    for axes in figure.axes:
        drawn = [tuple(np.asarray(line.get_xydata()).T.tolist()) for line in axes.get_lines()]
        assert drawn == [([20, 40, 80], [20, 40, 80])] * 3
    once = bounded((0,))
    mixed = pd.concat([bounded(seeds), once[once["attack"] == "iaa"].assign(attack="more")])
    for axes in attack_bounds.draw(mixed, dataset="hdm05", clips="smart").axes:
        assert len(axes.get_lines()) == 4  # also the one of fewer seeds
    with pytest.raises(KinesecError, match="found no bounded attack"):
        attack_bounds.draw(bounded(), dataset="hdm05", clips="native")
