from __future__ import annotations

import gzip
import io
import stat
import struct
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinesec.archive import extract
from kinesec.errors import RetrieveError

Member = tuple[str, bytes]
Maker = Callable[[Path, list[Member]], Path]


def make_zip(file: Path, members: list[Member]) -> Path:
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in members:
            info = zipfile.ZipInfo("placeholder")
            info.filename = info.orig_filename = name
            info.compress_type = zipfile.ZIP_DEFLATED
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr("warnings.warn", lambda *_, **__: None)
                archive.writestr(info, body)
    return file


def make_tar(file: Path, members: list[Member]) -> Path:
    with tarfile.open(file, "w:gz") as archive:
        for name, body in members:
            info = tarfile.TarInfo(name)
            info.size = len(body)
            archive.addfile(info, io.BytesIO(body))
    return file


def make_plain_tar(file: Path, members: list[Member]) -> Path:
    file.write_bytes(gzip.decompress(make_tar(file, members).read_bytes()))
    return file


makers = pytest.mark.parametrize("make", [make_zip, make_tar, make_plain_tar], ids=["zip", "tar.gz", "tar"])


def refused(file: Path, tmp_path: Path, match: str, **limits: int) -> None:
    """The archive is refused in one line, and nothing of it is left, in the folder, beside it or above it."""
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RetrieveError, match=match) as raised:
        extract(file, tmp_path / "out", **limits)
    assert "\n" not in str(raised.value)
    assert str(file) in str(raised.value)
    assert sorted(tmp_path.rglob("*")) == before


@makers
def test_every_file_comes_out(tmp_path: Path, make: Maker) -> None:
    members = [("a/one.txt", b"1" * 3_000_000), ("two.txt", b""), ("./a/b/three.txt", b"3")]
    file = make(tmp_path / "x", members)
    assert extract(file, tmp_path / "out") == ["a/b/three.txt", "a/one.txt", "two.txt"]
    for name, body in members:
        assert (tmp_path / "out" / name).read_bytes() == body
    assert {path.name for path in tmp_path.iterdir()} == {"x", "out"}


@makers
@pytest.mark.parametrize(
    "name", ["../x", "a/../../x", "/etc/x", "C:/x", "C:x", "..\\x", "a\\x", "\\\\host\\x", "a\x01"]
)
def test_a_path_that_leaves_the_folder(tmp_path: Path, make: Maker, name: str) -> None:
    refused(make(tmp_path / "x", [("good", b"1"), (name, b"1")]), tmp_path, "leaves the folder")


@makers
@pytest.mark.parametrize("names", [("a", "a"), ("a", "./a"), ("a", "A"), ("a/b", "a//b"), ("a/b", "a"), ("é", "É")])
def test_a_name_twice(tmp_path: Path, make: Maker, names: tuple[str, str]) -> None:
    refused(make(tmp_path / "x", [(name, b"1") for name in names]), tmp_path, "stands twice")


@makers
def test_a_path_through_a_file(tmp_path: Path, make: Maker) -> None:
    refused(make(tmp_path / "x", [("a", b"1"), ("a/b", b"1")]), tmp_path, "through another file")


@makers
def test_too_much_and_too_many(tmp_path: Path, make: Maker) -> None:
    members = [(f"f{i}", b"0" * 1000) for i in range(10)]
    file = make(tmp_path / "x", members)
    assert len(extract(file, tmp_path / "fits", max_bytes=10_000, max_files=10)) == 10
    refused(file, tmp_path, "more than 9999 bytes", max_bytes=9999)
    refused(file, tmp_path, "more than 9 members", max_files=9)


KINDS = [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE]


@pytest.mark.parametrize("kind", KINDS)
def test_a_tar_member_that_is_no_file(tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "x", "w:gz") as archive:
        info = tarfile.TarInfo("member")
        info.type, info.linkname = kind, "/etc/passwd"
        archive.addfile(info)
    refused(tmp_path / "x", tmp_path, "'member': found a link, a device")


@pytest.mark.parametrize("kind", [stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK])
def test_a_zip_member_that_is_no_file(tmp_path: Path, kind: int) -> None:
    with zipfile.ZipFile(tmp_path / "x", "w") as archive:
        info = zipfile.ZipInfo("member")
        info.create_system, info.external_attr = 3, (kind | 0o777) << 16
        archive.writestr(info, "/etc/passwd")
    refused(tmp_path / "x", tmp_path, "'member': found a link or a device")


