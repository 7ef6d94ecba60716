"""What makes a job run again: the code it runs, its parameters and its inputs; nothing else.

Of a run that was made; edits that the demo's graph shows as well stand in the table of test_rerun_table.py.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest
from project import Project

REPORTED = {"report"}
PICTURED = {"figure_filmstrip", "figure_animation", *REPORTED}
PLOTTED = {"figure_horizons", "figure_near_misses", "figure_stealth", *REPORTED}
TABLED = {"table_prediction", "compare_with_papers", *PLOTTED}
EVALUATED = {"evaluate_prediction", *TABLED, *PICTURED}
POISONED = {"poison_badhmp", "train_victim", "evaluate_stealth", *EVALUATED}
TRAINED = {"train_predictor", "train_victim", *EVALUATED}
CUT = {"cut_windows", "poison_badhmp", "evaluate_stealth", *TRAINED}
ALL = {"retrieve", "ingest", *CUT}
EXEMPT = ("errors", "files/errors", "progress", "provenance/job")


def code(path: str) -> Callable[[Project], None]:
    return lambda project: project.append(path, "\n_EDITED = 1\n")


def settings(**changes: object) -> Callable[[Project], None]:
    return lambda project: project.configure({key.replace("__", "."): value for key, value in changes.items()})


def touch(project: Project) -> None:
    for path in project.sources():
        os.utime(path)


def reworded(project: Project) -> None:
    """Comments, docstrings and white space, in modules and scripts."""
    project.append("src/kinesec/files/store.py", "\n# a remark\n")
    project.append("workflow/scripts/train_predictor.py", "\n# a remark\n")
    project.edit("src/kinesec/training/loop.py", '"""', '"""Other words for this. ')
    project.edit("workflow/scripts/evaluate_prediction.py", '"""', '"""Other words for this. ')
    project.edit("src/kinesec/files/store.py", "CHUNK_BYTES = 2**22", "CHUNK_BYTES   =   (2 ** 22)\n\n\n")


def cloned(project: Project) -> None:
    """A new clone beside copied results: what Snakemake knew of them is gone, and every source is newer."""
    touch(project)
    shutil.rmtree(project.folder / ".snakemake")
    shutil.rmtree(project.folder / "logs")


def cloned_without_raw_files(project: Project) -> None:
    cloned(project)
    shutil.rmtree(project.folder / "resources")


UNTOUCHED: dict[str, Callable[[Project], object]] = {
    "every source touched": touch,
    "other words and white space": reworded,
    "a fresh clone": cloned,
    "a fresh clone without raw files": cloned_without_raw_files,
    "a default written out": settings(on_bad_file="stop", prediction__mode="replace"),
    "code that no job of the run uses": code("src/kinesec/sources/readers/ntu.py"),
    "code that cannot change an output": lambda project: [code(f"src/kinesec/{path}.py")(project) for path in EXEMPT],
}
CHANGED: dict[str, tuple[Callable[[Project], None], set[str]]] = {
    "stores": (code("src/kinesec/files/store.py"), ALL - {"retrieve"}),
    "reader": (code("src/kinesec/sources/readers/bvh.py"), ALL),
    "control": (code("src/kinesec/models/predictors/zero_velocity.py"), EVALUATED),
    "papers": (code("src/kinesec/tables/papers/cmu_mocap.py"), {"compare_with_papers", *REPORTED}),
    "pictures": (code("src/kinesec/plots/parts/stick_figures.py"), PICTURED),
    "figures' rows": (code("src/kinesec/plots/parts/rows.py"), PLOTTED),
    "stealth": (code("src/kinesec/evaluation/stealth.py"), {"evaluate_stealth", *TABLED}),
    "selections without victims": (
        settings(prediction__stealth_only={"selection": ["natural"]}),
        {"poison_badhmp"} | {"evaluate_stealth", *TABLED},
    ),
    "near misses": (settings(prediction__near_miss_degrees=[10]), EVALUATED),
    "table script": (code("workflow/scripts/table_prediction.py"), TABLED),
    "seeds": (settings(seeds=[0, 1]), CUT - {"cut_windows", "figure_filmstrip", "figure_animation"}),
    "unit": (settings(datasets__procedural__nominal_unit_mm=70), CUT),
    "range of the test's draws": (settings(datasets__procedural__test_sampling__low=4), EVALUATED),
    "raw file left out": (settings(on_bad_file="skip"), ALL - {"retrieve"}),
}


def test_a_second_run_has_nothing_to_do(project: Project) -> None:
    assert "Nothing to be done" in project.build()


@pytest.mark.parametrize("change", UNTOUCHED)
def test_nothing_runs_again_after(change: str, project: Project) -> None:
    UNTOUCHED[change](project)
    assert project.rerun() == set()


def test_another_mirror_by_the_environment_reruns_nothing(project: Project) -> None:
    assert project.rerun(environment=project.environment(KINESEC_MIRROR="https://example.org/files")) == set()


@pytest.mark.parametrize("change", CHANGED)
def test_what_runs_again_after_a_change_of(change: str, project: Project) -> None:
    act, expected = CHANGED[change]
    act(project)
    assert project.rerun() == expected
