"""What Snakemake and SLURM add to a job, and what grouping short jobs saves.

    python benchmarks/bench_overhead.py [--ratios 3]

The smallest graph's poisoned sets and their stealth, two jobs a ratio, each about a second long, one after the other:
here; each a SLURM job of its own; all of them one SLURM job, as slurm/profile.v9+.yaml groups them. Overhead is what a
run takes beyond its scripts' own seconds and beyond a run that finds nothing to do. ``as it ends`` is SLURM without the
wait for Snakemake's next look at its jobs, 10 s, then 20, 30, ... while none ends.

It starts a SLURM of its own, as tests/cluster does (root, apt), and says so where there can be none.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import yaml

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "tests" / "support"), str(ROOT / "tests" / "cluster")]

from local_slurm import Slurm  # noqa: E402
from machine import NotStarted  # noqa: E402
from project import Project  # noqa: E402
from runs import IMPATIENT, complete  # noqa: E402

WINDOWS = "results/windows/procedural/short/windows.zarr/zarr.json"
TABLE = "results/evaluations/stealth/procedural/short/rigid-jammed-random-{ratio}/seed0.csv"
SNAKEMAKE = ("-m", "snakemake")


def prepared(folder: Path, ratios: list[float]) -> Project:
    """The smallest graph with all that comes before the jobs that are timed."""
    project = complete(ROOT, Project.of(ROOT, folder))
    project.configure({"prediction.strategies.ratio": ratios})
    project.build(target=WINDOWS)
    return project


def ungroup(project: Project) -> None:
    profile = project.folder / "slurm/profile.v9+.yaml"
    settings = yaml.safe_load(profile.read_text())
    for key in ("groups", "group-components"):
        del settings[key]
    profile.write_text(yaml.safe_dump(settings))


def timed(project: Project, environment: dict[str, str], targets: list[str], *how: str) -> tuple[float, float, int]:
    """Seconds of a run beyond one that finds nothing to do, seconds of its scripts, and how many they were."""
    before = set(project.folder.glob("logs/**/*.jsonl"))
    command = [sys.executable, *how, *targets, "--configfile", "config/smallest.yaml"]
    taken = []
    for _ in range(2):
        started = perf_counter()
        process = subprocess.run(command, cwd=project.folder, env=environment, capture_output=True, text=True)
        taken.append(perf_counter() - started)
        if process.returncode:
            sys.exit(process.stdout + process.stderr)
    made = set(project.folder.glob("logs/**/*.jsonl")) - before
    scripts = sum(json.loads(path.read_text().splitlines()[-1])["s"] for path in made)
    return taken[0] - taken[1], scripts, len(made)


def main() -> None:
    parser = argparse.ArgumentParser(description="overhead of a job")
    parser.add_argument("--ratios", type=int, default=3)
    count = parser.parse_args().ratios
    ratios = [round(0.1 + 0.02 * number, 2) for number in range(count)]
    targets = [TABLE.format(ratio=ratio) for ratio in ratios]
    print(f"{'how':34s} {'jobs':>4s} {'wall':>7s} {'scripts':>8s} {'overhead a job':>15s}")

    def show(name: str, wall: float, scripts: float, jobs: int) -> None:
        print(f"{name:34s} {jobs:4d} {wall:6.1f}s {scripts:7.1f}s {(wall - scripts) / jobs:14.1f}s", flush=True)

    with TemporaryDirectory() as folder:
        start = prepared(Path(folder) / "start", ratios)
        here = start.copy(Path(folder) / "here")
        show("here, --cores 1", *timed(here, here.environment(), targets, *SNAKEMAKE, "--cores", "1"))
        try:
            with Slurm() as slurm:
                one_by_one = ("--cores", "8", "--profile", "slurm", "--jobs", "1", "--latency-wait", "5")
                for name, grouped, snakemake in (
                    ("SLURM, a job each, as it ends", False, (str(IMPATIENT),)),
                    ("SLURM, a job each", False, SNAKEMAKE),
                    ("SLURM, one job, as it ends", True, (str(IMPATIENT),)),
                    ("SLURM, one job", True, SNAKEMAKE),
                ):
                    project = start.copy(Path(folder) / name.replace(" ", "_"))
                    if not grouped:
                        ungroup(project)
                    environment = {**project.environment(), "SLURM_CONF": slurm.environment["SLURM_CONF"]}
                    show(name, *timed(project, environment, targets, *snakemake, *one_by_one))
        except NotStarted as error:
            print(f"SLURM was not measured: {error}")


if __name__ == "__main__":
    main()
