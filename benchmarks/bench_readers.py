"""How fast the readers are, in one thread and one run, beside plain line-by-line parsers of the same files.

    python benchmarks/bench_readers.py [--data ../shared/data] [--repeat 3]

``channels`` is the parse alone, from the file to its numbers as one array, checked or not; ``motion`` goes on to
positions and rotations. The plain reader for BVH motions is timed on a few files only, as it takes its time.
"""

from __future__ import annotations

import argparse
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter

import numpy as np
import plain_parsers as plain
import pyarrow as pa

from kinesec.sources.readers import asf_amc, bvh, expmap
from kinesec.sources.readers._asf import find_asf, read_asf

Reader = Callable[[Path], object]


def rate(read: Reader, files: Sequence[Path], repeat: int) -> float:
    """Megabytes a second over all files; the best of some runs, the files in the page cache."""
    size = sum(file.stat().st_size for file in files) / 1e6
    times = []
    for _ in range(repeat):
        start = perf_counter()
        for file in files:
            read(file)
        times.append(perf_counter() - start)
    return size / min(times)


def write_sample(folder: Path) -> None:
    """Files of each format with random numbers, for machines without the real ones."""
    random = np.random.default_rng(0)
    skeleton = expmap.cmu_skeleton()
    rows = random.normal(size=(2000, 3 + 3 * len(skeleton))) * 0.3
    for name in ("a", "b", "c"):
        np.savetxt(folder / f"{name}.txt", rows, fmt="%.9g", delimiter=",")
        (motion,) = expmap.read(folder / f"{name}.txt", skeleton=skeleton, unit_mm=expmap.CMU_UNIT_MM, fps=120.0)
        bvh.write(folder / f"{name}.bvh", motion)
    bones = [f"bone{index}" for index in range(1, 31)]
    data = "".join(
        f"begin\nname {bone}\ndirection 0 1 0\nlength 1\naxis 0 0 0 XYZ\ndof rx ry rz\nend\n" for bone in bones
    )
    chain = "".join(f"{above} {bone}\n" for above, bone in zip(["root", *bones], bones, strict=False))
    root = ":root\norder TX TY TZ RX RY RZ\naxis XYZ\n"
    (folder / "01.asf").write_text(f":units\nlength 0.45\n{root}:bonedata\n{data}:hierarchy\nbegin\n{chain}end\n")
    angles = random.normal(size=(2000, 96)) * 20
    with (folder / "01_01.amc").open("w") as file:
        for frame, row in enumerate(angles, start=1):
            file.write(f"{frame}\nroot {' '.join(f'{value:.6g}' for value in row[:6])}\n")
            for bone, three in zip(bones, row[6:].reshape(-1, 3), strict=True):
                file.write(f"{bone} {' '.join(f'{value:.6g}' for value in three)}\n")


def line(what: str, fast: float, slow: float | None) -> None:
    ratio = f"{slow:8.1f} MB/s plain {fast / slow:7.1f} x" if slow else ""
    print(f"{what:<28}{fast:8.1f} MB/s {ratio}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    here = Path(__file__).resolve().parents[1]
    parser.add_argument("--data", type=Path, default=here / "../shared/data", help="a folder with real files")
    parser.add_argument("--repeat", type=int, default=3, help="runs, of which the best counts")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})  # whatever a library starts, it has one core
    pa.set_cpu_count(1)
    with tempfile.TemporaryDirectory() as folder:
        data = arguments.data.resolve()
        paths = {
            end: sorted(file for file in data.rglob("*") if file.suffix.lower() == end) for end in (".bvh", ".amc")
        }
        paths[".txt"] = sorted((data / "cmu_mocap_expmap").rglob("*.txt"))
        if not all(paths.values()):
            print(f"no real files in {data}: random ones are written and read")
            write_sample(Path(folder))
            paths = {end: sorted(Path(folder).glob(f"*{end}")) for end in paths}
        for end, files in paths.items():
            print(f"{len(files)} {end} files, {sum(file.stat().st_size for file in files) / 1e6:.1f} MB")
        report(paths, arguments.repeat)


def report(files: dict[str, list[Path]], repeat: int) -> None:
    skeleton = expmap.cmu_skeleton()
    few = files[".bvh"][:3]
    for fast, slow in (
        (bvh.read_channels(few[0])[2], plain.bvh_channels(few[0])),
        (expmap.read_rows(files[".txt"][0], 38), plain.expmap_rows(files[".txt"][0])),
        (bvh.read(few[0], unit_mm=1.0)[0].position, plain.bvh_motion(few[0])[0].astype(np.float32)),
    ):
        np.testing.assert_allclose(fast, slow, rtol=1e-5, atol=1e-3)  # the same outputs, or there is nothing to compare

    def amc_channels(path: Path) -> np.ndarray:
        return asf_amc.read_channels(path, read_asf(find_asf(path)))

    np.testing.assert_allclose(
        np.sort(amc_channels(files[".amc"][0])), np.sort(plain.amc_channels(files[".amc"][0])), rtol=1e-12
    )
    line(
        "BVH channels",
        rate(bvh.read_channels, files[".bvh"], repeat),
        rate(plain.bvh_channels, files[".bvh"], repeat),
    )
    line(
        "BVH motion",
        rate(lambda path: bvh.read(path, unit_mm=10.0), files[".bvh"], repeat),
        rate(plain.bvh_motion, few, 1),
    )
    line("AMC channels", rate(amc_channels, files[".amc"], repeat), rate(plain.amc_channels, files[".amc"], 1))
    line("AMC motion", rate(lambda path: asf_amc.read(path, fps=120.0), files[".amc"], repeat), None)
    line(
        "exponential maps, rows",
        rate(lambda path: expmap.read_rows(path, 38), files[".txt"], repeat),
        rate(plain.expmap_rows, files[".txt"], 1),
    )
    line(
        "exponential maps, motion",
        rate(
            lambda path: expmap.read(path, skeleton=skeleton, unit_mm=expmap.CMU_UNIT_MM, fps=120.0),
            files[".txt"],
            repeat,
        ),
        None,
    )


if __name__ == "__main__":
    main()
