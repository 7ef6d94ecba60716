"""Tables of defended recognizers: what they count, what they flag, whom they compare."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from kinesec.tables import robustness
from kinesec.tables.recognition import with_all_seeds

MODEL = ("d", "c", "st_gcn_s", "beat", "0")


def row(attack: str = "smart", module: str = "smart", training: str = "beat", **settings: Any) -> dict[str, Any]:
    return {
        **{"dataset": "d", "clips": "c", "recognizer": "st_gcn_s", "training": training, "seed": "0"},
        **{"attack": attack, "attack_module": module, "preset": "paper", "strategy": "AB"},
        "settings": json.dumps({"iterations": 100, **settings}, sort_keys=True),
    }


def records(success: list[bool], *, l_mm: list[float] | None = None, first: list[int] | None = None) -> pd.DataFrame:
    count = len(success)
    return pd.DataFrame(
        {
            "row": np.arange(count),
            "take": [f"t{place // 2}" for place in range(count)],
            "right": True,
            "success": success,
            "control_success": False,
            "l_mm": l_mm or [100.0 * (place + 1) for place in range(count)],
            "iterations": 10,
            "queries": 11,
            "first_success": first or [5 if won else -1 for won in success],
        }
    )


def all_clips(right: list[bool]) -> pd.DataFrame:
    return pd.DataFrame({"right": right, "take": [f"t{place // 2}" for place in range(len(right))]})


ALL: dict[tuple[str, ...], pd.DataFrame] = {MODEL: all_clips([True] * 8 + [False] * 2)}


def test_robust_accuracy_is_clean_accuracy_times_what_is_left() -> None:
    made = robustness.runs([(row(), records([True, False, False, False]))], ALL).iloc[0]
    assert made["clean_accuracy_percent"] == pytest.approx(80)
    assert made["success_percent"] == pytest.approx(25)
    assert made["robust_accuracy_percent"] == pytest.approx(60)
    for name in ("clean_accuracy", "robust_accuracy"):
        assert 0 <= made[f"{name}_low"] <= made[f"{name}_percent"] <= made[f"{name}_high"] <= 100
    assert made["low_percent"] <= 25 <= made["high_percent"]


def test_perturbation_needed_counts_clips_that_hold_as_infinite() -> None:
    made = robustness.runs([(row(), records([True, True, False, False], l_mm=[30, 10, 1, 1]))], ALL).iloc[0]
    assert made["l_mm_at_25"] == 10
    assert made["l_mm_at_50"] == 30
    assert np.isnan(made["l_mm_at_75"])
    assert made["l_mm_median"] == 20


def test_no_clip_that_is_right_is_no_number() -> None:
    empty = records([True, False]).assign(right=False)
    made = robustness.runs([(row(), empty)], ALL).iloc[0]
    assert (made["n"], made["clean_accuracy_percent"]) == (0, pytest.approx(80))
    numbers = ["success_percent", "robust_accuracy_percent", "robust_accuracy_low", "l_mm_median", "l_mm_at_25"]
    assert made[[*numbers, "control_percent"]].isna().all()


def test_intervals_draw_whole_takes() -> None:
    """Clips of a take that all fall or all hold tell less than as many takes."""
    table = records([True] * 4 + [False] * 4)
    apart: dict[tuple[str, ...], pd.DataFrame] = {
        MODEL: all_clips([True] * 8).assign(take=[f"t{place}" for place in range(8)])
    }
    together: dict[tuple[str, ...], pd.DataFrame] = {MODEL: all_clips([True] * 8).assign(take=["t0"] * 4 + ["t1"] * 4)}
    widths = []
    for clips in (apart, together):
        (accuracy,) = clips.values()
        made = robustness.runs([(row(), table.assign(take=accuracy["take"]))], clips).iloc[0]
        assert made["clean_accuracy_low"] < made["clean_accuracy_high"] == 100
        widths.append(made["robust_accuracy_high"] - made["robust_accuracy_low"])
    assert widths[1] == 100 > widths[0] > 0


def test_the_interval_is_of_both_factors_at_once() -> None:
    """Where an attack fails on all four takes, what is left is clean accuracy; but it may fool a fifth."""
    made = robustness.runs([(row(), records([False] * 8))], ALL).iloc[0]
    for end in ("percent", "high"):
        assert made[f"robust_accuracy_{end}"] == pytest.approx(made[f"clean_accuracy_{end}"])
    assert made["low_percent"] == 0
    assert made["high_percent"] == pytest.approx(100 * 3.8415 / (4 + 3.8415), abs=0.01)  # Wilson's end of 0 in 4
    down = np.hypot(80 - made["clean_accuracy_low"], 0.8 * made["high_percent"])
    assert made["robust_accuracy_low"] == pytest.approx(80 - down)
    assert made["robust_accuracy_low"] < 80 < made["robust_accuracy_high"]


def test_a_row_knows_what_its_attack_sees_and_what_any_change_does() -> None:
    jobs = [
        (row(name, name), records([True, False]).assign(control_success=[True, False])) for name in ("pgd", "basar")
    ]
    made = robustness.runs(jobs, ALL)
    assert list(made["access"]) == [robustness.WHITE, robustness.LABELS]
    assert list(made["control_percent"]) == [50, 50]


def test_success_far_away_does_not_count() -> None:
    kept = robustness.within(records([True, True, False, False], l_mm=[600, 400, 1, 1]), 500)
    assert list(kept["success"]) == [False, True, False, False]
    assert robustness.within(kept, None) is kept


def flags(*rows: tuple[str, str, str, float, dict[str, Any]], judged: dict[str, Any] | None = None) -> dict[str, str]:
    table = pd.DataFrame(
        [
            {
                **dict(zip(robustness.MODEL, MODEL, strict=True)),
                **{"attack": name, "attack_module": module, "access": access, "success_percent": success},
                **{"strategy": settings.pop("strategy", "AB"), "setting": json.dumps(settings)},
            }
            for name, module, access, success, settings in rows
        ]
    )
    made = robustness.flagged(table, judged or {})
    return dict(zip(made["attack"], made["flag"], strict=True))


@pytest.mark.parametrize(("labels", "flag"), [(70.0, "black box stronger than white box"), (60.0, "")])
def test_a_black_box_that_wins_more_is_flagged(labels: float, flag: str) -> None:
    made = flags(("smart", "smart", robustness.WHITE, 60.0, {}), ("basar", "basar", robustness.LABELS, labels, {}))
    assert made == {"smart": "", "basar": flag}


@pytest.mark.parametrize(("success", "flag"), [(99.0, "unbounded attack fails"), (100.0, "")])
def test_an_unbounded_attack_must_succeed(success: float, flag: str) -> None:
    made = flags(("far", "pgd", robustness.WHITE, success, {}), judged={"far": {"unbounded": True}})
    assert made == {"far": flag}


@pytest.mark.parametrize(
    ("longer", "flag"),
    [
        ({"iterations": 100, "epsilon": 0.03}, "more steps, less success"),
        ({"iterations": 100, "epsilon": 0.01}, ""),  # another attack
        ({"iterations": 10, "epsilon": 0.03}, ""),
    ],
)
def test_more_steps_of_an_attack_do_not_weaken_it(longer: dict[str, Any], flag: str) -> None:
    made = flags(
        ("pgd", "pgd", robustness.WHITE, 50.0, {"iterations": 20, "epsilon": 0.03}),
        ("pgd_100", "pgd", robustness.WHITE, 40.0, longer),
    )
    assert made["pgd_100"] == flag


def test_an_attack_of_another_aim_is_no_shorter_one() -> None:
    """A given class is harder to reach than any."""
    made = flags(
        ("ab", "smart", robustness.WHITE, 90.0, {"iterations": 20}),
        ("sa", "smart", robustness.WHITE, 40.0, {"iterations": 100, "strategy": "SA"}),
    )
    assert made == {"ab": "", "sa": ""}


def test_as_much_success_by_more_steps_is_none() -> None:
    settings = [{"iterations": 20}, {"iterations": 100}]
    rows = [(f"pgd_{place}", "pgd", robustness.WHITE, 50.0, given) for place, given in enumerate(settings)]
    assert flags(*rows) == {"pgd_0": "", "pgd_1": ""}


def test_an_attack_of_another_kind_is_no_shorter_one() -> None:
    made = flags(
        ("pgd", "pgd", robustness.WHITE, 50.0, {"iterations": 20}),
        ("mi_fgsm", "mi_fgsm", robustness.WHITE, 40.0, {"iterations": 100}),
    )
    assert made == {"pgd": "", "mi_fgsm": ""}


def test_an_unbounded_white_box_hides_no_black_box() -> None:
    made = flags(
        ("pgd", "pgd", robustness.WHITE, 20.0, {}),
        ("far", "pgd", robustness.WHITE, 100.0, {"epsilon": 2.0}),
        ("smart from sgn_s", "smart", robustness.TRANSFER, 30.0, {}),
        judged={"far": {"unbounded": True}},
    )
    assert made == {"pgd": "", "far": "", "smart from sgn_s": "black box stronger than white box"}


def test_flags_are_of_one_recognizer() -> None:
    table = pd.DataFrame(
        [
            {
                **dict(zip(robustness.MODEL, (*MODEL[:3], defence, "0"), strict=True)),
                **{"attack": attack, "attack_module": attack, "access": access, "success_percent": success},
                **{"setting": "{}", "strategy": "AB"},
            }
            for defence, attack, access, success in (
                ("beat", "pgd", robustness.WHITE, 20.0),
                ("trades", "pgd", robustness.WHITE, 60.0),
                ("beat", "basar", robustness.LABELS, 40.0),
                ("trades", "basar", robustness.LABELS, 40.0),
            )
        ],
        index=[7, 7, 8, 9],
    )
    made = robustness.flagged(table, {"basar": {"within_mm": 500}})
    assert list(made["flag"]) == ["", "", "black box stronger than white box", ""]
    assert list(made["unbounded"]) == [False] * 4
    np.testing.assert_array_equal(made["within_mm"], [np.nan, np.nan, 500, 500])


def test_curves_count_what_the_recognizer_says_by_iterations() -> None:
    table = records([True, True, False, False], first=[3, 40, 4, -1])  # the third fools the attack's own noise alone
    made = robustness.curves([(row(), table)], ALL).set_index("budget")["robust_accuracy_percent"]
    assert made[5] == pytest.approx(80 * 0.75)
    assert made[50] == pytest.approx(80 * 0.5)
    assert made[100] == made[50]
    assert made.is_monotonic_decreasing


def test_a_curve_ends_where_the_table_is() -> None:
    """A success that the attack's own noise did not show it is there at the end, when it is not known."""
    table = records([True, True, False, False], first=[3, -1, 4, -1])
    made = robustness.curves([(row(), table)], ALL).set_index("budget")["robust_accuracy_percent"]
    assert made[50] == pytest.approx(80 * 0.75)
    assert made[100] == robustness.runs([(row(), table)], ALL)["robust_accuracy_percent"].item() == pytest.approx(40)


