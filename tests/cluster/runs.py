"""A run of the smallest graph through ``--profile slurm``: what it printed, its SLURM jobs, its scripts' processes."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
from local_slurm import Job, Slurm
from project import Project
from safetensors import safe_open

from kinesec.files import store

PARTS = ("slurm", "tools", "Makefile")
TABLES = "results/artifacts/smallest/tables/paper_comparison.csv"  # made from the other table
VICTIM = "results/models/procedural/short/rigid-jammed-random-0.2/ltd_tiny/seed0/model.safetensors"
TRAINING_LOG = "logs/train_predictor/procedural/short/rigid-jammed-random-0.2/ltd_tiny/seed0.log"
EPOCHS = 60
TRAINING = {"prediction.predictors.ltd_tiny.recipe.epochs": EPOCHS}  # long enough to be killed in the middle
# nothing here is on a network file system, and jobs last seconds
HURRY = ("--latency-wait", "5", "--slurm-init-seconds-before-status-checks", "1")
IMPATIENT = Path(__file__).with_name("impatient.py")
PATIENCE = 900.0
T = TypeVar("T")


class Run:
    """Snakemake on ``project``, submitting to ``slurm``; used in a ``with`` block, which ends it if need be."""

    def __init__(self, slurm: Slurm, project: Project, *arguments: str, target: str = TABLES) -> None:
        self.slurm, self.project = slurm, project
        self.environment = {**project.environment(), "SLURM_CONF": slurm.environment["SLURM_CONF"]}
        self.log = project.folder / "run.log"
        command = [target, "--cores", "8", "--profile", "slurm", "--configfile", "config/smallest.yaml"]
        with self.log.open("a") as file:
            self.process = subprocess.Popen(
                [sys.executable, IMPATIENT, *command, *HURRY, *arguments],
                cwd=project.folder,
                env=self.environment,
                stdout=file,
                stderr=file,
            )

    def __enter__(self) -> Run:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait()

    def printed(self) -> str:
        return self.log.read_text()

    def until(self, what: str, condition: Callable[[], T], every: float = 0.1) -> T:
        """The first answer of ``found()`` that is not empty; fails when the run ends before."""
        deadline = time.monotonic() + PATIENCE
        while not (answer := condition()):
            assert self.process.poll() is None, f"the run ended before {what}:\n{self.printed()}"
            assert time.monotonic() < deadline, f"no {what} in {PATIENCE:.0f} s:\n{self.printed()}"
            time.sleep(every)
        return answer

    def finish(self) -> int:
        """Its exit status."""
        return self.process.wait(PATIENCE)

    def succeed(self) -> None:
        assert self.finish() == 0, self.printed()

    def jobs(self, rule: str = "") -> list[Job]:
        """Its SLURM jobs so far, in order: all, or those of a rule or group."""
        names = set(re.findall(r"SLURM run ID: (\S+)", self.printed()))
        return [job for job in self.slurm.jobs() if job.name in names and rule in job.comment]

    def script(self, name: str) -> psutil.Process:
        """The process that runs a rule's script, once there is one."""
        return self.until(f"process of {name}", lambda: script_of(self.project.folder, name))

    def freeze_training(self) -> psutil.Process:
        """Stops the training of the victim, with SIGSTOP, at some checkpoint between its first and its last."""
        process = self.script("train_predictor.py")
        self.until("checkpoint", lambda: checkpoints(self.project), every=0.005)
        process.suspend()
        assert 0 < epochs_done(self.project) < EPOCHS
        return process


def script_of(folder: Path, name: str) -> psutil.Process | None:
    start = str(folder / ".snakemake" / "scripts")
    for process in psutil.process_iter(["cmdline"]):
        if any(word.startswith(start) and word.endswith(name) for word in (process.info["cmdline"] or [])[:2]):
            return process
    return None


def checkpoints(project: Project) -> list[Path]:
    return list(project.folder.glob("results/checkpoints/*/train/checkpoint.safetensors"))


def epochs_done(project: Project) -> int:
    """How many epochs the one checkpoint holds."""
    (path,) = checkpoints(project)
    with safe_open(path, framework="np") as file:
        return len(json.loads(file.metadata()["meta"])["log"])


def went_on_after(project: Project) -> list[int]:
    """The epochs after which the victim's training says that it went on."""
    told = (project.folder / TRAINING_LOG).read_text()
    return [int(epoch) for epoch in re.findall(r"goes on after epoch (\d+)", told)]


def complete(repository: Path, project: Project) -> Project:
    """Adds what a clone has and jobs do not need: the cluster's profile, the tools, the Makefile."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z", "--", *PARTS],
        cwd=repository,
        capture_output=True,
        text=True,
        check=True,
    )
    for path in filter(None, listing.stdout.split("\0")):
        (project.folder / path).parent.mkdir(parents=True, exist_ok=True)
        (project.folder / path).write_bytes((repository / path).read_bytes())
    return project


def untrained(finished: Project, folder: Path) -> Project:
    """A copy of the finished run without its victim and what was made from it."""
    project = finished.copy(folder)
    for made in (Path(VICTIM).parent, "results/evaluations/prediction", "results/artifacts"):
        shutil.rmtree(project.folder / made)
    return project


def same(project: Project, reference: Project, target: str = TABLES) -> None:
    """Asserts the same tables and weights, byte for byte, whole stores, nothing left over and nothing more to do."""
    made = sorted(
        path.relative_to(reference.folder)
        for pattern in ("results/artifacts/*/tables/*.csv", "results/evaluations/**/*.csv", "results/models/**/*.json")
        for path in reference.folder.glob(pattern)
        if not path.name.endswith(".run.json")
    )
    assert made
    for path in (*made, Path(VICTIM)):
        assert (project.folder / path).read_bytes() == (reference.folder / path).read_bytes(), path
    results = project.folder / "results"
    for written in results.rglob("*.zarr"):
        store.verify(written)
    assert [path for path in results.rglob("*") if path.name.endswith(".part")] == []
    assert checkpoints(project) == []
    assert project.rerun(target=target) == set()
