"""The line that a run begins with, and the one that it ends with."""

from __future__ import annotations

from collections.abc import Collection

from kinesec.plan.run import Plan

# jobs of a whole run and how long they take from nothing: README.md; `real` was never run in one go
MEASURED = {
    "demo": (115, "some six minutes on two idle cores"),
    "real": (1317, "six hours or more on two cores, estimated"),
}
# a run of fewer jobs than this share of the whole one is the rest of another: nothing is said of its time
_WHOLE = 0.9


def start(plan: Plan, jobs: Collection[str]) -> str:
    """What is about to happen; ``jobs`` are the rules of all jobs to run, one a job."""
    whole, duration = MEASURED.get(plan.run, (0, ""))
    parts = [f"kinesec {plan.run}: {len(jobs)} {'job' if len(jobs) == 1 else 'jobs'}"]
    if whole and len(jobs) >= _WHOLE * whole:
        parts.append(f"all of them take {duration}")
    return "; ".join([*parts, *_report(plan, jobs)])


def success(plan: Plan, jobs: Collection[str]) -> str:
    """Where the results of a run are that came to its end."""
    return "; ".join([f"kinesec {plan.run}: finished", *_report(plan, jobs)])


def failure(plan: Plan, log: str) -> str:
    """What to do after a run that did not."""
    return f"kinesec {plan.run}: stopped early; what failed stands above and in {log}; the same command goes on"


def _report(plan: Plan, jobs: Collection[str]) -> list[str]:
    return [f"report: {plan.folder}/report/index.html"] if "report" in jobs else []
