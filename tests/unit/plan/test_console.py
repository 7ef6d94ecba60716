"""What a run prints of all that Snakemake says."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from kinesec.plan import console
from kinesec.plan.console import Console, duration
from kinesec.provenance import job

LOGGER = logging.getLogger("kinesec-test-console")
SETTINGS: dict[str, Any] = {"dryrun": False, "verbose": False, "quiet": None, "show_failed_logs": False}


class Screen(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    # set and then deleted, so that what `install` sets is undone after the test
    for name in (console.QUIET, console.VERBOSE):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    LOGGER.setLevel(logging.INFO)
    LOGGER.propagate = False
    yield
    LOGGER.handlers.clear()


def listen(stream: io.StringIO) -> None:
    terminal = logging.StreamHandler(stream)
    terminal.name = console.TERMINAL
    LOGGER.addHandler(terminal)
    console.install(LOGGER, "demo", SimpleNamespace(**SETTINGS))


def run_of(jobs: int) -> None:
    """What Snakemake says of a run of so many jobs."""
    LOGGER.info("Building DAG of jobs...")
    LOGGER.info("job count\ntable 114", extra={"event": "run_info"})
    for job_number in range(jobs):
        LOGGER.info("Select jobs to execute...")
        LOGGER.info("Execute 1 jobs...", extra={"event": "job_started"})
        LOGGER.info("rule a", extra={"event": "job_info"})
        LOGGER.info(f"Finished jobid: {job_number}", extra={"event": "job_finished"})
        LOGGER.info(None, extra={"event": "progress", "done": job_number + 1, "total": jobs})
    LOGGER.info("kinesec demo: finished")


def test_a_run_of_any_size_is_a_line_for_each_tenth(environment: None) -> None:
    for jobs in (7, 114, 1316):
        stream = io.StringIO()
        listen(stream)
        run_of(jobs)
        *progress, last = stream.getvalue().splitlines()
        assert len(progress) <= 10
        assert progress[-1].startswith(f"kinesec demo: 100 % ({jobs} of {jobs} jobs), ")
        assert last == "kinesec demo: finished"
        LOGGER.handlers.clear()


def test_on_a_terminal_progress_is_one_line_that_messages_wipe_first() -> None:
    stream = Screen()
    listen(stream)
    run_of(114)
    text = stream.getvalue()
    assert text.count("\n") == 1
    assert text.endswith("\r\033[Kkinesec demo: finished\n")
    assert "\r\033[Kkinesec demo: 50 % (57 of 114 jobs), 0 s" in text


def test_warnings_errors_and_what_has_no_event_are_printed() -> None:
    stream = io.StringIO()
    listen(stream)
    LOGGER.warning("a warning", extra={"event": "job_info"})
    LOGGER.info("Creating conda environment envs/data.yaml...")
    LOGGER.error("Error in rule a", extra={"event": "job_error", "rule_name": "train_victim", "log": ["logs/a.log"]})
    LOGGER.error("Error in group b", extra={"event": "group_error"})
    assert stream.getvalue().splitlines() == [
        "a warning",
        "Creating conda environment envs/data.yaml...",
        "failed: train_victim; its log: logs/a.log",
    ]


def test_failed_jobs_are_told_in_full_where_their_logs_are_asked_for() -> None:
    stream = io.StringIO()
    terminal = logging.StreamHandler(stream)
    terminal.name = console.TERMINAL
    LOGGER.addHandler(terminal)
    console.install(LOGGER, "demo", SimpleNamespace(**SETTINGS | {"show_failed_logs": True}))
    LOGGER.error("Error in rule a", extra={"event": "job_error", "rule_name": "a", "log": []})
    assert stream.getvalue() == "Error in rule a\n"


@pytest.mark.parametrize("asked", ["dryrun", "verbose", "quiet", "variable"])
def test_what_snakemake_is_asked_for_is_its_own_matter(asked: str, monkeypatch: pytest.MonkeyPatch) -> None:
    stream = io.StringIO()
    terminal = logging.StreamHandler(stream)
    terminal.name = console.TERMINAL
    LOGGER.addHandler(terminal)
    if asked == "variable":
        monkeypatch.setenv(console.VERBOSE, "1")
    console.install(LOGGER, "demo", SimpleNamespace(**SETTINGS | {asked: True}))
    LOGGER.info("rule a", extra={"event": "job_info"})
    assert stream.getvalue() == "rule a\n"
    assert console.QUIET not in os.environ


def test_other_handlers_keep_all() -> None:
    file = io.StringIO()
    LOGGER.addHandler(logging.StreamHandler(file))
    listen(io.StringIO())
    LOGGER.info("rule a", extra={"event": "job_info"})
    assert file.getvalue() == "rule a\n"


def test_jobs_are_told_to_be_quiet_by_the_name_they_read() -> None:
    listen(io.StringIO())
    assert os.environ[job.QUIET] == "1"


def test_the_terminal_s_handler_is_the_one_that_snakemake_makes() -> None:
    from snakemake.logging import LoggerManager
    from snakemake.settings.types import OutputSettings

    LoggerManager(LOGGER, OutputSettings(enable_file_logging=False))
    console.install(LOGGER, "demo", OutputSettings())
    assert [type(handler) for handler in LOGGER.handlers] == [Console]


def test_times_are_said_as_people_do() -> None:
    assert [duration(seconds) for seconds in (0.4, 59, 60, 3599, 3600, 7500)] == [
        "0 s", "59 s", "1 min", "59 min", "1 h 00 min", "2 h 05 min",
    ]  # fmt: skip
