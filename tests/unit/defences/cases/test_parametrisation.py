from __future__ import annotations

import backdoored
import numpy as np
import pytest
import torch

from kinesec.defences.cases.parametrisation import Added, Form, Layout, Masked, fourier, grid, neighbours, share

BODIES, FRAMES, JOINTS = 2, 6, 4


@pytest.fixture
def layout() -> Layout:
    low = -torch.rand(JOINTS, 3) - 1
    links = neighbours((-1, 0, 1, 0))
    return Layout(FRAMES, (JOINTS,), 3, True, low, low + 3, 1.0, None, links)


@pytest.fixture
def x() -> torch.Tensor:
    clips = torch.from_numpy(np.random.default_rng(0).normal(size=(5, BODIES, FRAMES, JOINTS, 3))).float()
    clips[0, 1], clips[1, 0, 4:] = 0, 0
    return clips


def picture() -> Layout:
    low = torch.zeros(3, 4, 3)
    return Layout(FRAMES, (3, 4), 3, False, low, low + 255, 255.0, (0.0, 255.0), grid(3, 4))


@pytest.mark.parametrize("frames", [1, 2, 7, 8])
def test_the_fourier_basis_is_orthonormal_and_of_whole_turns(frames: int) -> None:
    basis, turns = fourier(frames)
    assert basis @ basis.T == pytest.approx(np.eye(frames))
    power = np.abs(np.fft.rfft(basis, axis=1)) ** 2
    assert power.argmax(1).tolist() == turns.tolist()
    assert np.sort(power, 1)[:, :-1] == pytest.approx(0)


@pytest.mark.parametrize("form", ["shared", "offset", "time", "frequency"])
def test_a_masked_trigger_is_what_its_equation_says(form: Form, layout: Layout, x: torch.Tensor) -> None:
    triggers = Masked(form, layout)
    theta = triggers.start(np.random.default_rng(1), 3)
    seen, mask, pattern = triggers.apply(theta, x), triggers.mask(theta), triggers.pattern(theta)
    assert seen.shape == (3, *x.shape)
    basis, turns = fourier(FRAMES)
    sites = share(theta[0])
    for lane, row in np.ndindex(3, triggers.rows):
        over = {"time": row, "frequency": turns[row]}.get(form)
        expected = sites[lane] * (1 if over is None else share(theta[2])[lane, over])
        assert mask[lane, row, :, 0].numpy() == pytest.approx(expected.numpy())
    for lane in range(3):
        for clip, body, frame in np.ndindex(5, BODIES, FRAMES):
            here = x[clip, body, frame]
            row = 0 if len(mask[0]) == 1 else frame
            m, p = mask[lane, row], pattern[lane, row]
            expected = (1 - m) * here + m * p if form in ("shared", "time") else here + m * p
            if form == "frequency":
                waves = sum(
                    basis[number, frame] * mask[lane, number] * pattern[lane, number] for number in range(FRAMES)
                )
                expected = here + waves
            if not here.any():
                expected = torch.zeros_like(here)
            assert seen[lane, clip, body, frame].numpy() == pytest.approx(expected.numpy(), abs=1e-5)
    assert triggers.size(theta).numpy() == pytest.approx(mask.sum((2, 3)).mean(1).numpy())
    assert triggers.count(theta).numpy() == pytest.approx((mask > 0.5).sum((2, 3)).float().mean(1).numpy())
    assert ((mask > 0) & (mask < 1)).all()


def test_starts_are_even_and_patterns_within_their_range(layout: Layout) -> None:
    theta = Masked("time", layout).start(np.random.default_rng(0), 200)
    for values in theta:
        assert share(values).mean() == pytest.approx(0.5, abs=0.03)
        assert share(values).std() == pytest.approx(12**-0.5, abs=0.03)
    pattern = Masked("time", layout).pattern(theta)
    assert (pattern > layout.low).all()
    assert (pattern < layout.high).all()


