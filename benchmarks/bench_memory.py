"""Peak memory of ingest, cutting and poisoning beside the size of the store they write, ten times what is allowed.

Each stage runs in a process of its own, on a fraction of the data first; then its peak may grow by ``LIMIT_MB`` and no
more. Poisoning also keeps some 50 bytes a training window (indices, scores). Linux only.

    python benchmarks/bench_memory.py [--limit-mb 96]
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import made_up
import numpy as np

from kinesec.files import schema, store
from kinesec.motion.recording import Motion
from kinesec.poisoning.prediction.badhmp import Poison, write
from kinesec.samples.clips import cut as cut_clips
from kinesec.samples.windows.cut import Protocol, cut
from kinesec.sources.datasets.base import Info, Item, Settings
from kinesec.sources.ingest import ingest

LIMIT_MB = 96
SEQUENCE = 2048


def _items(files: Sequence[str], settings: Settings) -> list[Item]:
    return [Item(path, "walk", "train") for path in files]


def _read(root: Path, item: Item, settings: Settings) -> tuple[Motion, ...]:
    return (made_up.motion(SEQUENCE, int(item.path)),)


DATA = SimpleNamespace(INFO=Info("made up", "none", "none"), items=_items, read=_read)


def _ingest(folder: Path, count: int) -> None:
    (folder / "raw").mkdir(exist_ok=True)
    names = [f"{index:05}" for index in range(count)]
    for name in names:
        (folder / "raw" / name).touch()
    ingest(DATA, folder / "raw", names, {}, folder / "motions.zarr", dataset="made_up")  # type: ignore[arg-type]


def _cut(folder: Path, count: int) -> None:
    cut(folder / "motions.zarr", folder / "windows.zarr", Protocol("ltd", made_up.HISTORY, made_up.FUTURE))


def _clips(folder: Path, count: int) -> None:
    settings = {"cover": "windows", "frames": 64, "stride": 64, "rate_hz": 120.0}
    cut_clips.cut(folder / "motions.zarr", folder / "clips.zarr", {"protocol": "native", "settings": settings})


def _poison(folder: Path, count: int) -> None:
    share = 4
    windows = made_up.windows(folder / "few.zarr", count * SEQUENCE // share)
    poison = Poison("rigid", "jammed", "random", "left_arm", 1.1 * share / made_up.LENGTH)
    write(windows, folder / "poison.zarr", poison, "bench", 0)


STAGES: dict[str, tuple[Callable[[Path, int], None], str]] = {
    "ingest": (_ingest, "motions.zarr"),
    "cut": (_cut, "windows.zarr"),
    "clips": (_clips, "clips.zarr"),
    "poison": (_poison, "poison.zarr"),
}


def _megabytes(path: Path, kind: str) -> float:
    """The store's numbers, uncompressed."""
    data = store.read(path, schema.load(kind))
    arrays = [array for array in data.variables.values() if array.dtype.kind not in "OT"]
    return sum(int(np.prod(array.shape)) * array.dtype.itemsize for array in arrays) / 2**20


def _peak_megabytes() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _measure(stage: str, small: Path, large: Path, count: int, limit_mb: int, first: int = 32) -> None:
    """Runs a stage small, then large, and prints by how much its peak grew; exits with 1 above the limit."""
    run, name = STAGES[stage]
    run(small, first)
    before = _peak_megabytes()
    run(large, count)
    peak = _peak_megabytes()
    grown, size = peak - before, _megabytes(large / name, name.removesuffix(".zarr"))
    told = f"store of {size:.0f} MB, limit {limit_mb} MB, peak grew by {grown:.0f} MB to {peak:.0f} MB"
    print(f"{stage}: {told}", flush=True)
    raise SystemExit(grown > limit_mb)


def main() -> None:
    parser = argparse.ArgumentParser(description="peak memory of stages on stores of ten times the memory they may add")
    parser.add_argument("--limit-mb", type=int, default=LIMIT_MB)
    limit_mb = parser.parse_args().limit_mb
    frame_bytes = 38 * 3 * 4
    count = -(-10 * limit_mb * 2**20 // (frame_bytes * SEQUENCE))
    with tempfile.TemporaryDirectory() as folder:
        small, large = Path(folder) / "small", Path(folder) / "large"
        small.mkdir()
        large.mkdir()
        for stage in STAGES:
            process = multiprocessing.get_context("spawn").Process(
                target=_measure, args=(stage, small, large, count, limit_mb)
            )
            process.start()
            process.join()
            if process.exitcode:
                raise SystemExit(f"{stage}: needs more than {limit_mb} MB")


if __name__ == "__main__":
    main()
