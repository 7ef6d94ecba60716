"""A local conda channel of what constraints.txt says, and a ``conda`` that solves and installs from it.

Nothing is installed where kinesec is. Wheels, channel, packages and environments are some 3 GB and are removed at the
end, unless ``KINESEC_CONDA_WORK`` names a folder to keep them in for the next time.
"""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from environments import CONDA_NAMES, PYTHON, canonical, pins, specs
from local_conda import Conda

HERE = Path(__file__).parent


def _run(*command: str | Path) -> None:
    """Runs a step of making the channel; the tests skip with its last line where it cannot be done."""
    process = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False)
    if process.returncode:
        last = (process.stderr.strip() or process.stdout.strip() or "no message").splitlines()[-1]
        pytest.skip(f"the local channel cannot be made here: {Path(command[0]).name} {command[1]}: {last}")


def _wanted(repository: Path) -> list[str]:
    """The packages of all environments, as PyPI calls them."""
    from_conda = {conda: name for name, conda in CONDA_NAMES.items()}
    named = {name for file in (repository / "envs").glob("*.yaml") for name in specs(file)} - {"python"}
    exact = pins(repository / "constraints.txt")
    wanted = {canonical(from_conda.get(name, name)) for name in named}
    return [f"{name}=={exact[name]}" for name in sorted(wanted)]


@pytest.fixture(scope="session")
def conda(repository: Path) -> Iterator[Conda]:
    """A channel made from PyPI's wheels; skips, saying why, where one cannot be made."""
    if "KINESEC_TEST_CONDA" not in os.environ:
        pytest.skip("minutes and gigabytes: `make test-conda` runs it")
    if (sys.platform, platform.machine()) != ("linux", "x86_64"):
        pytest.skip("the local channel holds packages for linux-64 alone")
    if not platform.python_version().startswith(f"{PYTHON}."):
        here = platform.python_version()
        pytest.skip(f"the local channel's Python is this one, {here}; the environments ask for {PYTHON}")
    kept = os.environ.get("KINESEC_CONDA_WORK")
    folder = Path(kept or tempfile.mkdtemp(prefix="kinesec-conda-")).resolve()
    try:
        tools = folder / "tools"
        if not (tools / "bin/python").is_file():
            _run(sys.executable, "-m", "venv", tools)
            _run(tools / "bin/pip", "install", "--quiet", "-r", HERE / "tools.txt")
        if not (folder / "channels/conda-forge/linux-64/repodata.json").is_file():
            wheels, constraints = folder / "wheels", repository / "constraints.txt"
            download = (sys.executable, "-m", "pip", "download", "--quiet", "--only-binary=:all:")
            _run(*download, "-c", constraints, "-d", wheels, *_wanted(repository))
            names = [f"{name}={called}" for name, called in CONDA_NAMES.items()]
            shutil.rmtree(folder / "channels", ignore_errors=True)  # half made, where an earlier run was stopped
            channel = folder / "channels/conda-forge"
            _run(tools / "bin/python", HERE / "make_channel.py", channel, wheels, HERE / "witness.py", *names)
        yield Conda(HERE / "bin", folder)
    finally:
        if kept is None:
            shutil.rmtree(folder)
