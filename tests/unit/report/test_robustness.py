"""The report's tables of defended recognizers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from report_run import facts

from kinesec.report.page import build
from kinesec.report.pages import robustness


def rows() -> pd.DataFrame:
    """A recognizer, undefended and by two defences, under two attacks; one row tells of masked gradients."""
    made = []
    for defence, module in (("clean", ""), ("trades", "trades"), ("beat", "beat")):
        for attack, left in (("smart", 0.0), ("basar", 40.0)):
            made.append(
                {
                    **{"dataset": "d", "clips": "c", "recognizer": "st_gcn_s", "defence": defence, "seed": "0"},
                    **{"attack": attack, "attack_module": attack, "setting": "{}", "defence_module": module},
                    **{"access": "labels" if attack == "basar" else "white box", "unbounded": False},
                    **{"success_percent": 100.0 - left},
                    **{"preset": "paper", "strategy": "AB", "defence_settings": "{}" if module else ""},
                    **{"clean_accuracy_percent": 90.0, "clean_accuracy_low": 80.0, "clean_accuracy_high": 95.0},
                    **{"robust_accuracy_percent": left, "robust_accuracy_low": left, "robust_accuracy_high": left},
                    "flag": "unbounded attack fails" if (defence, attack) == ("beat", "smart") else "",
                }
            )
    return pd.DataFrame(made)


def pair(defence: str, against: str, less: float, verdict: str) -> dict[str, object]:
    return {
        **{"dataset": "d", "clips": "c", "recognizer": "st_gcn_s", "attack": "smart", "attack_module": "smart"},
        **{"defence": defence, "against": against, "seed": "0", "n": 20, "verdict": verdict},
        **{"less_percent": less, "less_low": less - 5, "less_high": less + 5},
    }


def test_a_defence_is_a_row_and_an_attack_a_column() -> None:
    frame, titles = robustness.robustness(rows())
    assert list(frame["what"]) == ["undefended", "trades", "beat"]
    assert titles["attack_smart"] == "SMART"
    assert list(frame["attack_basar"]) == ["40.0"] * 3
    assert list(frame["clean"]) == ["90.0 (80.0\u201395.0)"] * 3


def test_masked_gradients_are_marked_where_they_show() -> None:
    frame, _ = robustness.robustness(rows())
    beat = frame[frame["what"] == "beat"].iloc[0]
    assert beat["attack_smart"] == "0*"
    assert beat["flag"] == "SMART: unbounded attack fails"
    others = frame[frame["what"] != "beat"]
    assert set(others["flag"]) == {""}
    assert not others["attack_smart"].str.contains("*", regex=False).any()


def test_rows_over_seeds_stand_for_those_of_each() -> None:
    table = pd.concat([rows(), rows().assign(seed="1"), rows().assign(seed="all", clean_accuracy_percent=70.0)])
    frame, _ = robustness.robustness(table)
    assert len(frame) == 3
    assert frame["clean"].str.startswith("70.0").all()
    assert frame["group"].str.endswith("2 seeds").all()


def test_beat_is_compared_with_everything_else_and_says_where_it_is_not_better() -> None:
    table = pd.DataFrame(
        [pair("beat", "trades", -20, "worse"), pair("trades", "beat", 20, "better"), pair("beat", "clean", 1, "no")]
    )
    frame = robustness.pairs(table, rows())
    assert list(frame["what"]) == ["beat, trades", "beat, undefended"]
    assert list(frame["verdict"]) == ["worse", "no"]
    assert frame["less"].iloc[0] == "-20.0 (-25.0 to -15.0)"


def test_each_beat_is_compared_and_its_controls_are_among_the_others() -> None:
    parts = [rows()]
    for name, settings in (
        ("beat_official", '{"sampler": "sghmc", "control": null}'),
        ("beat_sgd", '{"sampler": "sgd"}'),
        ("beat_noise", '{"control": "noise"}'),
    ):
        named = {"defence": name, "defence_module": "beat", "defence_settings": settings}
        parts.append(rows()[lambda table: table["defence"] == "beat"].assign(**named))
    names = ("beat", "beat_official", "beat_sgd", "beat_noise", "trades")
    table = [pair(name, other, 20, "better") for name in names for other in (*names, "clean") if other != name]
    frame = robustness.pairs(pd.DataFrame(table), pd.concat(parts))
    assert {what.partition(", ")[0] for what in frame["what"]} == {"beat", "beat official"}
    assert {what.partition(", ")[2] for what in frame["what"]} == {
        *("beat", "beat official", "beat sgd", "beat noise", "trades", "undefended"),
    }
    assert len(frame) == 2 * 5


def test_without_beat_the_first_defence_is_compared() -> None:
    table = pd.DataFrame([pair("trades", "clean", 20, "better"), pair("clean", "trades", -20, "worse")])
    frame = robustness.pairs(table, rows()[lambda made: made["defence"] != "beat"])
    assert list(frame["what"]) == ["trades, undefended"]


def test_attacks_are_called_by_what_they_wrap_and_where_they_come_from() -> None:
    table = rows()
    around = table[table["attack"] == "smart"].assign(attack="eot", attack_module="eot")
    moved = table[table["attack"] == "smart"].assign(attack="smart from sgn_s")
    around["setting"] = '{"attack": {"attack": "pgd"}}'
    _, titles = robustness.robustness(pd.concat([table, around, moved]))
    assert titles["attack_eot"] == "EOT of PGD"
    assert titles["attack_smart from sgn_s"] == "SMART from sgn s"
    assert titles["attack_smart"] == "SMART"


def test_an_attack_that_was_not_tried_is_a_dash() -> None:
    table = rows()
    frame, _ = robustness.robustness(table[(table["defence"] != "trades") | (table["attack"] != "basar")])
    assert list(frame["attack_basar"]) == ["40.0", "\u2013", "40.0"]


def certified() -> pd.DataFrame:
    grid = [0.0, 0.1, 0.2, 0.3]
    return pd.DataFrame(
        {
            **{"dataset": "d", "clips": "c", "recognizer": "st_gcn_s", "defence": "smoothing", "seed": "0"},
            **{"space": "rotations", "unit": "rad", "sigma": 0.2, "radius": grid, "n": 10, "abstained": 1},
            **{"certified_percent": [90.0, 70.0, 50.0, 0.0], "certified_low": [80.0, 60.0, 40.0, 0.0]},
            **{"certified_high": [95.0, 80.0, 60.0, 0.0], "radius_median": 0.21, "searched": 9, "broken": 0},
            "radius_mm": [500 * radius for radius in grid],
        }
    )


def test_certificates_are_read_at_half_and_at_the_noise_itself() -> None:
    row = robustness.certificates(certified()).iloc[0]
    assert (row["half"], row["whole"]) == ("70.0 (60.0\u201380.0)", "50.0 (40.0\u201360.0)")
    assert (row["radius"], row["sigma"]) == ("0.21 rad", "0.20 rad")
    assert row["mm"] == "105.0"
    assert (row["abstained"], row["broken"]) == ("1 of 10", "0 of 9")


def test_one_broken_certificate_of_many_seeds_is_told() -> None:
    seeds = [certified(), certified().assign(seed="1", broken=1), certified().assign(seed="all", broken=0.5)]
    (row,) = robustness.certificates(pd.concat(seeds)).to_dict("records")
    assert (row["abstained"], row["broken"]) == ("2 of 20", "1 of 18")
    assert row["group"].endswith("10 clips, 2 seeds")


def test_where_nothing_is_certified_there_is_no_radius() -> None:
    row = robustness.certificates(certified().assign(radius_median=np.nan, radius_mm=np.nan)).iloc[0]
    assert row["mm"] == "\u2013"


def test_the_page_shows_the_tables_and_says_what_they_mean(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    made = {
        "robustness": rows().assign(clips=evil),
        "robustness_pairs": pd.DataFrame([pair("beat", "trades", -20, "worse")]),
        "certificates": certified(),
    }
    for name, table in made.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    tables = {name: tmp_path / f"{name}.csv" for name in made}
    build(tmp_path / "page.html", run="r", tables=tables, figures={}, facts=facts(windows=[], models=[], artefacts=[]))
    text = (tmp_path / "page.html").read_text()
    for name in ("robustness", "robustness-pairs", "certificates"):
        assert text.count(f'<table id="recognition-{name}"') == 1
    assert "Defences are attacked on the same test clips" in text
    assert "SMART: unbounded attack fails" in text
    assert ">worse</td>" in text
    assert evil not in text


def test_a_run_without_defences_says_nothing_of_them(tmp_path: Path) -> None:
    build(tmp_path / "page.html", run="r", tables={}, figures={}, facts=facts(windows=[], models=[], artefacts=[]))
    assert "masked" not in (tmp_path / "page.html").read_text()
