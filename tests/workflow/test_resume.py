"""A run whose Snakemake alone was killed: its job works on until `make resume` ends it and goes on in its place."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import psutil
import pytest
from project import CLEAN, Project

EPOCHS = 60
T = TypeVar("T")


def until(process: subprocess.Popen[bytes], condition: Callable[[], T]) -> T:
    while not (answer := condition()):
        assert process.poll() is None, "the run ended too soon"
        time.sleep(0.005)
    return answer


def script_of(process: subprocess.Popen[bytes]) -> psutil.Process | None:
    for child in psutil.Process(process.pid).children(recursive=True):
        try:
            if any("train_predictor.py" in word for word in child.cmdline()):
                return child
        except psutil.NoSuchProcess:  # ended, or a zombie, since it was listed
            continue
    return None


@pytest.fixture
def resume(repository: Path, project: Project) -> Callable[[], subprocess.CompletedProcess[str]]:
    command = [sys.executable, str(repository / "tools/resume.py")]

    def run() -> subprocess.CompletedProcess[str]:
        return subprocess.run(command, cwd=project.folder, env=project.environment(), capture_output=True, text=True)

    return run


def test_resume(project: Project, resume: Callable[[], subprocess.CompletedProcess[str]]) -> None:
    project.configure({"prediction.predictors.ltd_tiny.recipe.epochs": EPOCHS})
    with (project.folder / "killed.log").open("w") as log:
        process = subprocess.Popen(
            project.command(target=CLEAN), cwd=project.folder, env=project.environment(), stdout=log, stderr=log
        )
    orphan = until(process, lambda: script_of(process))
    until(process, lambda: list(project.folder.glob("results/checkpoints/*/train/checkpoint.safetensors")))
    orphan.suspend()

    refused = resume()
    assert refused.returncode != 0
    assert (
        refused.stderr
        == f"error: Snakemake is at work here, process {process.pid}; end it first, or wait for its end\n"
    )

    process.kill()
    process.wait()
    assert orphan.is_running()
    resumed = resume()
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert f"resume: ended process {orphan.pid}, a job of the killed run" in resumed.stdout
    assert not orphan.is_running()
    log_of_training = next(project.folder.glob("logs/train_predictor/**/clean/**/*.log")).read_text()
    (after,) = re.findall(r"goes on after epoch (\d+)", log_of_training)
    assert 0 < int(after) < EPOCHS
    assert project.rerun(target=CLEAN) == set()


def test_there_is_nothing_to_resume(fresh: Project, repository: Path) -> None:
    command = [sys.executable, str(repository / "tools/resume.py")]
    process = subprocess.run(command, cwd=fresh.folder, env=fresh.environment(), capture_output=True, text=True)
    assert process.returncode != 0
    assert process.stderr == "error: no Snakemake has run in this folder, expected a run to go on with\n"
