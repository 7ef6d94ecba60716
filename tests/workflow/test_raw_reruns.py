"""Raw files as inputs: one's own are watched, those of a manifest are what their hashes say."""

from __future__ import annotations

import hashlib
import shutil

from project import Project
from recordings import BVH, FORMATS

MOTIONS = "results/motions/own/motions.zarr/zarr.json"
BOTH = {"retrieve", "ingest"}


def test_an_edit_of_one_s_own_file_is_read_again(fresh: Project) -> None:
    folder = fresh.folder / "own"
    FORMATS["bvh"].write(folder, {"good/walk.bvh": BVH, "other/walk.bvh": BVH})
    fresh.configure({"datasets.own": FORMATS["bvh"].data("own")})
    fresh.build(target=MOTIONS)
    assert fresh.rerun(target=MOTIONS) == set()
    (folder / "other/walk.bvh").write_bytes(BVH.replace(b"77", b"78"))
    assert fresh.rerun(target=MOTIONS) == BOTH
    (folder / "other/walk.bvh").write_bytes(BVH)
    (folder / "other/run.bvh").write_bytes(BVH)
    assert fresh.rerun(target=MOTIONS) == BOTH


def test_files_of_a_manifest_are_what_their_hashes_say(fresh: Project) -> None:
    files = {"good/walk.bvh": BVH, "other/walk.bvh": BVH.replace(b"77", b"78")}
    FORMATS["bvh"].write(fresh.folder / "mirror/here", files)

    def manifest(files: dict[str, bytes]) -> None:
        rows = (
            f"{path},{hashlib.sha256(data).hexdigest()},{len(data)},https://example.org/{path},present"
            for path, data in files.items()
        )
        (fresh.folder / "own.manifest.csv").write_text("\n".join(["path,sha256,bytes,address,status", *rows, ""]))

    manifest(files)
    data = {**FORMATS["bvh"].data("own"), "folder": None, "manifest": "own.manifest.csv", "mirror_folder": "here"}
    fresh.configure({"datasets.own": data, "mirror": "mirror"})
    fresh.build(target=MOTIONS)
    shutil.rmtree(fresh.folder / "resources/own/raw")
    fresh.append("src/kinesec/sources/retrieve.py", "\n_EDITED = 1\n")
    fresh.configure({"datasets.own": data, "mirror": "/elsewhere"})
    assert fresh.rerun(target=MOTIONS) == set()
    manifest({"good/walk.bvh": BVH})
    assert fresh.rerun(target=MOTIONS) == BOTH
