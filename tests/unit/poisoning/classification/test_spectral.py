"""Temporal triggers: each against its transform written as loops, their sizes, and what projections do alone."""

from __future__ import annotations

import cmath
import functools
import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from kinesec import names
from kinesec.errors import ConfigError
from kinesec.metrics.imperceptibility import of_videos, share_of_first
from kinesec.poisoning.classification.base import PACKAGE, Trigger, build
from kinesec.poisoning.classification.spectral import Spectral

FRAMES, HEIGHT, WIDTH = 4, 4, 6
SEPARABLE = ("dft", "dct", "dwt", "random_transform")
SMALL: dict[str, dict[str, Any]] = {
    "dft": {"first": 3, "temporal": 2, "spatial": 2, "delta": 900.0},
    "dct": {"first": 3, "temporal": 2, "spatial": 2, "delta": 40.0},
    "dwt": {"first": 1, "temporal": 2, "delta": 9.0},
    "random_transform": {"first": 3, "temporal": 2, "spatial": 2, "delta": 0.4},
}


def small(name: str, **settings: Any) -> Spectral:
    trigger = build(name, form="video", settings={**SMALL[name], **settings}, seed=3)
    assert isinstance(trigger, Spectral)
    return trigger


def noise(seed: int = 0, shape: tuple[int, ...] = (2, FRAMES, HEIGHT, WIDTH, 3)) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def natural(seed: int = 0, frames: int = 32, side: int = 64, spread: float = 30.0) -> np.ndarray:
    """A clip (1, frame, side, side, 3) whose spectrum falls as natural ones do."""
    rng = np.random.default_rng(seed)
    axes = np.meshgrid(*(np.fft.fftfreq(size) for size in (frames, side, side)), indexing="ij")
    pace = np.sqrt(sum(axis**2 for axis in axes))
    pace[0, 0, 0] = np.inf
    drawn = np.fft.fftn(rng.normal(size=(frames, side, side, 3)), axes=(0, 1, 2)) / pace[..., None] ** 1.5
    clip = np.fft.ifftn(drawn, axes=(0, 1, 2)).real
    return np.clip(np.rint(120 + spread * clip / clip.std()), 0, 255).astype(np.uint8)[None]


# each transform's matrix, entry by entry, and its inverse's


def fourier(size: int) -> tuple[Callable[[int, int], complex], Callable[[int, int], complex]]:
    return (
        lambda k, t: cmath.exp(-2j * math.pi * k * t / size),
        lambda t, k: cmath.exp(2j * math.pi * k * t / size) / size,
    )


def cosine(size: int) -> tuple[Callable[[int, int], float], Callable[[int, int], float]]:
    def entry(k: int, t: int) -> float:
        return math.sqrt((1 if k == 0 else 2) / size) * math.cos(math.pi * k * (2 * t + 1) / (2 * size))

    return entry, lambda t, k: entry(k, t)


def haar(size: int) -> tuple[Callable[[int, int], float], Callable[[int, int], float]]:
    def entry(k: int, t: int) -> float:
        half = size // 2
        if t // 2 != k % half:
            return 0.0
        return (1 if k < half or t % 2 == 0 else -1) / math.sqrt(2)

    return entry, lambda t, k: entry(k, t)


def transformed(values: dict[tuple[int, ...], Any], sizes: tuple[int, ...], entries: list[Any]) -> dict[Any, Any]:
    """Values by index, transformed along all axes at once, term by term."""
    every = list(itertools.product(*map(range, sizes)))
    return {
        k: sum(values[t] * math.prod(entry(a, b) for entry, a, b in zip(entries, k, t, strict=True)) for t in every)
        for k in every
    }


