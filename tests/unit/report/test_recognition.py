"""The report shows a run's recognizers and attacks beside their controls, as text, and nothing where there are none."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from attack_records import accuracy_row, attack_row, records, transfer_row
from report_run import facts, make_report

from kinesec.jobs.table_recognition import write_all
from kinesec.report.page import build
from kinesec.report.pages import recognition
from kinesec.tables.blackbox import AFTER, SEARCH
from kinesec.tables.recognition import joined

EVIL = "<script>alert('x')</script>\"><img src=http://evil.example/x>"
NAMES = ("recognition_accuracy", "recognition_attacks", "transfer", "attack_curves", "attack_pairs")
NAMES += tuple(f"smart_table_{place}" for place in (1, 2, 3, 4))


class Tables(HTMLParser):
    """The cells of every table by its id, row by row; wrong nesting is an error."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.rows: dict[str, list[list[str]]] = {}
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag in ("meta", "img", "source", "br", "col"):
            return
        self.open.append(tag)
        if tag == "table":
            self.rows[dict(attrs)["id"] or ""] = []
        elif tag == "tr":
            self._rows().append([])
        elif tag in ("td", "th"):
            self._rows()[-1].append("")

    def _rows(self) -> list[list[str]]:
        return self.rows[[*self.rows][-1]]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if {"td", "th"} & set(self.open):
            self._rows()[-1][-1] += data


def write(folder: Path, text: str = "hdm05", seeds: tuple[int, ...] = (0, 1)) -> dict[str, Path]:
    """A run's tables from made-up jobs; every name in them is ``text``."""
    folder.mkdir(parents=True, exist_ok=True)
    jobs: dict[str, list[Path]] = {"accuracy": [], "attacks": [], "records": [], "transfer": []}

    def job(kind: str, row: dict[str, Any]) -> Path:
        path = folder / f"{kind}{len(jobs[kind])}.csv"
        pd.DataFrame([{**row, "dataset": text}]).to_csv(path, index=False)
        jobs[kind].append(path)
        return path

    recognizers = ("st_gcn_s", "sgn_s") if text == "hdm05" else (text, f"{text}2")
    for seed in seeds:
        for place, name in enumerate(recognizers):
            for split in ("val", "test"):
                row = accuracy_row(recognizer=name, seed=seed, split=split, accuracy=93.0 + seed)
                job("accuracy", {**row, "class": "mean", "split_by": "recording"})
            job("accuracy", {**accuracy_row(recognizer=name, seed=seed), "class": text, "split_by": "recording"})
            for index, (attack, module, terms) in enumerate((("s", "smart", "smart"), ("l", "smart", "l2"))):
                row = attack_row(recognizer=name, attack=f"{attack}{text}", module=module, terms=terms, seed=seed)
                path = job("attacks", {**row, "reduction": text if text != "hdm05" else "frame_mean"})
                made = path.with_suffix(".parquet")
                records(seed=place + 7 * seed + index, smooth=1 + index).to_parquet(made)
                jobs["records"].append(made)
            for other in recognizers:
                job("transfer", transfer_row(surrogate=name, recognizer=other, seed=seed, attack=f"s{text}"))
    out = {name: folder / "tables" / f"{name}.csv" for name in NAMES}
    write_all(**jobs, out=out)  # type: ignore[arg-type]
    return out


def page(folder: Path, tables: dict[str, Path], figures: dict[str, tuple[Path, str]] | None = None) -> str:
    told = facts(windows=[], models=[], artefacts=[])
    build(folder / "page.html", run="r", tables=tables, figures=figures or {}, facts=told)
    return (folder / "page.html").read_text()


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write(tmp_path_factory.mktemp("run"))


def test_every_table_is_shown_once_and_the_same_twice(run: dict[str, Path], tmp_path: Path) -> None:
    text = page(tmp_path, run)
    rows_of = Tables(text).rows
    wanted = {"recognition-accuracy", "recognition-attacks", "recognition-equal-success", "recognition-transfer"}
    wanted |= {f"smart-table-{place}" for place in (1, 2, 3, 4)}
    assert wanted <= set(rows_of)
    assert all(len(rows_of[name]) > 2 for name in wanted)
    assert page(tmp_path, run) == text
    ids = re.findall(r'id="([^"]*)"', text)
    assert len(ids) == len(set(ids))


