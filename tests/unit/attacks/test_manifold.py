"""Projection onto the manifold of human motion, and the solver under it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
import torch
from attack_cases import Probe, problem, shape
from scipy.optimize import minimize
from torch import Tensor

from kinesec.attacks.base import Problem
from kinesec.attacks.engine.manifold import Manifold, Projection
from kinesec.attacks.engine.solver import minimise
from kinesec.motion.kinematics import bone_lengths

COUNT = 4


@pytest.fixture(scope="module")
def of() -> Problem:
    """Clips of two bodies, some of which lack a body or frames."""
    model = Probe(shape()).eval()
    return replace(problem(model, COUNT), training=problem(model, 30, seed=5, whole=True))


@pytest.fixture(scope="module")
def manifold(of: Problem) -> Manifold:
    training = of.training
    assert training is not None
    wide = Manifold.of(training.position, training.present, of.geometry, 2.0)
    # made-up bodies bend everywhere; real ones do not
    return replace(wide, low=0.3 * wide.low, high=0.3 * wide.high)


@pytest.fixture(scope="module")
def target(of: Problem) -> Tensor:
    """Clips half-way to others, with noise: bones stretched and joints beyond their limits."""
    training = of.training
    assert training is not None
    noise = 0.3 * torch.randn(of.position.shape, generator=torch.Generator().manual_seed(0))
    return (of.position + 0.5 * (training.position[:COUNT] - of.position) + noise) * of.present[..., None, None]


def projected(manifold: Manifold, of: Problem, target: Tensor, weight: float = 1.0, **how: Any) -> Projection:
    weights, everyone = torch.full((COUNT,), weight), torch.ones(COUNT, dtype=torch.bool)
    return manifold.project(target, of.position, of.present, weights, everyone, **{"tolerance": 1e-6, **how})


def test_bones_and_limits_are_kept(manifold: Manifold, of: Problem, target: Tensor) -> None:
    found = projected(manifold, of, target)
    assert found.converged.all()
    mean = torch.from_numpy(of.geometry.mean)
    before, after = (
        bone_lengths(clips.double() + mean, of.geometry.parents) for clips in (of.position, found.position)
    )
    assert float((after - before).abs()[of.present].max()) < 1e-6
    clean, present = of.position.numpy(), of.present.numpy()
    share, excess = manifold.violations(found.position.numpy(), clean, present)
    assert not share.any()
    assert excess.max() < 0.01
    assert (manifold.violations(target.numpy(), clean, present)[0] > 1).all()
    assert not manifold.violations(clean, clean, present)[0].any()
    assert not found.position[~of.present].any()


def test_the_limits_are_those_of_training_and_a_margin(of: Problem, manifold: Manifold) -> None:
    training = of.training
    assert training is not None
    near, wide = (Manifold.of(training.position, training.present, of.geometry, margin) for margin in (2.0, 10.0))
    free = (manifold.rig.basis != 0).any(1)
    assert np.allclose(np.degrees(near.low - wide.low), 8.0 * free)
    assert np.allclose(np.degrees(wide.high - near.high), 8.0 * free)
    # what a clip itself does is within its limits, however far it goes
    narrow = replace(manifold, low=0 * manifold.low, high=0 * manifold.high)
    assert not narrow.violations(of.position.numpy(), of.position.numpy(), of.present.numpy())[0].any()


def test_a_clip_on_the_manifold_is_its_own_projection(manifold: Manifold, of: Problem) -> None:
    found = projected(manifold, of, of.position)
    assert float((found.position - of.position).abs().max()) < 1e-6
    assert float(found.objective.max()) < 1e-12
    assert found.iterations.tolist() == [0] * COUNT


def test_without_a_weight_bends_are_cut_at_their_limits(manifold: Manifold, of: Problem, target: Tensor) -> None:
    found = projected(manifold, of, target, weight=0.0)
    assert found.iterations.tolist() == [0] * COUNT
    softer = [projected(manifold, of, target, weight=weight) for weight in (0.01, 1.0)]
    jolts = [torch.diff(of_weight.position - of.position, n=2, dim=2).square().sum() for of_weight in (found, *softer)]
    assert jolts[0] > jolts[1] > jolts[2]


def test_no_lane_changes_a_bit_of_another(manifold: Manifold, of: Problem, target: Tensor) -> None:
    whole = projected(manifold, of, target, iterations=40)
    other = target.clone()
    other[1:] = target[1:].flip(0) * of.present[1:, :, :, None, None]
    beside = projected(manifold, of, other, iterations=40)
    assert torch.equal(whole.position[0], beside.position[0])
    alone = manifold.project(
        target, of.position, of.present, torch.ones(COUNT), torch.arange(COUNT) == 2, tolerance=1e-6, iterations=40
    )
    assert torch.equal(whole.position[2], alone.position[2])
    assert alone.converged.tolist() == [False, False, bool(whole.converged[2]), False]


def test_motions_between_two_stay_on_the_manifold(manifold: Manifold, of: Problem, target: Tensor) -> None:
    first = projected(manifold, of, target).position
    training = of.training
    assert training is not None
    second = training.position[:COUNT] * of.present[..., None, None]
    clean, present = of.position, of.present
    for share in (0.0, 0.3, 1.0):
        between = manifold.between(first, second, clean, present, torch.full((COUNT,), share))
        assert not manifold.violations(between.numpy(), clean.numpy(), present.numpy())[0].any()
        if share == 1.0:
            assert float((between - first).abs().max()) < 1e-5


def quadratic(size: int, lanes: int) -> tuple[Tensor, Tensor]:
    """Matrices and right sides of strictly convex problems, badly scaled."""
    chance = torch.Generator().manual_seed(0)
    roots = torch.randn(lanes, size, size, generator=chance, dtype=torch.float64)
    scale = torch.logspace(-1, 1, size, dtype=torch.float64)
    matrix = scale[:, None] * (roots @ roots.transpose(1, 2) / size + torch.eye(size, dtype=torch.float64)) * scale
    return matrix, torch.randn(lanes, size, generator=chance, dtype=torch.float64)


def test_the_solver_finds_the_minimum_in_a_box() -> None:
    matrix, right = quadratic(12, 5)

    def objective(x: Tensor) -> tuple[Tensor, Tensor]:
        product = torch.einsum("lij,lj->li", matrix, x)
        return (x * (product / 2 - right)).sum(1), product - right

    bound = torch.full((5, 12), 0.2, dtype=torch.float64)
    start, everyone = torch.zeros(5, 12, dtype=torch.float64), torch.ones(5, dtype=torch.bool)
    found = minimise(objective, start, -bound, bound, everyone, tolerance=1e-9, iterations=500)
    assert found.converged.all()
    for lane in range(5):
        expected = minimize(
            lambda x, lane=lane: tuple(part[lane].numpy() for part in objective(torch.from_numpy(x).expand(5, 12))),
            np.zeros(12),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-0.2, 0.2)] * 12,
            options={"ftol": 1e-15, "gtol": 1e-10},
        )
        assert np.abs(found.point[lane].numpy() - expected.x).max() < 1e-5
        assert float(found.value[lane]) <= expected.fun + 1e-10
    few = minimise(objective, start, -bound, bound, everyone, tolerance=1e-9, iterations=2)
    assert not few.converged.any()
    assert (few.residual > 1e-9).all()


def test_a_bend_beyond_half_a_turn_within_its_limits_is_no_violation(manifold: Manifold, of: Problem) -> None:
    wide = replace(manifold, low=np.full_like(manifold.low, -3.0), high=np.full_like(manifold.high, 3.0))
    # to the corner of the box: the same turn, the other way round, is outside
    corner = (manifold.rig.basis != 0).any(1) * 2.9
    corner[manifold.rig.second] = 0.0
    own = of.position[:1, :1, :1]
    body = Problem(own, of.label[:1], torch.ones(1, 1, 1).bool(), of.row[:1], of.place[:1], of.geometry)
    length = np.pad(bone_lengths(own.numpy() + of.geometry.mean, of.geometry.parents), ((0, 0), (0, 0), (0, 0), (1, 0)))
    pose = wide.rig.inverse(own.numpy() + of.geometry.mean)._replace(bend=corner[None, None, None])
    moved = (wide.rig.forward(pose, length) - of.geometry.mean).astype(np.float32)
    clean, present = own.numpy(), body.present.numpy()
    assert not wide.violations(moved, clean, present)[0].any()
    tight = replace(wide, low=wide.low / 2, high=wide.high / 2)
    assert tight.violations(moved, clean, present)[0] > 50
