"""Forward kinematics and limb posing: what rotations, bones and limbs must obey, in numpy and torch alike."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial.transform import Rotation

from kinesec.motion.kinematics import (
    bone_lengths,
    bones,
    forward,
    matrices_from_quaternions,
    pose_limb,
    quaternions_from_matrices,
)

TURNS = st.sampled_from(["children", "own"])
Pose = dict[str, Any]


@st.composite
def poses(draw: st.DrawFn, frames: int = 4) -> Pose:
    """A random tree whose numbers need not follow it, with rotations, offsets and a root in float64."""
    joints = draw(st.integers(2, 12))
    tree = [-1] + [draw(st.integers(0, joint - 1)) for joint in range(1, joints)]
    order = [0, *draw(st.permutations(range(1, joints)))]  # joint -> its new number
    parents = [-1] * joints
    for joint in range(1, joints):
        parents[order[joint]] = order[tree[joint]]
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    return {
        "rotation": Rotation.random(frames * joints, rng=random).as_matrix().reshape(frames, joints, 3, 3),
        "root": random.normal(size=(frames, 3)) * 100,
        "offsets": random.normal(size=(joints, 3)) * 50,
        "parents": parents,
    }


def chain(parents: list[int], joint: int) -> list[int]:
    above = [joint]
    while parents[above[-1]] >= 0:
        above.append(parents[above[-1]])
    return above[::-1]


@given(pose=poses(), turns=TURNS)
def test_a_joint_is_the_sum_of_the_bones_above_it(pose: Pose, turns: Literal["children", "own"]) -> None:
    position = forward(**pose, turns=turns)
    for joint in range(len(pose["parents"])):
        expected, turned = pose["root"].copy(), pose["rotation"][:, 0]
        for above in chain(pose["parents"], joint)[1:]:
            orientation = turned @ pose["rotation"][:, above]
            expected += (orientation if turns == "own" else turned) @ pose["offsets"][above]
            turned = orientation
        np.testing.assert_allclose(position[:, joint], expected, atol=1e-9)


@given(pose=poses(), turns=TURNS, at_root=st.booleans())
def test_torch_gives_what_numpy_gives(pose: Pose, turns: Literal["children", "own"], at_root: bool) -> None:
    positions = forward(
        torch.from_numpy(pose["rotation"]),
        torch.from_numpy(pose["root"]),
        torch.from_numpy(pose["offsets"]),
        pose["parents"],
        turns=turns,
        root_turns_children=at_root,
    )
    expected = forward(**pose, turns=turns, root_turns_children=at_root)
    assert positions.dtype == torch.float64
    np.testing.assert_allclose(positions.numpy(), expected, atol=1e-10)


@pytest.mark.parametrize("turns", ["children", "own"])
def test_gradients_are_finite_differences(turns: Literal["children", "own"]) -> None:
    random = np.random.default_rng(0)
    parents = [-1, 0, 1, 1, 3]
    quaternion = torch.from_numpy(random.normal(size=(2, 5, 4))).requires_grad_()
    root = torch.from_numpy(random.normal(size=(2, 3))).requires_grad_()
    offsets = torch.from_numpy(random.normal(size=(5, 3))).requires_grad_()

    def place(quaternion: torch.Tensor, root: torch.Tensor, offsets: torch.Tensor) -> torch.Tensor:
        unit = quaternion / quaternion.norm(dim=-1, keepdim=True)
        return torch.as_tensor(forward(matrices_from_quaternions(unit), root, offsets, parents, turns=turns))

    assert torch.autograd.gradcheck(place, (quaternion, root, offsets), eps=1e-6, atol=1e-6)


def test_gradients_of_a_posed_limb_are_finite_differences() -> None:
    random = np.random.default_rng(1)
    position = torch.from_numpy(random.normal(size=(2, 5, 3))).requires_grad_()
    directions = torch.from_numpy(random.normal(size=(2, 2, 3))).requires_grad_()

    def place(position: torch.Tensor, directions: torch.Tensor) -> torch.Tensor:
        unit = directions / directions.norm(dim=-1, keepdim=True)
        return torch.as_tensor(pose_limb(position, [-1, 0, 1, 1, 3], [3, 4], unit))

    assert torch.autograd.gradcheck(place, (position, directions), eps=1e-6, atol=1e-6)


@given(pose=poses(), turns=TURNS, seed=st.integers(0, 2**32))
def test_turning_the_root_turns_the_body(pose: Pose, turns: Literal["children", "own"], seed: int) -> None:
    turn = Rotation.random(rng=np.random.default_rng(seed)).as_matrix()
    rotation = pose["rotation"].copy()
    rotation[:, 0] = turn @ rotation[:, 0]
    turned = forward(**{**pose, "rotation": rotation, "root": pose["root"] @ turn.T}, turns=turns)
    np.testing.assert_allclose(turned, forward(**pose, turns=turns) @ turn.T, atol=1e-9)


@given(pose=poses(), turns=TURNS)
def test_no_rotation_changes_a_bones_length(pose: Pose, turns: Literal["children", "own"]) -> None:
    lengths = bone_lengths(forward(**pose, turns=turns), pose["parents"])
    expected = np.linalg.norm(pose["offsets"][1:], axis=-1)
    np.testing.assert_allclose(lengths, np.broadcast_to(expected, lengths.shape), atol=1e-9)


@given(pose=poses(), turns=TURNS, at_root=st.booleans())
def test_a_frame_does_not_depend_on_its_batch(pose: Pose, turns: Literal["children", "own"], at_root: bool) -> None:
    whole = forward(**pose, turns=turns, root_turns_children=at_root)
    for frame in range(len(whole)):
        alone = {**pose, "rotation": pose["rotation"][frame], "root": pose["root"][frame]}
        np.testing.assert_allclose(forward(**alone, turns=turns, root_turns_children=at_root), whole[frame], atol=1e-12)
    nested = {**pose, "rotation": pose["rotation"][None], "root": pose["root"][None]}
    np.testing.assert_allclose(forward(**nested, turns=turns, root_turns_children=at_root)[0], whole, atol=1e-12)


@given(pose=poses(), seed=st.integers(0, 2**32))
def test_a_root_left_out_of_the_chain_turns_nothing(pose: Pose, seed: int) -> None:
    rotation = pose["rotation"].copy()
    rotation[:, 0] = Rotation.random(len(rotation), rng=np.random.default_rng(seed)).as_matrix()
    np.testing.assert_array_equal(
        forward(**{**pose, "rotation": rotation}, root_turns_children=False),
        forward(**pose, root_turns_children=False),
    )


@given(pose=poses())
def test_offsets_may_differ_by_frame(pose: Pose) -> None:
    offsets = pose["offsets"] * np.arange(1.0, 5.0)[:, None, None]
    moving = forward(**{**pose, "offsets": offsets})
    for frame in range(4):
        still = forward(**{**pose, "offsets": offsets[frame]})
        np.testing.assert_allclose(moving[frame], still[frame], atol=1e-9)


@given(seed=st.integers(0, 2**32))
def test_quaternions_and_matrices_are_the_same_rotation(seed: int) -> None:
    rotation = Rotation.random(8, rng=np.random.default_rng(seed))
    quaternion = rotation.as_quat(canonical=True, scalar_first=True)
    np.testing.assert_allclose(matrices_from_quaternions(quaternion), rotation.as_matrix(), atol=1e-12)
    np.testing.assert_allclose(quaternions_from_matrices(rotation.as_matrix()), quaternion, atol=1e-7)
    np.testing.assert_allclose(
        matrices_from_quaternions(torch.from_numpy(quaternion)).numpy(), rotation.as_matrix(), atol=1e-12
    )


def limb_of(parents: list[int]) -> list[int]:
    """The whole tree below the first child of the root."""
    first = parents.index(0)
    return [joint for joint in range(1, len(parents)) if first in chain(parents, joint)]


@given(pose=poses(), seed=st.integers(0, 2**32), own_lengths=st.booleans())
@pytest.mark.parametrize("library", ["numpy", "torch"])
def test_a_posed_limb_keeps_its_bones_and_moves_alone(library: str, pose: Pose, seed: int, own_lengths: bool) -> None:
    convert: Callable[[np.ndarray], Any] = torch.from_numpy if library == "torch" else np.asarray
    position, parents = forward(**pose), pose["parents"]
    limb = limb_of(parents)
    directions = np.random.default_rng(seed).normal(size=(len(position), len(limb), 3))
    directions /= np.linalg.norm(directions, axis=-1, keepdims=True)
    before = bone_lengths(position, parents)
    lengths = before[:, [joint - 1 for joint in limb]]
    given_lengths = None if own_lengths else convert(lengths)
    posed = np.asarray(pose_limb(convert(position), parents, limb, convert(directions), given_lengths))
    np.testing.assert_allclose(bone_lengths(posed, parents), before, rtol=0, atol=1e-9)
    still = [joint for joint in range(len(parents)) if joint not in limb]
    np.testing.assert_array_equal(posed[:, still], position[:, still])
    posed_bones = bones(posed, parents)[:, [joint - 1 for joint in limb]]
    np.testing.assert_allclose(posed_bones, directions * lengths[..., None], rtol=0, atol=1e-9)


@given(pose=poses())
def test_posing_a_limb_along_its_own_bones_changes_nothing(pose: Pose) -> None:
    position, parents = forward(**pose), pose["parents"]
    limb = limb_of(parents)
    limb_bones = bones(position, parents)[:, [joint - 1 for joint in limb]]
    posed = pose_limb(position, parents, limb, limb_bones / np.linalg.norm(limb_bones, axis=-1, keepdims=True))
    np.testing.assert_allclose(posed, position, atol=1e-9)