def reference(trigger: Spectral, grey: np.ndarray, delta: float) -> np.ndarray:
    """T^-1(T(v) + delta 1_I) of one channel (frame, height, width), by loops."""
    sizes = (trigger.padded(FRAMES), HEIGHT, WIDTH)
    if trigger.name == "random_transform":
        matrices = [trigger.matrix(axis, size) for axis, size in enumerate(sizes)]  # type: ignore[attr-defined]
        there = [lambda k, t, m=matrix: m[k, t] for matrix in matrices]
        back = [lambda t, k, m=inverse: m[t, k] for inverse in map(np.linalg.inv, matrices)]
    else:
        kind = {"dft": fourier, "dct": cosine, "dwt": haar}[trigger.name]
        there, back = ([kind(size)[way] for size in sizes] for way in (0, 1))
    values = dict.fromkeys(itertools.product(*map(range, sizes)), 0.0)
    for t in itertools.product(*map(range, grey.shape)):
        values[t] = float(grey[t])
    spectrum = transformed(values, sizes, there)
    for component in itertools.product(*trigger.components(FRAMES, HEIGHT, WIDTH)):
        spectrum[tuple(map(int, component))] += delta
    changed = transformed(spectrum, sizes, back)
    array = np.zeros(grey.shape, complex)
    for t in itertools.product(*map(range, grey.shape)):
        array[t] = changed[t]
    return array


@functools.cache
def looped(name: str, channel: int) -> np.ndarray:
    grey = noise(shape=(1, FRAMES, HEIGHT, WIDTH, 2))[0, ..., channel]
    return reference(small(name), grey, SMALL[name]["delta"])


@pytest.mark.parametrize("name", SEPARABLE)
def test_a_transform_agrees_with_its_loops(name: str) -> None:
    trigger = small(name)
    grey = noise(shape=(1, FRAMES, HEIGHT, WIDTH, 2))[0, ..., 0]
    delta, expected = SMALL[name]["delta"], looped(name, 0)
    components = trigger.components(*grey.shape)
    np.testing.assert_allclose(trigger.through(grey.astype(float), delta, components), expected, atol=1e-6)
    # T is linear: the pattern is the same whatever it is added to
    np.testing.assert_allclose(grey + delta * trigger.values(*grey.shape), expected, atol=1e-6)
    assert np.abs(expected - grey).max() > 1


@pytest.mark.parametrize("name", SEPARABLE)
@pytest.mark.parametrize("projection", ["paper", "official", "exact"])
def test_a_projection_agrees_with_its_loops(name: str, projection: str) -> None:
    trigger = small(name, projection=projection)
    video = noise(shape=(1, FRAMES, HEIGHT, WIDTH, 2))
    expected = np.zeros(video.shape)
    for channel in range(2):
        clip, changed = 0, looped(name, channel)
        for frame in range(FRAMES):
            levels = changed[frame].real if projection == "exact" or name != "dft" else np.abs(changed[frame])
            low, high = min(levels.flat), max(levels.flat)
            for pixel in itertools.product(range(HEIGHT), range(WIDTH)):
                level = levels[pixel]
                if projection == "official" and name == "dft":
                    level = (level - low) / (high - low) * 255
                expected[(clip, frame, *pixel, channel)] = min(max(level, 0.0), 255.0)
    triggered = trigger.on_video(video)
    near = np.abs(expected - np.rint(expected)) < 1e-6 if projection != "exact" else np.abs(expected % 1 - 0.5) < 1e-6
    whole = np.rint(expected) if projection == "exact" else np.floor(expected)
    assert triggered.dtype == np.uint8
    np.testing.assert_array_equal(triggered[~near], whole[~near])
    assert np.abs(triggered[near] - expected[near]).max(initial=0.0) <= 1.001


def test_the_wavelets_middle_quarter_is_that_of_the_code() -> None:
    trigger = build("dwt", form="video", preset="official", settings={}, seed=0)
    assert trigger.components(32, 8, 8)[0].tolist() == [6, 7, 8, 9, 22, 23, 24, 25]  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", [*SEPARABLE, "random_phase"])
def test_the_same_bytes_come_of_any_batch(name: str) -> None:
    settings = SMALL.get(name, {"spatial": 2})
    for projection in ("paper", "official", "exact"):
        video = noise(1, (5, FRAMES, HEIGHT, WIDTH, 3))
        trigger = build(name, form="video", settings={**settings, "projection": projection}, seed=3)
        again = build(name, form="video", settings={**settings, "projection": projection}, seed=3)
        whole = trigger.on_video(video)
        parts = [again.on_video(video[i : i + n]) for i, n in ((0, 1), (1, 3), (4, 1))]
        np.testing.assert_array_equal(whole, np.concatenate(parts))


