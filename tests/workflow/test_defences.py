"""Defences are opt-in: what they leave, and what makes their jobs run again."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from project import Project


def test_a_run_with_defences_leaves_their_table_and_figures(whole: Project) -> None:
    artefacts = whole.folder / "results/artifacts/smallest"
    table = pd.read_csv(artefacts / "tables/prediction_defences.csv")
    assert set(table["defence"]) == {"energy", "tuning"}
    assert table.loc[table["defence"] == "energy", "detector_auc"].item() > 0.95
    for figure in ("roc", "fine_tuning"):
        for suffix in ("pdf", "svg", "png"):
            assert (artefacts / f"figures/{figure}-procedural-ltd_tiny.{suffix}").stat().st_size > 1000


def test_an_edit_of_a_defence_reruns_it_alone(whole: Project, tmp_path: Path) -> None:
    project = whole.copy(tmp_path / "edited")
    project.append("src/kinesec/defences/backdoor/strip.py", "\n_EDITED = 1\n")
    assert project.rerun(target="all") == set()
    project.append("src/kinesec/plots/roc.py", "\n_EDITED = 1\n")
    assert project.rerun(target="all") == {"figure_roc", "report", "crate"}
    project.append("src/kinesec/defences/backdoor/sanitise_energy.py", "\n_EDITED = 1\n")
    after = {"table_defences", "figure_roc", "figure_fine_tuning", "report", "crate"}
    assert project.rerun(target="all") == {"defend_prediction", *after}
    again = project.run("--dry-run", target="all").stdout
    assert "defence=energy" in again
    assert "defence=tuning" not in again
    for rule in ("train_predictor", "train_victim", "evaluate_prediction"):
        assert f"rule {rule}:" not in again
