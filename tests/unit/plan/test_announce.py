from __future__ import annotations

from dataclasses import replace

from kinesec.plan import announce
from kinesec.plan.run import Plan

PAGE = "report: results/artifacts/small/report/index.html"


def test_a_run_says_its_jobs_and_where_its_report_will_be(whole: Plan) -> None:
    assert announce.start(whole, ["ingest", "report"]) == f"kinesec small: 2 jobs; {PAGE}"
    assert announce.start(whole, ["ingest"]) == "kinesec small: 1 job"
    assert announce.success(whole, ["ingest", "report"]) == f"kinesec small: finished; {PAGE}"


def test_only_a_whole_run_that_was_measured_says_how_long_it_takes(whole: Plan) -> None:
    jobs, duration = announce.MEASURED["demo"]
    demo = replace(whole, run="demo")
    assert duration in announce.start(demo, ["ingest"] * jobs)
    assert duration not in announce.start(demo, ["ingest"] * (jobs // 2))


def test_a_run_that_stopped_names_its_log_in_one_line(whole: Plan) -> None:
    line = announce.failure(whole, "run.log")
    assert "run.log" in line
    assert "\n" not in line
