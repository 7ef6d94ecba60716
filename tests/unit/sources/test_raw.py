from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from kinesec.errors import ConfigError, KinesecError
from kinesec.files import store
from kinesec.files.kinds.motions import MOTIONS
from kinesec.names import available, load
from kinesec.sources.errors import RetrieveError
from kinesec.sources.ingest import ingest_receipt
from kinesec.sources.raw import provide

TINY = {"performers": 3, "takes": 1, "seconds": 1.0, "fps": 30, "actions": ["wave"]}


def data(module: str, **changes: Any) -> dict[str, Any]:
    return {"module": module, "folder": None, "settings": {}, **changes}


def receipt_of(tmp_path: Path) -> dict[str, Any]:
    receipt: dict[str, Any] = json.loads((tmp_path / "resources" / "receipt.json").read_text())
    for path, sha256 in receipt["files"].items():
        assert hashlib.sha256((Path(receipt["folder"]) / path).read_bytes()).hexdigest() == sha256
    return receipt


def give(
    tmp_path: Path, what: dict[str, Any], manifest: Path | None = None, mirror: str | None = None
) -> dict[str, Any]:
    provide(what, receipt=tmp_path / "resources" / "receipt.json", manifest=manifest, mirror=mirror)
    return receipt_of(tmp_path)


def test_generated_files_and_their_store(tmp_path: Path) -> None:
    what = data("procedural", settings=TINY)
    receipt = give(tmp_path, what)
    assert sorted(receipt["files"]) == [f"performer0{i}_wave_1.bvh" for i in (1, 2, 3)]
    again = give(tmp_path, what)
    assert again == receipt
    out = tmp_path / "m.zarr"
    ingest_receipt(what, receipt=tmp_path / "resources/receipt.json", out=out, name="mine", on_bad_file="stop")
    motions = store.read(out, MOTIONS)
    assert sorted(str(split) for split in motions["split"].values) == ["test", "train", "val"]
    assert motions.attrs["dataset"] == "mine"
    assert [str(sha256) for sha256 in motions["sha256"].values] == [
        receipt["files"][str(s)] for s in motions["source"].values
    ]


def manifest(tmp_path: Path, content: bytes) -> Path:
    (tmp_path / "mirror" / "set").mkdir(parents=True)
    (tmp_path / "mirror" / "set" / "a.txt").write_bytes(b"one")
    rows = [
        "path,sha256,bytes,address,status",
        f"a.txt,{hashlib.sha256(content).hexdigest()},{len(content)},https://example.org/a.txt,present",
        "b.txt,,,https://example.org/b.txt,absent",
    ]
    (tmp_path / "m.csv").write_text("\n".join(rows) + "\n")
    return tmp_path / "m.csv"


def test_a_manifests_files_from_a_mirror(tmp_path: Path) -> None:
    what = data("cmu_expmap", mirror_folder="set")
    receipt = give(tmp_path, what, manifest(tmp_path, b"one"), str(tmp_path / "mirror"))
    assert list(receipt["files"]) == ["a.txt"]
    assert receipt["absent"] == ["b.txt"]
    assert Path(receipt["folder"]) == tmp_path / "resources" / "raw"


def test_another_file_in_the_mirror_leaves_no_receipt(tmp_path: Path) -> None:
    what = data("cmu_expmap", mirror_folder="set")
    with pytest.raises(RetrieveError, match="found sha256"):
        give(tmp_path, what, manifest(tmp_path, b"two"), str(tmp_path / "mirror"))
    assert not (tmp_path / "resources" / "receipt.json").exists()


def test_ones_own_folder_comes_before_the_manifest(tmp_path: Path) -> None:
    folder = tmp_path / "own"
    (folder / "S1").mkdir(parents=True)
    (folder / "S1" / "walking_1.txt").write_text("1")
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "x").write_text("1")
    (folder / ".y").write_text("1")
    receipt = give(tmp_path, data("h36m", folder=str(folder)), manifest(tmp_path, b"one"))
    assert list(receipt["files"]) == ["S1/walking_1.txt"]
    assert receipt["folder"] == str(folder)
    assert (receipt["absent"], sorted(path.name for path in folder.iterdir())) == ([], [".hidden", ".y", "S1"])


LICENSED = [name for name in available("sources.datasets") if load("sources.datasets", name).INFO.access]


@pytest.mark.parametrize("module", LICENSED)
def test_licensed_data_without_a_folder_says_where_to_ask(tmp_path: Path, module: str) -> None:
    with pytest.raises(ConfigError, match=f"{module}: found no `folder`, expected your own copy; ask for it") as raised:
        give(tmp_path, data(module))
    assert load("sources.datasets", module).INFO.access in str(raised.value)
    assert "\n" not in str(raised.value)


def test_there_is_licensed_data() -> None:
    assert {"h36m", "ntu60", "ntu120", "mhad"} <= set(LICENSED)


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(KinesecError, match=r"folder: found no folder .*gone, expected your copy there"):
        give(tmp_path, data("h36m", folder=str(tmp_path / "gone")))
    with pytest.raises(ConfigError, match="folder: found no `folder`, expected the folder that holds the files"):
        give(tmp_path, data("folder"))
    assert not (tmp_path / "resources").exists()
