from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from recognition_clips import write_clips

from kinesec.errors import ConfigError
from kinesec.files import store
from kinesec.files.kinds.videos import VIDEOS
from kinesec.jobs import render_videos
from kinesec.samples.clips import clips
from kinesec.samples.videos.render import render_clips
from kinesec.samples.videos.settings import rendering
from kinesec.samples.videos.videos import load

SETTINGS = {"height": 16, "width": 16, "frames": 6, "views": 2, "yaw_deg": [-20, 20]}


def test_a_store_holds_what_is_rendered_of_its_clips(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_clips(tmp_path / "c.zarr", {"train": 5, "val": 2, "test": 2})
    monkeypatch.setattr(render_videos, "PIECE_BYTES", 2 * 2 * 6 * 16 * 16 * 3)  # two clips at a time
    out = tmp_path / "v.zarr"
    render_videos.render_videos(clips_path=path, settings=SETTINGS, seed=3, videos_path=out)
    store.verify(out)
    videos, expected = load(out), render_clips(clips.load(path), rendering(SETTINGS), seed=3)
    for name in ("video", "label", "length", "row", "view", "subject", "take", "source", "place"):
        np.testing.assert_array_equal(getattr(videos, name), getattr(expected, name), err_msg=name)
    assert store.read(out, VIDEOS).split.values.tolist() == 10 * ["train"] + 4 * ["val"] + 4 * ["test"]
    test = load(out, "test")
    of_split = render_clips(clips.load(path, "test"), rendering(SETTINGS), seed=3)
    np.testing.assert_array_equal(test.video, of_split.video)
    assert videos.attrs["made"]["seed"] == 3
    assert videos.attrs["made"]["settings"]["yaw_deg"] == [-20, 20]
    assert videos.attrs["made"]["clips_sha256"] == clips.load(path).attrs["content_sha256"]


def test_the_same_seed_gives_the_same_store(tmp_path: Path) -> None:
    path = write_clips(tmp_path / "c.zarr", {"train": 3})
    hashes = []
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        render_videos.render_videos(
            clips_path=path, settings=SETTINGS, seed=seed, videos_path=tmp_path / f"{name}.zarr"
        )
        hashes.append(store.content_sha256(tmp_path / f"{name}.zarr"))
    assert hashes[0] == hashes[1] != hashes[2]


def test_an_unknown_setting_leaves_no_store(tmp_path: Path) -> None:
    path = write_clips(tmp_path / "c.zarr", {"train": 3})
    with pytest.raises(ConfigError, match="videos: fov: found an unknown key"):
        render_videos.render_videos(clips_path=path, settings={"fov": 60}, seed=0, videos_path=tmp_path / "v.zarr")
    assert not (tmp_path / "v.zarr").exists()
