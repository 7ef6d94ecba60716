"""What is asked of SLURM and what is made of its answers, with programs of the test's own in its place."""

from __future__ import annotations

import asyncio
import getpass
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kinesec.plan import cluster

LOG = """
SNAKEMAKE
=========
  Command: /somewhere/bin/snakemake --cores 8 --profile slurm
  Run directory: {folder}
{told}
"""


@pytest.fixture
def bin_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder on the path."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def program(folder: Path, name: str, body: str = "") -> None:
    (folder / name).write_text(f"#!/bin/sh\n{body}\n")
    (folder / name).chmod(0o755)


def write_log(folder: Path, stamp: str, told: str, of: Path | None = None) -> None:
    logs = folder / ".snakemake" / "log"
    logs.mkdir(parents=True, exist_ok=True)
    (logs / f"{stamp}.snakemake.log").write_text(LOG.format(folder=of or folder, told=told))


@pytest.mark.parametrize("absent", cluster.COMMANDS)
def test_a_missing_command_is_named(absent: str, bin_folder: Path) -> None:
    for name in cluster.COMMANDS:
        if name != absent:
            program(bin_folder, name)
    with pytest.raises(cluster.NoCluster) as raised:
        cluster.require()
    assert f"found no {absent} on this machine" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_a_silent_controller_is_one_line(bin_folder: Path) -> None:
    for name in cluster.COMMANDS:
        program(bin_folder, name)
    cluster.require()
    program(bin_folder, "sinfo", "echo more >&2; echo sinfo: error: no contact >&2; exit 1")
    with pytest.raises(cluster.NoCluster, match=r"found no SLURM controller \(sinfo: error: no contact\)") as raised:
        cluster.require()
    assert "\n" not in str(raised.value)


def test_runs_are_this_folder_s_newest_first(tmp_path: Path) -> None:
    write_log(tmp_path, "2026-11-19T1", "SLURM run ID: old-1")
    write_log(tmp_path, "2026-11-20T1", "SLURM run ID: site_new-2")
    write_log(tmp_path, "2026-11-20T2", "Provided cores: 2")
    write_log(tmp_path, "2026-11-20T3", "SLURM run ID: copied-3", of=tmp_path / "elsewhere")
    assert cluster.runs(tmp_path) == ["site_new-2", "old-1"]
    assert cluster.runs(tmp_path / "nothing ran here") == []


def test_only_what_this_folder_s_runs_left_is_cancelled(bin_folder: Path, tmp_path: Path) -> None:
    write_log(tmp_path, "2026-11-20T1", "SLURM run ID: mine-1")
    queue = tmp_path / "queue"
    queue.write_text("7|mine-1|rule_train_wildcards_a|b\n8|other-2|rule_train\n9|mine-1|rule_report\n")
    program(bin_folder, "squeue", f'[ "$2" = {getpass.getuser()} ] && while read line; do echo "$line"; done < {queue}')
    program(bin_folder, "scancel", f'echo "$*" >> {tmp_path}/cancelled; echo "8|other-2|rule_train" > {queue}')
    cancelled = cluster.cancel(tmp_path)
    assert [(job.id, job.what) for job in cancelled] == [("7", "rule_train_wildcards_a|b"), ("9", "rule_report")]
    assert (tmp_path / "cancelled").read_text() == "7 9\n"
    assert cluster.cancel(tmp_path) == []


def test_a_job_that_does_not_end_is_one_line(bin_folder: Path, tmp_path: Path) -> None:
    write_log(tmp_path, "2026-11-20T1", "SLURM run ID: mine-1")
    program(bin_folder, "squeue", "echo '7|mine-1|rule_train'")
    program(bin_folder, "scancel")
    with pytest.raises(cluster.NoCluster, match="found jobs 7 still there"):
        cluster.cancel(tmp_path, seconds=0)


class Forgetful:
    """An executor that answers about some jobs and loses the others, as the plugin does without an answer."""

    def __init__(self) -> None:
        self.reported: list[str] = []

    def report_job_success(self, job: list[str]) -> None:
        self.reported.append(f"success of {job[0]}")

    def report_job_error(self, job: list[str], msg: str = "") -> None:
        self.reported.append(f"error of {job[0]}: {msg}")

    async def check_active_jobs(self, jobs: list[list[str]]) -> AsyncIterator[list[str]]:
        for job in jobs:
            match job[0]:
                case "done":
                    self.report_job_success(job)
                case "failed":
                    self.report_job_error(job, msg="why")
                case "running":
                    yield job


def test_jobs_without_an_answer_are_kept() -> None:
    executor = Forgetful()
    cluster.keep_unanswered(executor)
    jobs = [["running"], ["lost"], ["done"], ["failed"], ["lost"]]

    async def kept() -> list[list[str]]:
        return [job async for job in executor.check_active_jobs(jobs)]

    for _ in range(2):
        assert [job[0] for job in asyncio.run(kept())] == ["running", "lost", "lost"]
    assert executor.reported == 2 * ["success of done", "error of failed: why"]
