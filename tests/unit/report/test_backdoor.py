"""The report's tables of backdoors on classifiers and of detectors."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from backdoor_records import NETWORKS, POISONS, records, searched
from report_run import facts

from kinesec.report.page import build
from kinesec.report.pages import backdoor as page
from kinesec.tables import backdoor, detection


@cache
def attacks() -> pd.DataFrame:
    shares = {"dft-delta0": 0.0, "dft-delta5": 0.5, "dft": 1.0, "badnet": 0.8}
    jobs = [(records(share, poison=name, base=0.1, count=80), {"rms": 2.0}) for name, share in shares.items()]
    lossy = records(0.4).assign(tested="dft", stored="smoothed")
    other = records(0.2).assign(tested="badnet", stored="")
    return backdoor.backdoors([*jobs, (lossy, {}), (other, {})], POISONS, NETWORKS)


@cache
def searches(detector: str = "neural_cleanse") -> pd.DataFrame:
    jobs = [searched("clean", seed, 0.5 + seed / 20, detector=detector) for seed in range(20)]
    jobs += [searched("badnet", seed, 9.0, detector=detector) for seed in range(2)]
    return detection.detection([*jobs, searched("dft", 0, 0.1, detector=detector)], POISONS)


def test_success_stands_beside_its_controls() -> None:
    frame = page.backdoors(attacks()).set_index("what")
    row = frame.loc["BadNet*"]
    assert row["asr"].startswith("80.0 (")
    assert row["base"].startswith("10.0 (")
    assert row["clean_model"].startswith("0 (0")
    assert row["size"] == "2.00 mm"
    assert row["seen"] == "\u2013"
    assert row["verdict"] == "shown"
    assert "80 samples, 1 seed" in row["group"]
    assert len(frame) == 4  # what is tested otherwise stands in another table


def test_sizes_are_between_those_that_were_tried() -> None:
    (row,) = page.sizes(attacks()).to_dict("records")
    assert (row["what"], row["size"], row["rms"]) == ("DFT", "5.00 to 50.0, delta", "2.00 mm")
    few = attacks()[attacks()["attack"] != "dft"]
    (row,) = page.sizes(few).to_dict("records")
    assert (row["size"], row["rms"], row["largest"]) == ("above 5.00, delta", "\u2013", "50.0")


def test_other_tests_say_what_they_are() -> None:
    frame = page.controls(attacks())
    assert [what.rpartition(", ")[2] for what in frame["what"]] == ["smoothed", "badnet"]
    assert [cell.partition(" ")[0] for cell in frame["asr"]] == ["40.0", "20.0"]


def test_a_detector_has_a_row_for_each_kind_of_networks() -> None:
    frame = page.detectors(searches()).set_index("what")
    assert list(frame.index) == [f"Neural Cleanse, mask: {kind}" for kind in ("clean networks", "BadNet", "DFT")]
    clean, badnet, dft = (row for _, row in frame.iterrows())
    assert (badnet["n"], badnet["index"], badnet["rule"], badnet["by_p"]) == ("2", "9.00", "100.0", "100.0")
    assert (badnet["auc"], badnet["verdict"]) == ("1.00", "flagged")
    assert dft["verdict"] == "not flagged"
    assert set(frame["ranked"]) == {"the index"}
    assert set(page.detectors(searches().assign(ranked="norm_ratio"))["ranked"]) == {"the ratio of norms"}
    assert (clean["by_p"], clean["auc"]) == ("0", "\u2013")


def test_a_detector_that_does_not_find_its_own_attack_has_no_verdict() -> None:
    frame = page.detectors(searches("pt_red"))
    assert set(frame["verdict"]) == {"not validated here, of Blend"}


def repaired() -> pd.DataFrame:
    """Two victims and a clean network, each tuned for two epochs."""
    jobs = []
    for poison, seed, asr in (("badnet", 0, (90.0, 50.0, 10.0)), ("badnet", 1, (70.0, 50.0, 20.0)), ("clean", 0, ())):
        identity = {"modality": "skeleton", "data": "hdm05", "samples": "native60", "network": "st_gcn_s"}
        identity |= {"training": poison, "seed": str(seed), "detector": "fine_tuning", "setting": "share=0.1", "n": 80}
        values = {"ACC": (98.0, 97.0, 96.0), "ASR": asr}
        jobs.append(
            pd.DataFrame(
                {**identity, "metric": metric, "epoch": epoch, "value": value}
                for metric, of_metric in values.items()
                for epoch, value in enumerate(of_metric)
            )
        )
    return detection.repairs(jobs, POISONS)


def test_a_repair_stands_before_and_after_beside_what_it_costs_a_clean_network() -> None:
    badnet, clean = page.repairs(repaired()).to_dict("records")
    assert (badnet["what"], badnet["n"]) == ("fine tuning, share=0.1: BadNet", "2")
    assert (badnet["asr_before"], badnet["asr"]) == ("80.0", "15.0")
    assert (badnet["acc_before"], badnet["acc"]) == ("98.0", "96.0")
    assert (clean["n"], clean["acc"], clean["asr"]) == ("1", "96.0", "\u2013")


def test_the_page_shows_the_tables_and_says_what_they_mean(tmp_path: Path) -> None:
    evil = "<script>alert(1)</script>"
    made = {
        "backdoor_recognition": attacks().assign(samples=evil),
        "detection": searches(),
        "backdoor_repairs": repaired(),
    }
    for name, table in made.items():
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    tables = {name: tmp_path / f"{name}.csv" for name in made}
    build(tmp_path / "page.html", run="r", tables=tables, figures={}, facts=facts(windows=[], models=[], artefacts=[]))
    text = (tmp_path / "page.html").read_text()
    for name in ("backdoors", "sizes", "controls", "detectors", "repairs"):
        assert text.count(f'<table id="backdoor-{name}"') == 1
    assert "the p-value is its rank among those of clean networks" in text
    assert "of the triggered samples of other classes are called target" in text
    assert "This run has no table of motion prediction" not in text
    assert evil not in text


def test_a_run_without_backdoors_says_in_a_sentence_why_it_has_none(tmp_path: Path) -> None:
    build(tmp_path / "page.html", run="r", tables={}, figures={}, facts=facts(windows=[], models=[], artefacts=[]))
    text = (tmp_path / "page.html").read_text()
    section = text.partition('<h2 id="backdoors">')[2].partition("</section>")[0]
    assert "no part <code>backdoor</code>" in section
    assert "<table" not in section
    assert np.char.count(text, "ASR of a backdoored") == 0
