"""Archives (zip, tar, tar.gz) from outside: nothing of them lands anywhere but in the folder that was named."""

from __future__ import annotations

import gzip
import io
import lzma
import shutil
import stat
import struct
import tarfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Protocol

from kinesec.errors import RetrieveError
from kinesec.manifest import inside

MAX_BYTES = 2**36
MAX_FILES = 10**6
BLOCK = 2**20
# What a tar member may take beside its content: its header, long names, padding, a block read ahead.
HEADER_BYTES = 2**20
_ENCRYPTED = 0x1
# What the standard library raises on altered bytes (found by fuzzing it), besides its own errors.
_DAMAGED = (
    *(zipfile.BadZipFile, tarfile.TarError, zlib.error, lzma.LZMAError, struct.error),
    *(OSError, EOFError, RuntimeError, ValueError, LookupError, OverflowError),
)


class _Readable(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class _Refused(Exception):
    """Why a member, or the whole archive, is not extracted."""


class _Capped(io.RawIOBase):
    """A stream that gives ``left`` bytes and then refuses: a tar header can claim gigabytes of names."""

    def __init__(self, stream: _Readable) -> None:
        self._stream = stream
        self.left = HEADER_BYTES

    def read(self, size: int = -1, /) -> bytes:
        if self.left <= 0:
            raise _Refused("a header that does not end")
        data = self._stream.read(min(size, self.left))
        self.left -= len(data)
        return data


class _Members:
    """What was seen of an archive so far, and the rules that every member must follow."""

    def __init__(self, folder: Path, max_bytes: int, max_files: int) -> None:
        self.folder, self.max_bytes, self.max_files = folder, max_bytes, max_files
        self.name = ""
        self.files: list[str] = []
        self._claimed = self._written = self._count = 0
        self._folders: dict[str, bool] = {}

    def place(self, name: str, size: int, folder: bool) -> Path:
        """Where the member goes; raises ``_Refused``."""
        if PurePosixPath(name).parts and not inside(name):
            raise _Refused("a path that leaves the folder")
        if not folder and (name.endswith("/") or not PurePosixPath(name).parts):
            raise _Refused("a file without a name")
        self._count += 1
        self._claimed += size
        if self._count > self.max_files:
            raise _Refused(f"more than {self.max_files} members")
        if size < 0 or self._claimed > self.max_bytes:
            raise _Refused(f"more than {self.max_bytes} bytes in all")
        path = PurePosixPath(name)
        for parent in path.parents:
            if not self._folders.setdefault(parent.as_posix().casefold(), True):
                raise _Refused("a path through another file")
        # Names that differ in case alone are one file on some systems.
        key = path.as_posix().casefold()
        if key in self._folders and not (folder and self._folders[key]):
            raise _Refused("a name that stands twice")
        self._folders[key] = folder
        if not folder:
            self.files.append(path.as_posix())
        return self.folder / path

    def copy(self, source: IO[bytes], file: Path, size: int) -> None:
        """Writes a member, of which no more than the claimed size is believed."""
        file.parent.mkdir(parents=True, exist_ok=True)
        found = 0
        with file.open("xb") as target:
            while block := source.read(min(BLOCK, size - found + 1)):
                found += len(block)
                self._written += len(block)
                if found > size or self._written > self.max_bytes:
                    raise _Refused(f"more than the {size} bytes it claims")
                target.write(block)
        if found != size:
            raise _Refused(f"{found} bytes of the {size} it claims")


def _zip(path: Path, members: _Members) -> None:
    with zipfile.ZipFile(path) as archive:
        for info in archive.infolist():
            # The name as the archive has it: zipfile cuts `filename` at NUL.
            members.name = info.orig_filename
            is_folder = members.name.endswith("/")
            if stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR):
                raise _Refused("a link or a device")
            if info.flag_bits & _ENCRYPTED:
                raise _Refused("an encrypted member")
            place = members.place(members.name, info.file_size, is_folder)
            if is_folder:
                place.mkdir(parents=True, exist_ok=True)
                continue
            with archive.open(info) as source:
                members.copy(source, place, info.file_size)


def _tar(stream: _Readable, members: _Members) -> None:
    capped = _Capped(stream)
    with tarfile.open(fileobj=capped, mode="r|") as archive:
        for info in archive:
            members.name = info.name
            if not (info.isdir() or info.isreg()) or info.issparse():
                raise _Refused("a link, a device or a sparse file")
            place = members.place(info.name, info.size, info.isdir())
            capped.left = info.size + HEADER_BYTES
            if info.isdir():
                place.mkdir(parents=True, exist_ok=True)
                continue
            source = archive.extractfile(info)
            if source is None:
                raise _Refused("no content")
            members.copy(source, place, info.size)


def _extract(path: Path, members: _Members) -> None:
    with path.open("rb") as raw:
        if zipfile.is_zipfile(raw):
            _zip(path, members)
            return
        raw.seek(0)
        zipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        if zipped:
            with gzip.open(raw) as stream:
                _tar(stream, members)
        else:
            _tar(raw, members)


def extract(
    path: str | Path, folder: str | Path, *, max_bytes: int = MAX_BYTES, max_files: int = MAX_FILES
) -> list[str]:
    """Extracts a zip, tar or tar.gz into ``folder``, which must not hold anything yet; returns the files' paths.

    The members' modes, owners and times are not taken over. The folder appears with everything in it or not at all.

    Raises ``RetrieveError`` naming the archive and the member for paths that leave the folder (``..``, absolute, drive
    letters), links, devices, names that stand twice, encrypted members, more than ``max_bytes`` (claimed or actual) or
    ``max_files``, and for archives that are damaged.
    """
    path, folder = Path(path), Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise RetrieveError(f"{folder}: found something there, expected no folder yet; move it away")
    part = folder.with_name(f".{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    members = _Members(part, max_bytes, max_files)
    try:
        _extract(path, members)
        if folder.is_dir():
            folder.rmdir()
        part.rename(folder)
    except _Refused as error:
        raise RetrieveError(
            f"{path}: member {members.name!r}: found {error}; nothing is extracted: take the archive from its publisher"
        ) from error
    except _DAMAGED as error:
        cause = " ".join(str(error).split())[:200]
        raise RetrieveError(
            f"{path}: member {members.name!r}: found {cause}, expected a whole zip or tar.gz"
        ) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return sorted(members.files)
