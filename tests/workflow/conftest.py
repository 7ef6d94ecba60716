"""Finished runs of the smallest configuration, made once for all workers of pytest; each test copies them."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from every_system import DEFENCES
from project import Project


def made_once(name: str, tmp_path_factory: pytest.TempPathFactory, build: Callable[[Path], Project]) -> Project:
    """The project that ``build`` leaves in a folder, built by the first worker that asks while the others wait."""
    folder = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # that of the session; a worker's is below it
    built = folder / f"{name}.built"
    with (folder / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if built.exists():
            return Project(folder / name)
        project = build(folder / name)
        built.touch()
    return project


@pytest.fixture(scope="session")
def finished(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Run to the end once; to be copied, never changed."""

    def build(folder: Path) -> Project:
        project = Project.of(repository, folder)
        project.build()
        # compiled beside its source by a job, never by the parent: the jobs' kinesec is this copy's
        assert list((project.folder / "src/kinesec/jobs/__pycache__").glob("train_predictor.*.pyc"))
        return project

    return made_once("finished", tmp_path_factory, build)


@pytest.fixture(scope="session")
def whole(finished: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The finished run with defences and all that `rule all` asks for; to be copied, never changed."""

    def build(folder: Path) -> Project:
        project = finished.copy(folder)
        project.configure(DEFENCES)
        project.build(target="all")
        return project

    return made_once("whole", tmp_path_factory, build)


@pytest.fixture
def project(finished: Project, tmp_path: Path) -> Project:
    """The finished run, to be changed."""
    return finished.copy(tmp_path / "project")


@pytest.fixture
def fresh(repository: Path, tmp_path: Path) -> Project:
    """Nothing made yet."""
    return Project.of(repository, tmp_path / "fresh")
