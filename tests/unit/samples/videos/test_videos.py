from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from kinesec.files import store
from kinesec.files.errors import StoreError
from kinesec.files.kinds.videos import VIDEOS
from kinesec.samples.videos.videos import Rows, load

SPLIT = np.array(["train", "test", "train", "val", "train"])


def written(path: Path, **change: Any) -> Path:
    arrays: dict[str, np.ndarray] = {
        "video": np.random.default_rng(0).integers(0, 256, (5, 4, 6, 8, 3)).astype(np.uint8),
        "label": np.array([0, 1, 1, 0, 1]),
        "length": np.array([4, 4, 3, 4, 2]),
        "row": np.array([0, 0, 1, 2, 3]),
        "view": np.array([0, 1, 0, 0, 0]),
        "sequence_index": np.array([0, 0, 1, 1, 2]),
        "split": SPLIT,
        "source": np.array(["a", "b", "c"]),
        "subject": np.array(["s1", "s2", "s3"]),
        "take": np.array(["1", "2", "3"]),
    }
    attrs = {"dataset": "d", "protocol": "p", "classes": ["x", "y"], "fps": 25.0, "split_by": "subject", "made": {}}
    store.write(path, VIDEOS, arrays | change, attrs)
    return path


def test_a_split_is_read_with_whose_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "v.zarr")
    whole, train = load(path), load(path, "train")
    assert train.place.tolist() == [0, 2, 4]
    assert train.row.tolist() == [0, 1, 3]
    assert train.source.tolist() == ["a", "b", "c"]
    assert (train.classes, train.fps, len(train)) == (["x", "y"], 25.0, 3)
    np.testing.assert_array_equal(train.video, np.asarray(whole.video)[[0, 2, 4]])
    some = train.take_rows(np.array([False, True, True]))
    assert some.place.tolist() == [2, 4]
    np.testing.assert_array_equal(some.video, np.asarray(whole.video)[[2, 4]])


def test_videos_may_stay_on_the_disk(tmp_path: Path) -> None:
    path = written(tmp_path / "v.zarr")
    held, left = load(path, "train"), load(path, "train", lazy=True)
    assert isinstance(left.video, Rows)
    assert (left.video.shape, left.video.dtype, left.video.ndim, len(left.video)) == ((3, 4, 6, 8, 3), np.uint8, 5, 3)
    np.testing.assert_array_equal(left.video, held.video)
    for index in (slice(1, 3), np.array([2, 0]), np.array([True, False, True]), 1):
        np.testing.assert_array_equal(left.video[index], np.asarray(held.video)[index])
    some = left.take_rows(np.array([2, 1]))
    assert isinstance(some.video, Rows)
    np.testing.assert_array_equal(some.video[1:], held.video[1:2])


def test_a_store_of_floats_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="array 'video': found dtype float32, expected uint8"):
        written(tmp_path / "v.zarr", video=np.zeros((5, 4, 6, 8, 3), np.float32))
