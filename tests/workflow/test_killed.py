"""A run that was killed while it trained goes on from its checkpoint and ends with the same bytes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

from project import CLEAN, Project
from safetensors import safe_open

EPOCHS = 60


def epochs_of(checkpoint: Path) -> int:
    with safe_open(checkpoint, framework="np") as file:
        return len(json.loads(file.metadata()["meta"])["log"])


def kill_while_training(project: Project) -> int:
    """Kills Snakemake and its jobs, without a chance to clean up, at some checkpoint; returns its epochs."""
    log = project.folder / "killed.log"
    with log.open("w") as file:
        process = subprocess.Popen(
            project.command(target=CLEAN),
            cwd=project.folder,
            env=project.environment(),
            stdout=file,
            stderr=file,
            start_new_session=True,
        )
    checkpoints: list[Path] = []
    while not checkpoints:
        assert process.poll() is None, log.read_text()
        time.sleep(0.005)
        checkpoints = list(project.folder.glob("results/checkpoints/*/train/checkpoint.safetensors"))
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    return epochs_of(checkpoints[0])


def test_a_killed_training_ends_as_if_it_had_not_been(project: Project, tmp_path: Path) -> None:
    project.configure({"prediction.predictors.ltd_tiny.recipe.epochs": EPOCHS})
    whole = project.copy(tmp_path / "whole")
    whole.build(target=CLEAN)
    assert 0 < kill_while_training(project) < EPOCHS
    project.build("--unlock", target=CLEAN)
    project.build("--rerun-incomplete", target=CLEAN)
    assert (project.folder / CLEAN).read_bytes() == (whole.folder / CLEAN).read_bytes()
    assert not list((project.folder / "results/checkpoints").iterdir())
    epochs = json.loads((project.folder / CLEAN).with_name("training.json").read_text())["epochs"]
    assert [record["epoch"] for record in epochs] == list(range(1, EPOCHS + 1))
