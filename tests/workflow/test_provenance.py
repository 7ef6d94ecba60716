"""The run's provenance through the workflow: everything certified, verified by the rule, packed and described."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from project import CLEAN, STRATEGY, Project

ARTEFACTS = "results/artifacts/smallest"
POISON = f"results/poisons/procedural/short/{STRATEGY}/seed0"
TABLE = f"{ARTEFACTS}/tables/prediction_backdoor.csv"


@pytest.fixture
def mine(whole: Project, tmp_path: Path) -> Project:
    return whole.copy(tmp_path / "mine")


def read(project: Project, path: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((project.folder / path).read_text())
    return content


def test_every_output_of_a_run_is_certified_and_as_recorded(mine: Project) -> None:
    printed = mine.build(target="verify")
    assert ": all as recorded" in printed
    # it has no output that could be up to date
    assert ": all as recorded" in mine.build(target="verify")
    assert mine.rerun(target="all") == set()


def test_what_was_tampered_with_is_named_and_not_made_again(mine: Project) -> None:
    with (mine.folder / TABLE).open("a") as file:
        file.write(",,,\n")
    model = mine.folder / CLEAN
    model.write_bytes(model.read_bytes()[:-1] + b"\0\0")
    process = mine.run(target="verify")
    printed = process.stdout + process.stderr
    assert process.returncode == 1
    for path in (TABLE, CLEAN):
        assert f"{path}: found sha256 " in printed
    assert "2 problems found" in printed
    assert "Traceback" not in printed


def test_a_certificate_says_what_a_job_was_made_of(whole: Project) -> None:
    trained = read(whole, f"{CLEAN}.run.json")
    (windows,) = trained["inputs"].values()
    stored = read(whole, "results/windows/procedural/short/windows.zarr/zarr.json")
    assert windows == stored["attributes"]["content_sha256"]
    assert (trained["seed"], trained["code"]) == (0, trained["params"]["code"])


def test_the_crate_names_the_run_s_results_and_where_they_are_from(whole: Project) -> None:
    graph = {entity["@id"]: entity for entity in read(whole, f"{ARTEFACTS}/ro-crate-metadata.json")["@graph"]}
    results = {entity["@id"] for entity in graph["#run"]["result"]}
    shown = {path.relative_to(whole.folder / ARTEFACTS).as_posix() for path in (whole.folder / ARTEFACTS).rglob("*.*")}
    kept = {path for path in shown if path.startswith(("tables/", "figures/", "report/")) and path[-9:] != ".run.json"}
    assert kept <= results
    assert {f"#{CLEAN}", f"#{CLEAN.replace('clean', STRATEGY)}", f"#{POISON}/croissant.json"} <= results
    assert {entity["@id"] for entity in graph["#run"]["object"]} == {
        "workflow/configuration.yaml",
        "#resources/procedural/receipt.json",
    }
    assert (whole.folder / ARTEFACTS / "workflow/Snakefile").read_text() == (whole.folder / "Snakefile").read_text()


def test_the_poisoned_data_are_described_beside_their_store(whole: Project) -> None:
    described = read(whole, f"{POISON}/croissant.json")
    stored = read(whole, f"{POISON}/poison.zarr/zarr.json")
    assert stored["attributes"]["content_sha256"][:12] in described["version"]
    said = {item["name"]: item["value"] for item in described["additionalProperty"]}
    assert json.loads(said["strategy"])["trigger"] == "rigid"


def test_an_edited_description_runs_its_own_rule_and_what_follows(mine: Project) -> None:
    mine.append("src/kinesec/provenance/croissant.py", "\n_EDITED = 1\n")
    assert mine.rerun(target="all") == {"croissant", "crate"}
    mine.append("src/kinesec/provenance/verify.py", "\n_EDITED = 1\n")
    assert mine.rerun(target="all") == {"croissant", "crate"}
