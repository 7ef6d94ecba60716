"""The RO-Crate of a run: what was run, on what, and what came of it, as JSON-LD beside the run's artefacts.

It follows RO-Crate 1.1 and the Workflow Run Crate profile 0.5 (https://w3id.org/ro/wfrun/workflow/0.5), which the
profile's validator knows. Files of the crate's own folder are listed by path; what stands elsewhere under ``results``
and ``resources`` has an identifier that begins with ``#``, its path as its name, and its sha256. Everything but the
copies of the workflow is found by following certificates back from the artefacts, so what made them is what is listed.
No agent is named: certificates do not say who ran them.
"""

from __future__ import annotations

import json
import mimetypes
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml
from rocrate.model import ContextEntity
from rocrate.model import File as LocalFile
from rocrate.rocrate import ROCrate

from kinesec import names
from kinesec.provenance.certificates import Certificates, fingerprint, identity
from kinesec.provenance.lineage import History, history

PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": "Process Run Crate",
    "https://w3id.org/ro/wfrun/workflow/0.5": "Workflow Run Crate",
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "Workflow RO-Crate",
}
LICENCE = "https://spdx.org/licenses/MIT"
SHA256 = "https://w3id.org/ro/terms/workflow-run#sha256"
SOFTWARE = {"python": "https://www.python.org/"}
# IANA media types that Python's table may lack
_MEDIA = {
    ".webp": "image/webp",
    ".yaml": "application/yaml",
    ".safetensors": "application/octet-stream",
    ".smk": "text/plain",
}
_PARAMETERS = {
    "configuration": ("input", "The configuration with all defaults filled in"),
    "raw_data": ("input", "Receipts: the sha256 of every raw file of a data set; manifests: where they come from"),
    "table": ("output", "Tables as tidy CSV, units in the columns' names"),
    "figure": ("output", "Figures and animations"),
    "report": ("output", "The report, one page that needs no network"),
    "model": ("output", "Weights"),
    "poisoned_data": ("output", "Descriptions (Croissant) of poisoned data sets, with their conditions of use"),
}


def _media(path: str) -> str:
    return _MEDIA.get(Path(path).suffix) or mimetypes.guess_type(path)[0] or "application/octet-stream"


def _compact(entity: Mapping[str, Any]) -> dict[str, Any]:
    """Lists of one value as that value, as RO-Crate recommends."""
    return {name: value[0] if isinstance(value, list) and len(value) == 1 else value for name, value in entity.items()}


