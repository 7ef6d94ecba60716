"""The ``conda`` of tests/conda, as the tests hand it to Snakemake."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Conda:
    """Where the stand-in's commands are, and the folder of its tools, channel, package cache and environments."""

    commands: Path
    folder: Path

    def variables(self) -> dict[str, str]:
        """What a Snakemake that is to find it needs in its environment."""
        return {
            "PATH": f"{self.commands}:{os.environ['PATH']}",
            "CONDA_TOOLS": str(self.folder / "tools/bin/python"),
            "CONDA_CHANNEL_ALIAS": f"file://{self.folder / 'channels'}",
            "RATTLER_CACHE_DIR": str(self.folder / "cache"),
        }
