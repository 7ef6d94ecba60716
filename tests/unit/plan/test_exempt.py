"""What is left out of the code's hash cannot change an output: jobs make the same bytes with it and without."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from attack_stores import write_clips, write_model
from stores import write_motions

from kinesec.plan.code_hash import EXEMPT, modules_of

# Runs scripts as Snakemake does: each with an object of paths, parameters and wildcards.
RUN = """
import runpy, sys
from types import SimpleNamespace
class Named(dict):
    __getattr__ = dict.__getitem__
class Paths(list):
    pass
def run(script, input, output, params, wildcards):
    paths = Paths(output.values())
    vars(paths).update(output)
    job = SimpleNamespace(rule=script, input=Named(input), output=paths, params=Named(params), threads=1,
                          wildcards=Named(wildcards), log=[f"logs/{script}.log"])
    runpy.run_path(f"{sys.argv[1]}/workflow/scripts/{script}.py", {"snakemake": job})
run("cut_windows", {"motions": "../motions.zarr/zarr.json"}, {"store": "windows.zarr/zarr.json"},
    {"protocol": {"protocol": "full", "history": 4, "future": 3}}, {"data": "made_up", "protocol": "full"})
run("attack_recognizer", {"clips": "../clips.zarr/zarr.json", "model": "../model.safetensors"},
    {"store": "shard1of1.zarr/zarr.json"},
    {"attack": {"attack": "pgd", "strategy": "AB", "limit": 3, "settings": {"iterations": 3}}, "code": "0"},
    {"shard": "1of1", "seed": "0"})
"""
# Stand-ins that say nothing, write no certificate and word errors otherwise.
SILENT = {
    "progress.py": """
class Progress:
    def __init__(self, *_, **__): pass
    def __enter__(self): return self
    def __exit__(self, *_): pass
    def update(self, amount=1): pass
def track(iterable, *_, **__): return iter(iterable)
""",
    "provenance/job.py": """
from contextlib import contextmanager
@contextmanager
def job(snakemake): yield snakemake
""",
    "errors.py": """
class KinesecError(Exception):
    def __str__(self): return "worded otherwise"
class ConfigError(KinesecError): pass
class NothingToDraw(KinesecError): pass
""",
    "files/errors.py": """
from kinesec.errors import KinesecError
class StoreError(KinesecError): pass
""",
}


def content(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.zarr/**/*") if path.is_file()
    }


def test_outputs_have_the_same_bytes_without_what_is_exempt(tmp_path: Path, repository: Path) -> None:
    write_motions(tmp_path / "motions.zarr", [30, 20], ["train", "test"])
    write_model(tmp_path / "model.safetensors", write_clips(tmp_path / "clips.zarr"))
    altered = tmp_path / "src"
    shutil.copytree(repository / "src", altered, ignore=shutil.ignore_patterns("__pycache__"))
    for name, text in SILENT.items():
        assert (altered / "kinesec" / name).is_file()
        (altered / "kinesec" / name).write_text(text)
    made, said = [], []
    for folder, source in ((tmp_path / "as it is", repository / "src"), (tmp_path / "silent", altered)):
        folder.mkdir()
        environment = {**os.environ, "PYTHONPATH": str(source)}
        command = [sys.executable, "-c", RUN, str(repository)]
        ended = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stderr[-2000:]
        made.append(content(folder))
        said.append(ended.stderr)
    assert len(made[0]) > 20
    assert made[0] == made[1]
    assert "attacking" in said[0]
    assert "attacking" not in said[1]
    assert set(SILENT) == {f"{module.removeprefix('kinesec.').replace('.', '/')}.py" for module in EXEMPT}


@pytest.mark.parametrize("module", [module for module in EXEMPT if module.endswith("errors")])
def test_exempt_errors_hold_no_code(module: str, repository: Path) -> None:
    tree = ast.parse(repository.joinpath("src", *module.split(".")).with_suffix(".py").read_text("utf-8"))
    statements = [node for node in ast.walk(tree) if isinstance(node, ast.stmt) and not isinstance(node, ast.ClassDef)]
    assert all(isinstance(node, ast.Expr | ast.ImportFrom) for node in statements)


def test_certificates_are_hashed_where_outputs_are_made_of_them() -> None:
    certificates = "kinesec.provenance.certificates"
    assert certificates in modules_of("kinesec.provenance.croissant")
    assert certificates not in modules_of("kinesec.provenance.job", "kinesec.jobs.train_recognizer")
