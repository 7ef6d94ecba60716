from __future__ import annotations

import hashlib
import http.server
import io
import json
import shutil
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from kinesec.errors import KinesecError
from kinesec.progress import Progress, track
from kinesec.sources.errors import BadFile, RetrieveError
from kinesec.sources.manifest import COLUMNS, inside, read_manifest
from kinesec.sources.retrieve import Retrieved, retrieve

MANIFESTS = Path(__file__).resolve().parents[3] / "config" / "datasets"
CONTENT = {
    "a/one.txt": bytes(range(256)) * 900,
    "a/two words.txt": b"x" * 70_000,
    "b/empty.txt": b"",
}
Handler = http.server.BaseHTTPRequestHandler
Misbehave = Callable[[Handler, bytes, int], bool]


class Publisher(http.server.ThreadingHTTPServer):
    """Serves CONTENT with ETag and Range; ``misbehave`` may answer a request in its place (and return True)."""

    daemon_threads = True
    block_on_close = False

    def __init__(self) -> None:
        self.requests: list[tuple[str, str]] = []
        self.ranges = True
        self.marks = True
        self.misbehave: Misbehave = lambda *_: False
        self.released = threading.Event()
        super().__init__(("127.0.0.1", 0), _Answer)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that hangs up is expected here."""


def head(handler: Handler, status: int, length: int, **headers: str) -> None:
    handler.send_response(status)
    handler.send_header("Content-Length", str(length))
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


class _Answer(Handler):
    server: Publisher
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        self.close_connection = True
        wanted = self.headers.get("Range", "")
        self.server.requests.append((self.path, wanted))
        body = CONTENT.get(unquote(self.path).removeprefix("/pub/"))
        if self.server.misbehave(self, body or b"", len(self.server.requests)):
            return
        if body is None:
            head(self, 404, 0)
            return
        tag = f'"{hashlib.md5(body).hexdigest()}"'
        marks = {"ETag": tag} if self.server.marks else {}
        if wanted and self.server.ranges and self.headers.get("If-Range") == tag:
            begin = int(wanted.removeprefix("bytes=").removesuffix("-"))
            head(self, 206, len(body) - begin, Content_Range=f"bytes {begin}-{len(body) - 1}/{len(body)}", **marks)
            self.wfile.write(body[begin:])
            return
        head(self, 200, len(body), **marks)
        self.wfile.write(body)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    server = Publisher()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server
    server.released.set()
    server.shutdown()
    thread.join()
    server.server_close()


def write_manifest(file: Path, address: str, content: dict[str, bytes] = CONTENT, **changed: dict[str, str]) -> Path:
    rows = [",".join(COLUMNS)]
    for path, body in content.items():
        row = {
            "path": path,
            "sha256": hashlib.sha256(body).hexdigest(),
            "bytes": str(len(body)),
            "address": f"{address}/pub/{path.replace(' ', '%20')}",
            "status": "present",
        } | changed.get(path, {})
        rows.append(",".join(row.values()))
    file.write_text("\n".join(rows) + "\n", "utf-8")
    return file


def fetch(manifest: Path, folder: Path, mirror: str | None = None, attempts: int = 3) -> list[Retrieved]:
    return retrieve(
        manifest,
        folder,
        mirror=mirror,
        mirror_folder="pub",
        progress=False,
        attempts=attempts,
        timeout=0.3,
        wait=0.01,
    )


def lies_in(folder: Path) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()
    }


def only_one(tmp_path: Path, publisher: Publisher) -> Path:
    return write_manifest(tmp_path / "m.csv", publisher.address, {"a/one.txt": CONTENT["a/one.txt"]})


def test_files_come_from_the_publisher_then_are_kept(tmp_path: Path, publisher: Publisher) -> None:
    manifest = write_manifest(tmp_path / "m.csv", publisher.address)
    first = fetch(manifest, tmp_path / "raw")
    assert lies_in(tmp_path / "raw") == CONTENT
    assert [(got.path, got.origin) for got in first] == [(path, "publisher") for path in sorted(CONTENT)]
    assert all(got.file.read_bytes() == CONTENT[got.path] for got in first)
    asked = len(publisher.requests)
    assert {got.origin for got in fetch(manifest, tmp_path / "raw")} == {"kept"}
    assert len(publisher.requests) == asked


def test_an_altered_file_is_fetched_again_and_alone(tmp_path: Path, publisher: Publisher) -> None:
    manifest = write_manifest(tmp_path / "m.csv", publisher.address)
    fetch(manifest, tmp_path / "raw")
    (tmp_path / "raw/a/one.txt").write_bytes(b"altered")
    publisher.requests.clear()
    again = {got.path: got.origin for got in fetch(manifest, tmp_path / "raw")}
    assert again == {"a/one.txt": "publisher", "a/two words.txt": "kept", "b/empty.txt": "kept"}
    assert lies_in(tmp_path / "raw") == CONTENT
    assert len(publisher.requests) == 1


@pytest.mark.parametrize("online", [False, True])
def test_a_mirror_is_used_instead_of_the_publisher(tmp_path: Path, publisher: Publisher, online: bool) -> None:
    manifest = write_manifest(tmp_path / "m.csv", "http://127.0.0.1:1/nowhere")
    for path, body in CONTENT.items():
        file = tmp_path / "mirror/pub" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(body)
    got = fetch(manifest, tmp_path / "raw", f"{publisher.address}/" if online else str(tmp_path / "mirror"))
    assert lies_in(tmp_path / "raw") == CONTENT
    assert {file.origin for file in got} == {"mirror"}


def test_a_mirror_may_be_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "mirror/pub").mkdir(parents=True)
    (tmp_path / "mirror/pub/x").write_bytes(b"1")
    manifest = write_manifest(tmp_path / "m.csv", "http://127.0.0.1:1", {"x": b"1"})
    monkeypatch.chdir(tmp_path)
    assert fetch(manifest, Path("raw"), "mirror")[0].file.read_bytes() == b"1"


def test_a_mirror_with_a_wrong_file_leaves_nothing(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path / "m.csv", "http://127.0.0.1:1", {"x": b"right"})
    (tmp_path / "mirror/pub").mkdir(parents=True)
    (tmp_path / "mirror/pub/x").write_bytes(b"wrong")
    with pytest.raises(RetrieveError) as raised:
        fetch(manifest, tmp_path / "raw", str(tmp_path / "mirror"))
    assert lies_in(tmp_path / "raw") == {}
    for word in ("raw/x", "mirror/pub/x", hashlib.sha256(b"wrong").hexdigest(), hashlib.sha256(b"right").hexdigest()):
        assert word in str(raised.value)


def test_a_mirror_without_the_file_says_so(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path / "m.csv", "http://127.0.0.1:1", {"x": b"right"})
    with pytest.raises(RetrieveError, match=r"mirror.pub.x: No such file.*KINESEC_MIRROR"):
        fetch(manifest, tmp_path / "raw", str(tmp_path / "mirror"))
    assert lies_in(tmp_path / "raw") == {}


def test_a_wrong_hash_leaves_nothing_and_names_everything(tmp_path: Path, publisher: Publisher) -> None:
    def corrupt(handler: Handler, body: bytes, _: int) -> bool:
        head(handler, 200, len(body), ETag='"1"')
        handler.wfile.write(body[:-1] + b"!")
        return True

    publisher.misbehave = corrupt
    body = CONTENT["a/one.txt"]
    with pytest.raises(RetrieveError) as raised:
        fetch(only_one(tmp_path, publisher), tmp_path / "raw")
    assert lies_in(tmp_path / "raw") == {}
    sha256 = hashlib.sha256(body[:-1] + b"!").hexdigest()
    for word in ("a/one.txt", publisher.address, f"found sha256 {sha256}", hashlib.sha256(body).hexdigest(), "mirror"):
        assert word in str(raised.value)
    assert "\n" not in str(raised.value)


def test_an_old_right_file_survives_no_wrong_one(tmp_path: Path, publisher: Publisher) -> None:
    """The file under its final name is the right one or the one that was there before, never half of either."""
    (tmp_path / "raw/a").mkdir(parents=True)
    (tmp_path / "raw/a/one.txt").write_bytes(b"before")
    publisher.misbehave = lambda handler, body, _: head(handler, 404, 0) is None
    with pytest.raises(RetrieveError, match="404"):
        fetch(only_one(tmp_path, publisher), tmp_path / "raw")
    assert lies_in(tmp_path / "raw") == {"a/one.txt": b"before"}


def once(
    part: Callable[[bytes], bytes], *, tag: str | None = None, length: bool = True, silent: bool = False
) -> Misbehave:
    """A first answer that is a part of the file, with a tag ("" for the file's) and the length of the whole."""

    def act(handler: Handler, body: bytes, number: int) -> bool:
        if number > 1:
            return False
        marks = {} if tag is None else {"ETag": tag or f'"{hashlib.md5(body).hexdigest()}"'}
        if length:
            head(handler, 200, len(body), **marks)
        else:
            handler.send_response(200)
            handler.end_headers()
        handler.wfile.write(part(body))
        handler.wfile.flush()
        if silent:
            handler.server.released.wait(20)
        return True

    return act


cut_off_once = once(lambda body: body[:100_000], tag="")


def test_a_cut_off_download_goes_on_where_it_was(tmp_path: Path, publisher: Publisher) -> None:
    publisher.misbehave = cut_off_once
    fetch(only_one(tmp_path, publisher), tmp_path / "raw")
    assert lies_in(tmp_path / "raw") == {"a/one.txt": CONTENT["a/one.txt"]}
    begin = int(publisher.requests[1][1].removeprefix("bytes=").removesuffix("-"))
    assert 0 < begin <= 100_000


def test_the_next_run_goes_on_too(tmp_path: Path, publisher: Publisher) -> None:
    publisher.misbehave = cut_off_once
    manifest = only_one(tmp_path, publisher)
    with pytest.raises(RetrieveError, match=r"of 230400 bytes are kept; run again"):
        fetch(manifest, tmp_path / "raw", attempts=1)
    assert not (tmp_path / "raw/a/one.txt").exists()
    fetch(manifest, tmp_path / "raw", attempts=1)
    assert lies_in(tmp_path / "raw") == {"a/one.txt": CONTENT["a/one.txt"]}
    assert publisher.requests[1][1].startswith("bytes=")


FIRST_ANSWERS: dict[str, tuple[dict[str, bool], Misbehave]] = {
    "cut off, no ranges": ({"ranges": False}, cut_off_once),
    "cut off, no marks": ({"marks": False}, once(lambda body: body[:100_000])),
    # what is kept of another version must not become the head of this one
    "another version": ({}, once(lambda body: b"?" * 100_000, tag='"another"')),
    "silent": ({}, once(lambda body: body[:70_000], tag="", silent=True)),
    "short and without a length": ({}, once(lambda body: body[:1000], length=False)),
}


@pytest.mark.parametrize("answer", FIRST_ANSWERS)
def test_after_a_first_answer_that_is_not_the_file_it_is_asked_for_again(
    tmp_path: Path, publisher: Publisher, answer: str
) -> None:
    abilities, publisher.misbehave = FIRST_ANSWERS[answer]
    vars(publisher).update(abilities)
    fetch(only_one(tmp_path, publisher), tmp_path / "raw")
    assert lies_in(tmp_path / "raw") == {"a/one.txt": CONTENT["a/one.txt"]}
    assert len(publisher.requests) == 2


@pytest.mark.parametrize("note", ["", "[]", "{}", '{"address": 1, "mark": 2}', "null", "\x00"])
def test_a_damaged_note_of_a_part_starts_over(tmp_path: Path, publisher: Publisher, note: str) -> None:
    folder = tmp_path / "raw/a"
    folder.mkdir(parents=True)
    (folder / "one.txt.part").write_bytes(b"?" * 1000)
    (folder / "one.txt.part.json").write_text(note)
    fetch(only_one(tmp_path, publisher), tmp_path / "raw")
    assert lies_in(tmp_path / "raw") == {"a/one.txt": CONTENT["a/one.txt"]}


def test_a_whole_part_is_not_asked_for_again(tmp_path: Path, publisher: Publisher) -> None:
    """Killed between the last byte and the renaming."""
    manifest = only_one(tmp_path, publisher)
    folder = tmp_path / "raw/a"
    folder.mkdir(parents=True)
    (folder / "one.txt.part").write_bytes(CONTENT["a/one.txt"])
    note = {"address": f"{publisher.address}/pub/a/one.txt", "mark": '"1"'}
    (folder / "one.txt.part.json").write_text(json.dumps(note))
    fetch(manifest, tmp_path / "raw")
    assert lies_in(tmp_path / "raw") == {"a/one.txt": CONTENT["a/one.txt"]}
    assert publisher.requests == []


def test_another_range_than_asked_for_starts_over(tmp_path: Path, publisher: Publisher) -> None:
    def shifted(handler: Handler, body: bytes, number: int) -> bool:
        if number == 1:
            return cut_off_once(handler, body, 1)
        if number == 2:
            head(handler, 206, 10, Content_Range=f"bytes 5-14/{len(body)}")
            handler.wfile.write(body[5:15])
            return True
        return False

    publisher.misbehave = shifted
    fetch(only_one(tmp_path, publisher), tmp_path / "raw")
    assert lies_in(tmp_path / "raw") == {"a/one.txt": CONTENT["a/one.txt"]}


@pytest.mark.parametrize("status", [500, 502, 503, 429])
def test_a_passing_failure_is_tried_again(tmp_path: Path, publisher: Publisher, status: int) -> None:
    publisher.misbehave = lambda handler, body, number: number < 3 and head(handler, status, 0) is None
    fetch(only_one(tmp_path, publisher), tmp_path / "raw")
    assert lies_in(tmp_path / "raw") == {"a/one.txt": CONTENT["a/one.txt"]}
    assert len(publisher.requests) == 3


@pytest.mark.parametrize(("status", "asked"), [(500, 3), (503, 3), (404, 1), (403, 1), (410, 1)])
def test_a_lasting_failure_ends_in_one_line(tmp_path: Path, publisher: Publisher, status: int, asked: int) -> None:
    publisher.misbehave = lambda handler, body, _: head(handler, status, 0) is None
    with pytest.raises(RetrieveError, match=rf"a/one\.txt: http://.*{status}.*mirror") as raised:
        fetch(only_one(tmp_path, publisher), tmp_path / "raw")
    assert len(publisher.requests) == asked
    assert "\n" not in str(raised.value)
    assert lies_in(tmp_path / "raw") == {}


def test_nobody_at_the_address(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path / "m.csv", "http://127.0.0.1:1", {"x": b"1"})
    with pytest.raises(RetrieveError, match=r"ConnectionError in the last of 2 attempts"):
        fetch(manifest, tmp_path / "raw", attempts=2)


def test_an_endless_answer_is_cut_off(tmp_path: Path, publisher: Publisher) -> None:
    def endless(handler: Handler, body: bytes, _: int) -> bool:
        handler.send_response(200)
        handler.end_headers()
        while not publisher.released.is_set():
            handler.wfile.write(b"z" * 2**16)
        return True

    publisher.misbehave = endless
    with pytest.raises(RetrieveError, match=r"more than the 230400 bytes"):
        fetch(only_one(tmp_path, publisher), tmp_path / "raw")
    assert lies_in(tmp_path / "raw") == {}


def test_a_smaller_file_than_listed_is_wrong(tmp_path: Path, publisher: Publisher) -> None:
    def smaller(handler: Handler, body: bytes, _: int) -> bool:
        head(handler, 200, 10, ETag='"1"')
        handler.wfile.write(body[:10])
        return True

    publisher.misbehave = smaller
    with pytest.raises(RetrieveError, match="found sha256"):
        fetch(only_one(tmp_path, publisher), tmp_path / "raw")
    assert lies_in(tmp_path / "raw") == {}


def test_absent_files_are_not_asked_for(tmp_path: Path, publisher: Publisher) -> None:
    absent = {"sha256": "", "bytes": "", "status": "absent"}
    manifest = write_manifest(tmp_path / "m.csv", publisher.address, **{"a/one.txt": absent})
    got = fetch(manifest, tmp_path / "raw")
    assert "a/one.txt" not in {file.path for file in got}
    assert not any("one.txt" in path for path, _ in publisher.requests)


def test_a_file_in_a_folders_place(tmp_path: Path, publisher: Publisher) -> None:
    (tmp_path / "raw").write_text("")
    with pytest.raises(RetrieveError, match="cannot be made as a folder"):
        fetch(only_one(tmp_path, publisher), tmp_path / "raw")


def test_a_folder_in_a_files_place(tmp_path: Path, publisher: Publisher) -> None:
    (tmp_path / "raw/a/one.txt").mkdir(parents=True)
    with pytest.raises(RetrieveError, match="found a folder"):
        fetch(only_one(tmp_path, publisher), tmp_path / "raw")


@pytest.mark.parametrize(
    ("column", "value", "word"),
    [
        ("path", "../x", "within"),
        ("path", "/etc/x", "within"),
        ("path", "C:/x", "within"),
        ("path", "a\\x", "within"),
        ("path", "", "within"),
        ("sha256", "ABC", "64"),
        ("sha256", "", "64"),
        ("bytes", "-1", "whole number"),
        ("bytes", "", "whole number"),
        ("address", "file:///etc/passwd", "https"),
        ("address", "", "https"),
        ("address", "ftp://[", "https"),
        ("status", "maybe", "present or absent"),
        ("status", "absent", "neither"),
    ],
)
def test_a_manifest_with_a_bad_value(tmp_path: Path, column: str, value: str, word: str) -> None:
    manifest = write_manifest(tmp_path / "m.csv", "http://127.0.0.1:1", {"x": b"1"}, x={column: value})
    with pytest.raises(BadFile, match=word) as raised:
        read_manifest(manifest)
    assert raised.value.line == 2


def test_a_manifest_with_a_path_twice(tmp_path: Path) -> None:
    manifest = write_manifest(tmp_path / "m.csv", "http://127.0.0.1:1", {"x": b"1"})
    lines = manifest.read_text().splitlines()
    manifest.write_text("\n".join([*lines, lines[1]]))
    with pytest.raises(BadFile, match=r"m\.csv:3: .*second time"):
        read_manifest(manifest)


@pytest.mark.parametrize(
    "text", ["", "path,sha256\n", "a,b,c,d,e\n1,2,3,4,5\n", ",".join(COLUMNS) + "\nonly,three,values\n"]
)
def test_a_manifest_of_another_shape(tmp_path: Path, text: str) -> None:
    (tmp_path / "m.csv").write_text(text)
    with pytest.raises(BadFile):
        read_manifest(tmp_path / "m.csv")


def test_no_manifest(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="No such file"):
        read_manifest(tmp_path / "m.csv")


@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_mutated_manifest_retrieves_right_files_or_fails_in_one_line(tmp_path: Path, data: st.DataObject) -> None:
    """Whatever a byte of a manifest is turned to, every file that lands has the hash that its row names."""
    mirror = tmp_path / "mirror/pub"
    for path, body in CONTENT.items():
        (mirror / path).parent.mkdir(parents=True, exist_ok=True)
        (mirror / path).write_bytes(body)
    manifest = write_manifest(tmp_path / "m.csv", "http://127.0.0.1:1")
    text = bytearray(manifest.read_bytes())
    for _ in range(data.draw(st.integers(1, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    manifest.write_bytes(text)
    raw = tmp_path / "raw"
    shutil.rmtree(raw, ignore_errors=True)
    message = ""
    try:
        fetch(manifest, raw, str(tmp_path / "mirror"))
    except KinesecError as error:
        message = str(error)
    assert "\n" not in message
    known = {hashlib.sha256(body).hexdigest() for body in CONTENT.values()}
    assert {hashlib.sha256(body).hexdigest() for body in lies_in(raw).values()} <= known
    assert not list(tmp_path.glob("*.txt"))


@given(path=st.text(st.sampled_from("a./\\:C\n"), max_size=8))
def test_a_path_that_is_inside_stays_inside(path: str) -> None:
    if inside(path):
        resolved = Path("/base", path).resolve()
        assert resolved != Path("/base")
        assert resolved.is_relative_to("/base")


@pytest.mark.parametrize("name", ["cmu_expmap", "hdm05", "cmu_asfamc", "bandai_namco"])
def test_the_manifests_name_the_real_files(name: str, shared: Path) -> None:
    """Every present file of a manifest is in the mirror with that hash, and the mirror has no other data file."""
    folders = {"cmu_expmap": "cmu_mocap_expmap", "hdm05": "hdm05_asfamc", "bandai_namco": "bandai_namco_1"}
    entries = [entry for entry in read_manifest(MANIFESTS / f"{name}.manifest.csv") if entry.present]
    folder = shared / "data" / folders.get(name, name)
    for entry in entries:
        assert (folder / entry.path).stat().st_size == entry.bytes
    kinds = {Path(entry.path).suffix.lower() for entry in entries}
    there = {file.relative_to(folder).as_posix() for file in folder.rglob("*") if file.suffix.lower() in kinds}
    assert {entry.path for entry in entries} == there
    sample = entries[:: max(1, len(entries) // 10)]
    assert [hashlib.sha256((folder / entry.path).read_bytes()).hexdigest() for entry in sample] == [
        entry.sha256 for entry in sample
    ]


def test_the_cmu_manifest_says_what_its_publisher_lacks() -> None:
    entries = read_manifest(MANIFESTS / "cmu_expmap.manifest.csv")
    papers = [entry for entry in entries if "walking_extra" not in entry.path]
    assert len(papers) == 48
    assert len([entry for entry in papers if not entry.present]) == 10
    assert all(entry.present for entry in entries if "walking_extra" in entry.path)


def test_a_real_data_set_from_a_mirror(tmp_path: Path, shared: Path) -> None:
    manifest = MANIFESTS / "cmu_asfamc.manifest.csv"
    got = retrieve(manifest, tmp_path / "raw", mirror=str(shared / "data"), mirror_folder="cmu_asfamc", progress=False)
    assert len(got) == 26
    assert all(retrieved.file.is_file() and retrieved.origin == "mirror" for retrieved in got)


@pytest.mark.parametrize(("every", "lines"), [(0.0, 4), (1e9, 1)])
def test_progress_is_plain_lines_away_from_a_terminal(every: float, lines: int) -> None:
    stream = io.StringIO()
    assert list(track([1, 2, 3], "count", every=every, stream=stream)) == [1, 2, 3]
    written = stream.getvalue().splitlines()
    assert len(written) == lines
    assert written[-1].startswith("count: 3 of 3 in ")
    assert "\r" not in stream.getvalue()


def test_progress_is_a_bar_on_a_terminal() -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    stream = Terminal()
    with Progress("load", 2 * 10**6, unit="B", stream=stream) as progress:
        progress.update(10**6)
    assert "load:  50%" in stream.getvalue()


def test_progress_not_shown_writes_nothing() -> None:
    stream = io.StringIO()
    with Progress("load", 2, show=False, every=0.0, stream=stream) as progress:
        progress.update()
    assert (stream.getvalue(), progress.count) == ("", 1)
