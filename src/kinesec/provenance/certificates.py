"""Birth certificates: the ``*.run.json`` beside a rule's first output says what it was made by, of and in.

Outputs stand in it with their hashes, inputs too, so that each file can be checked and followed back to raw files.
A file's hash is the sha256 of its bytes, a store's the ``content_sha256`` of its arrays and attributes; of a store the
sha256 of ``zarr.json`` is kept as well, as its consolidated metadata are what readers see and no array's content.
"""

from __future__ import annotations

import json
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kinesec.files.hashing import sha256_of

Facts = dict[str, Any]
SUFFIX = ".run.json"
PACKAGES = ("kinesec", "numpy", "scipy", "xarray", "zarr", "torch", "safetensors", "pandas", "pyarrow", "snakemake")


def beside(output: str | Path) -> Path:
    """Where the certificate of the rule stands whose first output this is; a store is named by its ``zarr.json``."""
    path = Path(output)
    first = path.parent if path.name == "zarr.json" else path
    return first.with_name(f"{first.name}{SUFFIX}")


def fingerprint(path: str | Path) -> Facts:
    """Hashes and size of a file (``sha256``, ``bytes``) or store (``content_sha256``, ``sha256`` of ``zarr.json``).

    A store's content hash is the one it states, which ``store.verify`` checks; its ``bytes`` are those of all its
    files. Empty for what is not there.
    """
    path = Path(path)
    if not path.is_file():
        return {}
    hashes: Facts = {"sha256": sha256_of(path)}
    if path.name != "zarr.json":
        return hashes | {"bytes": path.stat().st_size}
    attributes = json.loads(path.read_text("utf-8")).get("attributes", {})
    size = sum(file.stat().st_size for file in path.parent.rglob("*") if file.is_file())
    return hashes | {"content_sha256": attributes.get("content_sha256"), "bytes": size}


def identity(hashes: Mapping[str, Any]) -> str | None:
    """The one hash of a fingerprint that names its content: a store's content hash, any other file's sha256."""
    named = hashes.get("content_sha256", hashes.get("sha256"))
    return named if isinstance(named, str) else None


def raw_files(receipt: str | Path) -> dict[str, str]:
    """The sha256 of each raw file that a receipt names, by its path."""
    content = json.loads(Path(receipt).read_text("utf-8"))
    return {str(Path(content["folder"], name)): sha256 for name, sha256 in content["files"].items()}


def commit() -> Facts:
    """The commit the working tree stands at and whether it was changed; unknown outside a git checkout."""
    try:
        run = ["git", "-c", "safe.directory=*"]
        head = subprocess.run([*run, "rev-parse", "HEAD"], capture_output=True, text=True, check=True).stdout.strip()
        status = subprocess.run([*run, "status", "--porcelain"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return {"commit": None, "dirty": None}
    return {"commit": head, "dirty": bool(status.strip())}


def versions() -> dict[str, str]:
    """The versions of the packages that numbers depend on, without importing them."""
    installed = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            installed[name] = version(name)
        except ImportError:
            continue
    return installed


def _machine() -> Facts:
    """What the job ran on: the GPU where it used one, and what it took at most (MB; memory of the largest process)."""
    itself, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    machine: Facts = {
        "host": platform.node(),
        "device": platform.machine(),
        "peak_memory_mb": round(max(itself, children) / 1024, 1),
    }
    torch = sys.modules.get("torch")
    if torch is None:
        return machine
    if not torch.cuda.is_initialized():
        return machine | {"device": f"{platform.machine()} (CPU)"}
    gpu = {"peak_gpu_memory_mb": round(torch.cuda.max_memory_allocated() / 2**20, 1)}
    return machine | {"device": str(torch.cuda.get_device_name())} | gpu


def _inputs(inputs: Iterable[str], outputs: Iterable[str]) -> dict[str, str | None]:
    """Inputs with their hashes; of raw files, which may be many and large, those that the job's receipt took."""
    known: dict[str, str] = {}
    for path in outputs:
        if Path(path).name == "receipt.json" and Path(path).is_file():
            known |= raw_files(path)
    return {path: known[path] if path in known else identity(fingerprint(path)) for path in inputs}


def withdraw(snakemake: Any) -> None:
    """Removes the certificate of an earlier run of the job, whose outputs Snakemake has removed before this one."""
    if snakemake.output:
        beside(str(snakemake.output[0])).unlink(missing_ok=True)


def write(snakemake: Any, started: float) -> None:
    """Writes the certificate of a finished job that began at ``started`` (seconds since 1970), if it has outputs."""
    outputs = [str(path) for path in snakemake.output]
    if not outputs:
        return
    params = {name: value for name, value in dict(snakemake.params).items() if isinstance(name, str)}
    wildcards = dict(snakemake.wildcards)
    ended = time.time()
    content: Facts = {
        "rule": snakemake.rule,
        "wildcards": wildcards,
        "params": params,
        "code": params.get("code"),
        "seed": int(wildcards["seed"]) if "seed" in wildcards else None,
        "inputs": _inputs([str(path) for path in snakemake.input], outputs),
        "outputs": {path: fingerprint(path) for path in outputs},
        "threads": snakemake.threads,
        **commit(),
        "versions": versions(),
        **_machine(),
        "started": _iso(started),
        "ended": _iso(ended),
        "wall_s": round(ended - started, 3),
    }
    path = beside(outputs[0])
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1, sort_keys=True, default=str) + "\n")
    part.replace(path)


def _iso(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="seconds")


class Certificates:
    """The certificates of a project's folder, found by any output that stands in its certificate's own folder.

    Paths are relative to ``root``, as they stand in certificates. Each folder is read once.
    """

    def __init__(self, root: str | Path = ".") -> None:
        self.root = Path(root)
        self._folders: dict[Path, dict[str, Facts]] = {}

    def of(self, output: str | Path) -> Facts | None:
        """The certificate of the job that made ``output``; None where there is none or it cannot be read."""
        folder = beside(output).parent
        if folder not in self._folders:
            self._folders[folder] = dict(self._read(folder))
        return self._folders[folder].get(os.fspath(output))

    def _read(self, folder: Path) -> Iterable[tuple[str, Facts]]:
        for path in sorted((self.root / folder).glob(f"*{SUFFIX}")):
            try:
                content = json.loads(path.read_text("utf-8"))
                yield from ((output, content) for output in content["outputs"])
            except (OSError, ValueError, KeyError, TypeError):
                continue
