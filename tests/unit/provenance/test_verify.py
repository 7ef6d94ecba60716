"""What is not as recorded is found and named, each thing in one line; nothing else is."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import zarr
from certified import FIGURE, MODEL, PAGE, POISON, RECEIPT, TABLE, TRAINING, WINDOWS, ran, small_run

from kinesec.cli.main import main
from kinesec.errors import KinesecError
from kinesec.provenance.certificates import beside, fingerprint
from kinesec.provenance.verify import verify

FILES = (MODEL, TRAINING, TABLE, FIGURE, PAGE)
STORES = (WINDOWS, POISON)


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("run")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        small_run()
    return folder


@pytest.fixture(autouse=True)
def here(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "project"
    shutil.copytree(finished, folder)
    monkeypatch.chdir(folder)
    return folder


def named(problem: str) -> str:
    return problem.split(": ")[0]


def test_nothing_is_found_where_all_is_as_recorded(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["verify"]) == 0
    assert capsys.readouterr().out == "7 outputs of 6 jobs under results: all as recorded\n"


def test_results_may_be_moved_and_given_by_any_path(
    here: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    moved = tmp_path / "elsewhere"
    here.rename(moved)
    monkeypatch.chdir(tmp_path)
    for folder in (moved / "results", Path("elsewhere/results"), Path("elsewhere/results/models"), moved / "resources"):
        assert verify(folder).problems == ()


@pytest.mark.parametrize("output", FILES)
@pytest.mark.parametrize("place", ["first", "last", "appended", "emptied"])
def test_one_byte_is_enough(output: str, place: str, capsys: pytest.CaptureFixture[str]) -> None:
    content = bytearray(Path(output).read_bytes())
    if place == "appended":
        content += b" "
    elif place == "emptied":
        content.clear()
    else:
        content[0 if place == "first" else -1] ^= 1
    Path(output).write_bytes(content)
    assert main(["verify"]) == 1
    problem, summary = capsys.readouterr().out.splitlines()
    assert problem.startswith(f"{output}: found sha256 ")
    assert summary.endswith("1 problem found")


def chunk(path: Path) -> Path:
    return next(file for file in sorted(path.parent.rglob("c/*")) if file.is_file())


def other_values(path: Path) -> None:
    group = zarr.open_group(path.parent, mode="r+", use_consolidated=False)
    array = group["index" if path == Path(POISON) else "window"]
    assert isinstance(array, zarr.Array)
    array[0] = 1_000_000


def no_chunk(path: Path) -> None:
    chunk(path).unlink()


def cut(path: Path) -> None:
    chunk(path).write_bytes(chunk(path).read_bytes()[:-3])


def noise(path: Path) -> None:
    chunk(path).write_bytes(b"noise" * 20)


def more(path: Path) -> None:
    chunk(path).with_name("9").write_bytes(b"more")


def metadata(old: str, new: str) -> Callable[[Path], None]:
    def edit(path: Path) -> None:
        before = path.read_text()
        path.write_text(re.sub(old, new, before, count=1, flags=re.DOTALL))
        assert path.read_text() != before

    return edit


TAMPERED: dict[str, Callable[[Path], None]] = {
    "other values": other_values,
    "a chunk deleted": no_chunk,
    "a chunk cut short": cut,
    "a chunk of noise": noise,
    "a file more": more,
    "an attribute": metadata('"dataset": [^,]*,', '"dataset": "cmu",'),
    "what readers see of an array": metadata('"float32"', '"float64"'),
    "its stated hash": metadata('"content_sha256": "..', '"content_sha256": "zz'),
    "metadata cut short": metadata(".{100}$", ""),
    "metadata emptied": metadata("^.*$", ""),
    "metadata of another type": metadata("^.*$", "[]"),
}


@pytest.mark.parametrize("output", STORES)
@pytest.mark.parametrize("how", TAMPERED)
def test_a_store_that_was_tampered_with_is_named(output: str, how: str) -> None:
    TAMPERED[how](Path(output))
    problems = verify("results").problems
    assert [named(problem) for problem in problems] == [str(Path(output).parent)]
    assert "\n" not in problems[0]


@pytest.mark.parametrize("output", [*FILES, *STORES])
def test_what_is_missing_is_named(output: str) -> None:
    Path(output).unlink()
    shown = str(Path(output).parent) if output in STORES else output
    assert [named(problem) for problem in verify("results").problems] == [shown]


@pytest.mark.parametrize("output", [TABLE, POISON])
def test_what_no_certificate_speaks_of_is_named(output: str) -> None:
    beside(output).unlink()
    (problem,) = verify("results").problems
    assert problem.startswith(str(Path(output).parent if output == POISON else output) + ": no certificate records it")


def test_a_stray_file_is_named() -> None:
    Path("results/artifacts/small/tables/extra.csv").write_text("a,b\n")
    (problem,) = verify("results").problems
    assert named(problem) == "results/artifacts/small/tables/extra.csv"


UNUSABLE = (
    *(
        "",
        "{",
        "[]",
        "{}",
        "null",
        '{"outputs": []}',
        '{"outputs": ["results/x.csv"]}',
        '{"outputs": {}, "inputs": {}}',
    ),
    json.dumps({"outputs": {TABLE: {}}}),
    json.dumps({"outputs": {TABLE: "abc"}, "inputs": {}}),
    json.dumps({"outputs": {TABLE: {}}, "inputs": [MODEL]}),
)


@pytest.mark.parametrize("content", UNUSABLE)
def test_a_certificate_that_cannot_be_used_is_named_with_what_it_leaves_unrecorded(content: str) -> None:
    beside(TABLE).write_text(content)
    problems = verify("results").problems
    assert sorted(map(named, problems)) == sorted([str(beside(TABLE)), TABLE])
    assert not any("\n" in problem for problem in problems)


def test_a_certificate_of_another_place_is_no_certificate() -> None:
    beside(TABLE).rename(beside(FIGURE).with_name("other.csv.run.json"))
    assert {named(problem) for problem in verify("results").problems} == {
        "results/artifacts/small/figures/other.csv.run.json",
        TABLE,
    }


def test_an_edit_hidden_by_an_edited_certificate_is_seen_by_what_was_made_from_it() -> None:
    Path(TABLE).write_text("better numbers\n")
    certificate = json.loads(beside(TABLE).read_text())
    certificate["outputs"][TABLE] = fingerprint(TABLE)
    beside(TABLE).write_text(json.dumps(certificate))
    problems = verify("results").problems
    assert [named(problem) for problem in problems] == [FIGURE, PAGE]
    assert all(f"was made from another {TABLE}" in problem for problem in problems)


def test_what_is_being_written_is_passed_over() -> None:
    for path in ("results/windows/.new.zarr.part/zarr.json", "results/checkpoints/abc/checkpoint.safetensors"):
        Path(path).parent.mkdir(parents=True)
        Path(path).write_text("unfinished")
    Path(TABLE).with_name(".snakemake_timestamp").touch()
    assert verify("results").problems == ()


def test_raw_files_are_checked_against_their_receipt() -> None:
    assert verify("resources").problems == ()
    raw = Path("resources/procedural/raw/walk_1.bvh")
    raw.write_text("HIERARCHY \n")
    assert [named(problem) for problem in verify("resources").problems] == [str(raw)]
    raw.unlink()
    assert [named(problem) for problem in verify("resources").problems] == [str(raw)]


def test_an_altered_receipt_vouches_for_nothing() -> None:
    Path(RECEIPT).write_text(Path(RECEIPT).read_text().replace("walk_1", "walk_2"))
    assert RECEIPT in {named(problem) for problem in verify("resources").problems}


def test_an_output_that_was_never_written_is_not_passed_as_good() -> None:
    ran(
        "train",
        ["results/models/x/model.safetensors"],
        write=lambda: Path("results/models/x/model.safetensors").mkdir(),
    )
    (problem,) = verify("results").problems
    assert named(problem) == "results/models/x/model.safetensors"


@pytest.mark.parametrize("folder", ["nowhere", "results/artifacts/small/tables/prediction_backdoor.csv", "empty"])
def test_where_nothing_can_be_verified_it_is_an_error_in_one_line(
    folder: str, capsys: pytest.CaptureFixture[str]
) -> None:
    Path("empty").mkdir()
    with pytest.raises(KinesecError):
        verify(folder)
    assert main(["verify", folder]) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.startswith(f"error: {folder}: ")
    assert printed.err.count("\n") == 1


def test_the_command_needs_no_torch() -> None:
    code = "import sys; from kinesec.cli.main import main; main(['verify']); print('torch' in sys.modules)"
    process = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert process.stdout.splitlines()[-1] == "False"
