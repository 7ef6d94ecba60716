"""HMDB-51 (Kuehne et al. 2011): ``<class>_test_split1.txt``, to 3; its numbers are 0 (unused), 1 (train), 2 (test)."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

from kinesec.samples.videos.decode import BadVideo
from kinesec.samples.videos.layouts.base import Listed, inside, lines, wrong


def listed(root: Path, split: int) -> list[Listed]:
    """HMDB-51's videos of an official split; a group is the film that a clip was cut from, by its name."""
    lists = inside(root, "testTrainMulti_7030_splits", "splits")
    videos = inside(root, "hmdb51_org", "videos")
    ending = f"_test_split{split}.txt"
    files = sorted(lists.glob(f"*{ending}"))
    if not files:
        raise BadVideo(lists, f"no file *{ending}", "one for each class", "put the data set's split files there")
    listing = []
    for path in files:
        label = path.name.removesuffix(ending)
        for number, line in lines(path):
            name, _, use = line.rpartition(" ")
            if use not in ("0", "1", "2") or not name:
                raise wrong(path, number, line, "a file's name and 0, 1 or 2")
            if use == "0":
                continue
            stem = PurePosixPath(name.strip()).stem
            # <film>_<class>_<body>_<camera>_<people>_<view>_<quality>_<number>
            film = stem.rsplit("_", 6)[0].removesuffix(f"_{label}")
            where = (videos / label / name.strip()).relative_to(root).as_posix()
            listing.append(Listed(where, label, "train" if use == "1" else "test", film, stem))
    return listing
