"""What goes wrong on a cluster, done to a run of the smallest graph. Afterwards all is as if it had not been."""

from __future__ import annotations

import json
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from local_slurm import Slurm
from project import Project
from runs import EPOCHS, VICTIM, Run, epochs_done, same, went_on_after

RULE = "rule_train_victim"
ENVIRONMENT = Path(sys.prefix)  # the one that the tests run in
MAKE = ("make", f"VENV={ENVIRONMENT}", f"--old-file={ENVIRONMENT}/.ready")


def cancelled_job(slurm: Slurm, project: Project, finished: Project) -> None:
    """scancel of a training: it is submitted again."""
    with Run(slurm, project) as run:
        run.freeze_training()
        (job,) = run.jobs(RULE)
        slurm.run("scancel", job.id)
        run.succeed()
        assert [job.state for job in run.jobs(RULE)] == ["CANCELLED", "COMPLETED"]
    same(project, finished)


def killed_training(slurm: Slurm, project: Project, finished: Project) -> None:
    """SIGKILL to a training: submitted again, it goes on from its checkpoint and repeats no epoch."""
    with Run(slurm, project) as run:
        process = run.freeze_training()
        before = epochs_done(project)
        process.kill()
        run.succeed()
        assert [job.state for job in run.jobs(RULE)] == ["FAILED", "COMPLETED"]
    assert went_on_after(project) == [before]
    record = json.loads((project.folder / VICTIM).with_name("training.json").read_text())
    assert [epoch["epoch"] for epoch in record["epochs"]] == list(range(1, EPOCHS + 1))
    same(project, finished)


def lost_node(slurm: Slurm, project: Project, finished: Project) -> None:
    """SIGKILL to a slurmd: its job runs again on the other node, and what it had started ends long after that."""
    with Run(slurm, project) as run:
        stranded = run.freeze_training()
        (job,) = run.jobs(RULE)
        slurm.kill(job.node)
        try:
            run.succeed()
            lost, again = run.jobs(RULE)
            stranded.resume()
            stranded.wait(60)
        finally:
            slurm.start_node(job.node)
    assert (lost.state, again.state) == ("NODE_FAIL", "COMPLETED")
    assert lost.node != again.node
    same(project, finished)


def controller_away(slurm: Slurm, project: Project, finished: Project) -> None:
    """SIGKILL to slurmctld, and back after Snakemake has asked it in vain: the job goes on all the while."""
    with Run(slurm, project) as run:
        frozen = run.freeze_training()
        slurm.kill("slurmctld")
        try:  # without the controller it looks for accounting, which is not there either
            run.until("two looks in vain", lambda: run.printed().count("Falling back to 'sacct'") >= 2)
        finally:
            slurm.start_controller()
            frozen.resume()
        run.succeed()
        assert [job.state for job in run.jobs(RULE)] == ["COMPLETED"]
    same(project, finished)


def too_little_memory(slurm: Slurm, project: Project, finished: Project) -> None:
    """A memory limit that is exceeded once: the retry has more. What is set here replaces the profile's ``gpu: 0``."""
    with Run(slurm, project, "--set-resources", "train_victim:mem_mb=300 if attempt == 1 else 2000*attempt") as run:
        run.succeed()
        first, second = run.jobs(RULE)
    assert (first.state, second.state) == ("FAILED", "COMPLETED")
    (told,) = (project.folder / ".snakemake/slurm_logs/rule_train_victim").glob(f"*/{first.id}.log")
    assert "exceeded memory limit" in told.read_text()
    assert (first.memory, second.memory) == ("300M", "4000M")
    # as asked for; what was given it no longer shows of every finished job
    assert re.search(r"TresPerJob=gres:gpu:1$", slurm.run("scontrol", "show", "job", second.id), re.MULTILINE)
    same(project, finished)


def killed_snakemake(slurm: Slurm, project: Project, finished: Project) -> None:
    """SIGKILL to Snakemake: `make resume` cancels its job, unlocks, and goes on where the training was."""
    with Run(slurm, project) as run:
        orphan = run.freeze_training()
        epoch = epochs_done(project)
        run.process.send_signal(signal.SIGKILL)
        run.process.wait()
        (job,) = run.jobs(RULE)
        assert job.state == "RUNNING"
        again = subprocess.run(
            [*MAKE, "resume"], cwd=project.folder, env=run.environment, capture_output=True, text=True, timeout=300
        )
        assert again.returncode == 0, again.stdout + again.stderr
        assert [listed.state for listed in slurm.jobs() if listed.id == job.id] == ["CANCELLED"]
    assert f"resume: cancelled job {job.id}, {job.comment}" in again.stdout
    assert not orphan.is_running()
    (after,) = went_on_after(project)
    assert epoch <= after < EPOCHS
    same(project, finished)


def full_disk(slurm: Slurm, project: Project, finished: Project) -> None:
    """No space left under the results: one line and no store; with space again, the same store."""
    with _small_disk(project.folder / "results") as disk:
        shutil.rmtree(disk / "poisons")
        ballast = _fill(disk)
        with Run(slurm, project, "--retries", "0") as run:
            assert run.finish() != 0
            printed = run.printed()
        (log,) = project.folder.glob("logs/poison_badhmp/**/*.log")
        told = log.read_text().splitlines()
        assert len(told) == 1, told
        assert re.fullmatch(
            r"error: results/poisons/.*: no space left on its disk; free some, then start again", told[0]
        )
        assert told[0] in printed
        assert "Traceback" not in printed
        assert not [path for path in disk.glob("poisons/**/*") if path.is_file()]
        ballast.unlink()
        with Run(slurm, project) as run:
            run.succeed()
        same(project, finished)


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path]:
    """Puts a file system of a few megabytes, with the same files, in a folder's place."""
    aside = folder.rename(folder.with_name("aside"))
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", folder], check=True)
    try:
        shutil.copytree(aside, folder, dirs_exist_ok=True)
        yield folder
    finally:
        subprocess.run(["umount", folder], check=True)


def _fill(disk: Path) -> Path:
    """A file that leaves no space."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(4096)):
                pass
        except OSError:
            return ballast
    raise AssertionError("the disk has no end")
