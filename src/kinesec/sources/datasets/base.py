"""What a data set module says of itself and of its files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from kinesec.motion.recording import Motion

Settings = Mapping[str, Any]
SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Info:
    """``fps_published`` is what papers assume, ``fps_measured`` what the files show; None where the file says it.

    ``access`` says where to ask for data that is not downloaded, and is None for data that is.
    """

    title: str
    terms: str
    citation: str
    fps_published: float | None = None
    fps_measured: float | None = None
    access: str | None = None


@dataclass(frozen=True)
class Item:
    """One raw file: its path under the data set's folder (forward slashes), its labels, and its split."""

    path: str
    action: str
    split: str
    subject: str = ""
    take: str = ""
    style: str = ""


class DataSet(Protocol):
    """The shape of a data set module."""

    INFO: Info

    def items(self, files: Sequence[str], settings: Settings) -> list[Item]: ...

    def read(self, root: Path, item: Item, settings: Settings) -> tuple[Motion, ...]: ...
