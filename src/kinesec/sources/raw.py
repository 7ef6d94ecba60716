"""Raw files in place, whatever they come from: a manifest, a generator or the user's own copy; and their receipt."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.files.hashing import sha256_of
from kinesec.progress import track
from kinesec.sources.manifest import read_manifest
from kinesec.sources.retrieve import retrieve

Data = Mapping[str, Any]


def _own_copy(data: Data, module: Any) -> tuple[Path, list[str]]:
    if not data["folder"]:
        raise ConfigError(
            f"datasets: {data['module']}: found no `folder`, expected your own copy; ask for it at {module.INFO.access}"
            if module.INFO.access
            else f"datasets: {data['module']}: found no `folder`, expected the folder that holds the files"
        )
    folder = Path(data["folder"])
    if not folder.is_dir():
        raise ConfigError(f"datasets: {data['module']}: folder: found no folder {folder}, expected your copy there")
    files = (path for path in folder.rglob("*") if path.is_file())
    kept = [path.relative_to(folder).as_posix() for path in files]
    return folder, [path for path in kept if not any(part.startswith(".") for part in path.split("/"))]


def provide(data: Data, *, receipt: Path, manifest: Path | None, mirror: str | None) -> None:
    """Puts a data set's files in place and writes ``receipt`` (JSON): their folder, hashes, and those absent.

    A ``folder`` of the user's own comes first, then the manifest, then the data set's own generator. Raises
    ``ConfigError`` when there is none of them and ``RetrieveError`` when a file is not to be had.
    """
    module = names.load("sources.datasets", data["module"])
    absent: list[str] = []
    if data["folder"] or not (manifest or hasattr(module, "generate")):
        folder, files = _own_copy(data, module)
    elif manifest:
        folder = receipt.parent / "raw"
        retrieve(manifest, folder, mirror=mirror, mirror_folder=data.get("mirror_folder", ""))
        entries = read_manifest(manifest)
        files = [entry.path for entry in entries if entry.present]
        absent = [entry.path for entry in entries if not entry.present]
    else:
        folder = receipt.parent / "raw"
        files = module.generate(folder, data["settings"])
    content = {
        "folder": str(folder),
        "absent": sorted(absent),
        "files": {path: sha256_of(folder / path) for path in track(sorted(files), "hashing files")},
    }
    receipt.parent.mkdir(parents=True, exist_ok=True)
    part = receipt.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1) + "\n")
    part.replace(receipt)
