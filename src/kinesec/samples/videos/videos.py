"""Videos in memory, or left in their store until they are asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeAlias

import numpy as np
import xarray as xr

from kinesec.files import store
from kinesec.files.kinds.videos import VIDEOS


@dataclass(frozen=True)
class Rows:
    """Some rows of an array of a store, read when they are indexed along the first dim; a whole numpy array on demand.

    ``row`` are their places in the store.
    """

    array: xr.DataArray
    row: np.ndarray

    def __len__(self) -> int:
        return len(self.row)

    @property
    def shape(self) -> tuple[int, ...]:
        return (len(self.row), *self.array.shape[1:])

    @property
    def dtype(self) -> np.dtype[Any]:
        return np.dtype(self.array.dtype)

    @property
    def ndim(self) -> int:
        return self.array.ndim

    def __getitem__(self, index: Any) -> np.ndarray:
        return np.asarray(self.array[self.row[index]].values)

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return np.asarray(self.array[self.row].values, dtype=dtype)

    def take(self, index: np.ndarray) -> Rows:
        """Some of the rows, by index or mask, not read yet."""
        return replace(self, row=self.row[index])


Pictures: TypeAlias = np.ndarray | Rows


@dataclass(frozen=True)
class Videos:
    """A videos store, or some of its videos.

    ``video`` (clip, frame, height, width, channel) uint8 grey levels; ``label`` (clip,) indexes ``classes``; ``length``
    (clip,) counts frames before the blank ones; ``row`` (clip,) is the row of the clip that was rendered, -1 for
    decoded files, and ``view`` the camera; ``place`` (clip,) is each video's row in the store; ``subject``, ``take``
    and ``source`` (clip,) say whose it is.
    """

    video: Pictures
    label: np.ndarray
    length: np.ndarray
    row: np.ndarray
    view: np.ndarray
    place: np.ndarray
    subject: np.ndarray
    take: np.ndarray
    source: np.ndarray
    attrs: dict[str, Any]

    def __len__(self) -> int:
        return len(self.label)

    @property
    def classes(self) -> list[str]:
        return list(self.attrs["classes"])

    @property
    def fps(self) -> float | None:
        """Frames a second, None where files differ."""
        return None if self.attrs["fps"] is None else float(self.attrs["fps"])

    def take_rows(self, index: np.ndarray) -> Self:
        """Some of the videos, by index or mask (clip,)."""
        names = ("label", "length", "row", "view", "place", "subject", "take", "source")
        video = self.video.take(index) if isinstance(self.video, Rows) else self.video[index]
        return replace(self, video=video, **{name: getattr(self, name)[index] for name in names})


def load(path: Path, split: str | None = None, *, lazy: bool = False) -> Videos:
    """Reads a videos store, or one split of it (``train``, ``val``, ``test``); ``lazy`` leaves ``video`` there."""
    data = store.read(path, VIDEOS)
    place = np.arange(data.sizes["clip"])
    if split is not None:
        place = place[data.split.values == split]
    owner = data.sequence_index.values[place]
    video = Rows(data.video, place)
    return Videos(
        video=video if lazy else np.asarray(video),
        label=data.label.values[place],
        length=data.length.values[place],
        row=data.row.values[place],
        view=data.view.values[place],
        place=place,
        subject=data.subject.values[owner],
        take=data["take"].values[owner],
        source=data.source.values[owner],
        attrs=dict(data.attrs),
    )
