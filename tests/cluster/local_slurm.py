"""A real SLURM on this machine, for tests: munged, slurmctld and one slurmd a node, each a child of this process.

Everything it writes stands in one folder, its own munge key and socket included. Only /etc/slurm/slurm.conf leads there
while it is up, because Snakemake's jobs lose ``SLURM_CONF``; a machine that has one of its own is left alone.
No systemd, no accounting database.

    python tests/cluster/local_slurm.py COMMAND [ARGUMENT ...]

starts one, runs the command on it, stops it and ends with the command's status.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from machine import PREFIX, SYSTEM, NotStarted, free_ports, install, unclaimed, wait_for

CONFIGURATION = """\
ClusterName=kinesec
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={controller_port}
SlurmUser=root
SlurmdUser=root
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_interval=1,bf_interval=2
SlurmdParameters=config_overrides
ReturnToService=2
SlurmdTimeout=10
SlurmctldTimeout=10
InactiveLimit=0
KillWait=2
MinJobAge=3600
JobRequeue=0
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
GresTypes=gpu
NodeName=c[1-{nodes}] NodeHostname={host} NodeAddr=127.0.0.1 Port={ports} \
CPUs={cpus} RealMemory={memory_mb} Gres=gpu:1 State=UNKNOWN
PartitionName=main Nodes=c[1-{nodes}] Default=YES MaxTime=INFINITE State=UP
"""


@dataclass(frozen=True)
class Job:
    """A job as squeue shows it; ``comment`` is what the executor says of it: rule and wildcards."""

    id: str
    name: str
    state: str
    comment: str
    memory: str
    node: str


class Slurm:
    """A cluster of ``nodes`` nodes, c1, c2, ...; used in a ``with`` block."""

    def __init__(self, nodes: int = 2, cpus: int = 8, memory_mb: int = 24000) -> None:
        self.nodes = [f"c{number + 1}" for number in range(nodes)]
        self._size = {"nodes": nodes, "cpus": cpus, "memory_mb": memory_mb}
        self._daemons: dict[str, subprocess.Popen[bytes]] = {}

    def __enter__(self) -> Self:
        install()
        unclaimed()
        self.folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir="/tmp"))  # munge wants a short, safe path
        self.folder.chmod(0o755)
        try:
            self._configure()
            self._start_munge()
            self.start_controller()
            for node in self.nodes:
                self.start_node(node)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def environment(self) -> dict[str, str]:
        """What a client needs to find this cluster and no other."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("SLURM_", "SBATCH_"))}
        return {**kept, "SLURM_CONF": str(self.folder / "slurm.conf")}

    def _configure(self) -> None:
        for name in ("munge", "state", *self.nodes):
            (self.folder / name).mkdir(mode=0o755)
        controller_port, *ports = free_ports(1 + len(self.nodes))
        (self.folder / "slurm.conf").write_text(
            CONFIGURATION.format(
                host=socket.gethostname().split(".")[0],
                folder=self.folder,
                controller_port=controller_port,
                ports=f"[{ports[0]}-{ports[-1]}]",
                **self._size,
            )
        )
        SYSTEM.parent.mkdir(exist_ok=True)
        SYSTEM.symlink_to(self.folder / "slurm.conf")
        # a device file that is there, so that SLURM hands the pretended GPU out
        (self.folder / "gres.conf").write_text(f"NodeName=c[1-{len(self.nodes)}] Name=gpu File=/dev/null\n")

    def _daemon(self, name: str, *command: str) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._daemons[name] = subprocess.Popen(
                ["setpriv", "--pdeathsig", "TERM", *command],  # none outlives this process
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _start_munge(self) -> None:
        key = self.folder / "munge" / "key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(1024))
        names = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
        settings = [f"--{option}={self.folder / 'munge' / name}" for option, name in names.items()]
        self._daemon("munged", "munged", "--foreground", "--force", *settings)
        wait_for("munge's socket", lambda: (self.folder / "munge" / "socket").exists())

    def run(self, *command: str, timeout: float = 60) -> str:
        """What a client command prints; raises ``CalledProcessError``."""
        return subprocess.run(
            command, env=self.environment, capture_output=True, text=True, check=True, timeout=timeout
        ).stdout

    def jobs(self) -> list[Job]:
        """All jobs since the start, finished ones too, in order."""
        columns = "%i|%j|%T|%k|%m|%N"
        lines = self.run("squeue", "--all", "--states=all", "--noheader", "--sort=i", f"--format={columns}")
        return [Job(*line.split("|")) for line in lines.splitlines()]

    def start_controller(self) -> None:
        self._daemon("slurmctld", "slurmctld", "-D")

        def answers() -> bool:
            return subprocess.run(["scontrol", "ping"], env=self.environment, capture_output=True).returncode == 0

        wait_for("slurmctld", answers)

    def start_node(self, node: str) -> None:
        self._daemon(node, "slurmd", "-D", "-N", node)
        wait_for(f"node {node}", lambda: self.state_of(node) in ("idle", "mixed", "allocated", "completing"))

    def state_of(self, node: str) -> str:
        return self.run("sinfo", "--noheader", "--nodes", node, "--format=%T").strip()

    def kill(self, name: str) -> None:
        """SIGKILL to ``slurmctld`` or to a node's slurmd; what that node runs is not touched."""
        daemon = self._daemons.pop(name)
        daemon.kill()
        daemon.wait()

    def stop(self) -> None:
        """Cancels all jobs and ends every daemon that was started, in time or by force."""
        if "slurmctld" in self._daemons:
            subprocess.run(["scancel", "--user", "root"], env=self.environment, capture_output=True)
            with_jobs = ["squeue", "--noheader", "--states=running,completing"]
            deadline = time.monotonic() + 15
            while time.monotonic() < deadline:
                if not subprocess.run(with_jobs, env=self.environment, capture_output=True).stdout:
                    break
                time.sleep(0.1)
        for daemon in reversed(self._daemons.values()):
            daemon.send_signal(signal.SIGTERM)
            try:
                daemon.wait(10)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
        self._daemons.clear()
        if SYSTEM.is_symlink() and SYSTEM.readlink().parent == self.folder:
            SYSTEM.unlink()
        shutil.rmtree(self.folder, ignore_errors=True)


def main(command: list[str]) -> int:
    if not command:
        print(__doc__)
        return 2
    try:
        with Slurm() as slurm:
            print(f"slurm: {', '.join(slurm.nodes)} are up; SLURM_CONF={slurm.folder}/slurm.conf", flush=True)
            return subprocess.run(command, env=slurm.environment).returncode
    except NotStarted as error:
        print(f"error: no SLURM was started: {error}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
