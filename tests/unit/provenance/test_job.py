"""A job's certificate: what stands in it, when there is one, and how it is found again."""

from __future__ import annotations

import json
import logging
import platform
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from certified import MODEL, POISON, RECEIPT, TABLE, TRAINING, WINDOWS, ran, small_run, write_poison

from kinesec.errors import KinesecError
from kinesec.files import store
from kinesec.files.hashing import sha256_of
from kinesec.provenance import job
from kinesec.provenance.certificates import Certificates, beside

TIMES = {"started", "ended", "wall_s", "host", "peak_memory_mb", "peak_gpu_memory_mb"}


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(output: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(beside(output).read_text())
    return content


def test_a_certificate_says_what_the_job_made_and_what_of() -> None:
    small_run()
    trained = read(MODEL)
    assert trained["outputs"][MODEL] == {"sha256": sha256_of(Path(MODEL)), "bytes": Path(MODEL).stat().st_size}
    assert trained["outputs"][TRAINING]["sha256"] == sha256_of(Path(TRAINING))
    windows = store.content_sha256(Path(WINDOWS).parent)
    assert trained["inputs"] == {WINDOWS: windows, POISON: store.content_sha256(Path(POISON).parent)}
    size = sum(file.stat().st_size for file in Path(WINDOWS).parent.rglob("*") if file.is_file())
    kept = {"content_sha256": windows, "sha256": sha256_of(Path(WINDOWS)), "bytes": size}
    assert read(WINDOWS)["outputs"][WINDOWS] == kept


def test_a_certificate_says_by_what_and_in_what_it_was_made() -> None:
    ran("train", [MODEL], params={"predictor": {"width": 3}}, wildcards={"data": "procedural", "seed": "7"})
    made = read(MODEL)
    assert (made["rule"], made["seed"], made["code"]) == ("train", 7, "0123456789abcdef")
    assert made["params"]["predictor"] == {"width": 3}
    assert {"python", "numpy", "torch", "snakemake"} <= set(made["versions"])
    assert {"commit", "dirty", "device", "threads", *TIMES} - set(made) == {"peak_gpu_memory_mb"}
    assert made["peak_memory_mb"] > 1
    assert made["started"] <= made["ended"]


@pytest.mark.parametrize(("used", "device"), [(True, "A GPU"), (False, f"{platform.machine()} (CPU)")])
def test_the_device_is_the_gpu_only_where_the_job_used_it(
    used: bool, device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    cuda = SimpleNamespace(
        is_initialized=lambda: used, get_device_name=lambda: "A GPU", max_memory_allocated=lambda: 3 * 2**20
    )
    monkeypatch.setitem(sys.modules, "torch", SimpleNamespace(cuda=cuda))
    ran("train", [MODEL])
    assert read(MODEL)["device"] == device
    assert read(MODEL).get("peak_gpu_memory_mb") == (3.0 if used else None)


def test_a_job_without_a_seed_has_none() -> None:
    ran("table", [TABLE])
    assert read(TABLE)["seed"] is None


def test_the_same_job_has_the_same_certificate_but_for_times_and_machines() -> None:
    small_run()
    first = {output: read(output) for output in (WINDOWS, POISON, MODEL, TABLE)}
    for path in (WINDOWS, POISON):
        for file in sorted(Path(path).parent.rglob("*"), reverse=True):
            file.unlink() if file.is_file() else file.rmdir()
    Path("resources/procedural/raw/walk_1.bvh").unlink()
    Path("resources/procedural/raw").rmdir()
    small_run()
    for output, before in first.items():
        after = read(output)
        assert {key for key in before if before[key] != after[key]} <= TIMES


def test_raw_files_have_the_hashes_of_the_receipt_that_the_job_wrote(here: Path) -> None:
    """They may be many and large: the job has read them once."""
    walk = here / "own" / "walk_1.bvh"
    walk.parent.mkdir()
    walk.write_text("HIERARCHY\n")
    content = {"folder": str(walk.parent), "absent": [], "files": {walk.name: "as the receipt says"}}
    ran("retrieve", [RECEIPT], [str(walk)], write=lambda: Path(RECEIPT).write_text(json.dumps(content)) and None)
    assert read(RECEIPT)["inputs"] == {str(walk): "as the receipt says"}


def test_a_failed_job_leaves_no_certificate_not_even_an_earlier_one(capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise KinesecError("windows.zarr: found none, expected some")

    ran("train", [MODEL])
    with pytest.raises(SystemExit) as stopped:
        ran("train", [MODEL], write=fail)
    assert stopped.value.code == 1
    assert not beside(MODEL).exists()
    line = "error: windows.zarr: found none, expected some\n"
    assert capsys.readouterr().err == line
    assert Path("logs/train.log").read_text() == line


def test_an_output_that_the_script_did_not_write_is_recorded_as_nothing() -> None:
    ran("train", [MODEL], write=lambda: Path(MODEL).mkdir())
    assert read(MODEL)["outputs"] == {MODEL: {}}


def test_a_job_without_outputs_needs_no_certificate(here: Path) -> None:
    ran("verify", [])
    assert [path.name for path in here.rglob("*") if path.is_file()] == ["verify.log"]


def test_a_certificate_is_found_by_any_of_its_outputs() -> None:
    small_run()
    certificates = Certificates()
    for output in (MODEL, TRAINING, WINDOWS, TABLE):
        certificate = certificates.of(output)
        assert certificate is not None
        assert output in certificate["outputs"]
    assert certificates.of("results/artifacts/small/tables/other.csv") is None
    beside(TABLE).write_text("{")
    assert Certificates().of(TABLE) is None


def test_a_store_s_hash_is_of_its_content_whatever_its_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    ran("poison_badhmp", [POISON], write=lambda: write_poison(Path(POISON).parent, np.random.default_rng(3)))
    before = read(POISON)["outputs"][POISON]
    monkeypatch.setattr(store, "CHUNK_BYTES", 2**10)
    ran("poison_badhmp", [POISON], write=lambda: write_poison(Path(POISON).parent, np.random.default_rng(3)))
    after = read(POISON)["outputs"][POISON]
    assert after["content_sha256"] == before["content_sha256"]
    assert (after["sha256"], after["bytes"]) != (before["sha256"], before["bytes"])


def test_what_every_job_imports_is_light() -> None:
    """Importing numpy, torch or requests would cost each of thousands of jobs its time."""
    code = (
        "import sys, kinesec.provenance.job; print(sorted({'numpy', 'torch', 'requests', 'zarr'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"


def test_threads_are_set_without_importing_the_compiler() -> None:
    """Its import costs two seconds, as long as torch's own."""
    code = (
        "import sys, torch; from kinesec.models.device import use_threads; use_threads(1); "
        "print(torch.are_deterministic_algorithms_enabled(), 'torch._inductor' in sys.modules)"
    )
    asked = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert asked.stdout == "True False\n"


def talk() -> None:
    print("epoch 1", file=sys.stderr)
    logging.getLogger("kinesec").info("goes on after epoch 1")
    logging.getLogger("py.warnings").warning("an old weight file")  # where logging puts what warnings.warn says
    Path(MODEL).write_text("weights")


@pytest.mark.parametrize("quiet", [True, False])
def test_a_quiet_run_s_job_prints_its_warnings_and_logs_it_all(
    quiet: bool, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(job.QUIET, "1" if quiet else "")
    Path(MODEL).parent.mkdir(parents=True)
    ran("train", [MODEL], write=talk)
    printed, logged = capsys.readouterr().err, Path("logs/train.log").read_text()
    for line in ("epoch 1\n", "goes on after epoch 1\n"):
        assert line in logged
        assert (line in printed) != quiet
    assert printed.count("an old weight file") == 1
    assert "an old weight file" in logged


def test_a_quiet_run_s_job_prints_what_is_wrong(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv(job.QUIET, "1")
    test_a_failed_job_leaves_no_certificate_not_even_an_earlier_one(capsys)


def test_an_unforeseen_error_stands_in_the_log() -> None:
    with pytest.raises(ZeroDivisionError):
        ran("train", [MODEL], write=lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    assert Path("logs/train.log").read_text().endswith("ZeroDivisionError: division by zero\n")
