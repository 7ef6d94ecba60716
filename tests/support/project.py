"""A copy of the repository's working files in a folder of its own, with the smallest configuration that runs it all."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from typing import Any

import yaml

PARTS = ("Snakefile", "workflow", "config", "profiles", "envs", "src", "pyproject.toml")
STRATEGY = "rigid-jammed-random-0.2"
CLEAN = "results/models/procedural/short/clean/ltd_tiny/seed0/model.safetensors"
SMALLEST: dict[str, Any] = {
    "run": "smallest",
    "seeds": [0],
    "datasets": {
        "procedural": {"settings": {"performers": 3, "takes": 1, "seconds": 3, "actions": ["walk", "wave"]}},
    },
    "prediction": {
        "datasets": ["procedural"],
        "protocols": {"short": {"protocol": "ltd", "history": 10, "future": 25, "stride": 2}},
        "predictors": {
            "ltd_tiny": {
                "predictor": "ltd",
                "protocol": "short",
                "settings": {"coefficients": 4, "features": 4, "blocks": 1},
                "recipe": {"epochs": 1, "batch": 64},
            }
        },
        "strategies": {"trigger": ["rigid"], "target": ["jammed"], "selection": ["random"], "ratio": [0.2]},
    },
}


def working_files(repository: Path) -> list[str]:
    """What a clone of the working tree would hold: tracked and new files, none that git ignores."""
    listing = ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z", "--", *PARTS]
    process = subprocess.run(listing, cwd=repository, capture_output=True, text=True, check=True)
    return [path for path in process.stdout.split("\0") if path and (repository / path).is_file()]


class Project:
    """A copy at ``folder``; its Snakemake and all its jobs import kinesec from this copy alone."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.target = "results/artifacts/smallest/report/index.html"
        if not (folder / "config/smallest.yaml").is_file():
            self.configure()

    @classmethod
    def of(cls, repository: Path, folder: Path) -> Project:
        for path in working_files(repository):
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(repository / path, folder / path)
        return cls(folder)

    def copy(self, folder: Path) -> Project:
        """A copy with everything made so far; time stamps are kept."""
        shutil.copytree(self.folder, folder)
        return Project(folder)

    def unchanged(self) -> dict[str, Any]:
        """The configuration that changes are made to."""
        return deepcopy(SMALLEST)

    def configure(self, changes: dict[str, Any] | None = None) -> None:
        """Writes the smallest configuration with some ``changes``: {"prediction.strategies.ratio": [0.1]}."""
        config = self.unchanged()
        for key, value in (changes or {}).items():
            *parents, last = key.split(".")
            place = config
            for name in parents:
                place = place.setdefault(name, {})
            place[last] = value
        (self.folder / "config/smallest.yaml").write_text(yaml.safe_dump(config, sort_keys=False))

    def environment(self, **changes: str) -> dict[str, str]:
        kept = {
            key: value for key, value in os.environ.items() if key not in ("PYTHONDONTWRITEBYTECODE", "KINESEC_MIRROR")
        }
        # verbose: tests read what Snakemake prints of its jobs, and a failing one shows it all
        ours = {"PYTHONPATH": str(self.folder / "src"), "OMP_NUM_THREADS": "1", "KINESEC_VERBOSE": "1"}
        return {**kept, **ours, **changes}

    def command(self, *arguments: str, target: str | None = None) -> list[str]:
        """Snakemake's command line; ``target`` names one file or rule, or several between spaces."""
        chosen = [*(target or self.target).split(), "--cores", "1", *arguments, "--configfile", "config/smallest.yaml"]
        return [sys.executable, "-m", "snakemake", *chosen]

    def run(
        self, *arguments: str, target: str | None = None, environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments, target=target),
            cwd=self.folder,
            env=environment or self.environment(),
            capture_output=True,
            text=True,
            timeout=1200,
        )

    def build(self, *arguments: str, target: str | None = None) -> str:
        """Runs Snakemake, which must succeed; returns all it printed."""
        process = self.run(*arguments, target=target)
        assert process.returncode == 0, process.stdout + process.stderr
        return process.stdout + process.stderr

    def rerun(self, *arguments: str, target: str | None = None, environment: dict[str, str] | None = None) -> set[str]:
        """The rules of which a job would run now."""
        process = self.run("--dry-run", *arguments, target=target, environment=environment)
        assert process.returncode == 0, process.stdout + process.stderr
        text = process.stdout + process.stderr
        if "Nothing to be done" in text:
            return set()
        table = re.search(r"^Job stats:\n.*?\n-[- ]*\n(.*?)^total ", text, re.MULTILINE | re.DOTALL)
        assert table is not None, text
        return {line.split()[0] for line in table[1].splitlines()} - {"all"}

    def edit(self, path: str, old: str, new: str) -> None:
        """Replaces text that occurs in a file."""
        text = (self.folder / path).read_text()
        assert old in text, f"{path} has no {old!r}"
        (self.folder / path).write_text(text.replace(old, new, 1))

    def append(self, path: str, text: str) -> None:
        with (self.folder / path).open("a") as file:
            file.write(text)

    def sources(self) -> list[Path]:
        return [self.folder / path for part in PARTS for path in self._files(part)]

    def _files(self, part: str) -> list[Path]:
        place = self.folder / part
        return [place] if place.is_file() else [path for path in place.rglob("*") if path.is_file()]
