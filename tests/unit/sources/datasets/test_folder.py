from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from recordings import BVH

from kinesec.errors import ConfigError
from kinesec.sources.datasets import folder
from kinesec.sources.datasets._splits import deal
from kinesec.sources.errors import BadFile

PATTERN = r"(?P<subject>\w+)/(?P<action>[a-z]+)_(?P<take>\d+)\.bvh"
BASE: dict[str, Any] = {"pattern": PATTERN, "reader_settings": {"unit_mm": 10}}
FILES = [
    f"{who}/{action}_{take}.bvh" for who in ("ann", "bob", "cid") for action in ("run", "walk") for take in range(6)
]


def by(kind: str, **split: Any) -> dict[str, Any]:
    return BASE | {"split": {"by": kind, **split}}


def test_labels_come_from_the_pattern() -> None:
    items = folder.items(FILES, BASE)
    assert [item.path for item in items] == sorted(FILES)
    assert {(item.subject, item.action, item.take) for item in items} == {
        (who, action, str(take)) for who in ("ann", "bob", "cid") for action in ("run", "walk") for take in range(6)
    }
    assert {item.split for item in items} == {"train"}


def test_label_is_another_name_for_action() -> None:
    items = folder.items(["a/run.bvh"], BASE | {"pattern": r".*/(?P<label>\w+)\.bvh"})
    assert items[0].action == "run"


def test_a_split_by_named_subjects() -> None:
    items = folder.items(FILES, by("subject", test=["ann"], val=["cid"]))
    assert {(item.subject, item.split) for item in items} == {("ann", "test"), ("bob", "train"), ("cid", "val")}


@pytest.mark.parametrize("kind", ["subject", "take", "action", "style", "file"])
@given(seed=st.integers(0, 100))
@settings(max_examples=20)
def test_no_group_is_in_two_splits(kind: str, seed: int) -> None:
    files = [
        f"{who}-{how}/{action}_{take}.bvh" for who in "abcd" for how in "xyz" for action in "mnop" for take in range(4)
    ]
    pattern = r"(?P<subject>\w)-(?P<style>\w)/(?P<action>\w)_(?P<take>\d)\.bvh"
    chosen = by(kind, test=0.3, val=0.2, seed=seed) | {"pattern": pattern}
    items = folder.items(files, chosen)
    groups: dict[str, set[str]] = {}
    for item in items:
        groups.setdefault(item.path if kind == "file" else getattr(item, kind), set()).add(item.split)
    assert all(len(splits) == 1 for splits in groups.values())
    assert {item.split for item in items} == {"train", "val", "test"}
    assert folder.items(files[::-1], chosen) == items


@given(
    sizes=st.lists(st.integers(0, 30), min_size=1, max_size=4),
    test=st.floats(0, 0.5),
    val=st.floats(0, 0.49),
    seed=st.integers(0, 1000),
)
def test_each_group_is_dealt_once_in_its_share(sizes: list[int], test: float, val: float, seed: int) -> None:
    strata = {str(i): [f"{i}-{n}" for n in range(size)] for i, size in enumerate(sizes)}
    dealt = deal(strata, {"test": test, "val": val}, seed)
    assert sorted(dealt) == sorted(group for groups in strata.values() for group in groups)
    for groups in strata.values():
        assert abs(sum(dealt[group] == "test" for group in groups) - test * len(groups)) <= 0.5
        assert abs(sum(dealt[group] == "val" for group in groups) - val * len(groups)) <= 0.5 + 1e-9


def test_another_seed_deals_otherwise() -> None:
    splits = {tuple(item.split for item in folder.items(FILES, by("file", test=0.5, seed=seed))) for seed in range(20)}
    assert len(splits) > 10


def test_notes_beside_the_recordings_are_passed_over() -> None:
    assert len(folder.items([*FILES, "README.md", "ann/ann.asf", "notes.txt"], BASE)) == len(FILES)


def test_files_that_do_not_match_stop_it_or_are_skipped() -> None:
    files = [*FILES, "x.bvh", "y.bvh", "z.bvh", "zz.bvh"]
    with pytest.raises(
        ConfigError, match=r"pattern: found 4 files that do not match it: x\.bvh, y\.bvh, z\.bvh \.\.\."
    ):
        folder.items(files, BASE)
    assert len(folder.items(files, BASE | {"unmatched": "skip"})) == len(FILES)


