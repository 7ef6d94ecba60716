from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from kinesec.plan import announce
from kinesec.plan.announce import Job
from kinesec.plan.run import Plan
from kinesec.report.verdicts import base

PAGE = "report: results/artifacts/small/report/index.html"
LOGS = [".snakemake/log/run.log"]


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def tell(folder: Path, plan: Plan, verdicts: list[tuple[str, str, str]]) -> None:
    path = folder / plan.verdicts
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps([dict(zip(("system", "mark", "words"), told, strict=True)) for told in verdicts]))


def test_a_run_says_its_jobs_and_where_its_report_will_be(whole: Plan, here: Path) -> None:
    assert announce.start(whole, ["ingest", "report"]) == f"kinesec small: 2 jobs; {PAGE}"
    assert announce.start(whole, ["ingest"]) == "kinesec small: 1 job"
    assert announce.success(whole, ["ingest", "report"]) == f"kinesec small: finished; {PAGE}"


def test_only_a_whole_run_that_was_measured_says_how_long_it_takes(whole: Plan) -> None:
    jobs, duration = announce.MEASURED["demo"]
    demo = replace(whole, run="demo")
    assert duration in announce.start(demo, ["ingest"] * jobs)
    assert duration not in announce.start(demo, ["ingest"] * (jobs // 2))


def test_the_first_systems_that_were_run_have_a_line_each(whole: Plan, here: Path) -> None:
    told = [("A", "not run", "No part."), *((name, "shown", f"It works {name}.") for name in "BCDEF")]
    tell(here, whole, told)
    lines = announce.success(whole, ["report"]).splitlines()
    assert lines[1:] == [*(f"  {name}: shown. It works {name}." for name in "BCD"), "  and 2 more in the report"]


def test_verdicts_of_an_earlier_run_are_not_told_of_one_without_a_report(whole: Plan, here: Path) -> None:
    tell(here, whole, [("A", "shown", "It works.")])
    assert announce.success(whole, ["ingest"]) == "kinesec small: finished"


@pytest.mark.parametrize("held", ["", "{", "{}x", "[1]", '[{"mark": "holds"}]', '["holds"]', "7"])
def test_a_run_with_other_things_in_its_verdicts_still_ends(held: str, whole: Plan, here: Path) -> None:
    tell(here, whole, [])
    (here / whole.verdicts).write_text(held)
    first, *rest = announce.success(whole, ["report"]).splitlines()
    assert "finished" in first
    mend = "make it again: snakemake --forcerun report"
    assert rest == [f"  no verdicts: found something else in {whole.verdicts}; {mend}"]


def test_a_verdict_stays_in_its_line(whole: Plan, here: Path) -> None:
    tell(here, whole, [("A", "mixed", "words \n" * 200)])
    _, line = announce.success(whole, ["report"]).splitlines()
    assert len(line) <= announce.WIDEST + 2
    assert line.endswith(" \u2026")


def test_not_run_is_the_report_s_mark() -> None:
    assert announce.NOT_RUN == base.NOT_RUN


def test_a_run_that_stopped_names_what_failed_its_logs_and_how_to_go_on(whole: Plan) -> None:
    failed = [Job("train_victim", {"data": "cmu", "seed": "0"}, ["logs/victim.log"]), Job("verify", {}, [])]
    assert announce.failure(whole, failed, LOGS, ["/usr/bin/snakemake", "--cores", "2"]).splitlines() == [
        "kinesec small: stopped early; 2 failed jobs, each with its log",
        "  train_victim (data cmu, seed 0): logs/victim.log",
        "  verify: it has no log",
        "Snakemake's log: .snakemake/log/run.log",
        "to go on: /usr/bin/snakemake --cores 2",
    ]


def test_of_many_failed_jobs_some_are_named(whole: Plan) -> None:
    text = announce.failure(whole, [Job("a", {"seed": str(seed)}, ["log"]) for seed in range(5000)], LOGS, ["s"])
    assert "; 5000 failed jobs" in text
    assert f"  and {5000 - announce.LISTED} more" in text
    assert len(text.splitlines()) < 20


def test_a_run_that_was_interrupted_has_no_failed_job(whole: Plan) -> None:
    assert announce.failure(whole, [], LOGS, ["s"]).splitlines()[0] == "kinesec small: stopped early"


def test_the_command_is_typed_as_in_this_folder_and_begins_nothing_again(here: Path) -> None:
    program = str(here / ".venv/bin/snakemake")
    asked = [program, "--cores", "2", "--forceall", "-F", "--configfile", "my runs/real.yaml"]
    assert announce.going_on(asked) == ".venv/bin/snakemake --cores 2 --configfile 'my runs/real.yaml'"
    module = [f"{here}/site-packages/snakemake/__main__.py", "-n"]
    assert announce.going_on(module) == f"{sys.executable} -m snakemake -n"
