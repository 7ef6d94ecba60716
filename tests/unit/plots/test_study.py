from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from studies import LABELS, SHA256, made_trials, saved

from kinesec.plots import study
from kinesec.plots.parts import style
from kinesec.report.study.answers import read
from kinesec.report.study.rates import rates, subjects
from kinesec.report.study.trials import Trial
from kinesec.samples.errors import NothingToDraw

TRIALS = made_trials()


def tables(folder: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    def choose(number: int) -> Callable[[Trial], int]:
        return lambda trial: trial.counted or 1 + (int(trial.id[1:]) + number) % 3

    paths = [saved(folder, TRIALS, choose(number), number=number) for number in range(3)]
    paths.append(saved(folder, TRIALS, lambda trial: 2, number=9))
    records = read(paths, TRIALS, SHA256)
    return rates(records, TRIALS, LABELS, 0), subjects(records)


def test_it_draws_a_bar_for_each_row_of_the_papers_screen(tmp_path: Path) -> None:
    of_rates, of_subjects = tables(tmp_path)
    figure = study.draw(of_rates, of_subjects)
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert titles == ["Deceitfulness", "Naturalness", "Indistinguishability"]
    assert [len(axes.patches) for axes in figure.axes] == [3, 4, 4]
    heights = [bar.get_height() for bar in figure.axes[2].patches]  # type: ignore[attr-defined]
    assert heights == [100, 100, 100, 0]  # checks as the share that was called the same
    assert figure._supxlabel.get_text() == "3 subjects; 1 more did not pass the sensitivity screen"  # type: ignore[attr-defined]


def test_the_same_tables_give_the_same_bytes(tmp_path: Path) -> None:
    made = tables(tmp_path)
    for name in ("a", "b"):
        paths = {suffix: tmp_path / f"{name}.{suffix}" for suffix in ("pdf", "svg", "png")}
        style.save(study.draw(*made), **paths)
    for suffix in ("pdf", "svg", "png"):
        assert (tmp_path / f"a.{suffix}").read_bytes() == (tmp_path / f"b.{suffix}").read_bytes()


def test_where_the_screen_leaves_nobody_it_says_so(tmp_path: Path) -> None:
    records = read([saved(tmp_path, TRIALS, lambda trial: 2)], TRIALS, SHA256)
    with pytest.raises(NothingToDraw, match="found no subject that the screen keeps"):
        study.draw(rates(records, TRIALS, LABELS, 0), subjects(records))
