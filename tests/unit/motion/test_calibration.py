from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kinesec.motion.calibration import calibration_rows
from kinesec.sources.datasets import cmu_expmap
from kinesec.sources.datasets.base import Item
from kinesec.sources.readers import asf_amc


def wander(frames: int = 60, seed: int = 0) -> np.ndarray:
    """A motion of 5 joints that go about 10 mm a frame."""
    steps = np.random.default_rng(seed).normal(scale=6.0, size=(frames, 5, 3))
    return np.cumsum(steps, axis=0)


@given(seed=st.integers(0, 10**6), held=st.integers(1, 10))
def test_a_held_pose_before_a_jump_is_found(seed: int, held: int) -> None:
    motion = wander(seed=seed)
    pose = np.repeat(motion[:1] + 600.0, held, axis=0)
    assert calibration_rows(motion) == 0
    assert calibration_rows(np.concatenate([pose, motion])) == held


@given(seed=st.integers(0, 10**6), scale=st.floats(0.01, 100.0))
def test_smooth_motion_has_none_at_any_scale(seed: int, scale: float) -> None:
    assert calibration_rows(wander(seed=seed) * scale) == 0


def test_one_joint_is_enough_and_later_jumps_do_not_hide_it() -> None:
    motion = wander()
    motion[0, 3] += 700.0
    motion[40] += 900.0
    assert calibration_rows(motion) == 1


def test_a_jump_later_is_not_the_calibration_pose_s() -> None:
    motion = wander()
    motion[20:] += 700.0
    assert calibration_rows(motion) == 0


@pytest.mark.parametrize("frames", [1, 2])
def test_too_short_to_tell(frames: int) -> None:
    assert calibration_rows(wander(frames)) == 0


def test_all_real_files_of_the_cmu_set_begin_with_one(shared: Path) -> None:
    """All 96 do. Three of the extra files, which the papers do not use, jump again within their first rows."""
    root = shared / "data" / "cmu_mocap_expmap"
    files = sorted(file.relative_to(root).as_posix() for file in root.rglob("*.txt"))
    assert len(files) == 96
    first, after, inside = {}, {}, {}
    for path in files:
        (motion,) = cmu_expmap.read(root, Item(path, "", "train"), {})
        first[path] = calibration_rows(motion.position)
        after[path] = calibration_rows(motion.position[first[path] :])
        inside[path] = calibration_rows(motion.position[len(motion) // 2 :])
    more = {path: rows for path, rows in first.items() if rows != 1}
    extra = {"train/walking_extra/walking_27.txt": 3, "train/walking_extra/walking_28.txt": 6}
    assert more == extra | {"test/walking_extra/walking_11.txt": 8}
    assert set(after.values()) == set(inside.values()) == {0}


def test_other_real_sets_have_none(shared: Path) -> None:
    root = shared / "data" / "hdm05_asfamc" / "test"
    files = sorted(root.rglob("*.amc"))[::9]
    assert len(files) > 5
    assert {calibration_rows(asf_amc.read(file, fps=120.0)[0].position) for file in files} == {0}
