from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import recognition_clips
from studies import SETTINGS, make_page

from kinesec.report.study import motion
from kinesec.report.study.trials import INDISTINGUISHABILITY, ORIGINAL, from_json
from kinesec.samples.clips import clips


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_page(tmp_path_factory.mktemp("study"))


def element(page: Path, name: str) -> str:
    match = re.search(rf'<script type="[a-z/]+" id="{name}">(.*?)</script>', page.read_text(), re.DOTALL)
    assert match is not None
    return match[1]


def decoded(told: dict[str, Any]) -> np.ndarray:
    values = np.frombuffer(base64.b64decode(told["data"]), "<i2")
    return told["mm"] * values.reshape(told["frames"], told["joints"], 3).astype(float)


def test_the_same_study_is_the_same_page(page: Path, tmp_path: Path) -> None:
    assert make_page(tmp_path).read_bytes() == page.read_bytes()


def test_its_policy_lets_its_own_script_and_style_run_alone(page: Path) -> None:
    text = page.read_text()
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', text)
    assert policy is not None
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)
    assert len(script) == 1
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)
    hashes = [
        f"sha256-{base64.b64encode(hashlib.sha256(each.encode()).digest()).decode()}" for each in (*script, *style)
    ]
    assert policy[1].split("; ") == [
        *("default-src 'none'", f"script-src '{hashes[0]}'", f"style-src '{hashes[1]}'"),
        *("base-uri 'none'", "form-action 'none'"),
    ]
    assert not re.findall(r'(?:src|href)="|style="| on[a-z]+="|url\(', text)


def test_the_page_asks_the_trial_list(page: Path) -> None:
    text = (page.parents[1] / "study_trials.json").read_bytes()
    trials, _ = from_json(text.decode())
    listed = json.loads(base64.b64decode(element(page, "trials")))
    assert listed["trials_sha256"] == hashlib.sha256(text).hexdigest()
    asked = [trial for part in listed["parts"] for trial in part["trials"]]
    assert [trial["id"] for trial in asked] == [trial.id for trial in trials]
    motions = json.loads(element(page, "motions"))["motions"]
    shown = {trial["id"]: [decoded(motions[place]) for place in trial["motions"]] for trial in asked}
    for trial in (trial for trial in trials if trial.part == INDISTINGUISHABILITY):
        left, right = shown[trial.id]
        assert np.array_equal(left, right) == (trial.condition == ORIGINAL)
    assert all(len(part["practice"]) == 1 for part in listed["parts"])
    seconds, slow = SETTINGS["seconds"], 1 / SETTINGS["slower"]
    play = {part["part"]: part["play"] for part in listed["parts"]}
    assert play == {
        "deceitfulness": [[seconds, 1]],
        "naturalness": [[seconds, 1]] * 2,
        "indistinguishability": [[seconds, 1], [seconds, slow]],
    }


def test_no_answer_is_to_be_read_in_passing(page: Path) -> None:
    before = page.read_text().split("<script>")[0]
    assert not re.findall(r"smart|l2_acc|\boriginal\b|counted|condition", before, re.IGNORECASE)


def test_names_with_markup_end_no_element(tmp_path: Path) -> None:
    page = make_page(tmp_path, classes=["</script><script>alert(1)</script>", "b", "c"])
    assert page.read_text().count("<script") == 3
    listed = base64.b64decode(element(page, "trials")).decode()
    assert "</script" not in listed
    assert "</script><script>alert(1)</script>" in json.dumps(json.loads(listed))


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> clips.Clips:
    path = recognition_clips.write_clips(tmp_path_factory.mktemp("clips") / "clips.zarr", {"test": 2}, bodies=2)
    return clips.load(path, "test").take_rows(np.array([0]))


def test_sixteen_bits_keep_a_motion_and_its_bones(clip: clips.Clips) -> None:
    original = motion.upright(clip, clip.normalised)
    made = motion.quantised({"a": original, "b": original.copy(), "c": original + 40}, original)
    assert made["a"] == made["b"] != made["c"]
    seen = {name: decoded({**told, "joints": original.shape[1]}) for name, told in made.items()}
    for joint, parent in motion.bones(clip):
        lengths = [np.linalg.norm(each[:, joint] - each[:, parent], axis=-1) for each in (original, seen["a"])]
        np.testing.assert_allclose(*lengths, atol=0.2)
    np.testing.assert_allclose((seen["c"] - seen["a"])[..., 1], 40, atol=0.1)
    assert seen["a"][..., 1].min() == pytest.approx(0, abs=0.1)


def test_the_widest_axis_lies_across_the_screen() -> None:
    rng = np.random.default_rng(0)
    walk = rng.normal(size=(10, 5, 3)) + np.arange(10)[:, None, None] * np.array([1.0, 0, 3.0])
    turn = motion.facing(walk)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)
    spread = np.ptp((walk @ turn.T).reshape(-1, 3), axis=0)
    assert spread[0] > 5 * spread[2]


def test_a_body_that_stands_on_another_axis_is_turned_upright(clip: clips.Clips) -> None:
    lying = clips.Clips(**{**vars(clip), "attrs": {**clip.attrs, "up": "+z"}})
    upright, turned = (motion.upright(each, each.normalised) for each in (clip, lying))
    np.testing.assert_allclose(turned[..., 1], upright[..., 2])
    np.testing.assert_allclose(turned[..., 2], -upright[..., 1])


def test_bodies_that_are_not_there_are_not_drawn(clip: clips.Clips) -> None:
    assert int(clip.bodies[0]) == 1
    assert motion.upright(clip, clip.normalised).shape[1] == len(clip.skeleton)
    assert max(max(bone) for bone in motion.bones(clip)) < len(clip.skeleton)


def test_an_obvious_perturbation_is_obvious(clip: clips.Clips) -> None:
    original = motion.upright(clip, clip.normalised)
    moved = motion.jittered(original, np.random.default_rng(0)) - original
    assert np.linalg.norm(moved, axis=-1).mean() > 0.08 * np.ptp(original[..., 1])
