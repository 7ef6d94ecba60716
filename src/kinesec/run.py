"""What every workflow script does around its one library call: logging, one-line errors, a birth certificate."""

from __future__ import annotations

import json
import logging
import os
import platform
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from kinesec.errors import KinesecError

PACKAGES = ("kinesec", "numpy", "scipy", "xarray", "zarr", "torch", "safetensors", "pandas", "pyarrow", "snakemake")


class _Tee:
    """Writes to the terminal and to the rule's log; only the first is asked whether it is a terminal."""

    def __init__(self, terminal: Any, log: Any) -> None:
        self._terminal, self._log = terminal, log

    def write(self, text: str) -> int:
        self._log.write(text)
        return int(self._terminal.write(text))

    def flush(self) -> None:
        self._terminal.flush()
        self._log.flush()

    def isatty(self) -> bool:
        return bool(self._terminal.isatty())

    def fileno(self) -> int:
        return int(self._terminal.fileno())


def commit() -> dict[str, Any]:
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
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except ImportError:
            continue
    return found


def _device() -> str:
    torch = sys.modules.get("torch")
    if torch is None:
        return platform.machine()
    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else f"{platform.machine()} (CPU)"


def _sidecar(snakemake: Any, started: float) -> None:
    outputs = [Path(path) for path in snakemake.output]
    params = {name: value for name, value in dict(snakemake.params).items() if isinstance(name, str)}
    content: dict[str, Any] = {
        "rule": snakemake.rule,
        "wildcards": dict(snakemake.wildcards),
        "params": params,
        "inputs": [str(path) for path in snakemake.input],
        "outputs": [str(path) for path in outputs],
        "threads": snakemake.threads,
        **commit(),
        "versions": versions(),
        "host": platform.node(),
        "device": _device(),
        "wall_s": round(time.time() - started, 3),
        "peak_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1),
    }
    first = outputs[0].parent if outputs[0].name == "zarr.json" else outputs[0]
    path = first.with_name(f"{first.name}.run.json")
    part = path.with_suffix(".part")
    part.write_text(json.dumps(content, indent=1, sort_keys=True, default=str) + "\n")
    part.replace(path)


@contextmanager
def job(snakemake: Any) -> Iterator[Any]:
    """Runs a rule's script: its log, its threads, one line for a user's error, a ``*.run.json`` beside its output."""
    started = time.time()
    os.environ["OMP_NUM_THREADS"] = str(snakemake.threads)
    log = Path(snakemake.log[0])
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as file:
        terminal, sys.stderr = sys.stderr, _Tee(sys.stderr, file)
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr, force=True)
        logging.captureWarnings(True)
        try:
            yield snakemake
            _sidecar(snakemake, started)
        except KinesecError as error:
            print(f"error: {error}", file=sys.stderr)
            raise SystemExit(1) from None
        finally:
            sys.stderr.flush()
            sys.stderr = terminal


def use_threads(count: int) -> None:
    """Gives torch the job's threads, deterministic kernels, and memory that stays mapped between steps."""
    import ctypes

    import torch

    torch.set_num_threads(count)
    torch.use_deterministic_algorithms(True, warn_only=True)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    if sys.platform == "linux" and hasattr(libc := ctypes.CDLL(None), "mallopt"):
        # glibc returns freed buffers of a training step to the system and faults them in again at the next: a tenth of
        # a step's time. -1 and -3 are M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of <malloc.h>.
        libc.mallopt(-1, 2**30)
        libc.mallopt(-3, 2**30)
