"""Stages hold pieces of their store: the peak grows by far less than the store, measured in a process of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

SCRIPT = """
    import sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    import bench_memory
    small, large = Path(sys.argv[2]) / "small", Path(sys.argv[2]) / "large"
    for folder in (small, large):
        folder.mkdir(exist_ok=True)
    bench_memory._measure(sys.argv[3], small, large, 220, 90, first=24)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read the Linux way")
def test_no_stage_holds_its_store(repository: Path, tmp_path: Path) -> None:
    for stage in ("ingest", "cut", "clips", "poison"):
        arguments = [str(repository / "benchmarks"), str(tmp_path), stage]
        process = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(SCRIPT), *arguments], capture_output=True, text=True, check=False
        )
        assert process.returncode == 0, process.stdout + process.stderr[-2000:]
