"""Writes the manifests of the data sets that can be fetched, from a mirror that was checked by hand.

    python tools/make_manifest.py <mirror>

A mirror is a folder with SHA256SUMS and one folder a data set. The publishers' addresses are at fixed commits, so that
a manifest names the same bytes for ever. Run it only to add files; the workflow reads the manifests as they are.
"""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

RAW = "https://raw.githubusercontent.com"
MANIFESTS = Path(__file__).resolve().parents[1] / "config" / "datasets"
ACTIONS = (
    *("basketball", "basketball_signal", "directing_traffic", "jumping"),
    *("running", "soccer", "walking", "washwindow"),
)


@dataclass(frozen=True)
class Source:
    """Where a data set's folder of the mirror came from, and which of its files are data."""

    mirror_folder: str
    commit: str
    inside: str
    pattern: str
    listed: tuple[str, ...] = ()


SOURCES = {
    "cmu_expmap": Source(
        "cmu_mocap_expmap",
        "chaneyddtt/Convolutional-Sequence-to-Sequence-Model-for-Human-Dynamics/f27ccb4ed5b0568cde2b7cf096dd2683c901b4d8",
        "data/cmu_mocap/",
        r"(train|test)/.*\.txt",
        tuple(f"train/{a}/{a}_{take}.txt" for a in ACTIONS for take in range(1, 6))
        + tuple(f"test/{a}/{a}_1.txt" for a in ACTIONS),
    ),
    "hdm05": Source(
        "hdm05_asfamc",
        "zhangchi8620/JointLearning-HDM05/b252ad65598e052c38f49490c1ac9dbadc283fd3",
        "",
        r"(?i)(train|test)/.*\.(asf|amc)",
    ),
    "cmu_asfamc": Source(
        "cmu_asfamc",
        "cyun9601/CMU-MOCAP-Data/2bedcd3b002488f7053d2b8c42690beddbf6620a",
        "data/CMU/asfamc/",
        r"subjects/.*\.(asf|amc)",
    ),
    "bandai_namco": Source(
        "bandai_namco_1",
        "BandaiNamcoResearchInc/Bandai-Namco-Research-Motiondataset/74ead3ba1ae4696404e6086233779f60de8bf9ef",
        "dataset/Bandai-Namco-Research-Motiondataset-1/",
        r"data/.*\.bvh",
    ),
}


def rows(mirror: Path, source: Source) -> Iterator[tuple[str, str, int | str, str, str]]:
    """A manifest's rows in path order: the mirror's files, and the listed ones that the publisher lacks."""
    sums: dict[str, str] = {}
    for line in (mirror / "SHA256SUMS").read_text("utf-8").splitlines():
        sha256, name = line.split(maxsplit=1)
        folder, _, path = name.removeprefix("./").lstrip("/").partition("/")
        if folder == source.mirror_folder and re.fullmatch(source.pattern, path):
            sums[path] = sha256
    for path in sorted({*sums, *source.listed}):
        address = f"{RAW}/{source.commit}/{quote(source.inside + path)}"
        if path in sums:
            size = (mirror / source.mirror_folder / path).stat().st_size
            yield path, sums[path], size, address, "present"
        else:
            yield path, "", "", address, "absent"


def main() -> None:
    mirror = Path(sys.argv[1])
    for name, source in SOURCES.items():
        with (MANIFESTS / f"{name}.manifest.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(["path", "sha256", "bytes", "address", "status"])
            writer.writerows(rows(mirror, source))


if __name__ == "__main__":
    main()
