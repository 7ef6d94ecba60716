"""One finished run of the smallest configuration, which each test copies."""

from __future__ import annotations

from pathlib import Path

import pytest
from project import Project


@pytest.fixture(scope="session")
def finished(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Run to the end once; to be copied, never changed."""
    project = Project.of(repository, tmp_path_factory.mktemp("run") / "finished")
    project.build()
    # compiled beside its source by a job, never by the parent: the jobs' kinesec is this copy's
    assert list((project.folder / "src/kinesec/jobs/__pycache__").glob("train_predictor.*.pyc"))
    return project


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """The finished run, to be changed."""
    return finished.copy(tmp_path / "project")


@pytest.fixture
def fresh(repository: Path, tmp_path: Path) -> Project:
    """Nothing made yet."""
    return Project.of(repository, tmp_path / "fresh")
