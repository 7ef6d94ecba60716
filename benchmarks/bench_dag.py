"""How Snakemake's planning grows with the number of jobs: dry runs of generated configurations.

    python benchmarks/bench_dag.py [--jobs 500 1000 2000 4000] [--paper]

Victims are multiplied by seeds until a plan has about so many jobs; nothing is made. The seconds are the planning
process's own CPU time, so that other load counts little. The fit is time = start + jobs x slope: is it linear in jobs?
``--paper`` plans config/paper.yaml too.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import yaml

ROOT = Path(__file__).resolve().parents[1]
RATIOS = [0.05, 0.1]
JOBS_A_SEED = 11.0  # measured: 2 ratios, each poison, description, stealth, victim, evaluation; and the clean model


@dataclass(frozen=True)
class Plan:
    """What a dry run cost."""

    jobs: int
    seconds: float
    megabytes: float


def configuration(seeds: int) -> dict[str, object]:
    return {
        "run": "bench",
        "seeds": list(range(seeds)),
        "datasets": {"procedural": {}},
        "prediction": {
            "datasets": ["procedural"],
            "protocols": {"short": {"protocol": "ltd", "history": 10, "future": 25, "stride": 2}},
            "predictors": {"ltd": {"predictor": "ltd", "protocol": "short"}},
            "strategies": {"trigger": ["rigid"], "target": ["jammed"], "selection": ["random"], "ratio": RATIOS},
        },
    }


def plan(configfile: Path, folder: Path) -> Plan:
    """Plans a run in a child of its own, in an empty folder, and reads what it cost from the operating system."""
    command = [
        *(sys.executable, "-m", "snakemake", "--dry-run", "--quiet", "rules", "--cores", "1"),
        *("--snakefile", str(ROOT / "Snakefile"), "--directory", str(folder)),
        *("--workflow-profile", str(ROOT / "profiles/default"), "--configfile", str(configfile)),
    ]
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with (folder / "plan.txt").open("w+") as told:
        child = subprocess.Popen(command, env=environment, stdout=told, stderr=subprocess.STDOUT, cwd=ROOT)
        _, status, used = os.wait4(child.pid, 0)
        told.seek(0)
        text = told.read()
    total = re.search(r"^total\s+(\d+)$", text, re.MULTILINE)
    if os.waitstatus_to_exitcode(status) or total is None:
        raise SystemExit(text[-2000:])
    return Plan(int(total[1]), used.ru_utime + used.ru_stime, used.ru_maxrss / 1024)


def show(name: str, cost: Plan) -> None:
    each = 1000 * cost.seconds / cost.jobs
    print(
        f"{name}: {cost.jobs} jobs, {cost.seconds:.1f} s of CPU, {each:.2f} ms a job, {cost.megabytes:.0f} MB",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--jobs", type=int, nargs="+", default=[500, 1000, 2000, 4000])
    parser.add_argument("--paper", action="store_true", help="plan config/paper.yaml too")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "config").symlink_to(ROOT / "config")
        costs = []
        for jobs in chosen.jobs:
            configfile = folder / "bench.yaml"
            configfile.write_text(yaml.safe_dump(configuration(max(1, round(jobs / JOBS_A_SEED)))))
            costs.append(plan(configfile, folder))
            show("generated", costs[-1])
        if chosen.paper:
            show("config/paper.yaml", plan(ROOT / "config/paper.yaml", folder))
    if len(costs) > 2:
        jobs, seconds = np.array([c.jobs for c in costs]), np.array([c.seconds for c in costs])
        slope, start = np.polyfit(jobs, seconds, 1)
        off = float(np.abs(seconds - (start + slope * jobs)).max() / seconds.max())
        print(f"time = {start:.1f} s + {1000 * slope:.2f} ms x jobs; farthest from it {100 * off:.0f} % of the longest")
        # the marginal cost of the upper half over that of the lower half
        steps = np.diff(seconds) / np.diff(jobs)
        print(f"a further job costs {1000 * steps[0]:.2f} ms at first, {1000 * steps[-1]:.2f} ms at last")


if __name__ == "__main__":
    main()
