"""What a run prints: one line of progress, warnings, errors and what the hooks say. Snakemake's log file has it all.

Not Snakemake's own ``quiet``: that also empties its log file and its dry runs, and hides which job failed.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

VERBOSE = "KINESEC_VERBOSE"  # where a user sets it, all is printed as Snakemake would have it
QUIET = "KINESEC_QUIET"  # tells jobs that they write to their logs, and to the terminal only what went wrong
TERMINAL = "DefaultStreamHandler"  # Snakemake's name of what writes to the terminal
TENTHS = 10
_ERRORS = ("job_error", "group_error")
_CHATTER = (
    *("job_info", "group_info", "shellcmd", "job_started", "job_finished", "resources_info", "run_info"),
    "workflow_started",
)
# messages that carry no event, by how they begin; `Job 3 has been submitted` is the SLURM executor's
_FURNITURE = (
    *("Assuming ", "Building DAG", "Using shell", "Conda environments: ignored", "Group jobs: inactive"),
    *("Select jobs", "Execute ", "Job ", "Removing temporary output", "Touching output", "Updating job"),
)


def duration(seconds: float) -> str:
    """A time as people say it: 45 s; 12 min; 2 h 05 min."""
    minutes = int(seconds // 60)
    if minutes < 1:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02} min"


class Console(logging.Handler):
    """Passes on to ``shown`` what a person is to see of the run; ``whole_errors``: with each failed job's details.

    Progress is one line that is written over on a terminal, and a line for each tenth of the jobs elsewhere.
    """

    def __init__(
        self,
        shown: logging.StreamHandler[Any],
        run: str,
        *,
        whole_errors: bool = False,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__()
        self.shown, self.run, self.whole_errors = shown, run, whole_errors
        self._clock, self._began = clock, clock()
        self._tenth, self._drawn = 0, False

    def emit(self, record: logging.LogRecord) -> None:
        event = str(getattr(record, "event", None) or "")
        if event == "progress":
            self._progress(record.__dict__["done"], record.__dict__["total"])
        elif event in _ERRORS and not self.whole_errors:
            if event == "job_error":  # of a group, each job says so, too
                told = {"msg": _failed(record.__dict__), "levelno": logging.ERROR, "levelname": "ERROR"}
                self._pass(logging.makeLogRecord(told))
        elif record.levelno >= logging.WARNING or not self._chatter(event, record):
            self._pass(record)

    @staticmethod
    def _chatter(event: str, record: logging.LogRecord) -> bool:
        return event in _CHATTER or str(record.msg or "").startswith(_FURNITURE)

    def _pass(self, record: logging.LogRecord) -> None:
        if self._drawn:
            self.shown.stream.write("\r\033[K")
            self._drawn = False
        self.shown.handle(record)

    def _progress(self, count: int, total: int) -> None:
        spent = duration(self._clock() - self._began)
        line = f"kinesec {self.run}: {100 * count // total} % ({count} of {total} jobs), {spent}"
        stream = self.shown.stream
        if stream.isatty():
            stream.write(f"\r\033[K{line}")
            self._drawn = True
        elif TENTHS * count // total > self._tenth:
            self._tenth = TENTHS * count // total
            stream.write(f"{line}\n")
        stream.flush()


def _failed(told: Mapping[str, Any]) -> str:
    logs = ", ".join(told.get("log") or ())
    return f"failed: {told.get('rule_name', 'a job')}" + (f"; its log: {logs}" if logs else "")


def install(logger: logging.Logger, run: str, settings: Any) -> None:
    """Puts a ``Console`` in the place of Snakemake's terminal handler, unless all is asked for or nothing will run.

    ``settings`` are Snakemake's settings of its output; its own ``--quiet`` is obeyed instead where it is given. A
    logger plugin that writes to the terminal is left alone.
    """
    if settings.dryrun or settings.verbose or settings.quiet or os.environ.get(VERBOSE):
        return
    for shown in [handler for handler in logger.handlers if handler.name == TERMINAL]:
        assert isinstance(shown, logging.StreamHandler), "Snakemake writes to its terminal as to a stream"
        logger.removeHandler(shown)
        logger.addHandler(Console(shown, run, whole_errors=bool(settings.show_failed_logs)))
        os.environ[QUIET] = "1"
