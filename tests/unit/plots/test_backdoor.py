"""Figures of backdoors on classifiers and of detectors, read by what they draw."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from backdoor_records import records, searched
from figure_texts import check_texts, save
from matplotlib.figure import Figure
from PIL import Image
from stores import SKELETON

from kinesec.errors import KinesecError
from kinesec.plots import backdoor_animation, backdoor_filmstrip, backdoor_sweeps, detector_nulls, trigger_energy
from kinesec.plots.parts import pairs
from kinesec.samples.backdoor_scenes import Pair
from kinesec.samples.errors import NothingToDraw
from kinesec.tables import backdoor, detection

OF = {"dataset": "hdm05", "samples": "native60", "recognizer": "st_gcn_s"}
SHARES = {0.0: 0.1, 1.0: 0.3, 10.0: 0.6, 100.0: 0.9}


def poison(trigger: str, ratio: float = 0.2, **settings: Any) -> dict[str, Any]:
    return {"trigger": trigger, "form": "joints", "preset": "paper", "settings": settings, "ratio": ratio, "ours": True}


@cache
def table() -> pd.DataFrame:
    """DFT and DCT of four sizes; DFT also of two ratios, two first components and two numbers of components."""
    poisons, success = {}, {}
    for trigger in ("dft", "dct"):
        for size, share in SHARES.items():
            poisons[f"{trigger}-{size:g}"] = poison(trigger, rms_mm=size)
            success[f"{trigger}-{size:g}"] = share
    poisons |= {"few": poison("dft", 0.05, rms_mm=10.0), "late": poison("dft", rms_mm=10.0, first=60)}
    poisons |= {"wide": poison("dft", rms_mm=10.0, temporal=20)}
    success |= {"few": 0.2, "late": 0.4, "wide": 0.8}
    jobs = [(records(share, poison=name, base=0.05), {"rms": 1.0}) for name, share in success.items()]
    return backdoor.backdoors(jobs, {"skeleton": poisons})


@cache
def searches() -> pd.DataFrame:
    jobs = []
    for name, scaled in (("neural_cleanse", True), ("strip", False)):
        jobs += [searched("clean", seed, 0.5 + seed / 20, detector=name, scaled=scaled) for seed in range(20)]
        jobs += [
            searched("badnet", seed, index, detector=name, scaled=scaled) for seed, index in enumerate((9.0, np.inf))
        ]
        jobs.append(searched("dft", 0, 0.1, detector=name, scaled=scaled))
    ratios = [*(("clean", seed, 2.0 + seed / 20) for seed in range(20)), ("badnet", 0, 40.0), ("dft", 0, 2.5)]
    jobs += [searched(of, seed, 5.0, detector="tabor", ratio=ratio) for of, seed, ratio in ratios]
    return detection.detection(jobs, {"skeleton": {"dft": poison("dft"), "badnet": poison("badnet")}})


def energy(**shares: list[float]) -> pd.DataFrame:
    frames = [
        pd.DataFrame({"poison": name, "seed": seed, "frame": np.arange(1, 9), "energy_share": share})
        for name, share in shares.items()
        for seed in (0, 1)
    ]
    specs = {name: poison(name.partition("_x")[0]) for name in shares}
    return backdoor.described(pd.concat(frames), specs)


SPIKE, EVEN = [0.6, 0.2, 0.1, 0.05, 0.05, 0.0, 0.0, 0.0], [0.125] * 8


@cache
def motion() -> Pair:
    rest = np.cumsum(SKELETON.offsets, axis=0)
    clean = (rest + np.random.default_rng(0).normal(0, 15, (12, len(SKELETON), 3))).astype(np.float32)
    moved = clean.copy()
    moved[:, 2] += 12
    return Pair(clean, moved, "wave", "a_walk", 1000 / 30, SKELETON.parents)


@cache
def video(frame_ms: float | None = 40.0) -> Pair:
    clean = np.random.default_rng(0).integers(30, 200, (9, 16, 12, 3)).astype(np.uint8)
    brighter = clean.copy()
    brighter[:, :4] += 8
    return Pair(clean, brighter, "wave", "walk", frame_ms)


FIGURES: dict[str, Callable[[], Figure]] = {
    "sweeps": lambda: backdoor_sweeps.draw(table(), **OF),
    "nulls": lambda: detector_nulls.draw(searches(), **OF),
    "energy": lambda: trigger_energy.draw(energy(dft=SPIKE, random_phase=EVEN)),
    "motion": lambda: backdoor_filmstrip.draw(motion()),
    "video": lambda: backdoor_filmstrip.draw(video()),
}


@pytest.mark.parametrize("name", FIGURES)
def test_every_figure_is_readable_and_the_same_twice(name: str, tmp_path: Path) -> None:
    check_texts(FIGURES[name]())
    assert save(FIGURES[name](), tmp_path / "first") == save(FIGURES[name](), tmp_path / "second")


def lines(axes: Any) -> dict[str, np.ndarray]:
    """The points of each line that has a name."""
    drawn = {bars.lines[0].get_gid(): bars.lines[0].get_xydata() for bars in axes.containers}
    return {str(name): np.asarray(points) for name, points in drawn.items()}


def test_a_panel_a_setting_that_is_varied_alone() -> None:
    panels = {axes.get_xlabel(): lines(axes) for axes in FIGURES["sweeps"]().axes}
    assert list(panels) == [
        *("poisoned share (%)", "first temporal component", "trigger's size (mm rms)", "temporal components"),
    ]
    sizes = panels["trigger's size (mm rms)"]
    measures = ("asr_non_target", "acc", "base_rate")
    assert set(sizes) == {f"{measure}-{name}" for measure in measures for name in ("DFT", "DCT")}
    for name in ("DFT", "DCT"):
        np.testing.assert_allclose(sizes[f"asr_non_target-{name}"], [[x, 100 * y] for x, y in SHARES.items()])
    np.testing.assert_allclose(sizes["base_rate-DFT"][:, 1], 100 * 2 / 30)
    assert set(panels["poisoned share (%)"]) == {f"{measure}-DFT" for measure in measures}
    np.testing.assert_allclose(panels["poisoned share (%)"]["asr_non_target-DFT"], [[5, 20], [20, 60]])
    np.testing.assert_allclose(panels["first temporal component"]["asr_non_target-DFT"], [[35, 60], [60, 40]])
    np.testing.assert_allclose(panels["temporal components"]["asr_non_target-DFT"], [[10, 60], [20, 80]])


def test_bars_are_the_tables_intervals() -> None:
    (bars,) = [
        bars
        for axes in FIGURES["sweeps"]().axes
        if axes.get_xlabel() == "poisoned share (%)"
        for bars in axes.containers
        if bars.lines[0].get_gid() == "asr_non_target-DFT"
    ]
    (segments,) = [part.get_segments() for part in bars.lines[2]]
    row = table().set_index("attack").loc["few"]
    assert segments[0][:, 1] == pytest.approx([row["asr_non_target_low"], row["asr_non_target_high"]])


def test_other_tests_than_a_victims_own_are_in_no_sweep() -> None:
    changed = table().assign(stored=["smoothed"] + [""] * (len(table()) - 1))
    panels = {axes.get_xlabel(): lines(axes) for axes in backdoor_sweeps.draw(changed, **OF).axes}
    assert list(panels["trigger's size (mm rms)"]["asr_non_target-DFT"][:, 0]) == [1, 10, 100]


def test_a_dot_is_filled_where_the_clean_models_leave_it_alone() -> None:
    figure = FIGURES["nulls"]()
    panel = figure.axes[0]
    drawn = {str(line.get_gid()): line for line in panel.get_lines()}
    assert set(drawn) == {"threshold", "badnet-flagged", "dft-not", "clean-not"}
    assert len(drawn["clean-not"].get_xdata()) == 20
    assert drawn["badnet-flagged"].get_mfc() == drawn["badnet-flagged"].get_color()
    assert drawn["dft-not"].get_mfc() == "white"
    assert list(drawn["badnet-flagged"].get_xdata()) == [9, 1.25 * 9]  # an infinite one stands at the edge
    assert [text.get_text() for text in panel.get_yticklabels()] == ["BadNet", "DFT", "clean models"]
    texts = [text.get_text() for axes in figure.axes for text in axes.get_yticklabels()]
    assert "AUC 1.00 (1.00\u20131.00)" in texts
    assert "AUC 0.00 (0.00\u20131.00)" in texts
    strip = next(axes for axes in figure.axes if axes.get_title(loc="left") == "STRIP")
    assert "threshold" not in {line.get_gid() for line in strip.get_lines()}
    ratios = next(axes for axes in figure.axes if axes.get_title(loc="left") == "TABOR")
    dots = {str(line.get_gid()): list(line.get_xdata()) for line in ratios.get_lines()}
    assert (dots["badnet-flagged"], dots["dft-not"]) == ([40], [2.5])  # not the index, which tells none apart
    assert "threshold" not in dots
    assert "times smaller" in ratios.get_xlabel()


def test_energy_is_drawn_by_frame_and_summed_over_the_first_four() -> None:
    panels = FIGURES["energy"]().axes
    heights = [patch.get_height() for patch in panels[0].containers[0]]
    assert heights == pytest.approx([100 * share for share in SPIKE])
    assert [axes.texts[0].get_text() for axes in panels] == ["first 4: 95 %", "first 4: 50 %"]
    assert [axes.get_title(loc="left") for axes in panels] == ["DFT", "random phase"]
    assert {patch.get_gid() for axes in panels for patch in axes.containers[0]} == {"dft", "random_phase"}


def test_one_panel_a_trigger_and_none_for_what_changes_nothing() -> None:
    twice = energy(dft=SPIKE, dft_x=EVEN, dct=[np.nan] * 8)
    figure = trigger_energy.draw(twice)
    assert [axes.texts[0].get_text() for axes in figure.axes] == ["first 4: 95 %"]
    with pytest.raises(NothingToDraw, match="found no trigger that changes anything"):
        trigger_energy.draw(energy(dct=[np.nan] * 8))
    with pytest.raises(KinesecError, match="found no row, expected one a trigger and frame"):
        trigger_energy.draw(twice[:0])


def test_nothing_varied_and_no_row_are_one_line() -> None:
    with pytest.raises(NothingToDraw, match="found no setting of which backdoors vary one alone"):
        backdoor_sweeps.draw(table()[:1], **OF)
    for draw, rows in ((backdoor_sweeps.draw, table()), (detector_nulls.draw, searches())):
        with pytest.raises(KinesecError, match="figure of hdm05, other, st_gcn_s: found no row of"):
            draw(rows, **{**OF, "samples": "other"})
    with pytest.raises(NothingToDraw, match="found no detector with a number"):
        detector_nulls.draw(searches().assign(index=np.nan, norm_ratio=np.nan), **OF)


def test_a_difference_is_amplified_by_a_round_number_about_its_clean_sample() -> None:
    assert video().factor == 10  # of 8 grey levels
    clean, triggered, large = pairs.pictures(video())
    assert (triggered[0, 0, 0] - clean[0, 0, 0]).tolist() == [8, 8, 8]
    assert set(np.unique(large[:, :4])) == {208}
    assert set(np.unique(large[:, 4:])) == {128}
    assert motion().factor == 5  # of a joint in a few, 12 mm along each axis
    large = pairs.panels(motion())[2].over
    assert large is not None
    np.testing.assert_allclose(large[:, 2] - motion().clean[:, 2], 60, atol=1e-3)
    np.testing.assert_allclose(large[:, 3], motion().clean[:, 3])


def test_a_filmstrip_of_a_video_shows_its_frames() -> None:
    figure = FIGURES["video"]()
    images = {image.get_gid(): np.asarray(image.get_array()) for axes in figure.axes for image in axes.get_images()}
    assert len(images) == 3 * 8
    np.testing.assert_array_equal(images["clean-8"], video().clean[8])
    np.testing.assert_array_equal(images["triggered-0"], video().triggered[0])
    np.testing.assert_array_equal(images["difference-0"], pairs.pictures(video())[2][0])
    assert figure.get_supxlabel() == "time (s)"
    assert backdoor_filmstrip.draw(video(None)).get_supxlabel() == "frame"


@pytest.mark.parametrize("pair", [motion, video])
def test_an_animation_has_a_picture_a_frame_and_the_same_bytes_twice(pair: Callable[[], Pair], tmp_path: Path) -> None:
    contents = []
    for folder in (tmp_path / "first", tmp_path / "second"):
        backdoor_animation.save(pair(), webp=folder / "moving.webp", png=folder / "still.png")
        contents.append([(folder / name).read_bytes() for name in ("moving.webp", "still.png")])
    assert contents[0] == contents[1]
    with Image.open(tmp_path / "first/moving.webp") as moving:
        assert moving.n_frames == len(pair())
