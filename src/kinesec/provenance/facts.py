"""Where a run's numbers come from: facts gathered from stores, receipts, training logs and birth certificates."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from kinesec import names
from kinesec.errors import KinesecError
from kinesec.files import store
from kinesec.files.hashing import sha256_of
from kinesec.files.kinds.motions import MOTIONS
from kinesec.files.kinds.windows import WINDOWS

Facts = dict[str, Any]


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise KinesecError(f"{path}: cannot be read ({error}); make it again") from error


def _certificate(path: Path) -> Facts:
    """The ``*.run.json`` beside a rule's first output, of which ``path`` is one; empty where there is none."""
    first = path.parent if path.name == "zarr.json" else path
    if path.name == "training.json":
        first = path.with_name("model.safetensors")
    sidecar = first.with_name(f"{first.name}.run.json")
    content: Facts = _json(sidecar) if sidecar.is_file() else {}
    return content


def _counts(names: xr.DataArray) -> dict[str, int]:
    return dict(sorted(Counter(map(str, names.values.tolist())).items()))


def _data_set(name: str, module: str, receipt: Path, motions: Path) -> Facts:
    info = names.load("sources.datasets", module).INFO
    content = _json(receipt)
    data = store.read(motions.parent, MOTIONS)
    return {
        "name": name,
        "title": info.title,
        "terms": info.terms,
        "citation": info.citation,
        "files": len(content["files"]),
        "absent": list(content["absent"]),
        "left_out": list(data.attrs["left_out"]),
        "sequences": _counts(data.split),
        "actions": sorted(set(map(str, data.action.values.tolist()))),
        "joints": len(data.attrs["skeleton"]["names"]),
        "fps_published": data.attrs["fps_published"],
        "fps_measured": data.attrs["fps_measured"],
        "recording": data.attrs["recording"],
        "sha256": data.attrs["content_sha256"],
    }


def _windows(path: Path) -> Facts:
    """``results/windows/<data>/<protocol>/windows.zarr/zarr.json``."""
    data = store.read(path.parent, WINDOWS)
    kept = ("history", "future", "stride", "fps", "frame_ms_nominal", "frame_ms_measured", "too_short")
    return {
        "dataset": data.attrs["dataset"],
        "name": path.parent.parent.name,
        "protocol": data.attrs["protocol"],
        "used_joints": len(data.attrs["used_joints"]),
        "windows": _counts(data.split),
        "sha256": data.attrs["content_sha256"],
        **{name: data.attrs.get(name) for name in kept},
    }


def _training(path: Path) -> Facts:
    """``results/models/<data>/<protocol>/<poison or clean>/<predictor>/seed<k>/training.json``."""
    dataset, protocol, poison, predictor = path.parts[-6:-2]
    content = _json(path)
    log = content["epochs"]
    certificate = _certificate(path)
    return {
        "dataset": dataset,
        "protocol": protocol,
        "poison": poison,
        "predictor": predictor,
        "module": content["predictor"],
        "seed": content["seed"],
        "parameters": content["parameters"],
        "training_windows": content["training_windows"],
        "poisoned_windows": content["poisoned_windows"],
        "epochs": len(log),
        "kept_epoch": content["kept_epoch"],
        "validation_mm": log[content["kept_epoch"] - 1]["validation_mm"],
        "device": certificate.get("device"),
        "wall_s": certificate.get("wall_s"),
    }


def _software(certificates: Iterable[Facts]) -> tuple[dict[str, list[str]], list[str]]:
    """Every package's versions, and the commits, of all jobs that left a certificate."""
    versions: dict[str, set[str]] = {}
    commits = set()
    for certificate in certificates:
        for package, version in certificate.get("versions", {}).items():
            versions.setdefault(package, set()).add(version)
        if certificate.get("commit"):
            commits.add(certificate["commit"] + (" (with changes)" if certificate.get("dirty") else ""))
    return {package: sorted(numbers) for package, numbers in sorted(versions.items())}, sorted(commits)


def gather(
    *,
    modules: Mapping[str, str],
    receipts: Mapping[str, Path],
    motions: Mapping[str, Path],
    windows: Sequence[Path],
    trainings: Sequence[Path],
    artefacts: Sequence[Path],
    seeds: Sequence[int],
    configuration: Mapping[str, Any],
) -> Facts:
    """The facts that ``page.build`` prints; its docstring says their shape.

    ``modules``, ``receipts`` and ``motions`` are by the data set's name in the configuration; stores are named by
    their ``zarr.json``. ``artefacts`` are the files people take away. Raises ``KinesecError`` for a file that cannot be
    read, ``StoreError`` for a store that does not follow its schema.
    """
    outputs = [*receipts.values(), *motions.values(), *windows, *trainings, *artefacts]
    versions, commits = _software(map(_certificate, outputs))
    return {
        "seeds": list(seeds),
        "datasets": [_data_set(name, modules[name], receipts[name], motions[name]) for name in sorted(motions)],
        "windows": [_windows(path) for path in sorted(windows)],
        "models": [_training(path) for path in sorted(trainings)],
        "versions": versions,
        "commits": commits,
        "configuration": dict(configuration),
        "artefacts": [
            {"path": path.as_posix(), "sha256": sha256_of(path), "bytes": path.stat().st_size}
            for path in sorted(artefacts)
        ],
    }


def models(trainings: Sequence[Path], receipts: Mapping[str, Path], motions: Mapping[str, Path]) -> list[Facts]:
    """Descriptions of clean models for ``comparison.compare``, from their logs (other logs are passed over).

    ``missing_files`` are the data set's absent files, ``held_out`` the sequences that its split keeps for validation.
    """
    absent = {name: list(_json(path)["absent"]) for name, path in receipts.items()}
    held_out = {}
    for name, path in motions.items():
        data = store.read(path.parent, MOTIONS)
        held_out[name] = sorted(str(source) for source in data.source.values[data.split.values == "val"])
    trained = []
    for path in sorted(trainings):
        dataset, _, poison, predictor = path.parts[-6:-2]
        content = _json(path)
        if poison == "clean":
            kept = {key: content[key] for key in ("settings", "recipe", "parameters")}
            model = {"dataset": dataset, "predictor": predictor, "module": content["predictor"], **kept}
            trained.append({**model, "missing_files": absent[dataset], "held_out": held_out[dataset]})
    return trained
