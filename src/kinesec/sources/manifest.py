"""A data set's manifest: one row a raw file, with its path, its hash and its publisher's address."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from kinesec.sources.errors import BadFile

COLUMNS = ("path", "sha256", "bytes", "address", "status")
_SHA256 = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class Entry:
    """One file of a data set; ``path`` is relative to the data set's folder, with forward slashes.

    A file that is not ``present`` belongs to the data set, but its publisher does not have it: ``sha256`` is empty.
    """

    path: str
    sha256: str
    bytes: int
    address: str
    present: bool


def inside(path: str) -> bool:
    """Whether a path with forward slashes names a file within its folder on every operating system."""
    parts = PurePosixPath(path).parts
    return bool(parts) and not path.startswith("/") and ".." not in parts and not re.search(r"[\\:\x00-\x1f]", path)


def _entry(row: dict[str, str], fail: dict[str, str]) -> Entry:
    """The row as an entry; what is wrong with it goes to ``fail`` as {found: expected}."""
    if not inside(row["path"]):
        fail[f"path {row['path']!r}"] = "a path within the data set's folder, with forward slashes"
    if row["status"] not in ("present", "absent"):
        fail[f"status {row['status']!r}"] = "present or absent"
    if not row["address"].startswith(("https://", "http://")):
        fail[f"address {row['address']!r}"] = "one that begins with https:// or http://"
    present = row["status"] == "present"
    if present and not _SHA256.fullmatch(row["sha256"]):
        fail[f"sha256 {row['sha256']!r}"] = "64 lower-case hexadecimal digits"
    if present and not re.fullmatch(r"[0-9]{1,15}", row["bytes"]):
        fail[f"bytes {row['bytes']!r}"] = "the file's size, a whole number"
    if not present and (row["sha256"] or row["bytes"]):
        fail["a sha256 or a size for an absent file"] = "neither"
    size = 0 if fail or not present else int(row["bytes"])
    return Entry(row["path"], row["sha256"], size, row["address"], present)


def read_manifest(path: str | Path) -> list[Entry]:
    """The entries of a manifest, a CSV with the columns of ``COLUMNS``, in path order.

    Raises ``BadFile`` naming the line when a column lacks, a path leaves the folder or stands twice, or a hash, a size,
    an address or a status is none.
    """
    path = Path(path)
    try:
        text = path.read_text("utf-8")
    except OSError as error:
        raise BadFile(path, 0, error.strerror or "no file", "a manifest; see docs/data.md") from error
    except UnicodeDecodeError as error:
        raise BadFile(path, 0, "bytes that are not UTF-8", "a CSV in UTF-8") from error
    reader = csv.DictReader(io.StringIO(text, newline=""), strict=True)
    entries: dict[str, Entry] = {}
    try:
        if tuple(reader.fieldnames or ()) != COLUMNS:
            raise BadFile(path, 1, f"columns {','.join(reader.fieldnames or ())!r}", f"{','.join(COLUMNS)!r}")
        for row in reader:
            if None in row or None in row.values():
                raise BadFile(path, reader.line_num, "another number of values", f"{len(COLUMNS)} values")
            fail: dict[str, str] = {}
            entry = _entry(row, fail)
            for fault, expected in fail.items():
                raise BadFile(path, reader.line_num, fault, expected)
            if entry.path in entries:
                raise BadFile(path, reader.line_num, f"path {entry.path!r} a second time", "each path once")
            entries[entry.path] = entry
    except csv.Error as error:
        raise BadFile(path, reader.line_num, str(error), "a CSV file") from error
    return [entries[name] for name in sorted(entries)]
