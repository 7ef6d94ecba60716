"""SLURM from a submit host: whether it is there, jobs whose state it would not tell, jobs that a killed run left."""

from __future__ import annotations

import getpass
import re
import shutil
import subprocess
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from kinesec.errors import KinesecError

COMMANDS = ("sbatch", "squeue", "scancel", "sinfo", "scontrol", "sacct")
RUN_ID = re.compile(r"SLURM run ID: (?P<name>\S+)")
DEFAULT_SECONDS = 60


class NoCluster(KinesecError):
    """There is no SLURM to submit to from here."""


@dataclass(frozen=True)
class Left:
    """A job that a run left in the queue: SLURM's number, and the rule and wildcards that the executor noted."""

    id: str
    what: str


def require() -> None:
    """Raises ``NoCluster``, one line, when SLURM's commands are missing or its controller does not answer."""
    missing = [name for name in COMMANDS if shutil.which(name) is None]
    if missing:
        raise NoCluster(
            f"--profile slurm: found no {', '.join(missing)} on this machine, expected SLURM's commands; start it on a "
            "submit host of your cluster, or leave --profile slurm out to run here"
        )
    try:
        _slurm("sinfo", "--noheader", "--format=%P")
    except NoCluster as error:
        raise NoCluster(f"--profile slurm: found no SLURM controller ({error}), expected one that answers") from None


def keep_unanswered(executor: Any) -> None:
    """Makes a SLURM executor go on looking after jobs that a look at SLURM gave no answer about.

    snakemake-executor-plugin-slurm 2.8.0 forgets them when all questions of a look fail, as while the controller is
    away, and then waits for them for ever.
    """
    look, answered = executor.check_active_jobs, set[int]()

    def noted(report: Callable[..., None]) -> Callable[..., None]:
        def reporting(job: Any, *settings: Any, **named: Any) -> None:
            answered.add(id(job))
            report(job, *settings, **named)

        return reporting

    async def check_active_jobs(jobs: Iterable[Any]) -> AsyncIterator[Any]:
        asked = list(jobs)
        answered.clear()
        async for job in look(asked):
            answered.add(id(job))
            yield job
        for job in asked:
            if id(job) not in answered:
                yield job

    executor.report_job_success = noted(executor.report_job_success)
    executor.report_job_error = noted(executor.report_job_error)
    executor.check_active_jobs = check_active_jobs


def logs(folder: Path) -> list[Path]:
    """The logs of Snakemake's runs in ``folder``, newest first; those that came with a copy of another are left out."""
    newest_first = sorted((folder / ".snakemake" / "log").glob("*.snakemake.log"), reverse=True)
    here = f"Run directory: {folder}\n"
    return [log for log in newest_first if here in log.read_text(errors="replace")]


def runs(folder: Path) -> list[str]:
    """The names under which runs in ``folder`` submitted jobs, newest first."""
    matches = [RUN_ID.search(log.read_text(errors="replace")) for log in logs(folder)]
    return [match["name"] for match in matches if match is not None]


def left(folder: Path) -> list[Left]:
    """Jobs of one's own that runs in ``folder`` submitted and that are not at their end."""
    names = set(runs(folder))
    lines = _slurm("squeue", "--user", getpass.getuser(), "--noheader", "--format=%i|%j|%k").splitlines()
    queued = [line.split("|", 2) for line in lines]
    return [Left(job, what) for job, name, what in queued if name in names]


def cancel(folder: Path, seconds: float = DEFAULT_SECONDS) -> list[Left]:
    """Cancels what ``left`` finds and waits for its end, so that nothing writes any more; returns what it was.

    Raises ``NoCluster`` when a job is still there after so many ``seconds``.
    """
    jobs = left(folder)
    if jobs:
        _slurm("scancel", *(job.id for job in jobs))
    deadline = time.monotonic() + seconds
    while rest := left(folder):
        if time.monotonic() > deadline:
            numbers = ", ".join(job.id for job in rest)
            raise NoCluster(f"found jobs {numbers} still there {seconds:.0f} s after scancel, expected their end")
        time.sleep(0.5)
    return jobs


def _slurm(*command: str) -> str:
    try:
        process = subprocess.run(command, capture_output=True, text=True, timeout=DEFAULT_SECONDS)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoCluster(f"{command[0]}: {error}") from error
    if process.returncode:
        told = process.stderr.strip().splitlines()
        raise NoCluster(told[-1] if told else f"{command[0]} ended with {process.returncode}")
    return process.stdout
