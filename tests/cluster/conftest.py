"""One SLURM for all tests here, and the smallest tables, made on this machine alone, to compare with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.register_assert_rewrite("faults", "runs")

from local_slurm import Slurm  # noqa: E402
from machine import NotStarted  # noqa: E402
from project import Project  # noqa: E402
from runs import TABLES, TRAINING, complete  # noqa: E402


@pytest.fixture(scope="session")
def slurm() -> Iterator[Slurm]:
    cluster = Slurm()
    try:
        cluster.__enter__()
    except NotStarted as error:
        pytest.skip(f"no SLURM could be started: {error}")
    try:
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="session")
def empty(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Nothing made yet; to be copied, never changed."""
    project = complete(repository, Project.of(repository, tmp_path_factory.mktemp("cluster") / "empty"))
    project.configure(TRAINING)
    return project


@pytest.fixture(scope="session")
def finished(slurm: Slurm, empty: Project) -> Project:
    """The tables and all before them, made on this machine without SLURM; to be copied, never changed."""
    project = empty.copy(empty.folder.with_name("finished"))
    project.build("--cores", "2", target=TABLES)
    return project
