"""The smallest graph through ``--profile slurm``, as it should be and with all that goes wrong: the same bytes.

A run mostly waits: for SLURM, and for its own next look at SLURM. So runs that leave the daemons alone go side by side.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path

import faults
import pytest
from every_system import EVERY_SYSTEM
from local_slurm import Slurm
from project import Project
from runs import TABLES, TRAINING, Run, same, untrained


def whole_graph(slurm: Slurm, project: Project, finished: Project) -> None:
    """From nothing to the report, with every system; what the profile groups is one job, downloads stay here."""
    reference = finished.copy(project.folder.with_name("reference"))
    for each in (project, reference):
        each.configure({**TRAINING, **EVERY_SYSTEM})
    with Run(slurm, project, target=project.target) as run, ThreadPoolExecutor(1) as beside:
        here = beside.submit(reference.build, target=TABLES)
        run.succeed()
        jobs = run.jobs()
        here.result()
    assert {job.state for job in jobs} == {"COMPLETED"}
    kinds = Counter(job.comment.split("_")[1] for job in jobs)
    assert kinds == {"data": 1, "poison": 1, "train": 4, "defend": 2, "attack": 4, "evaluate": 7, "artifacts": 1}
    same(project, reference, project.target)


TOGETHER = [
    whole_graph,
    faults.full_disk,
    faults.killed_snakemake,
    faults.too_little_memory,
    faults.cancelled_job,
    faults.killed_training,
]
ALONE = [faults.lost_node, faults.controller_away]


@pytest.fixture(scope="module")
def started(
    request: pytest.FixtureRequest,
    slurm: Slurm,
    empty: Project,
    finished: Project,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, Future[None]]]:
    """The runs that go side by side, those of them that were asked for, each in a project of its own."""
    folder = tmp_path_factory.mktemp("together")
    asked = {item.name for item in request.session.items}
    with ThreadPoolExecutor(3) as pool:
        runs = {}
        for run in TOGETHER:
            if f"test_side_by_side[{run.__name__}]" in asked:
                place = folder / run.__name__
                project = empty.copy(place) if run is whole_graph else untrained(finished, place)
                runs[run.__name__] = pool.submit(run, slurm, project, finished)
        yield runs


@pytest.mark.parametrize("run", [run.__name__ for run in TOGETHER])
def test_side_by_side(run: str, started: dict[str, Future[None]]) -> None:
    started[run].result()


@pytest.mark.parametrize("fault", ALONE, ids=lambda fault: fault.__name__)
def test_alone(
    fault: Callable[[Slurm, Project, Project], None],
    started: dict[str, Future[None]],
    slurm: Slurm,
    finished: Project,
    tmp_path: Path,
) -> None:
    """A daemon is killed, so nothing else may be on the cluster."""
    wait(started.values())
    fault(slurm, untrained(finished, tmp_path / "project"), finished)
