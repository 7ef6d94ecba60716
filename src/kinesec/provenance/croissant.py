"""Croissant 1.1 metadata of a poisoned data set, written beside its store.

Croissant (MLCommons) is JSON-LD over schema.org: files with hashes, records with typed fields, terms, and in its RAI
vocabulary what was done to the data and what they are for. Zarr is no format that Croissant's readers open: its files
are listed with their hash, its arrays described, and ``store.read`` or ``xarray.open_zarr`` reads them.
"""

from __future__ import annotations

import ast
import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import xarray as xr

from kinesec import names
from kinesec.errors import KinesecError
from kinesec.files import schema, store
from kinesec.provenance.certificates import Certificates, fingerprint
from kinesec.sources.datasets.base import Info

VERSION = "http://mlcommons.org/croissant/1.1"
RAI = "http://mlcommons.org/croissant/RAI/1.0"
# The standard's context: its own terms under `cr`, all others schema.org's
_TERMS = (
    *("arrayShape", "citeAs", "column", "containedIn", "equivalentProperty", "extract", "field", "fileObject"),
    *("fileProperty", "fileSet", "format", "includes", "isArray", "isLiveDataset", "jsonPath", "key", "md5"),
    *("parentField", "path", "recordSet", "references", "regex", "repeated", "replace", "samplingRate", "separator"),
    *("source", "subField", "transform"),
)
CONTEXT: dict[str, Any] = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    "cr": "http://mlcommons.org/croissant/",
    "dct": "http://purl.org/dc/terms/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "sc": "https://schema.org/",
    "conformsTo": "dct:conformsTo",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "description": {"@container": "@language"},
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "name": {"@container": "@language"},
    **{term: f"cr:{term}" for term in _TERMS},
}
_TYPES = {"str": "sc:Text", "bool": "sc:Boolean", "uint8": "cr:UInt8"}
_MEANING = {
    ("poison", "position"): "joint positions in millimetres, y up, global; the history carries the trigger, the "
    "future is the attacker's target",
    ("poison", "index"): "which of the clean store's training windows it was made from, counted from 0",
}
CONDITIONS = (
    "Poisoned on purpose, for research on attacks and defences alone: a model trained on it can carry a backdoor. Do "
    "not mix it into data that others train on, and keep these words with it. What the terms of the clean data allow "
    "and forbid holds for it as well: {terms}."
)


def _type(dtype: str) -> str:
    return _TYPES.get(dtype) or f"cr:{dtype.capitalize()}"


def _field(kind: str, record: str, name: str, array: xr.DataArray) -> dict[str, Any]:
    dtype = "str" if array.dtype.kind in "OTU" else str(array.dtype)
    shape = array.shape[1:]
    dims = f"; dimensions ({', '.join(map(str, array.dims[1:]))})" if shape else ""
    described: dict[str, Any] = {
        "@type": "cr:Field",
        "@id": f"{record}/{name}",
        "name": name,
        "description": f"{_MEANING.get((kind, name), f'the array {name}')}{dims}; {dtype}",
        "dataType": _type(dtype),
        "source": {"fileSet": {"@id": "store"}, "extract": {"fileProperty": "content"}},
    }
    return described | ({"isArray": True, "arrayShape": ",".join(map(str, shape))} if shape else {})


def _record_sets(kind: str, data: xr.Dataset) -> list[dict[str, Any]]:
    """One a first dim: its arrays are the fields of one record."""
    sets: dict[str, dict[str, Any]] = {}
    for key, array in sorted(data.variables.items(), key=lambda item: str(item[0])):
        record = str(array.dims[0])
        described = sets.setdefault(
            record,
            {
                "@type": "cr:RecordSet",
                "@id": record,
                "name": record,
                "description": f"{data.sizes[array.dims[0]]} records, one a {record}",
                "field": [],
            },
        )
        described["field"].append(_field(kind, record, str(key), data[key]))
    return [sets[name] for name in sorted(sets)]


def _method(rule: str) -> str:
    """What the module of a poisoning says of itself in its first line, which names its paper; nothing is imported."""
    name = rule.removeprefix("poison_")
    if name not in names.available("poisoning.prediction"):
        return name
    text = Path(__file__).parents[1].joinpath("poisoning", "prediction", f"{name}.py").read_text("utf-8")
    return (ast.get_docstring(ast.parse(text)) or name).splitlines()[0].rstrip(".")


def _ni(sha256: str) -> str:
    """A name by content (RFC 6920), for what has no address."""
    return "ni:///sha-256;" + base64.urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")


