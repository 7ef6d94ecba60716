"""The line that a run begins with, and what it says at its end: what came of it, or what failed and how to go on."""

from __future__ import annotations

import json
import shlex
import sys
import textwrap
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from kinesec.plan.run import Plan

# jobs of a whole run and how long they take from nothing: README.md; `real` was never run in one go
MEASURED = {
    "demo": (115, "some six minutes on two idle cores"),
    "real": (1317, "six hours or more on two cores, estimated"),
}
# a run of fewer jobs than this share of the whole one is the rest of another: nothing is said of its time
_WHOLE = 0.9
MAIN, WIDEST = 3, 300  # verdicts of the last lines, and letters of each
LISTED = 10  # failed jobs; a cluster may fail thousands for one reason
NOT_RUN = "not run"
# options that would make again what is made
_AGAIN = {"-F", "--forceall", "-f", "--force"}


class Job(NamedTuple):
    """A job that failed."""

    rule: str
    wildcards: Mapping[str, str]
    logs: Sequence[str]

    def __str__(self) -> str:
        which = ", ".join(f"{name} {value}" for name, value in self.wildcards.items())
        return f"{self.rule}{f' ({which})' if which else ''}: {', '.join(self.logs) or 'it has no log'}"


def start(plan: Plan, jobs: Collection[str]) -> str:
    """What is about to happen; ``jobs`` are the rules of all jobs to run, one a job."""
    whole, duration = MEASURED.get(plan.run, (0, ""))
    parts = [f"kinesec {plan.run}: {len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}"]
    if whole and len(jobs) >= _WHOLE * whole:
        parts.append(f"all of them take {duration}")
    return "; ".join([*parts, *_report(plan, jobs)])


def success(plan: Plan, jobs: Collection[str]) -> str:
    """Where the results of a run are that came to its end, and the main of its verdicts, a line each."""
    first = "; ".join([f"kinesec {plan.run}: finished", *_report(plan, jobs)])
    return "\n".join([first, *(_verdicts(Path(plan.verdicts)) if "report" in jobs else [])])


def failure(plan: Plan, failed: Sequence[Job], logs: Sequence[str], arguments: Sequence[str]) -> str:
    """What failed, where that is told, and the command that goes on.

    ``logs`` are Snakemake's log files, and ``arguments`` its process's command line.
    """
    count = f"; {len(failed)} failed {'job' if len(failed) == 1 else 'jobs'}, each with its log" if failed else ""
    rest = [f"  and {len(failed) - LISTED} more"] if len(failed) > LISTED else []
    return "\n".join(
        [
            f"kinesec {plan.run}: stopped early{count}",
            *(f"  {job}" for job in failed[:LISTED]),
            *rest,
            f"Snakemake's log: {', '.join(logs)}",
            f"to go on: {going_on(arguments)}",
        ]
    )


def going_on(arguments: Sequence[str]) -> str:
    """The command line of Snakemake's process again, as one types it here, less what would begin from the start."""
    program, *rest = arguments
    path = Path(program)
    module = path.name == "__main__.py"
    words = [_typed(Path(sys.executable)), "-m", "snakemake"] if module else [_typed(path)]
    return shlex.join([*words, *(word for word in rest if word not in _AGAIN)])


def _typed(program: Path) -> str:
    """A program's path as it is typed in this folder."""
    here = Path.cwd()
    return str(program.relative_to(here) if program.is_relative_to(here) else program)


def _report(plan: Plan, jobs: Collection[str]) -> list[str]:
    return [f"report: {plan.folder}/report/index.html"] if "report" in jobs else []


def _verdicts(path: Path) -> list[str]:
    """The verdicts on the first systems that were run, in the report's order, and how many others there are."""
    try:
        every = json.loads(path.read_text("utf-8"))
        run = [verdict for verdict in every if verdict["mark"] != NOT_RUN]
        told = [f"  {verdict['system']}: {verdict['mark']}. {verdict['words']}" for verdict in run[:MAIN]]
    except OSError:
        return []
    except (ValueError, KeyError, TypeError):
        # `snakemake --touch` comes here with a file that no job wrote; the run itself has not failed.
        return [f"  no verdicts: found something else in {path}; make it again: snakemake --forcerun report"]
    lines = [textwrap.shorten(line, WIDEST, placeholder=" \u2026") for line in told]
    lines = [f"  {line.strip()}" for line in lines]
    return [*lines, f"  and {len(run) - MAIN} more in the report"] if len(run) > MAIN else lines
