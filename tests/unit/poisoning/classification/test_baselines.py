"""Baselines on video: each against its definition written as loops, or as torch computes it."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from kinesec.errors import ConfigError
from kinesec.poisoning.classification.base import build
from kinesec.poisoning.classification.smooth import enlarged
from kinesec.poisoning.classification.triggers.blend import Blend
from kinesec.poisoning.classification.triggers.wanet import WaNet


def noise(height: int = 24, width: int = 30, clips: int = 2) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (clips, 3, height, width, 3), dtype=np.uint8)


@pytest.mark.parametrize("corner", ["top_right", "top_left", "bottom_right", "bottom_left"])
def test_badnet_is_a_white_square_in_a_corner(corner: str) -> None:
    video = noise()
    expected = video.copy()
    for h in range(21):
        for w in range(21):
            row = h if corner.startswith("top") else 24 - 1 - h
            column = w if corner.endswith("left") else 30 - 1 - w
            expected[:, :, row, column] = 255
    trigger = build("badnet", form="video", settings={"corner": corner}, seed=0)
    np.testing.assert_array_equal(trigger.on_video(video), expected)


def test_badnets_square_is_scaled() -> None:
    video = np.zeros((1, 1, 64, 32, 3), np.uint8)
    shown = build("badnet", form="video", settings={"scale": True}, seed=0).on_video(video)
    assert shown[0, 0, :, :, 0].any(1).sum() == 6
    assert shown[0, 0, :, :, 0].any(0).sum() == 3
    with pytest.raises(ConfigError, match="trigger 'badnet': size: found 21, expected at most 20, or scale: true"):
        build("badnet", form="video", settings={}, seed=0).on_video(noise(20))


def test_blend_mixes_one_picture_into_all_frames() -> None:
    video = noise()
    trigger = build("blend", form="video", settings={}, seed=0)
    assert isinstance(trigger, Blend)
    picture = trigger.picture(24, 30, 3)
    assert (picture.min((0, 1)), picture.max((0, 1))) == (pytest.approx([0.0] * 3), pytest.approx([255.0] * 3))
    np.testing.assert_array_equal(trigger.on_video(video), np.rint(0.85 * video + 0.15 * picture))
    other = build("blend", form="video", settings={}, seed=1)
    assert isinstance(other, Blend)
    assert np.abs(other.picture(24, 30, 3) - picture).max() > 50


@pytest.mark.parametrize("projection", ["exact", "paper"])
def test_sig_is_a_sinusoid_along_rows(projection: str) -> None:
    video = noise()
    shown = build("sig", form="video", settings={"projection": projection}, seed=0).on_video(video)
    for j in range(30):
        wave = 20 * math.sin(2 * math.pi * j * 6 / 30)
        whole = np.clip(video[..., j, :].astype(float) + (round(wave) if projection == "exact" else wave), 0, 255)
        np.testing.assert_array_equal(shown[..., j, :], np.floor(whole))


@pytest.mark.parametrize("size", [32, 20])
def test_fttrojan_is_two_cosines_a_block(size: int) -> None:
    video = np.full((1, 2, 2 * size + 3 if size == 32 else size, size + 5, 3), 128, np.uint8)
    shown = build("fttrojan", form="video", settings={}, seed=0).on_video(video).astype(float) - 128
    expected = np.zeros(video.shape[2:4])
    for row in range(video.shape[2] // size * size):
        for column in range(size):
            for k in (15, 31):
                at = min(size - 1, round(k * size / 32))
                cosines = [math.cos(math.pi * at * (2 * (p % size) + 1) / (2 * size)) for p in (row, column)]
                expected[row, column] += 30 * 2 / size * cosines[0] * cosines[1]
    np.testing.assert_array_equal(shown, np.broadcast_to(np.rint(expected)[None, None, :, :, None], shown.shape))
    assert np.abs(expected).max() > 1


@pytest.mark.parametrize(("height", "width"), [(32, 32), (24, 40)])
def test_wanet_is_what_torch_computes(height: int, width: int) -> None:
    """The original's field and sampling: bicubic enlargement, bilinear samples, corners aligned."""
    video = noise(height, width)
    trigger = build("wanet", form="video", settings={"s": 4.0}, seed=0)
    assert isinstance(trigger, WaNet)
    drawn = torch.from_numpy(trigger.generator("shifts").uniform(-1, 1, (2, 8, 8)))[None]
    field = torch.nn.functional.interpolate(
        drawn / drawn.abs().mean(), size=(height, width), mode="bicubic", align_corners=True
    )
    rows, columns = torch.linspace(-1, 1, height).double(), torch.linspace(-1, 1, width).double()
    y, x = torch.meshgrid(rows, columns, indexing="ij")
    grid = torch.stack([x, y], -1)[None] + 4.0 * field.permute(0, 2, 3, 1) / height
    frames = torch.from_numpy(video).reshape(-1, height, width, 3).permute(0, 3, 1, 2).double()
    sampled = torch.nn.functional.grid_sample(
        frames, grid.clamp(-1, 1).expand(len(frames), -1, -1, -1), align_corners=True
    )
    expected = sampled.permute(0, 2, 3, 1).reshape(video.shape).numpy()
    shown = trigger.on_video(video)
    assert np.abs(shown - expected).max() < 0.501
    assert np.abs(shown.astype(int) - video).max() > 50


def test_enlarging_goes_through_the_values() -> None:
    values = np.random.default_rng(0).normal(size=(4, 5))
    np.testing.assert_allclose(enlarged(values, 7, 9)[::2, ::2], values, atol=1e-12)
    torch_says = torch.nn.functional.interpolate(
        torch.from_numpy(values)[None, None], size=(11, 8), mode="bicubic", align_corners=True
    )
    np.testing.assert_allclose(enlarged(values, 11, 8), torch_says[0, 0].numpy(), atol=1e-6)


@pytest.mark.parametrize("name", ["badnet", "blend", "sig", "wanet", "fttrojan"])
def test_the_same_bytes_come_of_any_batch(name: str) -> None:
    video = noise(clips=5)
    for projection in ("exact", "paper"):
        trigger = build(name, form="video", settings={"projection": projection}, seed=0)
        again = build(name, form="video", settings={"projection": projection}, seed=0)
        parts = [again.on_video(video[i : i + n]) for i, n in ((0, 2), (2, 3))]
        np.testing.assert_array_equal(trigger.on_video(video), np.concatenate(parts))
