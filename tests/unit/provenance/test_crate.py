"""The run's RO-Crate: valid against its profile, readable, complete, and true to the files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from certified import (
    CONFIGURATION,
    CRATE,
    CROISSANT,
    FIGURE,
    FOLDER,
    MODEL,
    PAGE,
    RECEIPT,
    TABLE,
    WORKFLOW,
    describe_poison,
    pack,
    ran,
    small_run,
)

from kinesec.errors import KinesecError
from kinesec.files.hashing import sha256_of
from kinesec.provenance.certificates import beside

pytest.importorskip("rocrate", reason="rocrate is not installed")
# What the profiles recommend and a crate of a run cannot truthfully say: who ran it, and an address of this software
UNSAID = (
    "README.md SHOULD",
    "agent",
    "`author`",
    "`publisher`",
    "organization SHOULD have a URL",
    "Application SHOULD have a url ./workflow/Snakefile",
    "id SHOULD be an absolute URI http://schema.org/SoftwareSourceCode",
    "id SHOULD be an absolute URI https://bioschemas.org/ComputationalWorkflow",
)


@pytest.fixture(autouse=True)
def metadata(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.chdir(tmp_path)
    small_run()
    describe_poison()
    return pack()


@pytest.fixture(scope="module")
def cached(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("rocrate_validator", reason="roc-validator, of the extra `dev`, is not installed")
    from ro_crate_validator import cache

    return cache(tmp_path_factory.mktemp("pages"))


def entities(metadata: dict[str, Any]) -> dict[str, Any]:
    return {entity["@id"]: entity for entity in metadata["@graph"]}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_the_profile_s_validator_finds_nothing_wrong(cached: Path) -> None:
    from ro_crate_validator import issues

    assert issues(Path(FOLDER), cached) == []
    recommended = issues(Path(FOLDER), cached, "RECOMMENDED")
    assert [issue for issue in recommended if not any(words in issue for words in UNSAID)] == []


BROKEN = {
    "language": lambda graph: graph["workflow/Snakefile"].pop("programmingLanguage"),
    "instrument": lambda graph: graph["#run"].pop("instrument"),
    "licence": lambda graph: graph["./"].pop("license"),
    "main entity": lambda graph: graph["./"].pop("mainEntity"),
    "parameter": lambda graph: graph["#parameter-table"].pop("additionalType"),
    "file": lambda graph: Path(TABLE).unlink(),
}


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("how", BROKEN)
def test_the_profile_s_validator_would_find_what_is_wrong(how: str, metadata: dict[str, Any], cached: Path) -> None:
    from ro_crate_validator import issues

    BROKEN[how](entities(metadata))
    Path(CRATE).write_text(json.dumps(metadata))
    assert issues(Path(FOLDER), cached) != []


def test_the_library_reads_it_back() -> None:
    from rocrate.rocrate import ROCrate

    read = ROCrate(FOLDER)
    assert read.mainEntity.id == "workflow/Snakefile"
    assert read.mainEntity["programmingLanguage"]["name"] == "Snakemake"
    (run,) = read.get_by_type("CreateAction")
    assert run["instrument"] is read.mainEntity
    assert {entity.id for entity in run["result"]} == {
        f"#{MODEL}",
        f"#{CROISSANT}",
        *(path.removeprefix(f"{FOLDER}/") for path in (TABLE, FIGURE, PAGE)),
    }
    assert {entity.id for entity in run["object"]} == {
        f"#{RECEIPT}",
        "workflow/configuration.yaml",
        "workflow/config/datasets/procedural.manifest.csv",
    }


def test_every_hash_and_size_is_the_file_s(metadata: dict[str, Any]) -> None:
    files = [entity for entity in metadata["@graph"] if "File" in entity["@type"]]
    assert len(files) == 3 + len(WORKFLOW) + len([MODEL, CROISSANT, RECEIPT, CONFIGURATION])
    for entity in files:
        path = Path(entity["@id"][1:]) if entity["@id"].startswith("#") else Path(FOLDER, entity["@id"])
        assert entity["sha256"] == sha256_of(path)
        assert entity["contentSize"] == str(path.stat().st_size)


def test_copies_are_of_what_was_run() -> None:
    for path in WORKFLOW:
        assert Path(FOLDER, "workflow", path).read_bytes() == Path(path).read_bytes()
    assert yaml.safe_load(Path(CONFIGURATION).read_text()) == {"run": "small", "seeds": [0]}


def test_times_are_those_of_the_first_and_last_job(metadata: dict[str, Any]) -> None:
    run = entities(metadata)["#run"]
    jobs = [json.loads(beside(path).read_text()) for path in (RECEIPT, MODEL, TABLE, PAGE, CROISSANT)]
    assert run["startTime"] == min(job["started"] for job in jobs)
    assert run["endTime"] == max(job["ended"] for job in jobs)
    assert entities(metadata)["./"]["datePublished"] == run["endTime"]
    assert "agent" not in run


def test_versions_are_those_that_jobs_recorded(metadata: dict[str, Any]) -> None:
    said = {entity["name"]: entity.get("softwareVersion") for entity in metadata["@graph"] if "name" in entity}
    recorded = json.loads(beside(MODEL).read_text())["versions"]
    for package in ("python", "numpy", "zarr"):
        assert said[package] == recorded[package]


def test_terms_of_the_data_stand_beside_the_receipt_and_over_the_whole(metadata: dict[str, Any]) -> None:
    graph = entities(metadata)
    assert graph[f"#{RECEIPT}"]["license"] == {"@id": "#terms-procedural"}
    assert graph["#terms-procedural"]["description"] in graph["#terms"]["description"]
    assert graph["./"]["license"] == {"@id": "#terms"}


def test_the_same_files_and_certificates_give_the_same_bytes() -> None:
    before = Path(CRATE).read_bytes()
    pack()
    assert Path(CRATE).read_bytes() == before


def test_what_is_not_of_the_run_is_not_listed() -> None:
    other = MODEL.replace("seed0", "seed9")
    ran("train_victim", [other], wildcards={"seed": "9"})
    assert f"#{other}" not in entities(pack())


def test_an_artefact_of_unknown_making_is_an_error_in_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    beside(TABLE).unlink()
    with pytest.raises(SystemExit):
        pack()
    assert capsys.readouterr().err.splitlines()[-1].startswith(f"error: {TABLE}: found no certificate")


def test_a_model_whose_maker_left_no_certificate_is_left_out() -> None:
    beside(MODEL).unlink()
    assert f"#{MODEL}" not in entities(pack())


def test_errors_are_kinesec_s_own() -> None:
    from kinesec.provenance.certificates import Certificates
    from kinesec.provenance.lineage import history

    with pytest.raises(KinesecError, match="found no certificate"):
        history(["results/none.csv"], Certificates())
