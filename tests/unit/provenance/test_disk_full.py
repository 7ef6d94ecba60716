"""What a job says when its disk is full: one line, whatever library met it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from safetensors import SafetensorError

from kinesec.errors import KinesecError
from kinesec.provenance.job import job


def plain() -> None:
    raise OSError(errno.ENOSPC, "No space left on device", "results/x.zarr/c/0")


def quota() -> None:
    raise OSError(errno.EDQUOT, "Disk quota exceeded")


def wrapped() -> None:
    try:
        plain()
    except OSError as error:
        raise RuntimeError("could not write a chunk") from error


def met_while_cleaning_up() -> None:
    try:
        plain()
    finally:
        raise ValueError("closed file")


def rust() -> None:
    raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")


def snakemake(folder: Path, log: Path) -> SimpleNamespace:
    return SimpleNamespace(
        rule="made_up",
        wildcards={},
        params={},
        input=[],
        output=[str(folder / "results/table.csv")],
        threads=1,
        log=[str(log)],
    )


@pytest.mark.parametrize("failure", [plain, quota, wrapped, met_while_cleaning_up, rust])
def test_a_full_disk_is_one_line(
    failure: Callable[[], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "log"
    with pytest.raises(SystemExit), job(snakemake(tmp_path, log)):
        failure()
    told = log.read_text()
    assert told == f"error: {tmp_path}/results: no space left on its disk; free some, then start again\n"
    assert capsys.readouterr().err == told


def test_a_full_disk_under_the_log_hides_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log").symlink_to("/dev/full")
    with pytest.raises(SystemExit), job(snakemake(tmp_path, tmp_path / "log")):
        raise KinesecError("the reason")
    assert capsys.readouterr().err == "error: the reason\n"


@pytest.mark.parametrize("other", [OSError(errno.EACCES, "Permission denied"), ValueError("a mistake of ours")])
def test_other_errors_keep_their_trace(other: Exception, tmp_path: Path) -> None:
    with pytest.raises(type(other)), job(snakemake(tmp_path, tmp_path / "log")):
        raise other
