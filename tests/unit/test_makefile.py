"""``make`` runs on all cores that it may use, whatever a shell says of OpenMP's threads."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


@pytest.mark.parametrize("variable", ["OMP_NUM_THREADS", "OMP_THREAD_LIMIT"])
def test_openmp_settings_do_not_lower_the_cores_of_a_run(repository: Path, variable: str) -> None:
    environment = {**os.environ, variable: "1"}
    environment.pop("CORES", None)
    planned = subprocess.run(
        ["make", "-n", "demo"], cwd=repository, env=environment, capture_output=True, text=True, check=True
    )
    command = next(line for line in planned.stdout.splitlines() if line.startswith("snakemake"))
    allowed = subprocess.run(["env", "-u", "OMP_NUM_THREADS", "-u", "OMP_THREAD_LIMIT", "nproc"], capture_output=True)
    assert command == f"snakemake --cores {int(allowed.stdout)}"