def test_attacks_on_labels_have_no_curve() -> None:
    """Their records stand in one file with others', so that the steps to success are there and missing."""
    table = records([True, True, False, False]).assign(first_success=np.nan)
    assert robustness.curves([(row("basar", "basar"), table)], ALL).empty
    assert robustness.curves([(row("basar", "basar"), table.drop(columns="first_success"))], ALL).empty


@pytest.mark.parametrize(
    "settings", ['{"iterations": 20}', '{"draws": 4, "attack": {"attack": "pgd", "settings": {"iterations": 20}}}']
)
def test_curves_go_as_far_as_their_attack_or_the_one_that_it_wraps(settings: str) -> None:
    short = row() | {"settings": settings}
    made = robustness.curves([(short, records([True, False]))], ALL)
    assert list(made["budget"]) == [5, 10, 20]
    assert (made["robust_accuracy_low"] <= made["robust_accuracy_percent"]).all()
    assert (made["robust_accuracy_percent"] <= made["robust_accuracy_high"]).all()


def test_defences_are_compared_on_the_clips_that_both_classify_correctly() -> None:
    first, second = records([False, False, False, True]), records([True, True, False, True])
    second.loc[3, "right"] = False
    made = robustness.pairs([(row(), first), (row(training="trades"), second)])
    (pair,) = made[(made["defence"] == "beat") & (made["against"] == "trades")].to_dict("records")
    assert pair["n"] == 3
    assert pair["less_percent"] == pytest.approx(200 / 3)
    (other,) = made[(made["defence"] == "trades") & (made["against"] == "beat")].to_dict("records")
    assert other["less_percent"] == pytest.approx(-200 / 3)


