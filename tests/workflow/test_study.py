"""The perceptual study in the workflow: a page where it is configured, tables where there are answers."""

from __future__ import annotations

import re

import pytest
from every_system import ATTACK, STUDY
from project import Project
from recognized import RECOGNITION

CHANGES = {"recognition": {**RECOGNITION, "attacks": ATTACK}, "study": STUDY}
STUDIED = {"make_study", "read_study", "figure_study"}


@pytest.mark.parametrize("target", ["study", "all"])
def test_a_run_with_answers_makes_all_of_it_and_one_without_the_page(fresh: Project, target: str) -> None:
    fresh.configure(CHANGES)
    assert fresh.rerun(target=target) & STUDIED == {"make_study"}
    (fresh.folder / "answers").mkdir()
    (fresh.folder / "answers/a.json").write_text("{}")
    fresh.configure({**CHANGES, "study": {**STUDY, "answers": "answers"}})
    process = fresh.run("--dry-run", target=target)
    assert process.returncode == 0, process.stderr
    assert set(re.findall(r"^rule (\w+):$", process.stdout + process.stderr, re.MULTILINE)) >= STUDIED
    assert "InputFunctionException" not in process.stdout + process.stderr


def test_a_run_without_a_study_makes_none(fresh: Project) -> None:
    assert not fresh.rerun(target="all") & STUDIED
    assert fresh.rerun(target="study") == {"study"}  # which asks for nothing


def test_a_folder_without_answers_is_one_line_before_any_job(fresh: Project) -> None:
    fresh.configure({**CHANGES, "study": {**STUDY, "answers": "answers"}})
    process = fresh.run("--dry-run", target="study")
    assert process.returncode != 0
    assert "error: configuration: study.answers: answers: found no such folder" in process.stdout + process.stderr
    assert "Traceback" not in process.stdout + process.stderr