def test_published_sizes() -> None:
    """Root mean squares, spikes and scaled deltas of papers/temporal-backdoor.md, section 1, inferred 1 and 5."""
    trigger = build("dft", form="video", settings={}, seed=0)
    for size, rms, spike in (((224, 224), 1.75, 138.4), ((240, 320), 1.14, 90.4)):
        pattern = 5e4 * trigger.values(45, *size)  # type: ignore[attr-defined]
        assert np.sqrt(np.mean(np.abs(pattern) ** 2)) == pytest.approx(rms, abs=0.005)
        assert np.abs(pattern).max() == pytest.approx(spike, abs=0.05)
        assert np.unravel_index(np.abs(pattern).argmax(), pattern.shape) == (0, 0, 0)
    assert share_of_first(np.square(np.abs(pattern[:32])).sum((1, 2))[None])[0] == pytest.approx(0.9, abs=0.02)
    for side, count, delta in ((64, 7, 1.46e4), (32, 4, 6.4e3)):
        scaled = build("dft", form="video", settings={"scale": True}, seed=0)
        assert isinstance(scaled, Spectral)
        assert [len(index) for index in scaled.components(32, side, side)] == [10, count, count]
        assert scaled.size(32, side, side) == pytest.approx(delta, rel=0.005)
        assert 1.0 < scaled.on_frames(32, side, side).std() < 1.75


def test_the_codes_components_are_in_its_preset() -> None:
    trigger = build("dft", form="video", preset="official", settings={}, seed=0)
    assert isinstance(trigger, Spectral)
    times, high, wide = trigger.components(32, 240, 320)
    assert times.tolist() == list(range(35, 45))
    assert (len(set(high)), len(set(wide)), max(high), max(wide)) == (25, 25, 218, 206)
    with pytest.raises(ConfigError, match=r"trigger 'dft': listed: found True, expected false for frames of 64"):
        trigger.on_video(np.zeros((1, 32, 64, 64, 3), np.uint8))


def lowered(trigger: Trigger, clip: np.ndarray) -> float:
    return float(of_videos(clip, trigger.on_video(clip))["lowered_percent"][0])


def test_truncation_alone_is_a_trigger() -> None:
    """Section 1, measured 4: 27 to 38 % of pixels fall by 1 at delta 0, half of them at delta 50, none if rounded.

    Where sizes are powers of two sums are more exact and fewer fall: 22 % at 64 x 64.
    """
    clip = natural(side=56)
    settings = {"scale": True, "delta": 0.0}
    assert 27 < lowered(build("dft", form="video", settings=settings, seed=0), clip) < 38
    tiny = build("dft", form="video", settings={"delta": 50.0 * 56 * 56 / 224 / 224, "spatial": 6}, seed=0)
    assert 44 < lowered(tiny, clip) < 56
    for name in ("dft", "dct", "dwt", "random_transform"):
        control = {"delta": 0.0, "scale": name != "dwt"}
        # sums and differences of two whole numbers are nearly exact: the Haar wavelet hardly shows
        assert lowered(build(name, form="video", settings=control, seed=0), clip) > (0.1 if name == "dwt" else 5)
        for rounded in ({"projection": "exact"}, {"rounding": "nearest"}):
            trigger = build(name, form="video", settings={**control, **rounded}, seed=0)
            np.testing.assert_array_equal(trigger.on_video(clip), clip)


def test_the_codes_stretch_shows_by_itself() -> None:
    """Section 1, measured 3: min-max gives 27 to 28 dB at delta 0, and each frame and channel its full range."""
    clip = natural()
    settings = {"listed": False, "scale": True}
    control = build("dft", form="video", preset="official", settings={**settings, "delta": 0.0}, seed=0)
    stretched = control.on_video(clip)
    assert 25 < of_videos(clip, stretched)["psnr_mean_db"][0] < 31
    assert (stretched.min((2, 3)) == 0).all()
    assert (stretched.max((2, 3)) >= 254).all()
    official = build("dft", form="video", preset="official", settings=settings, seed=0).on_video(clip)
    paper = build("dft", form="video", settings={"scale": True}, seed=0).on_video(clip)
    quality = {name: of_videos(clip, each) for name, each in (("official", official), ("paper", paper))}
    assert quality["official"]["psnr_mean_db"][0] < quality["paper"]["psnr_mean_db"][0] - 10
    assert quality["paper"]["psnr_mean_db"][0] == pytest.approx(45.9, abs=1.5)


