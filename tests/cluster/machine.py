"""What a SLURM of the tests needs of the machine: its programs, ports, and that there is no other SLURM."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

PACKAGES = {"slurmctld": "slurmctld", "slurmd": "slurmd", "sbatch": "slurm-client", "munged": "munge"}
SYSTEM = Path("/etc/slurm/slurm.conf")
PREFIX = "kinesec-slurm-"


class NotStarted(Exception):
    """There can be no SLURM here, or it did not come up; the message says why."""


def missing() -> list[str]:
    """The Debian packages of SLURM and munge that this machine lacks."""
    return [package for program, package in PACKAGES.items() if shutil.which(program) is None]


def install() -> None:
    """Installs what is missing; raises ``NotStarted`` where that cannot be done."""
    if os.geteuid() != 0:
        raise NotStarted("SLURM's daemons need root")
    if not missing():
        return
    if shutil.which("apt-get") is None:
        raise NotStarted(f"found no {', '.join(missing())} and no apt-get to install them with")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    steps = ["apt-get update", "apt-get install --yes --no-install-recommends " + " ".join(missing())]
    for step in steps:
        process = subprocess.run(step.split(), env=environment, capture_output=True, text=True)
        if process.returncode:
            raise NotStarted(f"{step}: {(process.stderr or process.stdout).strip().splitlines()[-1]}")


def unclaimed() -> None:
    """Raises ``NotStarted`` when the machine's configuration is another's; removes what a killed session left."""
    if not SYSTEM.exists() and not SYSTEM.is_symlink():
        return
    if not (SYSTEM.is_symlink() and SYSTEM.readlink().parent.name.startswith(PREFIX)):
        raise NotStarted(f"{SYSTEM} is there: this machine has a SLURM of its own")
    if subprocess.run(["scontrol", "ping"], capture_output=True, timeout=60).returncode == 0:
        raise NotStarted(f"another one is up: {SYSTEM} leads to {SYSTEM.readlink()}")
    SYSTEM.unlink()


def wait_for(what: str, condition: Callable[[], bool], seconds: float = 60) -> None:
    """Returns when ``condition()`` holds; raises ``NotStarted`` when it has not held for so long."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise NotStarted(f"{what}: not so after {seconds:.0f} s")
        time.sleep(0.05)


def free_ports(count: int) -> list[int]:
    """Ports that nothing listens on, in one row, as SLURM's node range wants them."""
    first = 17000
    while not all(_free(port) for port in range(first, first + count)):
        first += count
    return list(range(first, first + count))


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("", port))
        except OSError:
            return False
    return True
