"""The sample that figures of a backdoor show is the poisoned one of median change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recognition_clips import write_clips

from kinesec.files import store
from kinesec.files.kinds.poisoned_clips import POISONED_CLIPS
from kinesec.files.kinds.poisoned_videos import POISONED_VIDEOS
from kinesec.files.kinds.videos import VIDEOS
from kinesec.samples import backdoor_scenes
from kinesec.samples.clips import clips as clips_module
from kinesec.samples.errors import NothingToDraw

ATTRS: dict[str, Any] = {"target": 1, "labels": "dirty", "trigger": "dft"}


def test_the_clip_of_median_displacement_with_the_frames_that_are_there(tmp_path: Path) -> None:
    path = write_clips(tmp_path / "clips.zarr", {"train": 4, "test": 2})
    clips = clips_module.load(path, "train")
    index = np.arange(3)
    moved = clips.position[index] + np.array([9.0, 1.0, 3.0], np.float32)[:, None, None, None, None]
    attrs = {**ATTRS, "clean_content_sha256": clips.attrs["content_sha256"]}
    store.write(tmp_path / "poison.zarr", POISONED_CLIPS, {"position": moved, "index": index}, attrs)
    pair = backdoor_scenes.of_clips(path, tmp_path / "poison.zarr")
    np.testing.assert_array_equal(pair.clean, clips.position[2, 0, : clips.length[2]])
    np.testing.assert_allclose(pair.difference, 3, atol=1e-3)
    assert (pair.label, pair.target) == (clips.classes[clips.label[2]], clips.classes[1])
    assert pair.parents == clips.skeleton.parents


def test_the_video_of_median_change_without_blank_frames(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    count, names = 4, np.array(["a"] * 2)
    arrays = {
        "video": rng.integers(20, 200, (count, 6, 8, 8, 3)).astype(np.uint8),
        "label": np.array([0, 0, 1, 0]),
        "length": np.array([6, 6, 6, 4]),
        "row": np.full(count, -1),
        "view": np.zeros(count, np.int64),
        "sequence_index": np.array([0, 0, 1, 1]),
        "split": np.array(["test", "train", "train", "train"]),
        "source": names,
        "subject": names,
        "take": names,
    }
    attrs = {"dataset": "d", "protocol": "p", "classes": ["wave", "walk"], "fps": None, "split_by": "take", "made": {}}
    store.write(tmp_path / "videos.zarr", VIDEOS, arrays, attrs)
    changed = arrays["video"][[1, 3]].copy()
    changed[0] += 9
    changed[1] += 2
    poisoned = {"video": changed, "index": np.array([0, 2])}
    store.write(tmp_path / "poison.zarr", POISONED_VIDEOS, poisoned, {**ATTRS, "clean_content_sha256": "x"})
    pair = backdoor_scenes.of_videos(tmp_path / "videos.zarr", tmp_path / "poison.zarr")
    assert (len(pair), pair.label, pair.target, pair.frame_ms) == (4, "wave", "walk", None)
    np.testing.assert_array_equal(pair.difference, 2)


def test_no_poisoned_sample_is_nothing_to_draw(tmp_path: Path) -> None:
    path = write_clips(tmp_path / "clips.zarr", {"train": 4, "test": 2})
    clips = clips_module.load(path, "train")
    nothing = {"position": clips.position[:0], "index": np.zeros(0, np.int64)}
    store.write(tmp_path / "poison.zarr", POISONED_CLIPS, nothing, {**ATTRS, "clean_content_sha256": "x"})
    with pytest.raises(NothingToDraw, match="found no poisoned sample, expected one or more"):
        backdoor_scenes.of_clips(path, tmp_path / "poison.zarr")