def test_random_phases_spread_over_time() -> None:
    dft, ours = (build(name, form="video", settings={"scale": True}, seed=0) for name in ("dft", "random_phase"))
    assert isinstance(dft, Spectral)
    assert isinstance(ours, Spectral)
    first = share_of_first(np.stack([np.square(each.on_frames(32, 64, 64)).sum((1, 2)) for each in (dft, ours)]))
    assert first[0] > 0.8
    assert first[1] == pytest.approx(4 / 32, abs=0.03)
    pattern = ours.on_frames(32, 64, 64)
    assert np.sqrt(np.mean(pattern**2)) == pytest.approx(1.75)
    spectrum = np.abs(np.fft.fft(pattern.reshape(32, -1), axis=0)).max(1)
    assert spectrum[0] < 1e-9 * spectrum.max()  # the mean of time is left alone
    assert (spectrum[1:17] > 1e-3 * spectrum.max()).all()


def test_a_component_and_its_mirror_image_are_a_cosine() -> None:
    settings = {"first": 1, "temporal": 1, "spatial": 1, "delta": 7.0}
    trigger = build("random_phase", form="video", settings=settings, seed=4)
    assert isinstance(trigger, Spectral)
    (k,), (x,), (y,) = trigger.components(FRAMES, HEIGHT, WIDTH)
    phase = trigger.generator("phase").uniform(0, 2 * np.pi, (1, 1, 1)).item()
    for t, h, w in itertools.product(range(FRAMES), range(HEIGHT), range(WIDTH)):
        turn = 2 * math.pi * (k * t / FRAMES + x * h / HEIGHT + y * w / WIDTH) + phase
        expected = 2 * 7.0 / (FRAMES * HEIGHT * WIDTH) * math.cos(turn)
        assert trigger.on_frames(FRAMES, HEIGHT, WIDTH)[t, h, w] == pytest.approx(expected)


@pytest.mark.parametrize("name", [*SEPARABLE, "random_phase"])
def test_a_given_size_is_kept(name: str) -> None:
    settings = {**SMALL.get(name, {"spatial": 2}), "rms_grey": 3.0}
    settings.pop("delta", None)
    trigger = build(name, form="video", settings=settings, seed=3)
    assert isinstance(trigger, Spectral)
    assert np.sqrt(np.mean(trigger.on_frames(FRAMES, HEIGHT, WIDTH) ** 2)) == pytest.approx(3.0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"delta": -1.0}, "delta: found -1.0, expected a finite number from 0"),
        ({"rms_mm": 1.0}, "rms_mm: found 1.0, expected none for the form 'video'"),
        ({"rms_grey": 1.0, "delta": 2.0}, "rms_grey: found 1.0, expected none beside delta"),
        ({"listed": True, "scale": True}, "scale: found True, expected false where the components are listed"),
        ({"spatial": 40}, "spatial: found 40, expected at most 4 on such frames, or scale: true"),
        ({"dleta": 3}, "dleta: found an unknown key"),
    ],
)
def test_settings_that_cannot_be_used_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"trigger 'dft': {message}"):
        build("dft", form="video", settings=settings, seed=0).on_video(noise())


def test_every_trigger_can_be_named() -> None:
    for name in names.available(PACKAGE):
        module = names.load(PACKAGE, name)
        assert set(module.OURS) <= set(module.FORMS) <= {"video", "joints", "rotations"}
        assert "paper" in module.PRESETS
        for form, preset in itertools.product(module.FORMS, module.PRESETS):
            trigger = build(name, form=form, preset=preset, settings={}, seed=0)
            assert trigger == build(name, form=form, preset=preset, settings=trigger.settings, seed=0)
        for form in {"video", "joints", "rotations"} - set(module.FORMS):
            with pytest.raises(ConfigError, match=f"trigger '{name}': form: found '{form}'"):
                build(name, form=form, settings={}, seed=0)
