"""What makes a job run again: the code it runs, its parameters and its inputs; nothing else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

import pytest
from project import Project

TABLED = {"table_prediction"}
EVALUATED = {"evaluate_prediction", *TABLED}
POISONED = {"poison_badhmp", "train_victim", *EVALUATED}
TRAINED = {"train_predictor", "train_victim", *EVALUATED}
CUT = {"cut_windows", "poison_badhmp", *TRAINED}
ALL = {"retrieve", "ingest", *CUT}


def code(path: str) -> Callable[[Project], None]:
    return lambda project: project.append(path, "\n_EDITED = 1\n")


def settings(**changes: object) -> Callable[[Project], None]:
    return lambda project: project.configure({key.replace("__", "."): value for key, value in changes.items()})


def touch(project: Project) -> None:
    for path in project.sources():
        os.utime(path)


def docstring(path: str) -> Callable[[Project], None]:
    return lambda project: project.edit(path, '"""', '"""Other words for this. ')


def spaced(project: Project) -> None:
    project.edit("src/kinesec/store.py", "CHUNK_BYTES = 2**22", "CHUNK_BYTES   =   (2 ** 22)\n\n\n")


def cloned(project: Project) -> None:
    """A new clone beside copied results: what Snakemake knew of them is gone, and every source is newer."""
    touch(project)
    shutil.rmtree(project.folder / ".snakemake")
    shutil.rmtree(project.folder / "logs")


def cloned_without_raw_files(project: Project) -> None:
    cloned(project)
    shutil.rmtree(project.folder / "resources")


UNTOUCHED: dict[str, Callable[[Project], None]] = {
    "every source touched": touch,
    "a comment in a module": lambda project: project.append("src/kinesec/store.py", "\n# a remark\n"),
    "a comment in a script": lambda project: project.append("workflow/scripts/train_predictor.py", "\n# a remark\n"),
    "a docstring of a module": docstring("src/kinesec/training.py"),
    "a docstring of a script": docstring("workflow/scripts/evaluate_prediction.py"),
    "white space": spaced,
    "a fresh clone": cloned,
    "a fresh clone without raw files": cloned_without_raw_files,
    "another mirror": settings(mirror="/elsewhere"),
    "more threads": settings(threads=2),
    "another way with bad input than the one there was none of": settings(on_bad_file="stop"),
    "code that no job of the run uses": code("src/kinesec/readers/ntu.py"),
}
CHANGED: dict[str, tuple[Callable[[Project], None], set[str]]] = {
    "stores": (code("src/kinesec/store.py"), ALL - {"retrieve"}),
    "reader": (code("src/kinesec/readers/bvh.py"), ALL),
    "windows": (code("src/kinesec/windows.py"), CUT),
    "trigger": (code("src/kinesec/poisoning/triggers/rigid.py"), POISONED),
    "poisoning script": (code("workflow/scripts/poison_badhmp.py"), POISONED),
    "predictor": (code("src/kinesec/predictors/ltd.py"), TRAINED),
    "its layers": (code("src/kinesec/predictors/_normalise.py"), TRAINED),
    "control": (code("src/kinesec/predictors/zero_velocity.py"), EVALUATED),
    "evaluation script": (code("workflow/scripts/evaluate_prediction.py"), EVALUATED),
    "table script": (code("workflow/scripts/table_prediction.py"), TABLED),
    "ratio": (settings(prediction__strategies__ratio=[0.1]), POISONED),
    "limb": (settings(prediction__limb="right_leg"), POISONED),
    "epochs": (settings(prediction__predictors__ltd_tiny__recipe__epochs=2), TRAINED),
    "threshold": (settings(prediction__asr_threshold_mm=30), EVALUATED),
    "seeds": (settings(seeds=[0, 1]), CUT - {"cut_windows"}),
    "unit": (settings(datasets__procedural__nominal_unit_mm=70), CUT),
    "range of the test's draws": (settings(datasets__procedural__test_sampling__low=4), EVALUATED),
    "raw file left out": (settings(on_bad_file="skip"), ALL - {"retrieve"}),
    "history": (settings(prediction__protocols__short__history=12), CUT),
    "data": (settings(datasets__procedural__settings__noise=0.5), ALL),
}


def test_a_second_run_has_nothing_to_do(finished: Project) -> None:
    assert "Nothing to be done" in finished.build()


@pytest.mark.parametrize("change", UNTOUCHED)
def test_nothing_runs_again_after(change: str, project: Project) -> None:
    UNTOUCHED[change](project)
    assert project.rerun() == set()


def test_another_mirror_by_the_environment_reruns_nothing(finished: Project) -> None:
    assert finished.rerun(finished.environment(KINESEC_MIRROR="https://example.org/files")) == set()


@pytest.mark.parametrize("change", CHANGED)
def test_what_runs_again_after_a_change_of(change: str, project: Project) -> None:
    act, expected = CHANGED[change]
    act(project)
    assert project.rerun() == expected
