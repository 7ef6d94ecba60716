"""Joint angles: positions to bends and back."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from kinesec.motion.angles import Pose, Rig, exp, log
from kinesec.motion.kinematics import bone_lengths
from kinesec.sources.procedural.body import performer

BODY = performer(0, 1).skeleton
# a second joint at the root's place, a bone without length in a chain, and a parent that stands after its child
PARENTS = (-1, 0, 1, 4, 0, 4, 5, 0)


def poses(count: int, parents: tuple[int, ...] = PARENTS, seed: int = 0) -> np.ndarray:
    """Motions (frame, joint, xyz) of a body that bends a little about one pose, all of it turned anywhere."""
    rng = np.random.default_rng(seed)
    rest = rng.normal(0, 1, (len(parents), 3)) + np.arange(len(parents))[:, None]
    moved = rest + rng.normal(0, 0.15, (count, len(parents), 3))
    if parents == PARENTS:
        moved[:, 1], moved[:, 6] = moved[:, 0], moved[:, 5]
    return moved @ exp(rng.normal(0, 1, (count, 3))).swapaxes(-1, -2) + rng.normal(0, 3, (count, 1, 3))


def lengths(position: np.ndarray, parents: tuple[int, ...]) -> np.ndarray:
    return np.pad(bone_lengths(position, parents), ((0, 0), (1, 0)))


@pytest.mark.parametrize("parents", [PARENTS, BODY.parents, (-1, 0), (-1, 0, 1), (-1,)])
@pytest.mark.parametrize("tensor", [False, True])
def test_forward_undoes_inverse(parents: tuple[int, ...], tensor: bool) -> None:
    rig = Rig.of(poses(50, parents), parents)
    position = poses(20, parents, seed=1)
    long = lengths(position, parents)
    if tensor:
        position, long = torch.from_numpy(position), torch.from_numpy(long)
    again = rig.forward(rig.inverse(position), long)
    assert type(again) is type(position)
    assert np.abs(np.asarray(again) - np.asarray(position)).max() < 1e-12


def test_inverse_undoes_forward() -> None:
    rig = Rig.of(poses(50), PARENTS)
    rng = np.random.default_rng(3)
    free = (rig.basis != 0).any(1)
    bend = rng.uniform(-2, 2, (30, len(PARENTS), 2)) * free
    bend[:, rig.second] = rng.uniform(-0.4, 0.4, (30, 2)) * free[rig.second]
    pose = Pose(rng.normal(0, 1, (30, 3)), exp(rng.normal(0, 1, (30, 3))), bend)
    long = np.where(free.any(1), 1.3, 0.0)
    long[rig.first] = 1.1
    again = rig.inverse(rig.forward(pose, np.broadcast_to(long, (30, len(PARENTS)))))
    for part, expected in zip(again, pose, strict=True):
        assert np.abs(part - expected).max() < 1e-12


@pytest.mark.parametrize("parents", [PARENTS, BODY.parents])
def test_bends_are_those_of_a_body_that_stands_and_is_turned_elsewhere(parents: tuple[int, ...]) -> None:
    rig = Rig.of(poses(50, parents), parents)
    position = poses(9, parents, seed=1)
    turn = exp(np.array([0.3, 1.0, -2.0]))
    here, there = rig.inverse(position), rig.inverse(2.0 * position @ turn.T + 5)
    assert np.abs(here.bend - there.bend).max() < 1e-12
    assert np.abs(turn @ here.orientation - there.orientation).max() < 1e-12


def test_references_are_mean_directions() -> None:
    rig = Rig.of(poses(400), PARENTS)
    bend = rig.inverse(poses(400)).bend
    assert np.abs(bend.mean(0)).max() < 0.05
    assert np.abs(bend).max() > 0.1


def test_bones_without_length_do_not_bend() -> None:
    rig = Rig.of(poses(50), PARENTS)
    bend = rig.inverse(poses(5, seed=1)).bend
    assert not bend[:, [0, 1, 6]].any()
    assert rig.first in (2, 4, 7)
    assert rig.second in (2, 4, 7)
    assert not bend[:, rig.first].any()
    assert not bend[:, rig.second, 1].any()
    still = np.zeros((3, len(PARENTS), 3))
    assert np.isfinite(rig.inverse(still).bend).all()


@given(st.integers(0, 2**32 - 1), st.floats(0, np.pi))
def test_log_undoes_exp(seed: int, angle: float) -> None:
    axis = np.random.default_rng(seed).normal(0, 1, 3)
    vector = angle * axis / np.linalg.norm(axis)
    matrix = exp(vector)
    assert np.abs(matrix @ matrix.T - np.eye(3)).max() < 1e-12
    assert np.abs(exp(log(matrix)) - matrix).max() < 1e-7
    if angle < 3.0:
        assert np.abs(log(matrix) - vector).max() < 1e-7


def test_a_gradient_leads_through_forward() -> None:
    rig = Rig.of(poses(50), PARENTS)
    position = torch.from_numpy(poses(2, seed=1))
    long = torch.from_numpy(lengths(poses(2, seed=1), PARENTS))
    root, orientation, bend = rig.inverse(position)

    def placed(at: torch.Tensor) -> torch.Tensor:
        moved: torch.Tensor = rig.forward(Pose(root, orientation, at), long)
        return moved

    assert torch.autograd.gradcheck(placed, (bend.requires_grad_(),))
    assert torch.autograd.gradcheck(placed, (torch.zeros_like(bend).requires_grad_(),))
