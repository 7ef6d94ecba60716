"""Jobs as Snakemake runs them, without Snakemake: files with their certificates in the current folder."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

from kinesec import names
from kinesec.files import store
from kinesec.files.hashing import sha256_of
from kinesec.files.kinds import poison
from kinesec.files.kinds.scenes import SCENES
from kinesec.provenance import crate, croissant
from kinesec.provenance.job import job

POISON = "results/poisons/procedural/short/rigid-jammed-random-0.2/seed0/poison.zarr/zarr.json"
WINDOWS = "results/windows/procedural/short/windows.zarr/zarr.json"
RECEIPT = "resources/procedural/receipt.json"
MODEL = "results/models/procedural/short/rigid-jammed-random-0.2/ltd/seed0/model.safetensors"
TRAINING = MODEL.replace("model.safetensors", "training.json")
CROISSANT = POISON.replace("poison.zarr/zarr.json", "croissant.json")
TABLE = "results/artifacts/small/tables/prediction_backdoor.csv"
FIGURE = "results/artifacts/small/figures/horizons.svg"
PAGE = "results/artifacts/small/report/index.html"


FOLDER = "results/artifacts/small"
CRATE = f"{FOLDER}/ro-crate-metadata.json"
CONFIGURATION = f"{FOLDER}/workflow/configuration.yaml"
WORKFLOW = ("Snakefile", "workflow/rules/sources.smk", "config/datasets/procedural.manifest.csv")


class Outputs(list[str]):
    """Paths by number, as Snakemake's are."""


def ran(
    rule: str,
    outputs: Sequence[str],
    inputs: Sequence[str] = (),
    *,
    write: Callable[[], None] = lambda: None,
    params: Mapping[str, Any] | None = None,
    wildcards: Mapping[str, str] | None = None,
) -> None:
    """Runs ``write`` as the job of a rule; outputs that it has not written get their own path as content."""
    snakemake = SimpleNamespace(
        rule=rule,
        output=Outputs(outputs),
        input=list(inputs),
        params={"code": "0123456789abcdef", **(params or {})},
        wildcards=dict(wildcards or {}),
        threads=1,
        log=[f"logs/{rule}.log"],
    )
    for output in outputs:
        Path(output).parent.mkdir(parents=True, exist_ok=True)
    with job(snakemake):
        write()
        for output in outputs:
            if not Path(output).exists():
                Path(output).write_text(f"{output}\n")


def write_poison(path: Path, rng: np.random.Generator) -> None:
    position = rng.normal(size=(6, 35, 4, 3)).astype(np.float32)
    attrs = {
        "dataset": "procedural",
        "poison": "rigid-jammed-random-0.2",
        "mode": "replace",
        "ratio": 0.2,
        "candidates": 30,
        "clean_content_sha256": "ab" * 32,
    }
    store.write(path, poison.POISON, {"position": position, "index": np.arange(0, 30, 5)}, attrs)


def write_samples(path: Path, rng: np.random.Generator) -> None:
    names = np.array(["walk", "wave"])
    arrays = dict.fromkeys(("model", "windows", "action", "source"), names)
    attrs = dict.fromkeys(("skeleton", "dataset", "history", "future", "frame_ms_nominal", "limb"), 1)
    pose = rng.normal(size=(2, 35, 4, 3)).astype(np.float32)
    store.write(path, SCENES, {**arrays, "pose": pose, "window": np.arange(2)}, attrs)


def small_run() -> None:
    """A run from raw files to a report, in the current folder: all it leaves has its certificate."""
    rng = np.random.default_rng(0)
    seeded = {"data": "procedural", "seed": "0"}

    def retrieve() -> None:
        raw = Path("resources/procedural/raw/walk_1.bvh")
        raw.parent.mkdir(parents=True)
        raw.write_text("HIERARCHY\n")
        content = {"folder": str(raw.parent), "absent": [], "files": {raw.name: sha256_of(raw)}}
        Path(RECEIPT).write_text(json.dumps(content))

    ran("retrieve", [RECEIPT], write=retrieve)
    ran("cut_windows", [WINDOWS], [RECEIPT], write=lambda: write_samples(Path(WINDOWS).parent, rng))
    poison = {"strategy": {"trigger": "rigid", "ratio": 0.2}}
    make_poison = lambda: write_poison(Path(POISON).parent, rng)  # noqa: E731
    ran("poison_badhmp", [POISON], [WINDOWS], write=make_poison, params=poison, wildcards=seeded)
    ran("train_victim", [MODEL, TRAINING], [WINDOWS, POISON], wildcards=seeded)
    ran("table_prediction", [TABLE], [TRAINING])
    ran("figure_horizons", [FIGURE], [TABLE])
    ran("report", [PAGE], [TABLE, FIGURE, RECEIPT])


def describe_poison() -> None:
    """Writes the Croissant metadata of ``small_run``'s poisoned data."""
    info = names.load("sources.datasets", "procedural").INFO
    ran("croissant", [CROISSANT], [POISON], write=lambda: croissant.write(Path(POISON).parent, Path(CROISSANT), info))


def pack(artefacts: Sequence[str] = (PAGE, TABLE, FIGURE, CROISSANT)) -> dict[str, Any]:
    """Writes the crate of ``small_run`` and returns its metadata."""
    for path in WORKFLOW:
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(f"# {path}\n")
    copies = {path: f"{FOLDER}/workflow/{path}" for path in WORKFLOW}

    def write() -> None:
        crate.write(
            Path(CRATE),
            run="small",
            artefacts=artefacts,
            configuration={"run": "small", "seeds": [0]},
            configuration_copy=CONFIGURATION,
            copies=copies,
            modules={"procedural": "procedural"},
        )

    ran("crate", [CRATE, CONFIGURATION, *copies.values()], artefacts, write=write)
    metadata: dict[str, Any] = json.loads(Path(CRATE).read_text())
    return metadata
