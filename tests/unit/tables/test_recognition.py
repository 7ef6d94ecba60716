"""Tables join jobs and seeds, and print the paper's tables from them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from attack_records import accuracy_row, attack_row, records, transfer_row

from kinesec.errors import KinesecError
from kinesec.tables import labels, smart
from kinesec.tables import recognition as tables
from kinesec.tables.attack_costs import BUDGETS, METRICS, curves, pairs

RECOGNIZERS = ("hrnn_s", "st_gcn_s", "sgn_s")


def attacks(**changes: Any) -> pd.DataFrame:
    rows = [
        attack_row(recognizer=name, strategy=strategy, seed=seed, success=80 + place + seed)
        for place, name in enumerate(RECOGNIZERS)
        for strategy in ("AB", "AB3", "AB5", "SA")
        for seed in (0, 1, 2)
    ]
    return tables.joined("recognition_attacks", [pd.DataFrame([{**row, **changes}]) for row in rows])


def transfers(seeds: tuple[int, ...] = (0,)) -> pd.DataFrame:
    parts = [
        transfer_row(
            surrogate=surrogate,
            recognizer=other,
            strategy=strategy,
            seed=seed,
            success=100.0 if surrogate == other else 40,
        )
        for surrogate in RECOGNIZERS
        for other in RECOGNIZERS
        for strategy in ("AB", "AB5")
        for seed in seeds
    ]
    return tables.joined("transfer", [pd.DataFrame([row]) for row in parts])


def test_the_designs_columns_come_first() -> None:
    for name, table in (
        ("recognition_attacks", attacks()),
        ("transfer", transfers()),
        ("recognition_accuracy", tables.joined("recognition_accuracy", [pd.DataFrame([accuracy_row(seed=0)])])),
    ):
        assert tuple(table.columns[: len(tables.FIRST[name])]) == tables.FIRST[name]


def test_rows_over_seeds_are_their_means_with_intervals_over_seeds_and_clips() -> None:
    table = attacks()
    assert len(table) == 12 * 3 + 12
    ab_rows = table[(table["recognizer"] == "sgn_s") & (table["strategy"] == "AB")]
    single, pooled = ab_rows[ab_rows["seed"] != "all"], ab_rows[ab_rows["seed"] == "all"].iloc[0]
    for name in ("success_percent", "displacement_mm", "control_percent", "l_normalised", "iterations_median"):
        assert pooled[name] == pytest.approx(single[name].mean())
    assert pooled["low_percent"] < single["success_percent"].min()
    assert pooled["high_percent"] > single["success_percent"].max()
    assert pooled["displacement_mm_low"] < pooled["displacement_mm"] < pooled["displacement_mm_high"]
    assert pooled["n"] == single["n"].min()
    counted = {"takes": [7, 9, 8] * 12, "right_clips": [30, 20, 40] * 12}
    counts = tables.with_all_seeds(table[table["seed"] != "all"].assign(**counted))
    assert set(counts.loc[counts["seed"] == "all", ["takes", "right_clips"]].itertuples(index=False)) == {(7, 20)}
    assert pooled["claimed_disagree"] == single["claimed_disagree"].max()
    assert tables.with_all_seeds(transfers()).equals(tables.typed(transfers()))  # one seed has nothing over seeds


def test_a_table_reads_back_as_it_was_written(tmp_path: Any) -> None:
    table = attacks()
    table.to_csv(tmp_path / "t.csv", index=False)
    pd.testing.assert_frame_equal(tables.read(tmp_path / "t.csv"), table)


def test_nothing_to_join_is_one_clear_line() -> None:
    with pytest.raises(KinesecError, match="transfer: found no row"):
        tables.joined("transfer", [])
    with pytest.raises(KinesecError, match="transfer: found no column surrogate"):
        tables.joined("transfer", [pd.DataFrame([transfer_row()]).drop(columns="surrogate")])


def test_attacks_are_called_by_what_tells_them_apart() -> None:
    rows = [
        attack_row(attack="a", module="smart"),
        attack_row(attack="b", module="smart", terms="l2"),
        attack_row(attack="c", module="iaa", terms=""),
        attack_row(attack="d", module="pgd", terms=""),
        attack_row(attack="e", module="pgd", terms="", preset="official"),
        attack_row(attack="f", module="mi_fgsm", terms=""),
        attack_row(attack="g", module="mi_fgsm", terms=""),
        {**attack_row(attack="h", module="eot", terms=""), "settings": '{"attack": {"attack": "pgd"}, "draws": 4}'},
    ]
    names = labels.attack_labels(pd.DataFrame(rows))
    assert names["b"] == "SMART, l2"
    assert names["c"] == "IAA"
    assert (names["d"], names["e"]) == ("PGD, paper", "PGD, official")
    assert (names["f"], names["g"]) == ("MI-FGSM (f)", "MI-FGSM (g)")
    assert names["h"] == "EOT of PGD"
    assert len(set(names.values())) == 8


def test_table_1_has_the_papers_shape() -> None:
    table = smart.table_1(attacks())
    assert table["recognizer"].tolist() == [*RECOGNIZERS, "mean"]
    assert list(table.columns) == ["group", "recognizer", "AB, hdm05", "AB3/AB5, hdm05", "SA, hdm05"]
    assert table["AB, hdm05"].tolist() == ["81", "82", "83", "82"]
    assert table["AB3/AB5, hdm05"].tolist() == ["81/81", "82/82", "83/83", "82/82"]
    assert "SMART, paper" in table["group"][0]
    assert "reduction mean" in table["group"][0]
    assert "(smart_ab, smart_ab3, smart_ab5, smart_sa)" in table["group"][0]
    two = pd.concat([attacks(), attacks(reduction="sum")])
    assert len(smart.table_1(two)) == 8


def test_two_attacks_of_one_strategy_are_never_averaged() -> None:
    again = attacks()
    again = again[again["strategy"] == "AB"].assign(attack="again", success_percent=7.0)
    table = smart.table_1(pd.concat([attacks(), again]))
    assert table["group"].str.contains("(again)", regex=False).tolist() == [False] * 4 + [True] * 4
    assert table["AB, hdm05"].tolist() == ["81", "82", "83", "82", "7", "7", "7", "7"]
    moved = transfers().assign(attack="again", success_percent=7.0)
    second = smart.table_2(pd.concat([transfers(), moved]))
    assert second["sgn_s"].tolist() == ["40", "40", "n/a", "7", "7", "n/a"]


def test_targets_that_share_a_network_are_marked() -> None:
    rows = transfers().assign(shared_members=0)
    rows.loc[(rows["surrogate"] == "hrnn_s") & (rows["recognizer"] != "st_gcn_s"), "shared_members"] = 1
    assert smart.table_2(rows)["sgn_s"].tolist() == ["40 [shared]", "40", "n/a"]
    assert smart.table_3(rows)["sgn_s"].tolist() == ["40(40) [shared]", "40(40)", "n/a"]
    assert smart.table_2(rows)["hrnn_s"].tolist() == ["n/a", "40", "40"]


def test_tables_2_and_3_are_surrogates_by_targets() -> None:
    second, third = smart.table_2(transfers((0, 1))), smart.table_3(transfers((0, 1)))
    for table, cell in ((second, "40"), (third, "40(40)")):
        assert table["surrogate"].tolist() == list(RECOGNIZERS)
        square = table[list(RECOGNIZERS)].to_numpy()
        assert (np.diag(square) == "n/a").all()
        assert (square[~np.eye(3, dtype=bool)] == cell).all()


def test_table_4_sets_methods_side_by_side() -> None:
    rows = [
        attack_row(attack=module, module=module, recognizer=name, terms="")
        for module in ("smart", "iaa", "ciasa")
        for name in RECOGNIZERS
    ]
    table = smart.table_4(tables.typed(pd.DataFrame(rows)))
    assert list(table.columns) == ["group", "recognizer", "SMART", "IAA", "CIASA"]
    assert len(table) == 4 * 3
    assert table["group"].str.contains("bone change").sum() == 3


def test_curves_rise_to_the_tables_success() -> None:
    made = records(seed=3)
    row = attack_row(seed=3)
    table = curves(made, row)
    right = made[made["right"]]
    for metric in METRICS:
        curve = table[table["metric"] == metric]
        assert (curve["success_percent"].diff().dropna() >= 0).all()
        assert curve["success_percent"].iloc[0] == 0
        assert curve["success_percent"].iloc[-1] == pytest.approx(100 * right["success"].mean())
        assert (curve["low_percent"] <= curve["success_percent"]).all()
        middle = curve.iloc[len(curve) // 2]
        cheap = right["success"] & (right[metric] <= middle["budget"])
        assert middle["success_percent"] == pytest.approx(100 * cheap.mean())
        assert set(curve["budget"]) <= set(BUDGETS)
    nothing = curves(made.assign(success=False), row)
    assert (nothing["success_percent"] == 0).all()
    assert set(nothing["metric"]) == set(METRICS)


def test_two_attacks_are_compared_on_the_clips_that_both_win() -> None:
    first = records(seed=0)
    second = first.assign(
        **{name: 2 * first[name] for name in METRICS}, success=first["success"] & (first["row"] % 3 > 0)
    )
    jobs = [(attack_row(attack=name), made) for name, made in (("one", first), ("two", second))]
    table = pairs(jobs)
    assert table["ratio"].tolist() == pytest.approx([0.5] * len(METRICS))
    assert table["ratio_low"].tolist() == pytest.approx([0.5] * len(METRICS))
    assert set(table["n"]) == {int((second["right"] & second["success"]).sum())}
    displacement = table[table["metric"] == "displacement_mm"].iloc[0]
    won = first[first["right"] & first["success"]]["displacement_mm"].sort_values()
    needed = int(np.ceil(0.5 * first["right"].sum()))
    assert displacement["cost_at_50"] == pytest.approx(won.iloc[needed - 1])
    assert np.isnan(displacement["against_cost_at_90"])
    assert len(pairs([jobs[0], (attack_row(attack="two", strategy="SA"), second)])) == 0
    none = pairs([jobs[0], (jobs[1][0], second.assign(success=False))])
    assert set(none["n"]) == {0}
    assert none["ratio"].isna().all()
