"""Goes on with a run that was killed: ends the jobs that it left, unlocks the folder, runs what is unfinished.

    python tools/resume.py [SNAKEMAKE ARGUMENT ...]

Without arguments, those of the last run in this folder, as Snakemake's log has them. Ends with Snakemake's status.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import psutil

from kinesec.errors import KinesecError
from kinesec.plan import cluster


def at_work(folder: Path) -> tuple[list[psutil.Process], list[psutil.Process]]:
    """The processes of this machine that run ``folder``: Snakemake itself, and the scripts of its jobs."""
    masters, scripts = [], []
    for process in psutil.process_iter(["cwd", "cmdline"]):
        words = process.info["cmdline"] or []
        if process.info["cwd"] != str(folder):
            continue
        if any(word.startswith(str(folder / ".snakemake" / "scripts")) for word in words[:2]):
            scripts.append(process)
        elif any(Path(word).name == "snakemake" for word in words[:3]) and "--mode" not in words:
            masters.append(process)
    return masters, scripts


def last_arguments(folder: Path) -> list[str]:
    """What the last run in ``folder`` was given; the log separates words by blanks, and does not quote them."""
    for log in cluster.logs(folder):
        command = re.search(r"^ *Command: \S+ ?(.*)$", log.read_text(errors="replace"), re.MULTILINE)
        if command is not None:
            return command[1].split()
    raise KinesecError("no Snakemake has run in this folder, expected a run to go on with")


def resume(folder: Path, arguments: list[str]) -> int:
    masters, _ = at_work(folder)
    if masters:
        raise KinesecError(f"Snakemake is at work here, process {masters[0].pid}; end it first, or wait for its end")
    arguments = arguments or last_arguments(folder)
    if cluster.runs(folder):
        for job in cluster.cancel(folder):
            print(f"resume: cancelled job {job.id}, {job.what}", flush=True)
    _, scripts = at_work(folder)
    for script in scripts:
        script.kill()
        print(f"resume: ended process {script.pid}, a job of the killed run", flush=True)
    psutil.wait_procs(scripts)
    print(f"resume: snakemake {' '.join(arguments)}", flush=True)
    snakemake = [sys.executable, "-m", "snakemake", *arguments]
    unlocked = subprocess.run([*snakemake, "--unlock"], cwd=folder)
    if unlocked.returncode:
        return unlocked.returncode
    return subprocess.run([*snakemake, "--rerun-incomplete"], cwd=folder).returncode


if __name__ == "__main__":
    try:
        sys.exit(resume(Path.cwd(), sys.argv[1:]))
    except KinesecError as error:
        sys.exit(f"error: {error}")
