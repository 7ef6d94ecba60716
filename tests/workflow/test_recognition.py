"""Recognizers and attacks through Snakemake: shards change nothing, an edit reruns just what it reaches."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
import yaml
from project import Project
from recognized import RECOGNITION

TABLES = "results/artifacts/smallest/tables"
TABLE = f"{TABLES}/recognition_accuracy.csv"  # and the others, made by the same job


@pytest.fixture(scope="module")
def recognized(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A finished run with recognizers and no predictor."""
    project = Project.of(repository, tmp_path_factory.mktemp("recognized") / "project")
    configure(project)
    project.build("--cores", "2", target=TABLE)
    return project


def configure(project: Project, **changes: object) -> None:
    project.configure({"recognition": {**RECOGNITION, **changes}})
    path = project.folder / "config/smallest.yaml"
    config = yaml.safe_load(path.read_text())
    del config["prediction"]
    path.write_text(yaml.safe_dump(config))


def test_a_run_without_predictors_has_the_tables_of_recognition(recognized: Project) -> None:
    tables = {path.stem for path in (recognized.folder / TABLES).glob("*.csv")}
    assert {"recognition_accuracy", "recognition_attacks", "transfer", "smart_table_1"} <= tables
    assert "prediction_backdoor" not in tables
    attacks = pd.read_csv(recognized.folder / TABLES / "recognition_attacks.csv")
    assert set(zip(attacks["recognizer"], attacks["attack"], strict=True)) == {
        ("hrnn", "smart_ab"), ("st_gcn", "smart_ab"), ("st_gcn", "pgd_sa"),
    }  # fmt: skip
    assert (attacks["claimed_disagree"] == 0).all()
    assert recognized.rerun(target=TABLE) == set()
    planned = recognized.rerun(target="all")
    assert {"report", "crate", "compare_with_papers", "figure_attack_filmstrip", "figure_confusion"} <= planned
    assert not {"table_prediction", "train_predictor", "train_recognizer", "attack_recognizer"} & planned


def test_the_number_of_shards_changes_no_table(recognized: Project, tmp_path: Path) -> None:
    project = recognized.copy(tmp_path / "one")
    before = {path.name: path.read_bytes() for path in (project.folder / TABLES).glob("*.csv")}
    configure(project, shards=1)
    project.build(target=TABLE)
    assert {path.name: path.read_bytes() for path in (project.folder / TABLES).glob("*.csv")} == before


def test_an_edit_of_a_recognizer_reruns_its_own_jobs(recognized: Project, tmp_path: Path) -> None:
    project = recognized.copy(tmp_path / "edited")
    project.append("src/kinesec/models/recognizers/sgn.py", "\n_EDITED = 1\n")
    assert project.rerun(target=TABLE) == set()
    project.append("src/kinesec/models/recognizers/hrnn.py", "\n_EDITED = 1\n")
    again = project.run("--dry-run", target=TABLE).stdout
    assert "recognizer=hrnn" in again
    for rule in ("train_recognizer", "attack_recognizer", "evaluate_recognizer"):
        jobs = [part for part in again.split("\nrule ") if part.startswith(f"{rule}:")]
        assert jobs, rule
        assert all("recognizer=hrnn" in job for job in jobs)
    assert "rule cut_clips:" not in again


def test_an_edit_of_an_attack_reruns_its_own_jobs(recognized: Project, tmp_path: Path) -> None:
    project = recognized.copy(tmp_path / "edited")
    project.append("src/kinesec/attacks/ciasa.py", "\n_EDITED = 1\n")
    assert project.rerun(target=TABLE) == set()
    project.append("src/kinesec/attacks/pgd.py", "\n_EDITED = 1\n")
    assert project.rerun(target=TABLE) == {"attack_recognizer", "evaluate_attack", "table_recognition"}
    again = project.run("--dry-run", target=TABLE).stdout
    jobs = [part for part in again.split("\nrule ") if part.startswith("attack_recognizer:")]
    assert jobs
    assert all("attack=pgd_sa" in job for job in jobs)


def test_a_new_attack_is_one_new_file(recognized: Project, tmp_path: Path) -> None:
    project = recognized.copy(tmp_path / "new")
    mine = (project.folder / "src/kinesec/attacks/pgd.py").read_text()
    (project.folder / "src/kinesec/attacks/mine.py").write_text(mine)
    entry = {"attack": "mine", "bounds_mm": [500], "recognizers": ["st_gcn"]}
    entry["tune"] = {"candidates": [{"iterations": 2}, {"iterations": 3}], "limit": 2}
    configure(project, attacks={**RECOGNITION["attacks"], "mine_ab": entry})
    project.build(target=f"{TABLES}/attack_tuning.csv")  # a table that the run had not
    attacks = pd.read_csv(project.folder / TABLES / "recognition_attacks.csv")
    assert set(attacks.loc[attacks["attack"] == "mine_ab", "recognizer"]) == {"st_gcn"}
    assert (attacks.loc[attacks["attack"] == "mine_ab", "chosen"] == "iterations").all()
    tuning = pd.read_csv(project.folder / TABLES / "attack_tuning.csv")
    assert tuning.groupby("attack")["kept"].sum().to_dict() == {"mine_ab": 1, "mine_ab_500mm": 1}  # each in its bound
    assert tuning["n"].between(1, 2).all()  # of two validation clips those that are rightly classified
    bounds = pd.read_csv(project.folder / TABLES / "attack_bounds.csv")
    assert bounds["epsilon_mm"].max() == 500
    assert set(bounds["attack"]) == {"mine_ab"}