def test_pairs_are_of_one_attack_and_of_no_undefended_recognizer_itself() -> None:
    jobs = [
        (row(attack, attack, training), records([True, False]))
        for attack in ("pgd", "smart")
        for training in ("clean", "beat", "trades")
    ]
    made = robustness.pairs(jobs)
    assert len(made) == 2 * 2 * 2
    assert "clean" not in set(made["defence"])
    assert set(made["less_percent"]) == {0.0}
    assert set(robustness.verdicts(made)["verdict"]) == {"no difference shown"}


@pytest.mark.parametrize(
    ("mine", "theirs", "verdict"), [(0, 8, "better"), (8, 0, "worse"), (4, 4, "no difference shown")]
)
def test_a_known_difference_has_its_verdict(mine: int, theirs: int, verdict: str) -> None:
    jobs = [
        (row(training=name), records([place < count for place in range(8)]))
        for name, count in (("beat", mine), ("trades", theirs))
    ]
    made = robustness.verdicts(robustness.pairs(jobs)).set_index("defence")
    assert made.loc["beat", "verdict"] == verdict
    assert made.loc["beat", "less_percent"] == 100 * (theirs - mine) / 8


def test_recognizers_right_on_other_clips_show_no_difference() -> None:
    first, second = records([True, True]), records([False, False])
    first["right"], second["right"] = [True, False], [False, True]
    made = robustness.verdicts(robustness.pairs([(row(), first), (row(training="trades"), second)]))
    assert set(made["n"]) == {0}
    assert set(made["verdict"]) == {"no difference shown"}