def test_an_added_trigger_of_frequencies_is_one_of_frames(layout: Layout, x: torch.Tensor) -> None:
    waves, frames = Added("frequency", layout), Added("time", layout)
    theta = waves.start(np.random.default_rng(0), 2, 0.5)
    same = [waves.over_frames(theta[0])]
    assert waves.apply(theta, x).numpy() == pytest.approx(frames.apply(same, x).numpy(), abs=1e-5)
    assert waves.size(theta).numpy() == pytest.approx(frames.size(same).numpy())


def test_pixels_stay_grey_levels_and_units_are_255_of_them() -> None:
    layout = picture()
    video = torch.full((2, FRAMES, 3, 4, 3), 250.0)
    theta = [torch.full((1, 1, 3, 4, 3), 0.01)]
    assert Added("shared", layout).apply(theta, video).numpy() == pytest.approx(252.55)
    assert Added("shared", layout).apply([10 * theta[0]], video).max() == 255
    masked = Masked("shared", layout)
    seen = masked.apply(masked.start(np.random.default_rng(0), 2), video)
    assert seen.shape == (2, *video.shape)
    assert torch.equal(seen[:, :, 0], seen[:, :, 5])


def test_variation_sums_squared_steps_between_neighbours(layout: Layout) -> None:
    field = torch.arange(4.0).reshape(1, 1, 4, 1)
    assert layout.variation(field).tolist() == [1 + 1 + 9]  # bones 0-1, 1-2, 0-3
    board = torch.arange(12.0).reshape(1, 1, 3, 4, 1)
    assert picture().variation(board).tolist() == [9 * 1 + 8 * 16]


def test_mixtures_keep_the_root_and_what_is_not_there() -> None:
    case = backdoored.clip_case(count=40, epochs=1)
    clips, others = (torch.from_numpy(backdoored.clips(3, seed)[0]) for seed in (1, 2))
    clips, others = (torch.cat([part, torch.zeros_like(part)], 1) for part in (clips, others))
    others[1, 0, 5:] = 0
    mixed = case.mixed(clips, others, 0.5)
    assert mixed.shape == (3, 3, *clips.shape[1:])
    assert not mixed[:, :, 1].any()
    assert torch.equal(mixed[..., 0, :], clips[:, None, ..., 0, :].expand(-1, 3, -1, -1, -1))
    assert torch.equal(mixed[:, 1, 0, 5:], clips[:, 0, 5:])
    one = clips[2, 0, 3, 4] - clips[2, 0, 3, 0]
    other = others[0, 0, 3, 4] - others[0, 0, 3, 0]
    assert mixed[2, 0, 0, 3, 4].numpy() == pytest.approx((clips[2, 0, 3, 0] + (one + other) / 2).numpy(), abs=1e-5)
    assert case.mixed(clips, others, 0.0).numpy() == pytest.approx(clips[:, None].expand(-1, 3, -1, -1, -1, -1).numpy())


def test_spectra_find_a_wave_where_it_is() -> None:
    case = backdoored.clip_case(count=40, epochs=1)
    x = backdoored.clips(4, 0)[0]
    change = case.spectrum(torch.from_numpy(backdoored.wave(x, 5.0, 6))) - case.spectrum(torch.from_numpy(x))
    assert change.mean(0).sum(1).argmax() == 6
    assert set(change.mean(0)[6].argsort(descending=True)[:2].tolist()) == {3, 5}


def test_a_video_spectrum_is_parsevals() -> None:
    case = backdoored.video_case(count=12, epochs=1)
    video = case.seen(case.training.gather(np.arange(2)))
    rings = case.spectrum(video)
    assert rings.shape == (2, 5, 8)
    turning = video * (1 + 0.5 * torch.cos(2 * torch.pi * 3 * torch.arange(8) / 8))[:, None, None, None]
    assert (case.spectrum(turning) - rings).sum(2).argmax(1).tolist() == [3, 3]
