"""Berkeley MHAD: labels and splits from file names, the reader by extension."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from kinesec.errors import ConfigError
from kinesec.sources.datasets import mhad
from kinesec.sources.errors import BadFile

EVERY = [
    f"{folder}/{kind}_s{s:02d}_a{a:02d}_r{r:02d}.{folder}"
    for folder, kind in (("bvh", "skl"), ("c3d", "moc"))
    for s in range(1, 13)
    for a in range(1, 12)
    for r in range(1, 6)
]
BVH = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  End Site
  {
    OFFSET 0 2 0
  }
}
MOTION
Frames: 1
Frame Time: 0.002083
0 1 0 0 0 0
"""


@pytest.mark.parametrize("kind", ["bvh", "c3d"])
def test_660_recordings_of_one_format_are_split_by_subject(kind: str) -> None:
    items = mhad.items(EVERY, {"format": kind})
    assert (len(items), len({item.action for item in items})) == (660, 11)
    assert {item.path.rpartition(".")[2] for item in items} == {kind}
    subjects = {split: {i.subject for i in items if i.split == split} for split in ("train", "val", "test")}
    assert subjects["train"] == {f"s{s:02d}" for s in range(1, 7)}
    assert subjects["val"] == {"s07"}
    assert subjects["test"] == {f"s{s:02d}" for s in range(8, 13)}


def test_labels_sort_by_number_and_the_t_pose_is_left_out() -> None:
    labels = [mhad.label(action) for action in range(1, 12)]
    assert labels == sorted(labels)
    files = ["skl_s01_t01.bvh", "skl_s13_a01_r01.bvh", "skl_s01_a12_r01.bvh", "skl_s01_a11_r05.bvh"]
    assert [item.action for item in mhad.items(files, {})] == ["A11 stand up"]


@pytest.mark.parametrize(
    ("settings", "key"),
    [
        ({"format": "txt"}, "format"),
        ({"validation_subjects": [8]}, "validation_subjects"),
        ({"validation_subjects": [1, 2, 3, 4, 5, 6, 7]}, "validation_subjects"),
        ({"validation_subjects": 7}, "validation_subjects"),
        ({"unit": 1}, r"settings\.unit"),
    ],
)
def test_a_setting_that_cannot_be_used_is_named(settings: dict[str, object], key: str) -> None:
    with pytest.raises(ConfigError, match=f"^{key}: found "):
        mhad.items(EVERY, settings)


def test_no_recording_at_all_is_an_error_that_shows_a_name() -> None:
    with pytest.raises(ConfigError, match=r"moc_s01_a01_r01\.c3d"):
        mhad.items(["skl_s01_a01_r01.bvh"], {"format": "c3d"})


def test_bvh_is_read_in_the_configured_unit_and_refused_without_one(tmp_path: Path) -> None:
    (tmp_path / "skl_s01_a01_r01.bvh").write_text(BVH)
    (item,) = mhad.items(["skl_s01_a01_r01.bvh"], {})
    (motion,) = mhad.read(tmp_path, item, {"unit_mm": 10.0, "up": "+y"})
    assert motion.position[0, :, 1].tolist() == [10.0, 30.0]
    for settings, key in (({"up": "+y"}, "unit_mm"), ({"unit_mm": 10.0}, "up")):
        with pytest.raises(ConfigError, match=f"^{key}: found none"):
            mhad.read(tmp_path, item, settings)


def test_c3d_is_read_by_its_own_reader(tmp_path: Path) -> None:
    (tmp_path / "moc_s01_a01_r01.c3d").write_bytes(b"no markers")
    (item,) = mhad.items(["moc_s01_a01_r01.c3d"], {"format": "c3d"})
    with pytest.raises(BadFile, match="a C3D header"):
        mhad.read(tmp_path, item, {})


def test_the_configurations_settings_are_the_modules_own_defaults(repository: Path) -> None:
    config = yaml.safe_load((repository / "config" / "datasets" / "mhad.yaml").read_text())
    assert (config["module"], config["manifest"], config["folder"]) == ("mhad", None, None)
    assert mhad.items(EVERY, config["settings"]) == mhad.items(EVERY, {})
    assert set(config["settings"]) == set(mhad.SETTINGS)