def test_an_attack_stands_beside_its_control_and_its_cost(run: dict[str, Path], tmp_path: Path) -> None:
    rows_of = Tables(page(tmp_path, run)).rows
    table = pd.read_csv(run["recognition_attacks"])
    row = table[(table["recognizer"] == "sgn_s") & (table["terms"] == "l2") & (table["seed"] == "all")].iloc[0]
    (shown,) = [row for row in rows_of["recognition-attacks"][-2:] if row[0] == "SMART, l2, AB"]
    assert shown[1] == "frame mean; stop"
    assert shown[2:4] == [f"{row['n']}", "2"]
    assert shown[4].startswith(f"{row['success_percent']:.1f} ({row['low_percent']:.1f}")
    assert float(shown[5]) == pytest.approx(row["control_percent"], abs=0.01)
    assert shown[7].startswith(f"{row['displacement_mm']:.1f} (")
    pairs = [row for row in rows_of["recognition-equal-success"] if row[0] == "SMART / SMART, l2"]
    assert len(pairs) == 2


def test_hard_label_attacks_stand_beside_their_control(tmp_path: Path) -> None:
    row = attack_row(attack="basar", module="basar", terms="")
    row |= dict.fromkeys(SEARCH, 12.5) | {"on_manifold_percent": 87.5, "on_manifold_low": 80.0}
    row |= {"on_manifold_high": 95.0, "clean_within_limits_percent": 61.0, "search_l_median": 0.25}
    row |= {f"l_after_{count}{end}": 0.75 for count in AFTER for end in ("", "_low", "_high")}
    row |= {"l_after_500_high": float("nan"), "l_after_2000": float("nan")}
    table = joined("blackbox", [pd.DataFrame([row])])
    (tmp_path / "tables").mkdir()
    table.to_csv(tmp_path / "tables/blackbox.csv", index=False)
    made = page(tmp_path, {"blackbox": tmp_path / "tables/blackbox.csv"})
    shown = Tables(made).rows["recognition-blackbox"][-1]
    assert shown[0].startswith("BASAR")
    assert "87.5 (80.0\u201395.0)" in shown
    assert {"61.0", "0.25", "0.75"} <= set(shown)
    assert shown[-1] == "\u2013"
    assert "the control" in made


def test_clips_and_seeds_are_each_attacks_own(run: dict[str, Path]) -> None:
    rows = recognition.read(run["recognition_attacks"])
    less = (rows["attack"] == "lhdm05") & (rows["seed"] == "0")
    fewer = pd.concat([rows[rows["attack"] != "lhdm05"], rows[less].assign(n=16)])
    shown = recognition.attacks(fewer)
    assert set(zip(shown["n"], shown["seeds"], strict=True)) == {("90", "2"), ("16", "1")}
    assert shown["group"].nunique() == 2


def test_surrogates_that_share_a_network_are_marked(run: dict[str, Path]) -> None:
    rows = recognition.read(run["transfer"])
    ours = rows["surrogate"] == "sgn_s"
    shown = recognition.transfers(rows.assign(shared_members=ours.astype(int)))["what"].tolist()
    assert [what.endswith(" [shared]") for what in shown] == [False, False, True, False]


def test_a_leaky_split_is_called_so(run: dict[str, Path]) -> None:
    rows = recognition.read(run["recognition_attacks"]).assign(split_by="paper_leaky")
    assert "LEAKY" in recognition.attacks(rows)["group"][0]


def test_pictures_of_attacks_stand_with_the_pictures(run: dict[str, Path], tmp_path: Path) -> None:
    figure = tmp_path / "f.svg"
    figure.write_text("<svg xmlns='http://www.w3.org/2000/svg'/>")
    text = page(
        tmp_path, run, {"attack_filmstrip-d-r": (figure, "a filmstrip"), "attack_curves-d-c": (figure, "curves")}
    )
    assert text.index('alt="curves"') < text.index('alt="a filmstrip"')


def test_a_run_without_recognition_says_in_a_sentence_why_it_has_none(tmp_path: Path) -> None:
    text = make_report(tmp_path).read_text()
    section = text.partition('<h2 id="recognition">')[2].partition("</section>")[0]
    assert "no part <code>recognition.attacks</code>" in section
    assert not re.search("<table|<figure|<details", section)
    assert "AB, ABn, SA" not in text


def test_a_run_of_recognition_alone_does_not_define_backdoors(run: dict[str, Path], tmp_path: Path) -> None:
    text = page(tmp_path, run)
    assert "clean data error" not in text
    assert "no table of motion prediction" not in text
    assert "AB, ABn, SA" in text


def test_whatever_strangers_wrote_is_text(tmp_path: Path) -> None:
    text = page(tmp_path, write(tmp_path / "evil", EVIL, seeds=(0,)))
    parsed = Tables(text)
    assert not parsed.tags & {"img", "iframe"}
    assert text.count("<script") == 1  # the page's own
    assert EVIL not in text
    assert EVIL in str([[cell for row in rows for cell in row] for rows in parsed.rows.values()]).replace("\\'", "'")
