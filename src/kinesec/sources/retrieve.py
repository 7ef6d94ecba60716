"""Retrieval of raw files by manifest, from their publishers or from a mirror, each checked by its sha256.

No file has its final name before its hash was found right: it is written beside it as ``<name>.part`` first.
"""

from __future__ import annotations

import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import pooch

from kinesec.files.hashing import sha256_of
from kinesec.progress import Progress
from kinesec.sources.download import Download
from kinesec.sources.errors import RetrieveError
from kinesec.sources.manifest import Entry, read_manifest

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Retrieved:
    """A file that is in place: its path in the manifest, where it lies, and where it came from."""

    path: str
    file: Path
    origin: Literal["kept", "mirror", "publisher"]
    address: str


def _wrong(file: Path, address: str, actual: str, expected: str) -> RetrieveError:
    return RetrieveError(
        f"{file}: {address}: found sha256 {actual}, expected {expected}; nothing was kept: retrieve it again, and if "
        f"it stays so, the copy was altered: take another `mirror` or correct the manifest"
    )


def _copy(source: Path, file: Path, sha256: str, arrived: Callable[[int], None]) -> None:
    """Copies a mirror's file, with the hash of what was written, not of what was read."""
    part = file.with_name(f"{file.name}.part")
    try:
        shutil.copyfile(source, part)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise RetrieveError(
            f"{file}: {source}: {error.strerror or error}; correct `mirror` (or KINESEC_MIRROR), or leave it out to "
            f"fetch from the publisher"
        ) from error
    copied = sha256_of(part)
    if copied != sha256:
        part.unlink()
        raise _wrong(file, str(source), copied, sha256)
    arrived(part.stat().st_size)
    part.replace(file)


def _fetch(entry: Entry, file: Path, address: str, download: Download) -> None:
    try:
        pooch.retrieve(address, f"sha256:{entry.sha256}", file.name, file.parent, downloader=download)
    except ValueError as error:  # pooch's sign of a wrong hash; it has removed the file
        raise _wrong(file, address, download.sha256, entry.sha256) from error


def _make_way(file: Path) -> None:
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RetrieveError(
            f"{file.parent}: cannot be made as a folder: {error.strerror or error}; move what is there, or correct "
            f"the permissions"
        ) from error
    if file.is_dir():
        raise RetrieveError(f"{file}: found a folder, expected a file or nothing; move it away")


def retrieve(
    manifest: Path,
    folder: Path,
    *,
    mirror: str | None,
    mirror_folder: str,
    progress: bool = True,
    attempts: int = 3,
    timeout: float = 30.0,
    wait: float = 1.0,
) -> list[Retrieved]:
    """Puts every present file of a manifest into ``folder`` and returns them in path order.

    A file that is there with the right hash is kept; else it is copied from ``mirror`` (a local folder) or downloaded
    from ``mirror`` (an http address) or from its publisher. In a mirror it lies at ``<mirror>/<mirror_folder>/<path>``.
    A download is tried ``attempts`` times, goes on where it was cut off, and is given up when the server says nothing
    for ``timeout`` seconds; ``wait`` seconds pass before the second attempt, twice as many before each next one.

    Raises ``BadFile`` for a manifest that is none, and ``RetrieveError`` when a file cannot be had or its hash is
    wrong; then nothing lies under its final name.
    """
    pooch.get_logger().setLevel(logging.WARNING)
    entries = read_manifest(manifest)
    absent = [entry.path for entry in entries if not entry.present]
    if absent:
        log.info("%d of %d files are not with the publisher: %s", len(absent), len(entries), ", ".join(absent))
    present = [entry for entry in entries if entry.present]
    online = mirror is not None and mirror.lower().startswith(("http://", "https://"))
    retrieved: list[Retrieved] = []
    total = sum(entry.bytes for entry in present)
    with Progress(f"retrieve {folder.name}", total, unit="B", show=progress) as bar:
        for entry in present:
            file = folder / entry.path
            _make_way(file)
            if file.is_file() and sha256_of(file) == entry.sha256:
                bar.update(entry.bytes)
                retrieved.append(Retrieved(entry.path, file, "kept", entry.address))
            elif mirror is None or online:
                address = entry.address
                if mirror is not None:
                    address = f"{mirror.rstrip('/')}/{quote(f'{mirror_folder}/{entry.path}')}"
                download = Download(
                    file, entry.bytes, attempts=attempts, timeout=timeout, wait=wait, arrived=bar.update
                )
                _fetch(entry, file, address, download)
                retrieved.append(Retrieved(entry.path, file, "mirror" if online else "publisher", address))
            else:
                source = Path(mirror) / mirror_folder / entry.path
                _copy(source, file, entry.sha256, bar.update)
                retrieved.append(Retrieved(entry.path, file, "mirror", str(source)))
    return retrieved
