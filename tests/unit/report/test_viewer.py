"""Motions reach the page within half a step of what they were, and no name in them is anything but text."""

from __future__ import annotations

import base64
import dataclasses
import hashlib
import json
import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.colors import to_hex
from report_run import facts
from shown_motions import FRAMES, HISTORY, HOSTILE, clip, poisoned, window

from kinesec.errors import KinesecError
from kinesec.metrics.naturalness import naturalness
from kinesec.metrics.perceptual import sizes
from kinesec.report.naming import visible
from kinesec.report.page import build, policy
from kinesec.report.viewer import data, section
from kinesec.report.viewer.data import Motions


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Motions]:
    folder = tmp_path_factory.mktemp("shown")
    stores = {"window": [window(folder / "w.zarr")], "clip": [clip(folder / "c.zarr")], "pair": poisoned(folder)}
    read = {name: section.read(name, paths) for name, paths in stores.items()}
    return {name: motions for name, motions in read.items() if motions is not None}


def decoded(scene: dict[str, Any]) -> list[np.ndarray]:
    """The tracks as the script reads them."""
    motions: list[np.ndarray] = []
    for track in scene["tracks"]:
        codes = np.frombuffer(base64.b64decode(track["codes"]), "<i2").reshape(-1, len(scene["parents"]), 3)
        motion = np.array(scene["centre"]) + scene["step"] * codes
        motions.append(np.concatenate([motions[track["of"]][: track["same"]], motion]) if track["same"] else motion)
    return motions


@pytest.mark.parametrize("name", ["window", "clip", "pair"])
def test_positions_are_off_by_half_a_step_at_most(name: str, shown: dict[str, Motions]) -> None:
    motions = shown[name]
    scene = json.loads(json.dumps(data.quantised(motions)))
    read = decoded(scene)
    assert len(read) == len(motions.poses) == len(scene["tracks"])
    for pose, motion in zip(motions.poses, read, strict=True):
        assert np.abs(motion - pose).max() <= scene["step"] / 2 * (1 + 1e-9)
    assert scene["step"] < 0.1
    spread = np.ptp(np.concatenate([pose.reshape(-1, 3) for pose in motions.poses]), axis=0).max()
    assert scene["step"] == pytest.approx(spread / 2 / 32767, abs=1e-7)


def test_a_shared_history_is_kept_once(shown: dict[str, Motions]) -> None:
    tracks = data.quantised(shown["window"])["tracks"]
    assert [(track["same"], track["of"]) for track in tracks] == [
        *((0, 0), (HISTORY, 0), (HISTORY, 0)),
        *((0, 0), (HISTORY, 3), (HISTORY, 3)),
    ]
    alike = dataclasses.replace(shown["clip"], poses=(shown["clip"].poses[0],) * 2)
    assert [(track["same"], track["codes"]) for track in data.quantised(alike)["tracks"]][1] == (48, "")


def test_what_stands_in_one_point_has_a_step(shown: dict[str, Motions]) -> None:
    still = dataclasses.replace(shown["clip"], poses=tuple(np.full((48, 50, 3), 7.0) for _ in range(2)))
    assert data.quantised(still)["step"] == data.FINEST_MM
    assert (decoded(data.quantised(still))[0] == 7).all()


def test_a_position_that_is_not_finite_is_refused(shown: dict[str, Motions]) -> None:
    poses = tuple(pose.copy() for pose in shown["clip"].poses)
    poses[1][3, 2, 0] = np.nan
    with pytest.raises(KinesecError, match="clip: found a position that is not finite"):
        data.quantised(dataclasses.replace(shown["clip"], poses=poses))


def test_traces_are_the_metrics_frame_by_frame(shown: dict[str, Motions]) -> None:
    motions = shown["clip"]
    scene = data.quantised(motions)
    clean, attacked = (pose[None, None] for pose in motions.poses)
    measured = sizes(clean, attacked, np.ones((1, 1, 48), bool), motions.parents)
    reference, panel = scene["comparisons"][0]["panels"]
    assert np.mean(panel["bones_mean"]) == pytest.approx(measured["bone_change"][0], rel=1e-3)
    assert set(reference["bones_mean"]) == set(reference["bones_most"]) == {0}
    assert all(most >= mean for mean, most in zip(panel["bones_mean"], panel["bones_most"], strict=True))
    for track, pose in zip(scene["tracks"], motions.poses, strict=True):
        whole = naturalness(pose[None], motions.parents, 6)["Acc", "whole"][0]
        assert len(track["acceleration"]) == 46
        assert np.mean(track["acceleration"]) == pytest.approx(whole, rel=1e-3)


def test_a_clips_point_of_view_is_no_joint(shown: dict[str, Motions]) -> None:
    assert shown["clip"].poses[0].shape == (48, 50, 3)
    assert shown["clip"].parents[:3] == (-1, 0, 1)


def test_several_bodies_have_no_bone_between_them() -> None:
    position = np.random.default_rng(0).normal(0, 100, (5, 4, 3))
    other = position.copy()
    other[:, 2:] += 1000  # the second body elsewhere: no bone of it is longer
    mean, most = data.bone_change(position, other, (-1, 0, -1, 2))
    np.testing.assert_allclose([mean, most], 0, atol=1e-9)
    assert not np.any(data.bone_change(position[:, :1], other[:, :1], (-1,)))


