"""A figure is added by one file, which names the tables that it draws, and one entry of the configuration."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.plan.added_figures import added_figures
from kinesec.plan.run import Plan

TABLES = ("prediction_backdoor", "paper_comparison")


@pytest.fixture(autouse=True)
def plots(whole: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Modules of figures: one to add, one over a table that the run lacks, one with a rule of its own."""
    monkeypatch.setattr(names, "_PACKAGE", tmp_path)
    for name, tables in {"mine": 'TABLES = ("prediction_backdoor",)', "lost": 'TABLES = ("x",)', "ratio": ""}.items():
        (tmp_path / "plots").mkdir(exist_ok=True)
        (tmp_path / f"plots/{name}.py").write_text(f'"""What {name} shows.\n\nMore."""\n{tables}\n')


def test_an_added_figure_stands_last_in_the_report_under_its_modules_first_line(whole: Plan) -> None:
    added = added_figures({"seen": {"figure": "mine", "settings": {"low": 1}}}, TABLES)
    run = replace(whole, added_figures=added)
    assert list(run.captions().items())[-1] == ("seen", "What mine shows.")
    assert run.figure_files(run.figures)[-3:] == list(run.figure("seen", "pdf", "svg", "png").values())
    assert (added["seen"].code, added["seen"].tables) == ("plots.mine", ("prediction_backdoor",))


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        ("none", r"figures\.seen\.figure: found 'none', expected a module of kinesec\.plots with TABLES: lost, mine"),
        ("ratio", r"figures\.seen\.figure: found 'ratio', expected a module of kinesec\.plots with TABLES: lost, mine"),
        ("lost", r"found 'lost', which draws 'x', expected prediction_backdoor, paper_comparison"),
    ],
)
def test_a_figure_that_cannot_be_drawn_is_one_line_before_any_job(figure: str, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        added_figures({"seen": {"figure": figure}}, TABLES)
