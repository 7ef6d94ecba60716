"""Poisoned windows a second: a store of CMU's 38 joints, rigid trigger, jammed target, one thread, disk included.

Run ``python benchmarks/bench_poisoning.py``; the windows are made up, so no data is needed.
"""

from __future__ import annotations

import os
import tempfile
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")
if hasattr(os, "sched_setaffinity"):
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import made_up

from kinesec.poisoning.prediction.badhmp import Poison, write

FRAMES = 60_000
POISON = Poison("rigid", "jammed", "random", "left_arm", 0.5)


def main(repeat: int = 3) -> None:
    with tempfile.TemporaryDirectory() as folder:
        windows = made_up.windows(Path(folder) / "windows.zarr", FRAMES)
        count = int(POISON.ratio * (FRAMES - made_up.LENGTH + 1))
        best = busy = 0.0
        for _ in range(repeat):
            start, cpu = time.perf_counter(), time.process_time()
            write(windows, Path(folder) / "poison.zarr", POISON, "bench", 0)
            best = max(best, count / (time.perf_counter() - start))
            busy = max(busy, count / (time.process_time() - cpu))
        print(f"poisoning: {count} windows of {made_up.LENGTH} frames, best of {repeat}:")
        print(f"{best:,.0f} windows/s, {busy:,.0f} a second of processor time")


if __name__ == "__main__":
    main()
