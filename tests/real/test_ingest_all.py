"""Real files through settings alone, against what their publishers say of them beside the files.

That every file of the shipped data sets is ingested, in its unit and upright, is
tested in tests/unit/sources/test_ingest.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from kinesec.files import store
from kinesec.files.kinds.motions import MOTIONS
from kinesec.sources.ingest import ingest_receipt
from kinesec.sources.raw import provide


def named(cfg: Path, kind: str) -> list[str]:
    lines = (cfg / f"{kind}_label.txt").read_text().split()
    return [line.removeprefix("dataset-1_") for line in lines]


def test_bandai_s_labels_are_the_publisher_s(repository: Path, shared: Path, tmp_path: Path) -> None:
    """As one's own copy, by `folder`: actions and styles come from the names, and the JSON beside each file agrees."""
    settings = yaml.safe_load((repository / "config/datasets/bandai_namco.yaml").read_text("utf-8"))["settings"]
    root = shared / "data/bandai_namco_1"
    data = {"module": "folder", "folder": str(root), "settings": settings}
    provide(data, receipt=tmp_path / "receipt.json", manifest=None, mirror=None)
    out = tmp_path / "motions.zarr"
    ingest_receipt(data, receipt=tmp_path / "receipt.json", out=out, name="bandai", on_bad_file="stop")
    motions = store.read(out, MOTIONS)
    assert motions.sizes["sequence"] == 174
    content, style = named(root / "cfg", "content"), named(root / "cfg", "style")
    published = [json.loads((root / path).with_suffix(".json").read_text()) for path in motions["source"].values]
    assert motions["action"].values.tolist() == [content[label["content"]] for label in published]
    assert motions["style"].values.tolist() == [style[label["style"]] for label in published]


def test_every_recording_is_in_a_manifest(repository: Path, shared: Path) -> None:
    """So that no file which a publisher gives is forgotten: BVH, AMC and exponential maps, however they are spelt."""
    for folder, name in {
        "bandai_namco_1": "bandai_namco",
        "cmu_asfamc": "cmu_asfamc",
        "cmu_mocap_expmap": "cmu_expmap",
        "hdm05_asfamc": "hdm05",
    }.items():
        root = shared / "data" / folder
        manifest = (repository / f"config/datasets/{name}.manifest.csv").read_text()
        present = {line.split(",")[0] for line in manifest.splitlines() if line.endswith(",present")}
        kinds = {".bvh", ".amc"} | ({".txt"} if name == "cmu_expmap" else set())
        there = {path.relative_to(root).as_posix() for path in root.rglob("*") if path.suffix.lower() in kinds}
        assert there
        assert there <= present, sorted(there - present)[:3]
