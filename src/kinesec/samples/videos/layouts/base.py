"""What a data set's official lists say of a video, and reading such lists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from kinesec.samples.videos.decode import BadVideo


@dataclass(frozen=True)
class Listed:
    """A video: its path under the data set's folder, its class and split, and who or what was filmed and when."""

    path: str
    label: str
    split: str
    group: str = ""
    take: str = ""


def lines(path: Path) -> Iterator[tuple[int, str]]:
    """The lines of a list with their numbers, without empty ones."""
    try:
        text = path.read_text("utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise BadVideo(
            path, getattr(error, "strerror", None) or str(error), "the data set's list", "get it again"
        ) from error
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            yield number, line.strip()


def wrong(path: Path, number: int, line: str, expected: str) -> BadVideo:
    """The error for a line of a list."""
    return BadVideo(f"{path}:{number}", repr(line), expected, "get the list again")


def inside(root: Path, *names: str) -> Path:
    """The first of those folders that there is, else the root itself."""
    return next((root / name for name in names if (root / name).is_dir()), root)
