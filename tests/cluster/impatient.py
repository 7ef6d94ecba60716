"""Snakemake, except that it looks after its SLURM jobs every half second.

Its own looks are 1, 11, 21, ... seconds apart while no job ends: right for hours of training, and most of the time of a
test whose jobs take seconds.
"""

from __future__ import annotations

import asyncio
import sys

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor


async def sleep(self: RemoteExecutor) -> None:
    await asyncio.sleep(0.5)


if __name__ == "__main__":
    RemoteExecutor.sleep = sleep
    main(sys.argv[1:])
