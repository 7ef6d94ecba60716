"""GSL, isolated signs (Adaloglou et al. 2021): ``train*.csv``, ``dev*.csv``, ``test*.csv``, each of path;gloss."""

from __future__ import annotations

import re
from pathlib import Path

from kinesec.errors import ConfigError
from kinesec.samples.videos.decode import BadVideo
from kinesec.samples.videos.layouts.base import Listed, lines, wrong

_SIGNER = re.compile(r"signer(\d+)")
_EXTENSIONS = (".mp4", ".avi", ".mkv", ".webm")


def listed(root: Path, split: int) -> list[Listed]:
    """GSL's isolated signs: its lists' own training, development and test signs; a group is a signer.

    A path without an extension is a folder of images, or the file of that name with one. Split 1 is the only one.
    """
    if split != 1:
        raise ConfigError(f"videos: split: found {split}, expected 1: GSL has one")
    listing = []
    for part, word in (("train", "train"), ("val", "dev"), ("test", "test")):
        files = sorted(root.glob(f"{word}*.csv")) or sorted(root.glob(f"*/{word}*.csv"))
        if len(files) > 1 or (not files and part != "val"):
            there = ", ".join(file.name for file in files) or "none"
            raise BadVideo(root / f"{word}*.csv", there, "one list", "put the data set's own there")
        for number, line in lines(files[0]) if files else ():
            pieces = re.split(r"[;|]", line)
            if len(pieces) != 2 or not all(piece.strip() for piece in pieces):
                raise wrong(files[0], number, line, "path;gloss")
            name, gloss = (piece.strip() for piece in pieces)
            places = [name, *(name + extension for extension in _EXTENSIONS)]
            where = next((path for path in places if (root / path).exists()), name)
            signer = _SIGNER.search(name)
            listing.append(Listed(where, gloss, part, f"signer{signer[1]}" if signer else name, name))
    return listing
