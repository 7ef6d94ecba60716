"""One reading job: a folder of real videos in, a videos store out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinesec.errors import ConfigError
from kinesec.samples.videos.folder import read_folder, reading


def read_videos(*, folder: Path, settings: Mapping[str, Any], dataset: str, videos_path: Path) -> None:
    """Reads the user's own copy of a data set; ``settings`` are those of ``samples.videos.folder.Reading``.

    Raises ``ConfigError`` for settings that cannot be used or where there is no such folder, and what ``read_folder``
    does.
    """
    chosen = reading(settings)
    if not folder.is_dir():
        raise ConfigError(f"videos: folder: found no folder {folder}, expected your own copy of the data set there")
    read_folder(folder, videos_path, chosen, dataset=dataset)
