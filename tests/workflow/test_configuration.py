"""Configurations through the command line: the shipped ones plan their jobs, a mistake is one line and starts none."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from project import Project
from recognized import RECOGNITION

MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "unknown key": ({"sedes": [0]}, "sedes"),
    "the same seed twice": ({"seeds": [1, 1]}, "seeds"),
    "unknown transfer": (
        {"recognition": {**RECOGNITION, "transfer": ["fgsm"]}},
        "recognition.transfer",
    ),
    "a run that leaves its folder": ({"run": "../elsewhere"}, "run"),
}


@pytest.fixture(scope="module")
def clone(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Nothing made yet, and nothing may be made by configurations that cannot be used."""
    return Project.of(repository, tmp_path_factory.mktemp("clone"))


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_ends_in_one_line_that_names_the_key(mistake: str, clone: Project) -> None:
    changes, key = MISTAKES[mistake]
    clone.configure(changes)
    process = clone.run()
    told = [line for line in process.stderr.splitlines() if line.startswith("error:")]
    assert process.returncode != 0
    assert len(told) == 1, process.stderr
    assert told[0].startswith(f"error: configuration: {key}: found "), told[0]
    assert "Traceback" not in process.stdout + process.stderr
    assert not {"results", "resources", "logs"} & {path.name for path in clone.folder.iterdir()}


@pytest.mark.parametrize("name", ["config", "real", "studies"])
def test_a_shipped_configuration_plans_its_jobs(name: str, clone: Project) -> None:
    command = [sys.executable, "-m", "snakemake", "--dry-run", "--cores", "1", "--configfile", f"config/{name}.yaml"]
    process = subprocess.run(command, cwd=clone.folder, env=clone.environment(), capture_output=True, text=True)
    assert process.returncode == 0, process.stdout + process.stderr
    for rule in ("retrieve", "ingest", "train_victim", "table_prediction"):
        assert f"rule {rule}:" in process.stdout + process.stderr
