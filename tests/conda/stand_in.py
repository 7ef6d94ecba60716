"""A ``conda`` for tests: the few calls that Snakemake makes to it, answered with py-rattler. It is not conda itself.

The channel ``conda-forge`` is the one of that name at CONDA_CHANNEL_ALIAS.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
from pathlib import Path

import yaml
from rattler import Channel, ChannelConfig, Gateway, MatchSpec, SourceConfig, VirtualPackage, install, solve

HERE = Path(__file__).resolve().parent  # its bin/activate is what Snakemake sources before a job
VERSION = "25.1.1"  # Snakemake asks for 24.7.1 or newer


async def create(file: Path, prefix: Path) -> None:
    """Solves an environment file strictly within its channels and installs what was found."""
    said = yaml.safe_load(file.read_text("utf-8"))
    where = ChannelConfig(channel_alias=os.environ["CONDA_CHANNEL_ALIAS"].rstrip("/") + "/")
    records = await solve(
        [Channel(name, where) for name in said["channels"] if name != "nodefaults"],
        [MatchSpec(spec, strict=True) for spec in said["dependencies"]],
        gateway=Gateway(default_config=SourceConfig(sharded_enabled=False)),
        platforms=["linux-64", "noarch"],
        virtual_packages=VirtualPackage.detect(),
    )
    cache = Path(os.environ["RATTLER_CACHE_DIR"])
    await install(records, target_prefix=prefix, cache_dir=cache, show_progress=False)


def main(arguments: list[str]) -> int:
    if arguments == ["--version"]:
        print(f"conda {VERSION}")
    elif arguments[:1] == ["info"]:
        print(json.dumps({"conda_prefix": str(HERE), "platform": "linux-64", "conda_version": VERSION}))
    elif arguments[:2] == ["config", "--get"]:
        print(json.dumps({"get": {"channel_priority": "strict"}}))
    elif arguments[:1] == ["clean"]:
        pass  # nothing was fetched that is not in the package cache
    elif arguments[:2] == ["env", "create"]:
        parser = argparse.ArgumentParser()
        parser.add_argument("--quiet", action="store_true")
        parser.add_argument("--no-default-packages", action="store_true")
        parser.add_argument("--file", required=True, type=Path)
        parser.add_argument("--prefix", required=True, type=Path)
        asked = parser.parse_args(arguments[2:])
        try:
            asyncio.run(create(asked.file, asked.prefix))
        except Exception as error:  # whatever the solver raises: Snakemake shows the line
            shutil.rmtree(asked.prefix, ignore_errors=True)
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
            return 1
    else:
        print(f"not a call that this stand-in answers: conda {' '.join(arguments)}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    status = main(sys.argv[1:])
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)  # py-rattler's threads may still be at work, and crash an interpreter that ends in good order
