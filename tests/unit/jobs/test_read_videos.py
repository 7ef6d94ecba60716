from __future__ import annotations

from pathlib import Path

import pytest
from video_files import ucf101

from kinesec.errors import ConfigError
from kinesec.jobs.read_videos import read_videos
from kinesec.samples.videos.videos import load


def test_a_folder_becomes_a_store(tmp_path: Path) -> None:
    root = ucf101(tmp_path / "ucf", {"train": (8, 9), "test": (1,)}, clips=1)
    settings = {"layout": "ucf101", "frames": 4, "height": 16, "width": 16}
    read_videos(folder=root, settings=settings, dataset="ucf", videos_path=tmp_path / "v.zarr")
    assert [len(load(tmp_path / "v.zarr", split)) for split in ("train", "val", "test")] == [2, 2, 2]


def test_a_folder_that_is_not_there_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"videos: folder: found no folder .*/none, expected your own copy"):
        read_videos(
            folder=tmp_path / "none", settings={"layout": "gsl"}, dataset="gsl", videos_path=tmp_path / "v.zarr"
        )