def test_what_is_compared(shown: dict[str, Motions]) -> None:
    said = {
        name: [[(panel.name, panel.said) for panel in comparison.panels] for comparison in motions.comparisons]
        for name, motions in shown.items()
    }
    models = [("Clean model predicts", ""), ("Victim predicts", "")]
    assert said["window"][:2] == [[("Attacker's target", ""), *models], [("Truth", ""), *models]]
    assert len(said["window"]) == 4
    assert said["clip"] == [[("Clean", "Recognizer says: walk"), ("Attacked: SMART", "Recognizer says: jump")]]
    assert [name for name, _ in said["pair"][0]] == ["Clean", "Triggered"]
    assert [panel.limb for panel in shown["window"].comparisons[2].panels] == [False, True]


def test_no_name_ends_the_element_that_it_stands_in(tmp_path: Path) -> None:
    evil = {HOSTILE: [clip(tmp_path / "c.zarr", attack=HOSTILE, said=HOSTILE)]}
    evil[f"{HOSTILE} too"] = [window(tmp_path / "w.zarr", action=HOSTILE)]
    page = tmp_path / "report/index.html"
    build(page, run="demo", tables={}, figures={}, facts=facts(), scenes=evil)
    text = page.read_text("utf-8")
    parsed = Parsed(text)
    kinds = [attrs.get("type") for tag, attrs in parsed.elements if tag == "script"]
    assert kinds == ["application/json", None, None]
    assert not [tag for tag, _ in parsed.elements if tag == "img"]
    content = json.loads(parsed.scripts[0])
    assert content["scenes"][0]["title"] == HOSTILE
    assert content["scenes"][0]["comparisons"][0]["panels"][1]["said"] == f"Recognizer says: {HOSTILE}"
    assert parsed.scripts[0].isascii()
    assert not set("<>&'") & set(parsed.scripts[0])
    labels = [attrs["label"] for tag, attrs in parsed.elements if tag == "optgroup"]
    # marks of direction are shown and turn nothing
    assert labels == [visible(HOSTILE), visible(f"{HOSTILE} too: {HOSTILE}")]


class Parsed(HTMLParser):
    """A page's elements, and what its scripts hold."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.inside = False
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self.inside = tag == "script"
        if self.inside:
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = self.inside and tag != "script"

    def handle_data(self, text: str) -> None:
        if self.inside:
            self.scripts[-1] += text


def test_the_page_allows_its_script_and_no_other(tmp_path: Path) -> None:
    pages = [tmp_path / str(number) / "report/index.html" for number in range(2)]
    stores = {"A clip": [clip(tmp_path / "c.zarr")], "A window": [window(tmp_path / "w.zarr")]}
    for page in pages:
        build(page, run="demo", tables={}, figures={}, facts=facts(), scenes=stores)
    text = pages[0].read_text("utf-8")
    assert text == pages[1].read_text("utf-8")
    parsed = Parsed(text)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in parsed.scripts[1:]]
    allowed = str(next(attrs["content"] for _, attrs in parsed.elements if "http-equiv" in attrs))
    assert sorted(re.findall("'sha256-([^']+)'", allowed)) == sorted(hashes)
    told = re.search(r"Embedded motion: ([\d,]+) kB.*?more than\s+([\d.]+) mm", text, re.DOTALL)
    assert told is not None
    assert abs(int(told[1]) - len(parsed.scripts[0]) / 1000) < 1
    steps = [scene["step"] for scene in json.loads(parsed.scripts[0])["scenes"]]
    assert float(told[2]) == pytest.approx(3**0.5 / 2 * max(steps), rel=0.2)
    assert text.index('id="verdicts"') < text.index('id="motion"') < text.index('class="system"')


def test_two_scripts_are_both_allowed() -> None:
    assert len(re.findall("'sha256-[^']+'", policy(["a", "b"]))) == 2
    assert "script-src 'none'" in policy([])


def test_a_clip_takes_three_bytes_a_number(shown: dict[str, Motions]) -> None:
    """16 bits in base64 are 2.7; what is told besides is little."""
    drawn = section.drawn([shown["clip"]])
    assert drawn is not None
    assert 2.6 < len(drawn["json"]) / (2 * 48 * 50 * 3) < 3.1


def test_without_scenes_a_sentence_says_so(tmp_path: Path) -> None:
    for number, stores in enumerate(({}, {"Nothing won": [clip(tmp_path / "c.zarr", joints=0)]})):
        page = tmp_path / str(number) / "index.html"
        build(page, run="demo", tables={}, figures={}, facts=facts(), scenes=stores)
        text = page.read_text("utf-8")
        assert "This run has no motion to show" in text
        assert [tag for tag, _ in Parsed(text).elements].count("script") == 1  # that of the tables
        assert 'id="viewer"' not in text


def test_a_damaged_store_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(KinesecError, match=r"found no zarr\.json"):
        section.read("gone", [tmp_path / "gone.zarr"])


def test_the_scripts_text_is_fit_for_its_element() -> None:
    script = section.asset("viewer.js")
    assert "</script" not in script.lower()
    assert "<!--" not in script
    assert not re.search(r"https?://|\beval\b|innerHTML|import\(|fetch\(", script)


def test_colours_are_viridis() -> None:
    viridis = mpl.colormaps["viridis"]
    assert list(data.COLOURS) == [to_hex(viridis(place / 16)) for place in range(17)]


def test_frames_are_the_stores(shown: dict[str, Motions]) -> None:
    scene = data.quantised(shown["window"])
    assert (scene["frames"], scene["history"], scene["frame_ms"], scene["nominal"]) == (FRAMES, HISTORY, 40.0, True)
    assert data.quantised(shown["clip"])["nominal"] is False