class _Crate:
    def __init__(self, folder: str) -> None:
        self.folder = folder
        self.crate = ROCrate(version="1.1")
        self.crate.metadata.extra_terms["sha256"] = SHA256
        self.examples: dict[str, list[Any]] = {}

    def entity(self, identifier: str, **properties: Any) -> Any:
        typed = {("@type" if name == "type" else name): value for name, value in properties.items()}
        return self.crate.add(ContextEntity(self.crate, identifier, properties=typed))

    def file(self, path: str, hashes: Mapping[str, Any], parameter: str | None = None, **properties: Any) -> Any:
        """A file by its path from the project's folder; it is the crate's own when it stands in the crate's."""
        inside = path.startswith(f"{self.folder}/")
        described = {
            "name": path.removeprefix(f"{self.folder}/"),
            "encodingFormat": _media(path),
            "sha256": hashes["sha256"],
            "contentSize": str(hashes["bytes"]),
            **properties,
        }
        if inside:
            entity = self.crate.add(
                LocalFile(self.crate, dest_path=path.removeprefix(f"{self.folder}/"), properties=described)
            )
        else:
            entity = self.entity(f"#{path}", type="File", **described)
            self.crate.root_dataset.append_to("hasPart", entity)
        if parameter:
            self.examples.setdefault(parameter, []).append(entity)
            entity["exampleOfWork"] = {"@id": f"#parameter-{parameter}"}
        return entity

    def text(self) -> str:
        """The metadata as JSON, in one order."""
        content = self.crate.metadata.generate()
        content["@graph"] = [_compact(entity) for entity in content["@graph"]]
        content["@graph"].sort(key=lambda entity: (entity["@id"] != "ro-crate-metadata.json", entity["@id"]))
        return json.dumps(content, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def _terms(crate: _Crate, modules: Mapping[str, str]) -> dict[str, Any]:
    """Terms and citation of each data set, by its name in the configuration."""
    licences = {}
    for name, module in sorted(modules.items()):
        info = names.load("sources.datasets", module).INFO
        licences[name] = crate.entity(
            f"#terms-{name}",
            type="CreativeWork",
            name=f"Terms of {info.title} ({name})",
            description=info.terms,
            **({"citation": info.citation} if info.citation else {}),
            **({"conditionsOfAccess": info.access} if info.access else {}),
        )
    return licences


def _parameters(crate: _Crate, workflow: Any) -> None:
    for name, (side, description) in _PARAMETERS.items():
        if name not in crate.examples:
            continue
        parameter = crate.entity(
            f"#parameter-{name}",
            type="FormalParameter",
            name=name,
            description=description,
            additionalType="File",
            conformsTo={"@id": "https://bioschemas.org/profiles/FormalParameter/1.0-RELEASE"},
            workExample=crate.examples[name],
        )
        workflow.append_to(side, parameter)


def _parameter_of(path: str) -> str | None:
    """Which of the workflow's outputs or inputs a file is; None for what is in between."""
    if path.endswith("/croissant.json"):
        return "poisoned_data"
    if path.endswith("/receipt.json"):
        return "raw_data"
    if path.endswith("/model.safetensors"):
        return "model"
    return {"tables": "table", "figures": "figure", "report": "report"}.get(Path(path).parent.name)


def _workflow(crate: _Crate, sources: Sequence[str], past: History) -> Any:
    first, *others = sources
    versions = past.versions()
    language = {"type": "ComputerLanguage", "name": "Snakemake", "version": versions.get("snakemake", "unknown")}
    version = f"{versions.get('kinesec', 'unknown')}, commit {past.commits()}"
    workflow = crate.file(first, fingerprint(first), version=version, encodingFormat="text/plain")
    workflow["name"] = "kinesec"
    workflow["description"] = "Poisons, trains, attacks, defends and reports on models of human motion"
    workflow.properties()["@type"] = ["File", "SoftwareSourceCode", "ComputationalWorkflow"]
    workflow["conformsTo"] = {"@id": "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"}
    workflow["creator"] = crate.entity("#kinesec", type="Organization", name="The kinesec developers")
    workflow["license"] = crate.entity(LICENCE, type="CreativeWork", name="MIT licence", description="Of the software")
    workflow["programmingLanguage"] = crate.entity(
        "https://w3id.org/workflowhub/workflow-ro-crate#snakemake",
        url={"@id": "https://snakemake.github.io"},
        **language,
    )
    workflow["softwareRequirements"] = [
        crate.entity(
            SOFTWARE.get(package, f"https://pypi.org/project/{package}/"),
            type="SoftwareApplication",
            name=package,
            softwareVersion=version,
            url={"@id": SOFTWARE.get(package, f"https://pypi.org/project/{package}/")},
        )
        for package, version in versions.items()
        if package != "kinesec"
    ]
    parts = [crate.file(path, fingerprint(path)) for path in others if not path.endswith(".csv")]
    if parts:
        workflow["hasPart"] = parts
    crate.crate.mainEntity = workflow
    return workflow


def describe(
    *,
    run: str,
    folder: str,
    artefacts: Sequence[str],
    configuration: str,
    sources: Sequence[str],
    modules: Mapping[str, str],
) -> str:
    """The crate's metadata as JSON; paths are relative to the project's folder, where this is called.

    ``folder`` is the crate's; ``artefacts`` are what the run was asked for; ``configuration`` and ``sources`` (the
    Snakefile first, then its rules and the manifests) stand in ``folder``; ``modules`` are the data sets' modules.
    """
    past = history(artefacts, Certificates())
    crate = _Crate(folder)
    terms = _terms(crate, modules)
    workflow = _workflow(crate, sources, past)
    inputs = [crate.file(configuration, fingerprint(configuration), "configuration")]
    inputs += [crate.file(path, fingerprint(path), "raw_data") for path in sources if path.endswith(".csv")]
    results: list[Any] = []
    for path, hashes in past.outputs.items():
        parameter = _parameter_of(path)
        if parameter is None or identity(hashes) is None:
            continue
        licence = terms.get(Path(path).parts[1]) if parameter == "raw_data" else None
        entity = crate.file(path, hashes, parameter, **({"license": licence} if licence else {}))
        (inputs if parameter == "raw_data" else results).append(entity)
    _parameters(crate, workflow)
    action = crate.entity(
        "#run",
        type="CreateAction",
        name=f"Run {run!r} of kinesec",
        description=f"{len(past.jobs)} jobs; the time is from the start of the first to the end of the last, however "
        f"many sittings that took. Each output's own certificate (*.run.json) says what its job took",
        instrument=workflow,
        object=inputs,
        result=results,
        startTime=past.started,
        endTime=past.ended,
        actionStatus="http://schema.org/CompletedActionStatus",
    )
    _root(crate, run, past, action, terms, len(results))
    return crate.text()


def _root(crate: _Crate, run: str, past: History, action: Any, terms: Mapping[str, Any], results: int) -> None:
    root = crate.crate.root_dataset
    root["name"] = f"kinesec run {run!r}"
    root["description"] = (
        f"What kinesec made of its configuration {run!r}: {results} tables, figures, reports, models and descriptions "
        "of poisoned data. Models may carry backdoors, put there for research"
    )
    root["datePublished"] = past.ended
    root["license"] = crate.entity(
        "#terms",
        type="CreativeWork",
        name="Terms of the results",
        description="Results are made from data sets whose terms hold for them as well: "
        + "; ".join(f"{name}: {entity['description']}" for name, entity in terms.items()),
    )
    root["mentions"] = [action]
    root["conformsTo"] = [
        crate.entity(profile, type="CreativeWork", name=name, version=profile.rsplit("/", 1)[1])
        for profile, name in PROFILES.items()
    ]
    crate.crate.metadata["conformsTo"] = [
        {"@id": "https://w3id.org/ro/crate/1.1"},
        {"@id": "https://w3id.org/workflowhub/workflow-ro-crate/1.0"},
    ]


def write(
    out: Path,
    *,
    run: str,
    artefacts: Sequence[str],
    configuration: Mapping[str, Any],
    configuration_copy: str,
    copies: Mapping[str, str],
    modules: Mapping[str, str],
) -> None:
    """Writes ``out`` (``ro-crate-metadata.json``) and the copies it speaks of, all but times the same each time.

    ``copies`` are the workflow's files and where they go in the crate, the Snakefile first. Raises ``KinesecError``
    when an artefact has no certificate.
    """
    for source, copy in copies.items():
        Path(copy).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    Path(configuration_copy).write_text(yaml.safe_dump(dict(configuration), sort_keys=True, allow_unicode=True))
    text = describe(
        run=run,
        folder=out.parent.as_posix(),
        artefacts=artefacts,
        configuration=configuration_copy,
        sources=list(copies.values()),
        modules=modules,
    )
    part = out.with_suffix(".part")
    part.write_text(text, "utf-8")
    part.replace(out)