def test_the_whole_path_must_match() -> None:
    with pytest.raises(ConfigError, match="1 files that do not match"):
        folder.items(["deep/ann/run_1.bvh"], BASE)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"pattern": "("}, "pattern: .*no regular expression"),
        ({"pattern": None}, "pattern: found None"),
        ({"pattern": r".*\.bvh"}, "pattern: found named groups none, expected action"),
        ({"pattern": r"(?P<action>.*)(?P<actor>.)\.bvh"}, "pattern: found named groups action, actor"),
        ({"pattern": r"(?P<action>.*)(?P<label>.)\.bvh"}, "pattern: found named groups"),
        ({"pattern": r"(?P<action>)ann.*|.*(?P<subject>x)?"}, "pattern: found no action in 'ann/run_0.bvh'"),
        ({"unmatched": "ignore"}, "unmatched: found 'ignore'"),
        ({"reader": "bhv"}, "reader: found 'bhv', expected one of .*bvh"),
        ({"reader": "asf_amc"}, "pattern: found no recording"),
        ({"reader_settings": {"unit": 10}}, "reader_settings.unit: found an unknown key, expected some of unit_mm"),
        ({"reader_settings": {}}, "reader_settings.unit_mm: found none"),
        ({"reader_settings": [1]}, r"reader_settings: found \[1\]"),
        ({"spilt": {}}, "settings.spilt"),
        ({"split": "subject"}, "split: found 'subject', expected a mapping"),
        ({"split": {"on": "subject"}}, "split.on"),
        ({"split": {"by": "window"}}, "split.by: found 'window'"),
        ({"split": {"by": "style"}}, "split.by: found 'style', expected one of subject, take, action, file"),
        ({"split": {"by": "subject", "test": ["dan"]}}, "split.test: found 'dan', expected some of ann, bob, cid"),
        ({"split": {"by": "subject", "test": ["ann"], "val": ["ann"]}}, "split.val: found 'ann'"),
        ({"split": {"by": "subject", "test": "ann"}}, "split.test: found 'ann', expected a list"),
        ({"split": {"by": "subject", "test": 0.1}}, "split.test: found 0.1 of 3, which is none"),
        ({"split": {"by": "file", "test": 0.5, "val": 0.5}}, "add up to less than 1"),
        ({"split": {"by": "file", "test": -0.5}}, "split: found fractions"),
        ({"split": {"by": "file", "test": 0.5, "seed": "x"}}, "seed: found 'x'"),
    ],
)
def test_settings_that_cannot_be_used(change: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=message) as raised:
        folder.items(FILES, BASE | change)
    assert "\n" not in str(raised.value)


def test_an_extension_of_two_formats_wants_a_reader() -> None:
    settings = {"pattern": r"(?P<action>\w+)\.txt"}
    with pytest.raises(ConfigError, match=r"reader: found null for 'walking\.txt', expected expmap or h36m"):
        folder.items(["walking.txt"], settings)
    assert folder.items(["walking.txt"], settings | {"reader": "h36m"})[0].action == "walking"


def test_a_file_is_read_by_its_extension_in_its_unit(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann/RUN_1.BVH").write_bytes(BVH)
    settings = BASE | {"pattern": PATTERN.replace("a-z", "A-Z").replace("bvh", "BVH")}
    files = folder.files_under(tmp_path)
    (item,) = folder.items(files, settings)
    (motion,) = folder.read(tmp_path, item, settings)
    assert np.allclose(motion.skeleton.bone_lengths[1:], 400.0)
    assert np.allclose(motion.position[:, 0, 1], 900.0)


def test_a_named_skeleton_for_exponential_maps(tmp_path: Path) -> None:
    (tmp_path / "walk.txt").write_text("\n".join([",".join(["0"] * 117)] * 3))
    settings = {
        "pattern": r"(?P<action>\w+)\.txt",
        "reader": "expmap",
        "reader_settings": {"skeleton": "cmu", "unit_mm": 56.4, "fps": 120.0},
    }
    (item,) = folder.items(["walk.txt"], settings)
    (motion,) = folder.read(tmp_path, item, settings)
    assert motion.position.shape == (3, 38, 3)
    settings["reader_settings"] = {"skeleton": "h36m", "unit_mm": 56.4, "fps": 120.0}
    with pytest.raises(ConfigError, match=r"reader_settings\.skeleton: found 'h36m', expected one of cmu"):
        folder.items(["walk.txt"], settings)


def test_a_bad_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "ann").mkdir()
    (tmp_path / "ann/run_1.bvh").write_bytes(BVH.replace(b"Frames: 3", b"Frames: 4"))
    (item,) = folder.items(["ann/run_1.bvh"], BASE)
    with pytest.raises(BadFile, match=r"run_1\.bvh:\d+: found"):
        folder.read(tmp_path, item, BASE)


def test_the_files_of_a_folder(tmp_path: Path) -> None:
    for path in ("b/2.bvh", "a.bvh", ".git/x.bvh", "b/.part.bvh"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("")
    assert folder.files_under(tmp_path) == ["a.bvh", "b/2.bvh"]
    with pytest.raises(ConfigError, match=r"folder: found .*nowhere"):
        folder.files_under(tmp_path / "nowhere")
