"""UCF-101 (Soomro, Zamir and Shah 2012): ``classInd.txt``, ``trainlist01.txt``, ``testlist01.txt``, to 03."""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from kinesec.samples.videos.layouts.base import Listed, inside, lines, wrong

_NAME = re.compile(r"v_(?P<name>.+)_g(?P<group>\d+)_c(?P<clip>\d+)")


def listed(root: Path, split: int) -> list[Listed]:
    """UCF-101's videos of an official split; a group is the 25 settings' number, which the lists keep apart."""
    lists, videos = inside(root, "ucfTrainTestlist"), inside(root, "UCF-101")
    classes = set()
    for number, line in lines(lists / "classInd.txt"):
        index, _, name = line.partition(" ")
        if not (index.isdigit() and name):
            raise wrong(lists / "classInd.txt", number, line, "a number and a class")
        classes.add(name.strip())
    listing = []
    for part in ("train", "test"):
        path = lists / f"{part}list{split:02d}.txt"
        for number, line in lines(path):
            name = line.split(" ")[0]
            label, match = PurePosixPath(name).parent.name, _NAME.fullmatch(PurePosixPath(name).stem)
            if label not in classes or match is None:
                raise wrong(path, number, line, "<class>/v_<class>_gXX_cYY.avi of a class of classInd.txt")
            where = (videos / name).relative_to(root).as_posix()
            listing.append(Listed(where, label, part, f"g{match['group']}", f"c{match['clip']}"))
    return listing