def test_folders_may_stand_twice(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x", "w:gz") as archive:
        for name in (".", "a", "a/", "a/b", "a"):
            info = tarfile.TarInfo(name)
            info.type = tarfile.DIRTYPE
            archive.addfile(info)
    assert extract(tmp_path / "x", tmp_path / "out") == []
    assert (tmp_path / "out/a/b").is_dir()


def test_modes_are_not_taken_over(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "x", "w:gz") as archive:
        info = tarfile.TarInfo("a")
        info.mode = 0o4777
        archive.addfile(info)
    extract(tmp_path / "x", tmp_path / "out")
    assert not (tmp_path / "out/a").stat().st_mode & (stat.S_ISUID | 0o111)


def test_a_zip_bomb_that_claims_little(tmp_path: Path) -> None:
    file = make_zip(tmp_path / "x", [("a", b"0" * 10_000_000)])
    data = bytearray(file.read_bytes())
    central = data.index(b"PK\x01\x02")
    data[central + 24 : central + 28] = struct.pack("<I", 10)
    file.write_bytes(data)
    refused(file, tmp_path, "'a'", max_bytes=1000)


def test_an_encrypted_zip(tmp_path: Path) -> None:
    file = make_zip(tmp_path / "x", [("a", b"0")])
    data = bytearray(file.read_bytes())
    data[data.index(b"PK\x01\x02") + 8] |= 1
    data[6] |= 1
    file.write_bytes(data)
    refused(file, tmp_path, "encrypted")


def test_a_tar_header_that_claims_gigabytes_of_names(tmp_path: Path) -> None:
    """A pax header is read into memory whole, before any member can be looked at."""
    info = tarfile.TarInfo("pax")
    info.type, info.size = tarfile.XHDTYPE, 2**26
    with gzip.open(tmp_path / "x", "wb") as file:
        file.write(info.tobuf())
        for _ in range(2**6):
            file.write(bytes(2**20))
    refused(tmp_path / "x", tmp_path, "header that does not end")


@pytest.mark.parametrize("size", [2**40, 10**9])
def test_a_tar_member_that_claims_more_than_there_is(tmp_path: Path, size: int) -> None:
    info = tarfile.TarInfo("a")
    info.size = size
    (tmp_path / "x").write_bytes(gzip.compress(info.tobuf() + bytes(2048)))
    refused(tmp_path / "x", tmp_path, "'a'")


@makers
def test_a_cut_off_archive(tmp_path: Path, make: Maker) -> None:
    file = make(tmp_path / "x", [("a", bytes(range(256)) * 40), ("b", bytes(range(255, -1, -1)) * 40)])
    file.write_bytes(file.read_bytes()[: file.stat().st_size // 3])
    refused(file, tmp_path, "expected a whole zip|bytes of the")


@pytest.mark.parametrize("body", [b"", b"text", b"\x1f\x8b", b"PK\x05\x06", b"PK\x03\x04" + bytes(100)])
def test_no_archive(tmp_path: Path, body: bytes) -> None:
    (tmp_path / "x").write_bytes(body)
    refused(tmp_path / "x", tmp_path, "expected a whole zip")


def test_no_file(tmp_path: Path) -> None:
    refused(tmp_path / "x", tmp_path, "No such file")


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    file = make_tar(tmp_path / "x", [("a", b"1")])
    extract(file, tmp_path / "out")
    with pytest.raises(RetrieveError, match="found something there"):
        extract(file, tmp_path / "out")
    (tmp_path / "empty").mkdir()
    assert extract(file, tmp_path / "empty") == ["a"]


@given(data=st.data(), zipped=st.booleans())
@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_mutated_archive_stays_in_its_folder(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject, zipped: bool
) -> None:
    """Whatever bytes are altered: whole and inside, or refused in one line with nothing left."""
    folder = tmp_path_factory.mktemp("mutated")
    members = [("a/one", b"1" * 600), ("b/two", b"2" * 10)]
    file = make_zip(folder / "x", members) if zipped else make_plain_tar(folder / "x", members)
    body = bytearray(file.read_bytes())
    if not zipped:
        body = body[:4096]
    for _ in range(data.draw(st.integers(1, 4))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    file.write_bytes(body)
    message = ""
    try:
        extract(file, folder / "out", max_bytes=10_000, max_files=10)
    except RetrieveError as error:
        message = str(error)
    assert "\n" not in message
    assert {path.name for path in folder.iterdir()} == ({"x"} if message else {"x", "out"})
