from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recognition_clips import SKELETON, write_clips

from kinesec.errors import ConfigError
from kinesec.samples.clips import clips
from kinesec.samples.clips.clips import Clips
from kinesec.samples.videos.figure import part_of
from kinesec.samples.videos.render import centres, render, render_clips
from kinesec.samples.videos.settings import Rendering, rendering

SMALL: dict[str, Any] = {"height": 24, "width": 32, "frames": 8}
STYLES = [{"style": style, "colour": colour} for style in ("points", "sticks", "both") for colour in ("white", "parts")]


@pytest.fixture(scope="module")
def some(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    return clips.load(write_clips(tmp_path_factory.mktemp("clips") / "c.zarr", {"train": 5}, bodies=2))


@pytest.mark.parametrize("style", STYLES, ids=lambda style: f"{style['style']} {style['colour']}")
def test_a_clips_video_does_not_depend_on_the_others(some: Clips, style: dict[str, Any]) -> None:
    settings = Rendering(**SMALL, **style)
    together = render_clips(some, settings, 2, seed=1)
    assert together.video.shape == (10, 8, 24, 32, 3)
    assert together.row.tolist() == [0, 0, 1, 1, 2, 2, 3, 3, 4, 4]
    assert together.view.tolist() == 5 * [0, 1]
    alone = render_clips(some.take_rows(np.array([3])), settings, np.array([1]), seed=1)
    np.testing.assert_array_equal(alone.video[0], together.video[7])
    assert len(np.unique(together.video.reshape(10, -1), axis=0)) == 10
    assert not np.array_equal(render_clips(some, settings, 2, seed=2).video, together.video)
    grey = np.ptp(together.video.astype(int), axis=-1).max()
    assert (grey == 0) == (style["colour"] == "white")


@pytest.mark.parametrize("style", STYLES, ids=lambda style: f"{style['style']} {style['colour']}")
def test_a_moved_joint_changes_nothing_far_from_it(some: Clips, style: dict[str, Any]) -> None:
    """A poisoned clip has its clean one's camera, brightness and noise."""
    settings = Rendering(**SMALL, **style, thickness_mm=20.0)
    moved = some.position.copy()
    moved[:, 0, :, 5] += 80  # the right hand, on the left of the picture
    poisoned = replace(some, position=moved)
    clean, framed = render_clips(some, settings, 1), render_clips(poisoned, settings, 1, framed=some)
    far = np.s_[:, :, :, 20:]
    np.testing.assert_array_equal(framed.video[far], clean.video[far])
    assert not np.array_equal(framed.video, clean.video)
    assert not np.array_equal(render_clips(poisoned, settings, 1).video[far], clean.video[far])


def test_what_is_not_there_is_not_drawn(some: Clips) -> None:
    """The second body is absent from all clips, and stands at the origin; blank frames are black."""
    settings = Rendering(**SMALL, noise=0.0, background=(10, 10), style="both")
    one_body = replace(some, position=some.position[:, :1])
    np.testing.assert_array_equal(render_clips(some, settings).video, render_clips(one_body, settings).video)
    short = replace(some, length=np.array([20, 8, 5, 1, 0]))
    videos = render_clips(short, settings)
    assert videos.length.tolist() == [8, 8, 5, 1, 0]
    for video, length in zip(np.asarray(videos.video), videos.length, strict=True):
        assert (video[:length].max((1, 2, 3)) > 100).all()
        assert (video[:length].min((1, 2, 3)) == 10).all()
        assert not video[length:].any()
    resampled = render_clips(short, replace(settings, timing="resample"))
    assert resampled.length.tolist() == [8, 8, 8, 8, 0]


def test_frames_are_those_of_the_clip(some: Clips) -> None:
    still = {"yaw_deg": (0, 0), "distance_mm": (5000, 5000), "noise": 0.0}
    every, few = (
        np.asarray(render_clips(some, Rendering(**{**SMALL, "frames": count}, **still)).video) for count in (20, 8)
    )
    chosen = np.rint(np.linspace(0, 19, 8)).astype(int)
    np.testing.assert_array_equal(every[:, chosen], few)
    assert render_clips(some, Rendering(**SMALL)).fps == pytest.approx(30 * 7 / 19)
    assert render_clips(some, Rendering(**{**SMALL, "frames": 40})).fps == 30


def test_levels_are_the_background_the_brightness_and_noise_of_its_deviation(some: Clips) -> None:
    settings = Rendering(**{**SMALL, "frames": 20}, background=(50, 50), brightness=(200, 200), noise=3.0)
    noisy = np.asarray(render_clips(some, settings).video).astype(float)
    plain = np.asarray(render_clips(some, replace(settings, noise=0.0)).video).astype(float)
    assert set(np.unique(plain[:, :, 0])) == {50}
    assert 180 < plain.max() <= 200
    noise = (noisy - plain)[..., 0]
    assert abs(noise.std() - 3) < 0.1
    assert abs(noise.mean()) < 0.05
    frames = noise.reshape(-1, noise[0, 0].size)
    assert np.abs(np.corrcoef(frames)[~np.eye(len(frames), dtype=bool)]).max() < 0.25
    dark = render_clips(some, replace(settings, background=(255, 255), brightness=(0, 0), noise=0.0))
    assert np.asarray(dark.video).min() < 60


def test_the_body_stands_in_the_middle_whatever_its_place(some: Clips) -> None:
    settings = Rendering(**SMALL, noise=0.0)
    away = replace(some, position=some.position + np.float32([5000, -300, 700]) * some.present[..., None, None])
    difference = np.asarray(render_clips(some, settings).video).astype(int) - render_clips(away, settings).video
    assert np.abs(difference).max() <= 1
    walking = some.position + (400 * np.arange(20, dtype=np.float32))[:, None, None] * np.float32([1, 0, 0])
    walks = replace(some, position=walking * some.present[..., None, None])
    followed = np.asarray(render_clips(walks, replace(settings, centre="frame")).video)
    assert (followed.max((2, 3, 4)) > 100).all()
    assert not (np.asarray(render_clips(walks, settings).video).max((2, 3, 4)) > 100).all()
    np.testing.assert_allclose(
        centres(walks.position, walks.present, "frame")[:, 1] - centres(some.position, some.present, "frame")[:, 1],
        np.broadcast_to([400, 0, 0], (5, 3)), atol=1e-2,
    )  # fmt: skip


def test_a_clip_whose_z_is_up_looks_the_same(some: Clips) -> None:
    x, y, z = np.moveaxis(some.position, -1, 0)
    standing = replace(some, position=np.stack([x, -z, y], -1), attrs={**some.attrs, "up": "+z"})
    settings = Rendering(**SMALL)
    np.testing.assert_array_equal(render_clips(standing, settings).video, render_clips(some, settings).video)


def test_one_body_needs_no_axis_of_bodies(some: Clips) -> None:
    rows = {"row": some.row, "view": np.zeros(5, np.int64)}
    video = render(some.position[:, 0], SKELETON, settings=Rendering(**SMALL), seed=0, **rows)
    np.testing.assert_array_equal(video, render_clips(some, Rendering(**SMALL)).video)


def test_body_parts_have_colours(some: Clips) -> None:
    assert part_of(SKELETON).tolist() == [0, 0, 1, 1, 2, 2, 3, 4, 0]
    still = {"yaw_deg": (0, 0), "pitch_deg": (0, 0), "noise": 0.0, "background": (0, 0)}
    for style in ("points", "sticks"):
        settings = Rendering(**{**SMALL, "width": 48, "height": 48}, **still, style=style, colour="parts")
        video = np.asarray(render_clips(some, settings).video).astype(int).max((0, 1))
        red, blue = (video[..., channel] for channel in (0, 2))
        left, right = np.s_[:24, 30:], np.s_[:24, :18]  # its left is on our right: orange there, blue here
        assert (red - blue)[left].max() > 80 > 10 > (blue - red)[left].max()
        assert (blue - red)[right].max() > 80 > 10 > (red - blue)[right].max()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"heigth": 3}, "videos: heigth: found an unknown key"),
        ({"height": 0}, "videos: height: found 0, expected a whole number from 1"),
        ({"yaw_deg": [30, -30]}, "two, the lower first"),
        ({"yaw_deg": [30]}, "two, the lower first"),
        ({"brightness": [0, 256]}, "from 0 to 255"),
        ({"extent_mm": [0, 1]}, "above 0"),
        ({"pitch_deg": [0, 91]}, "from -90 to 90"),
        ({"style": "splats"}, "one of points, sticks, both"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match="videos: ") as caught:
        rendering(settings)
    assert message in str(caught.value)


def test_settings_may_be_lists() -> None:
    assert rendering({"yaw_deg": [-10, 10]}) == Rendering(yaw_deg=(-10, 10))


def test_no_clip_is_no_video(some: Clips, tmp_path: Path) -> None:
    assert render_clips(some.take_rows(np.zeros(0, np.int64)), Rendering(**SMALL)).video.shape == (0, 8, 24, 32, 3)