def describe(path: Path, info: Info, certificate: Mapping[str, Any]) -> dict[str, Any]:
    """The metadata of the store at ``path``: ``info`` is the clean data set's, ``certificate`` its job's.

    Raises ``StoreError`` for a store that does not follow its schema.
    """
    kind = json.loads((path / "zarr.json").read_text("utf-8")).get("attributes", {}).get("kind", "poison")
    data = store.read(path, schema.load(kind))
    attrs = data.attrs
    method = _method(certificate["rule"])
    settings = {name: value for name, value in certificate["params"].items() if name != "code"}
    parameters = {"seed": certificate["seed"], "ratio": attrs.get("ratio"), "mode": attrs.get("mode"), **settings}
    count = data.sizes[_first_dim(data)]
    share = f", {100 * count / attrs['candidates']:.3g} % of its training windows" if attrs.get("candidates") else ""
    return {
        "@context": CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": [VERSION, RAI],
        "name": f"{attrs['dataset']}-{attrs['poison']}-seed{certificate['seed']}",
        "description": f"{count} poisoned samples of {info.title}{share}: {attrs['poison']}. {method}. "
        f"Only the poisoned samples are here; training joins them with the clean ones.",
        "url": _ni(attrs["content_sha256"]),
        "version": f"1.0.0+{attrs['content_sha256'][:12]}",
        "datePublished": str(certificate["ended"])[:10],
        "creator": {"@type": "sc:Organization", "name": "The kinesec developers"},
        "keywords": ["poisoned data", "backdoor", "human motion", "security research"],
        "license": info.terms,
        "usageInfo": {
            "@type": "sc:CreativeWork",
            "name": "Conditions of use",
            "text": CONDITIONS.format(terms=info.terms.rstrip(".")),
        },
        **({"conditionsOfAccess": f"The clean data: {info.access}"} if info.access else {}),
        "citeAs": ". ".join(part.rstrip(".") for part in (info.citation, method) if part) + ".",
        "isBasedOn": {
            "@type": "sc:Dataset",
            "name": info.title,
            **({"identifier": _ni(attrs["clean_content_sha256"])} if attrs.get("clean_content_sha256") else {}),
        },
        "additionalProperty": [
            {"@type": "sc:PropertyValue", "name": name, "value": _text(value)}
            for name, value in sorted(parameters.items())
        ],
        "rai:dataManipulationProtocol": f"{method}. Settings: {json.dumps(parameters, sort_keys=True)}",
        "rai:dataUseCases": ["Testing whether models of human motion can be backdoored, and defences against it"],
        "rai:dataLimitations": ["Not for training any model that is put to use", "Labels and futures are false"],
        "rai:personalSensitiveInformation": ["Motion capture of people may tell who they are by how they move"],
        "distribution": _distribution(path),
        "recordSet": _record_sets(kind, data),
    }


def _first_dim(data: xr.Dataset) -> str:
    return str(max((array.dims[0] for array in data.variables.values()), key=lambda dim: data.sizes[dim]))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, sort_keys=True)


def _distribution(path: Path) -> list[dict[str, Any]]:
    hashes = fingerprint(path / "zarr.json")
    return [
        {
            "@type": "cr:FileObject",
            "@id": "metadata",
            "name": f"{path.name}/zarr.json",
            "description": f"Names, shapes and types; content_sha256 {hashes['content_sha256']} is of all arrays and "
            "attributes, whatever their chunks",
            "contentUrl": f"{path.name}/zarr.json",
            "encodingFormat": "application/json",
            "sha256": hashes["sha256"],
        },
        {
            "@type": "cr:FileSet",
            "@id": "store",
            "name": path.name,
            "description": "A Zarr version 3 store",
            "includes": f"{path.name}/**",
            "encodingFormat": "application/vnd.zarr",
        },
    ]


def write(path: Path, out: Path, info: Info) -> None:
    """Writes the metadata of the store at ``path`` to ``out``; the same store and certificate give the same bytes.

    Raises ``KinesecError`` when no certificate says how the store was made.
    """
    certificate = Certificates().of(path / "zarr.json")
    if certificate is None:
        raise KinesecError(f"{path}: found no certificate (*.run.json) beside it; run its rule again")
    text = json.dumps(describe(path, info, certificate), indent=1, ensure_ascii=False)
    part = out.with_suffix(".part")
    part.write_text(text + "\n", "utf-8")
    part.replace(out)