def test_verdicts_follow_from_intervals() -> None:
    made = robustness.verdicts(pd.DataFrame({"less_low": [1.0, -9.0, -1.0], "less_high": [9.0, -1.0, 1.0]}))
    assert list(made["verdict"]) == ["better", "worse", "no difference shown"]


def test_a_transfer_is_a_black_box() -> None:
    moved = row() | {"surrogate": "sgn_s", "n": 8, "takes": 4, "success_percent": 25.0, "low_percent": 10.0}
    moved |= {"high_percent": 50.0, "control_percent": 5.0}
    made = robustness.transfers([moved], ALL).iloc[0]
    unmoved = robustness.runs([(row(), records([True] * 4))], ALL).iloc[0]
    for end in ("percent", "low", "high"):
        assert made[f"clean_accuracy_{end}"] == pytest.approx(unmoved[f"clean_accuracy_{end}"])
    assert made["attack"] == "smart from sgn_s"
    assert made["access"] == robustness.TRANSFER
    assert (
        made["robust_accuracy_low"],
        made["robust_accuracy_percent"],
        made["robust_accuracy_high"],
    ) == pytest.approx((40, 60, 72))


def test_seeds_have_a_row_over_them_behind_theirs() -> None:
    seeds: dict[tuple[str, ...], pd.DataFrame] = {
        (*MODEL[:4], seed): clips for seed in ("0", "1") for clips in ALL.values()
    }
    jobs = [(row() | {"seed": seed}, records([won, False])) for seed, won in (("0", True), ("1", False))]
    made = with_all_seeds(robustness.runs(jobs, seeds))
    assert list(made["seed"]) == ["0", "1", "all"]
    assert list(made["robust_accuracy_percent"]) == pytest.approx([40, 80, 60])
    curve = with_all_seeds(robustness.curves(jobs, seeds))
    assert len(curve[curve["seed"] == "all"]) == curve["budget"].nunique()
    assert len(with_all_seeds(robustness.pairs([*jobs, *((r | {"training": "mart"}, t) for r, t in jobs)]))) == 6
