"""What a run prints without being asked for more, and what it says when a job fails."""

from __future__ import annotations

import json
import shlex
from pathlib import Path

import pytest
from project import Project
from recordings import FORMATS

MOTIONS = "results/motions/procedural/motions.zarr/zarr.json"
HARMED = "results/motions/own/motions.zarr/zarr.json"
# Snakemake's own: that a profile is used, where its log is, how long it took
FRAME = 6


@pytest.fixture
def quiet(fresh: Project) -> dict[str, str]:
    return fresh.environment(KINESEC_VERBOSE="")


def test_a_run_prints_its_progress_and_no_job(fresh: Project, quiet: dict[str, str]) -> None:
    process = fresh.run(target=MOTIONS, environment=quiet)
    printed = (process.stdout + process.stderr).splitlines()
    assert process.returncode == 0, printed
    jobs = 2  # retrieve, ingest
    progress = [line for line in printed if line.startswith("kinesec smallest: ") and " % (" in line]
    assert [line.rpartition(",")[0] for line in progress] == [
        f"kinesec smallest: {100 * count // jobs} % ({count} of {jobs} jobs)" for count in range(1, jobs + 1)
    ]
    assert "kinesec smallest: 2 jobs" in printed
    assert "kinesec smallest: finished" in printed
    assert len([line for line in printed if line.strip()]) <= FRAME + jobs + 2, "\n".join(printed)
    # nothing is lost
    (log,) = fresh.folder.glob(".snakemake/log/*.log")
    assert "rule ingest:" in log.read_text()
    assert "ingest procedural: " in (fresh.folder / "logs/ingest/procedural.log").read_text()
    assert "ingest procedural: " not in "\n".join(printed)


def test_a_failed_job_is_named_with_its_log_and_the_way_on(fresh: Project, quiet: dict[str, str]) -> None:
    fresh.configure({"datasets.own": FORMATS["bvh"].data("nowhere")})
    process = fresh.run(target=HARMED, environment=quiet)
    printed = (process.stdout + process.stderr).splitlines()
    assert process.returncode != 0
    told = printed[printed.index("kinesec smallest: stopped early; 1 failed job, each with its log") :]
    rule, _, log = told[1].strip().partition(" (data own): ")
    assert (fresh.folder / log).read_text().startswith("error: "), rule
    (command,) = [line.removeprefix("to go on: ") for line in told if line.startswith("to go on: ")]
    assert shlex.split(command)[1:] == fresh.command(target=HARMED)[1:]
    assert "Traceback" not in "\n".join(printed)
    assert len([line for line in printed if line.strip()]) < 25, "\n".join(printed)


def test_the_end_of_a_run_says_where_its_report_is_and_what_it_shows(whole: Project, tmp_path: Path) -> None:
    project = whole.copy(tmp_path / "project")
    (project.folder / "results/artifacts/smallest/report/index.html").unlink()
    process = project.run(target="all", environment=project.environment(KINESEC_VERBOSE=""))
    printed = (process.stdout + process.stderr).splitlines()
    assert process.returncode == 0, printed
    end = printed.index("kinesec smallest: finished; report: results/artifacts/smallest/report/index.html")
    verdicts = json.loads((project.folder / "results/artifacts/smallest/report/verdicts.json").read_text())
    (shown,) = [verdict for verdict in verdicts if verdict["mark"] != "not run"]
    told = f"  {shown['system']}: {shown['mark']}. {shown['words']}"
    assert printed[end + 1].removesuffix(" \u2026") in told
