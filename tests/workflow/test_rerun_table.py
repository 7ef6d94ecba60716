"""The table of docs/reruns.md is what Snakemake plans after each edit of the demo's graph: `make test-reruns`.

test_reruns.py does a few of these edits, and the runs after them, with all other tests.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import rerun_table
from rerun_table import EDITS, Demo, Edit


@pytest.fixture(scope="module")
def made(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Demo:
    """Every output marked as made once; to be copied, never changed."""
    if not os.environ.get("KINESEC_TEST_RERUNS"):
        pytest.skip("three minutes: make test-reruns")
    return rerun_table.demo(repository, tmp_path_factory.mktemp("reruns") / "demo")


@pytest.mark.parametrize("edit", EDITS, ids=[edit.words for edit in EDITS])
def test_an_edit_runs_again_just_these_rules(edit: Edit, made: Demo, tmp_path: Path) -> None:
    project = made.copy(tmp_path / "edited")
    edit.act(project)
    assert project.rerun(target="all") == edit.rules


def test_another_device_runs_nothing_again(made: Demo) -> None:
    assert rerun_table.planned_on_a_gpu(made) == set()


def test_the_page_says_what_the_table_says(repository: Path) -> None:
    assert (repository / "docs/reruns.md").read_text("utf-8") == rerun_table.page()
