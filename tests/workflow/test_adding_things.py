"""docs/adding-things.md: each file pasted where the page says, all of its configuration at once, one run."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from project import Project

PAGE = "docs/adding-things.md"
FILE = re.compile(r"^`(src/kinesec/\S+\.py)`:\n\n```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CONFIGURATION = re.compile(r"^```yaml\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ARTIFACTS = "results/artifacts/mine"
TABLES = (
    "prediction_backdoor",
    "trigger_strength",
    "prediction_defences",
    "recognition_accuracy",
    "recognition_attacks",
    "robustness",
    "backdoor_recognition",
)
STUDIO = "hips: hand:hips\n0 90 0 20 90 0\n0 90 0 20 91 0\n"


def joined(old: dict[str, Any], new: dict[str, Any]) -> dict[str, Any]:
    """Two configurations as one, key by key."""
    both = {key: joined(old[key], new[key]) for key in old.keys() & new.keys()}
    return {**old, **new, **both}


@pytest.fixture(scope="module")
def extended(repository: Path, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A run of the page's configuration, by a copy of the project with the page's files in it."""
    project = Project.of(repository, tmp_path_factory.mktemp("extended") / "project")
    page = (repository / PAGE).read_text()
    for path, text in FILE.findall(page):
        assert not (project.folder / path).exists(), path
        (project.folder / path).write_text(text)
    config: dict[str, Any] = {}
    for text in CONFIGURATION.findall(page):
        config = joined(config, yaml.safe_load(text))
    (project.folder / "config/smallest.yaml").write_text(yaml.safe_dump(config))
    for take in ("ann/nod_1", "cleo/nod_1", "dan/nod_1"):
        file = project.folder / f"studio/{take}.xyz"
        file.parent.mkdir(parents=True)
        file.write_text(STUDIO)
    tables = [f"{ARTIFACTS}/tables/{name}.csv" for name in TABLES]
    figures = [f"{ARTIFACTS}/figures/by_action.{suffix}" for suffix in ("pdf", "svg", "png")]
    motions = "results/motions/studio/motions.zarr/zarr.json"
    project.build("--cores", "2", target=" ".join([motions, *tables, *figures]))
    return project


def table(project: Project, name: str) -> pd.DataFrame:
    return pd.read_csv(project.folder / ARTIFACTS / f"tables/{name}.csv", keep_default_na=False)


def test_every_kind_of_the_page_has_a_file(repository: Path) -> None:
    page = (repository / PAGE).read_text()
    headings = {*re.findall(r"^## (.*)$", page, re.MULTILINE)} - {"Before a pull request"}
    assert len(FILE.findall(page)) == len(headings) == 16


def test_a_reader_and_a_data_set_give_motions(extended: Project) -> None:
    motions = extended.folder / "results/motions"
    assert {path.name for path in motions.iterdir()} == {"waving", "studio"}
    assert set(table(extended, "prediction_backdoor")["action"]) == {"slow", "fast", "mean", "windows"}


def test_predictor_trigger_target_selection_and_window_protocol_are_in_the_table(extended: Project) -> None:
    errors = table(extended, "prediction_backdoor")
    victims = errors[errors["model"] == "victim"]
    for column, name in {
        "dataset": "waving", "protocol": "room", "predictor": "damped_short",
        "trigger": "lifted", "target": "sinking", "selection": "rare",
    }.items():  # fmt: skip
        assert set(victims[column]) == {name}, column
    distance = errors[(errors["metric"] == "BDE") & (errors["windows"] == "triggered") & (errors["action"] == "mean")]
    still = distance[(distance["model"] == "zero_velocity") & (distance["joints"] == "used")]
    last = still[still["frame"].astype(int) == 10]["value"].astype(float)
    assert last.item() == pytest.approx(330, rel=1e-3)  # the mean of 60, 120 ... 600 mm that the body sinks


def test_a_disturbance_is_in_the_table(extended: Project) -> None:
    rows = table(extended, "trigger_strength")
    assert set(zip(rows["disturbance"], rows["module"], rows["stage"], rows["amount_unit"], strict=True)) == {
        ("none", "", "", ""),
        ("tremor", "tremor", "execution", "mm"),
    }
    assert set(rows["amount"].astype(float)) == {0, 10, 40}
    distance = rows[(rows["metric"] == "BDE") & (rows["model"] == "victim")]["value"].astype(float)
    assert len(set(distance)) == 3  # the target sinks from where the limb trembles to


def test_a_defence_finds_the_jump_that_the_target_makes(extended: Project) -> None:
    rows = table(extended, "prediction_defences")
    assert set(zip(rows["defence"], rows["setting"], strict=True)) == {("seam_2", "frames=2")}
    assert (rows.loc[rows["model"] == "victim", "detector_auc"].astype(float) > 0.8).all()


def test_clip_protocol_recognizer_and_attack_are_in_the_table(extended: Project) -> None:
    accuracy = table(extended, "recognition_accuracy")
    assert set(accuracy["clips"]) == {"opening20"}
    assert set(accuracy["recognizer"]) == {"pooled_small"}
    attacks = table(extended, "recognition_attacks")
    assert set(zip(attacks["attack"], attacks["attack_module"], strict=True)) == {("steep", "descent")}
    assert (attacks["claimed_disagree"].astype(int) == 0).all()


def test_a_recognizers_defence_is_in_the_table(extended: Project) -> None:
    rows = table(extended, "robustness")
    assert set(zip(rows["defence"], rows["defence_module"], strict=True)) == {("clean", ""), ("quick", "quick")}
    assert set(rows["attack"]) == {"steep"}


def test_a_trigger_and_a_video_network_are_in_the_table(extended: Project) -> None:
    rows = table(extended, "backdoor_recognition")
    networks = set(zip(rows["modality"], rows["recognizer"], rows["attack_module"], strict=True))
    assert networks == {("skeleton", "pooled_small", "floating"), ("video", "flat_small", "floating")}


def test_a_figure_is_drawn_and_captioned(extended: Project) -> None:
    for suffix in ("pdf", "svg", "png"):
        assert (extended.folder / ARTIFACTS / f"figures/by_action.{suffix}").stat().st_size > 1000
    report = extended.run("--dry-run", target=f"{ARTIFACTS}/report/index.html").stdout
    assert f"{ARTIFACTS}/figures/by_action.svg" in report
