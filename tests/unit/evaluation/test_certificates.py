"""Certificates of recognizers whose smoothed answers are known in closed form, and of turns of bones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from attack_cases import GEOMETRY, MEAN, problem, small
from hypothesis import given, settings
from hypothesis import strategies as st
from recognition_clips import write_clips
from torch import Tensor

from kinesec.attacks.base import Problem
from kinesec.evaluation.certificates import UNITS, certified_clips, counted, counterexample, grid_of, reach
from kinesec.metrics import certified
from kinesec.metrics.grid_noise import GridNoise
from kinesec.models.fit import shape_of
from kinesec.models.recognizers.base import ClipShape, Recognizer
from kinesec.models.wrappers.smoothed import Smoothed, body_of
from kinesec.motion.angles import Rig
from kinesec.samples.clips import clips
from kinesec.samples.clips.clips import Clips

SIGMA, STEP = 0.5, 1e-3
WAYS: dict[str, Any] = {"first": 50, "draws": 800, "alpha": 0.001, "step": STEP, "search_steps": 6, "seed": 0}


class Threshold(Recognizer):
    """Class 0 where the height of the left hand, midway, is above zero, else class 1.

    With normal noise it says class 0 with probability Phi(x / sigma): its radius is how far x is from zero.
    """

    at = (0, 10, 3, 1)

    def __init__(self, clips: ClipShape) -> None:
        super().__init__(clips)
        self.classifier = torch.nn.Linear(1, clips.classes)
        with torch.no_grad():
            self.classifier.weight.copy_(torch.tensor([[5.0], [-5.0], *[[0.0]] * (clips.classes - 2)]))
            self.classifier.bias.copy_(torch.tensor([0.0, 0.0, *[-99.0] * (clips.classes - 2)]))

    def embed(self, clip: Tensor) -> Tensor:
        return clip[(slice(None), *self.at)][:, None]


@pytest.fixture(scope="module")
def known(tmp_path_factory: pytest.TempPathFactory) -> Clips:
    path = write_clips(tmp_path_factory.mktemp("c") / "clips.zarr", {"train": 3, "test": 14})
    return clips.load(path, "test")


def threshold(known: Clips) -> Smoothed:
    return Smoothed(Threshold(shape_of(known)), sigma=SIGMA).eval()


def depth(known: Clips) -> np.ndarray:
    """How far each clip is from the threshold, signed."""
    return known.normalised[(slice(None), *Threshold.at)].astype(np.float64)


def on_turns(of: Any) -> Smoothed:
    true = (of.position.double() + torch.from_numpy(MEAN)).numpy()[of.present.numpy()]
    body = body_of(Rig.of(true, GEOMETRY.parents), MEAN)
    return Smoothed(small("st_gcn"), sigma=0.2, space="rotations", body=body).eval()


OF = problem(small("st_gcn"), 6)
ON_TURNS = on_turns(OF)
ON_COORDINATES = Smoothed(small("st_gcn"), sigma=0.2).eval()
SPACES = pytest.mark.parametrize("model", [ON_COORDINATES, ON_TURNS], ids=["positions", "rotations"])


# the grid


@SPACES
def test_the_grid_gives_the_clip_back(model: Smoothed) -> None:
    step = 2.0**-14
    noise = GridNoise(step, model.sigma)
    for clip, present in zip(OF.position, OF.present, strict=True):
        grid = grid_of(model, clip, noise)
        size = 27 if model.space == "positions" else 3 + 2 * 9
        assert grid.steps.shape == (size * int(present.sum()),)  # what is not there has no coordinates
        again = grid.clips(torch.from_numpy(noise.from_grid(grid.steps)[None]))
        assert again.shape == (1, *clip.shape)
        assert (again[0] - clip).abs().max() < (step if model.space == "positions" else 1e-3)
        assert not again[0][~present].any()


@SPACES
def test_clips_of_a_grid_are_one_a_draw(model: Smoothed) -> None:
    noise = GridNoise(STEP, model.sigma)
    grid = grid_of(model, OF.position[1], noise)
    values, _ = noise.around(grid.steps, 3, np.random.default_rng(0))
    together = grid.clips(torch.from_numpy(values))
    for draw in range(3):
        torch.testing.assert_close(together[draw], grid.clips(torch.from_numpy(values[draw : draw + 1]))[0])
    assert (together[0] - together[1]).abs().max() > 0.1
    assert not together[:, ~OF.present[1]].any()


@pytest.mark.parametrize("draws", [1, 64, 65, 150])
def test_draws_that_fail_count_for_no_class(known: Clips, monkeypatch: pytest.MonkeyPatch, draws: int) -> None:
    model = threshold(known)
    clip = torch.from_numpy(known.normalised[0])
    noise = GridNoise(STEP, SIGMA)
    grid = grid_of(model, clip, noise)
    whole = counted(model, grid, grid.steps, draws, noise, np.random.default_rng(0))
    assert whole.sum() == draws
    assert whole[2:].sum() == 0

    def failing(self: GridNoise, steps: np.ndarray, n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        return np.tile(self.from_grid(steps), (n, 1)), np.arange(n) % 2 == 0

    monkeypatch.setattr(GridNoise, "around", failing)
    some = counted(model, grid, grid.steps, draws, noise, np.random.default_rng(0))
    lone = int(depth(known)[0] <= 0)
    assert some[lone] == some.sum() == sum(min(64, draws - first) // 2 for first in range(0, draws, 64))


# how far joints go


@given(st.integers(0, 5), st.integers(0, 10**6), st.floats(1e-3, 3.0), st.booleans())
def test_no_joint_goes_farther_than_reach(row: int, seed: int, size: float, sparse: bool) -> None:
    clip = OF.position[row].double()
    turns, body = ON_TURNS.turns(clip[None])
    way = torch.randn(turns.shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    if sparse:
        way *= torch.rand(way.shape, generator=torch.Generator().manual_seed(seed + 1), dtype=torch.float64) < 0.1
    change = size * way / way.norm(dim=-1, keepdim=True).clamp_min(1e-12)  # of each frame
    before, after = (ON_TURNS.placed(moved, body) for moved in (turns, turns + change))
    moved = (after - before).norm(dim=-1).amax(-1)
    assert (moved <= reach(ON_TURNS, OF.position[row]) * change.norm(dim=-1) * (1 + 1e-4) + 1e-6).all()


def test_a_straight_chain_goes_nearly_as_far_as_reach() -> None:
    """All turns the same way about one axis: the bound is no idle one."""
    parents = (-1, 0, 1, 2)
    position = np.zeros((2, 4, 3))
    position[:, 1:, 0] = [1, 2, 3]
    position[1, 2:, 1] = [0.01, 0.03]
    body = body_of(Rig.of(position, parents), np.zeros((4, 3)))
    model = Smoothed(small("st_gcn"), sigma=0.1, space="rotations", body=body)
    clip = torch.from_numpy(position[:1, None].transpose(1, 0, 2, 3)).double()
    farthest = reach(model, clip)
    assert farthest == pytest.approx((3**2 + 3**2 + 2**2 + 1**2) ** 0.5, rel=1e-3)
    turns, held = model.turns(clip[None])
    best = 0.0
    for seed in range(100):
        way = torch.randn((100, 1, 1, turns.shape[-1]), generator=torch.Generator().manual_seed(seed)).double()
        change = 1e-4 * way / way.norm(dim=-1, keepdim=True)
        moved = model.placed(turns + change, held) - model.placed(turns, held)
        best = max(best, float(moved.norm(dim=-1).max()) / 1e-4)
    assert 0.5 * farthest < best <= farthest


# the search


@settings(max_examples=40)
@given(st.floats(1e-4, 2.0), st.integers(1, 6), st.integers(0, 99))
def test_a_counterexample_is_on_the_grid_within_the_radius(radius: float, iterations: int, seed: int) -> None:
    noise = GridNoise(STEP, ON_COORDINATES.sigma)
    grid = grid_of(ON_COORDINATES, OF.position[0], noise)
    there = counterexample(ON_COORDINATES, grid, 1, radius, noise, iterations, seed)
    assert there.dtype.kind == "i"
    assert np.linalg.norm((there - grid.steps) * STEP) <= radius
    assert there.shape == grid.steps.shape


def test_a_counterexample_on_turns_is_within_the_radius() -> None:
    noise = GridNoise(STEP, ON_TURNS.sigma)
    grid = grid_of(ON_TURNS, OF.position[0], noise)
    there = counterexample(ON_TURNS, grid, int(OF.label[0]), 0.7, noise, 4, 0)
    assert 0.3 < np.linalg.norm((there - grid.steps) * STEP) <= 0.7
    assert (grid.clips(torch.from_numpy(noise.from_grid(there)[None])) - OF.position[0]).abs().max() > 0.01


def test_a_search_finds_a_counterexample_just_outside_the_radius(known: Clips) -> None:
    model, noise = threshold(known), GridNoise(STEP, SIGMA)
    for clip, away in zip(torch.from_numpy(known.normalised), depth(known), strict=True):
        label, grid = int(away <= 0), grid_of(model, clip, noise)
        sides = []
        for radius in (0.95 * abs(away), 1.05 * abs(away) + 3 * STEP):
            there = counterexample(model, grid, label, radius, noise, 6, 0)
            placed = grid.clips(torch.from_numpy(noise.from_grid(there)[None]))
            sides.append(int(placed[(0, *Threshold.at)] <= 0))
        assert sides == [label, 1 - label]


# certificates


def test_no_clip_is_certified_beyond_its_true_radius(known: Clips) -> None:
    rows = certified_clips(threshold(known), known, **WAYS)
    away = depth(known)
    assert [row["row"] for row in rows] == known.row.tolist()
    for row, true in zip(rows, away, strict=True):
        assert row["radius"] <= abs(true) + STEP / 2
        assert row["radius_mm"] == pytest.approx(row["radius"] * known.normaliser.scale)
        assert not row["broken"]
        assert row["searched"] == (row["radius"] > 0)
        assert row["predicted"] == (int(true <= 0) if row["radius"] > 0 else -1)
        assert row["right"] == (row["predicted"] == row["label"])
    # and most of what can be had is
    clear = np.abs(away) > 0.4
    assert clear.sum() >= 3
    shares = np.array([row["radius"] for row in rows])[clear] / np.abs(away)[clear].clip(max=2.4 * SIGMA)
    assert shares.min() > 0.5


def test_the_seed_makes_the_table(known: Clips) -> None:
    model, some = threshold(known), known.take_rows(np.arange(5))
    first, again = (certified_clips(model, some, **WAYS) for _ in range(2))
    assert first == again
    assert certified_clips(model, some, **{**WAYS, "seed": 1}) != first


def test_a_clip_s_row_and_the_seed_alone_make_its_noise(known: Clips) -> None:
    model = threshold(known)
    whole = certified_clips(model, known.take_rows(np.arange(5)), **WAYS)
    assert certified_clips(model, known.take_rows(np.array([3])), **WAYS) == whole[3:4]
    twice = replace(known.take_rows(np.array([3, 3])), row=np.array([70, 71]))
    wide = Smoothed(Threshold(shape_of(known)), sigma=3.0).eval()  # of which draws are often of either class
    first, other = certified_clips(wide, twice, **{**WAYS, "step": 1e-2, "search_steps": 0})
    assert first["lower"] != other["lower"]


def test_a_certificate_that_is_false_is_called_broken(known: Clips, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a recognizer that is certified four times as far as it may be."""
    true = certified.certify

    def farther(*counts: np.ndarray, **given: Any) -> certified.Certificate:
        said = true(*counts, **given)
        return said._replace(radius=4 * said.radius)

    monkeypatch.setattr("kinesec.evaluation.certificates.certified.certify", farther)
    rows = certified_clips(threshold(known), known, **WAYS)
    wrong = [row["broken"] for row, away in zip(rows, depth(known), strict=True) if row["radius"] > 1.3 * abs(away)]
    assert len(wrong) > 3
    assert all(wrong)


def test_without_steps_nothing_is_searched(known: Clips) -> None:
    rows = certified_clips(threshold(known), known.take_rows(np.arange(3)), **{**WAYS, "search_steps": 0})
    assert not any(row["searched"] or row["broken"] for row in rows)


def test_certificates_on_turns_are_in_radians_and_in_what_joints_can_go(known: Clips) -> None:
    seen = Problem.of(known)
    mean = seen.geometry.mean
    true = (seen.position.double() + torch.from_numpy(mean)).numpy()[seen.present.numpy()]
    body = body_of(Rig.of(true, seen.geometry.parents), mean)
    model = Smoothed(Threshold(shape_of(known)), sigma=0.1, space="rotations", body=body).eval()
    rows = certified_clips(model, known.take_rows(np.arange(4)), **{**WAYS, "draws": 200})
    assert any(row["radius"] > 0 for row in rows)
    for row, clip in zip(rows, torch.from_numpy(known.normalised), strict=False):
        assert row["radius_mm"] == pytest.approx(row["radius"] * reach(model, clip) * known.normaliser.scale)
    assert UNITS == {"positions": "normalised", "rotations": "rad"}
