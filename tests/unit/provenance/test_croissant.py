"""Metadata of poisoned data sets: valid Croissant, and true."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path
from typing import Any

import pytest
from certified import CROISSANT, POISON, describe_poison, small_run

from kinesec import names
from kinesec.errors import KinesecError
from kinesec.files import store
from kinesec.files.hashing import sha256_of
from kinesec.files.kinds import poison
from kinesec.provenance.certificates import Certificates, beside
from kinesec.provenance.croissant import describe, write
from kinesec.sources.datasets.base import Info

STORE = Path(POISON).parent
# its parser's class of graphs is one that rdflib calls deprecated
pytestmark = pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    small_run()
    describe_poison()
    return tmp_path


def metadata() -> dict[str, Any]:
    content: dict[str, Any] = json.loads(Path(CROISSANT).read_text())
    return content


def validate(content: dict[str, Any]) -> Any:
    mlcroissant = pytest.importorskip("mlcroissant", reason="mlcroissant, of the extra `dev`, is not installed")
    return mlcroissant.Dataset(content)


def test_the_reference_validator_finds_neither_errors_nor_warnings() -> None:
    issues = validate(metadata()).metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())


@pytest.mark.parametrize("broken", ["dataType", "arrayShape", "sha256", "includes", "conformsTo"])
def test_the_reference_validator_would_find_an_error(broken: str) -> None:
    content = metadata()
    (records,), (described, files) = content["recordSet"], content["distribution"]
    position = next(field for field in records["field"] if field["name"] == "position")
    owner = {"dataType": position, "arrayShape": position, "sha256": described, "includes": files}.get(broken, content)
    owner[broken] = "three by three" if broken == "arrayShape" else None
    with pytest.raises(Exception, match=r"error|dataType|array_shape|arrayShape|sha256|includes|conformsTo"):
        validate(content)


def test_the_reference_reader_reads_back_what_was_said() -> None:
    read = validate(metadata()).metadata
    assert [str(version) for version in read.conforms_to] == metadata()["conformsTo"]
    assert read.license == [names.load("sources.datasets", "procedural").INFO.terms]
    assert [file.sha256 for file in read.file_objects] == [sha256_of(STORE / "zarr.json")]
    (windows,) = read.record_sets
    shapes = {field.name: field.array_shape_tuple for field in windows.fields}
    assert shapes == {"position": (35, 4, 3), "index": None}


def test_every_array_of_the_store_is_a_field_of_its_type_and_shape() -> None:
    data = store.read(STORE, poison.POISON)
    (windows,) = metadata()["recordSet"]
    fields = {field["name"]: field for field in windows["field"]}
    assert set(fields) == set(map(str, data.variables))
    for name, field in fields.items():
        shape = ",".join(map(str, data[name].shape[1:]))
        assert field.get("arrayShape", "") == shape
        assert field["dataType"].lower() == f"cr:{data[name].dtype}"
        assert str(data[name].dtype) in field["description"]
    assert "millimetres" in fields["position"]["description"]
    assert "(frame, joint, xyz)" in fields["position"]["description"]
    assert windows["description"].startswith(f"{data.sizes['window']} records")


def test_files_are_named_from_the_metadata_s_own_folder() -> None:
    described, files = metadata()["distribution"]
    assert (Path(CROISSANT).parent / described["contentUrl"]).is_file()
    inside = [path.relative_to(Path(CROISSANT).parent).as_posix() for path in STORE.rglob("*") if path.is_file()]
    assert fnmatch.filter([*inside, "croissant.json", "poison.zarr.run.json"], files["includes"]) == inside


def test_settings_and_seed_are_those_of_the_job() -> None:
    said = {item["name"]: item["value"] for item in metadata()["additionalProperty"]}
    assert said["seed"] == "0"
    assert json.loads(said["strategy"]) == {"trigger": "rigid", "ratio": 0.2}
    assert "BadHMP" in metadata()["rai:dataManipulationProtocol"]
    assert "20 % of its training windows" in metadata()["description"]


@pytest.mark.parametrize("module", names.available("sources.datasets"))
def test_terms_and_access_of_every_data_set_go_with_what_is_made_from_it(module: str) -> None:
    info: Info = names.load("sources.datasets", module).INFO
    certificate = Certificates().of(POISON)
    assert certificate is not None
    said = describe(STORE, info, certificate)
    assert said["license"] == info.terms
    assert info.terms.rstrip(".") in said["usageInfo"]["text"]
    assert (info.access or "") in said.get("conditionsOfAccess", "")
    assert info.citation.rstrip(".") in said["citeAs"]
    issues = validate(said).metadata.ctx.issues
    assert (issues.errors, issues.warnings) == (set(), set())


def test_the_same_store_and_certificate_give_the_same_bytes() -> None:
    before = Path(CROISSANT).read_bytes()
    describe_poison()
    assert Path(CROISSANT).read_bytes() == before


def test_other_values_are_another_version_of_another_name() -> None:
    before = metadata()
    attrs = dict(store.read(STORE, poison.POISON).attrs)
    position = store.read(STORE, poison.POISON).position.values + 1
    index = store.read(STORE, poison.POISON)["index"].values
    kept = {name: attrs[name] for name in attrs if name not in ("kind", "content_sha256")}
    store.write(STORE, poison.POISON, {"position": position, "index": index}, kept)
    describe_poison()
    after = metadata()
    assert before["version"] != after["version"]
    assert before["url"] != after["url"]


def test_a_store_of_unknown_making_is_not_described() -> None:
    beside(POISON).unlink()
    with pytest.raises(KinesecError, match=r"poison\.zarr: found no certificate"):
        write(STORE, Path(CROISSANT), names.load("sources.datasets", "procedural").INFO)
