from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from recognition_clips import SKELETON, positions

from kinesec import settings as recipes
from kinesec.errors import ConfigError
from kinesec.motion.skeleton import Skeleton
from kinesec.samples.clips.clips import Normaliser
from kinesec.training.augmentation import Augmentation, Augmenter, twins

COUNT = 6
NORMALISER = Normaliser(np.random.default_rng(1).normal(0, 200, (len(SKELETON), 3)), 250.0)
PRESENT = np.ones((COUNT, 2, 20), bool)
PRESENT[::2, 1] = False
PRESENT[1, 0, 15:] = False
POSITION = positions(np.arange(COUNT) % 3, bodies=2).astype(np.float64)
POSITION[:, 1] = POSITION[:, 0] + np.array([700.0, 0.0, 100.0])
POSITION *= PRESENT[..., None, None]


def changed(seed: int = 0, **augment: Any) -> np.ndarray:
    """Augmented clips in mm (clip, body, frame, joint, xyz)."""
    augmenter = Augmenter(Augmentation(**augment), NORMALISER, SKELETON, torch.device("cpu"))
    clip = torch.from_numpy(NORMALISER.apply(POSITION, PRESENT))
    out = augmenter(clip, torch.from_numpy(PRESENT), torch.Generator().manual_seed(seed)).numpy()
    assert out.dtype == np.float32
    assert (out[~PRESENT] == 0).all()
    return NORMALISER.undo(out, PRESENT)


def distances(clips: np.ndarray) -> np.ndarray:
    return np.linalg.norm(clips[..., :, None, :] - clips[..., None, :, :], axis=-1)


@given(seed=st.integers(0, 99), yaw=st.floats(1, 180))
@settings(max_examples=20)
def test_a_turned_clip_stays_upright_and_rigid(seed: int, yaw: float) -> None:
    turned = changed(seed, yaw_degrees=yaw)
    np.testing.assert_allclose(turned[..., 1], POSITION[..., 1], atol=1e-2)
    np.testing.assert_allclose(distances(turned), distances(POSITION), atol=1e-2)
    before, after = (clips[:, 0, :, :, 0] + 1j * clips[:, 0, :, :, 2] for clips in (POSITION, turned))
    far = np.abs(before) > 100
    angle = np.degrees(np.angle(np.where(far, after / np.where(far, before, 1), 1)))
    assert np.abs(angle).max() <= yaw + 0.05
    angle_of_frame = angle[0][far[0]]
    np.testing.assert_allclose(angle_of_frame, angle_of_frame[0], atol=0.1)
    assert np.ptp(angle[:, 0, 3]) > 0


def test_turns_and_sizes_are_the_drawn_shares_of_their_settings() -> None:
    """By hand, from the same draws: x to the side z is at, a quarter turn at most, a tenth smaller or larger."""
    turn, size, _ = torch.rand((3, COUNT), generator=torch.Generator().manual_seed(3)).double().numpy()
    assert np.abs(2 * turn - 1).max() > 0.6
    angle, factor = np.pi / 2 * (2 * turn - 1), 1 + 0.1 * (2 * size - 1)
    cos, sin, factor = (values[:, None, None, None] for values in (np.cos(angle), np.sin(angle), factor))
    x, y, z = np.moveaxis(POSITION, -1, 0)
    expected = np.stack([cos * x + sin * z, y, cos * z - sin * x], -1) * factor[..., None]
    np.testing.assert_allclose(changed(3, yaw_degrees=90, scale=0.1), expected * PRESENT[..., None, None], atol=1e-2)


@given(seed=st.integers(0, 99), scale=st.floats(0.05, 0.5))
@settings(max_examples=20)
def test_a_resized_clip_has_one_factor(seed: int, scale: float) -> None:
    resized = changed(seed, scale=scale)
    factor = (resized * POSITION).sum((1, 2, 3, 4)) / (POSITION**2).sum((1, 2, 3, 4))
    assert (np.abs(factor - 1) <= scale + 1e-5).all()
    np.testing.assert_allclose(resized, POSITION * factor[:, None, None, None, None], atol=1e-2)


def test_a_mirrored_clip_swaps_left_and_right() -> None:
    mirrored = changed(mirror=True)
    pair = twins(SKELETON.names)
    swapped = POSITION[..., pair, :] * np.array([-1.0, 1.0, 1.0])
    kinds = [
        [np.allclose(clip, other, atol=1e-2) for other in (before, image)]
        for clip, before, image in zip(mirrored, POSITION, swapped, strict=True)
    ]
    assert all(kind in ([True, False], [False, True]) for kind in kinds)
    assert {tuple(kind) for kind in kinds} == {(True, False), (False, True)}


def test_noise_is_in_millimetres() -> None:
    noise = (changed(noise_mm=20.0) - POSITION)[PRESENT]
    assert noise.std() == pytest.approx(20, rel=0.05)
    assert abs(noise.mean()) < 1


def test_the_generator_alone_decides() -> None:
    augment: dict[str, Any] = {"yaw_degrees": 90, "scale": 0.1, "noise_mm": 5, "mirror": True}
    state = torch.get_rng_state().clone()
    assert np.array_equal(changed(1, **augment), changed(1, **augment))
    assert not np.allclose(changed(1, **augment), changed(2, **augment))
    assert torch.equal(torch.get_rng_state(), state)
    np.testing.assert_allclose(changed(), POSITION, atol=1e-2)


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("hips", "left_hand", "right_hand", "left"), [0, 2, 1, 3]),
        (("root", "lfemur", "lowerback", "rfemur", "rhand"), [0, 3, 2, 1, 4]),
        (("Hips", "LeftArm", "RightArm", "Spine"), [0, 2, 1, 3]),
        (("Bip01", "Bip01 L Hand", "Bip01 R Hand"), [0, 2, 1]),
        (("pelvis", "hand_l", "hand_r", "LKnee", "RKnee"), [0, 2, 1, 4, 3]),
    ],
)
def test_twins(names: tuple[str, ...], expected: list[int]) -> None:
    pair = twins(names)
    assert pair == expected
    assert [pair[other] for other in pair] == list(range(len(names)))


def test_a_mistake_is_one_line() -> None:
    bare = Skeleton(("a", "b"), (-1, 0), np.zeros((2, 3)))
    normaliser = Normaliser(np.zeros((2, 3)), 1.0)
    with pytest.raises(ConfigError, match=r"augment\.mirror: found no joints named left and right"):
        Augmenter(Augmentation(mirror=True), normaliser, bare, torch.device("cpu"))
    for change, message in (
        ({"yaw": 3}, r"augment\.yaw: found an unknown key, expected some of yaw_degrees, scale, noise_mm, mirror"),
        ({"yaw_degrees": -1}, r"augment\.yaw_degrees: found -1"),
        ({"mirror": "yes"}, r"augment\.mirror: found 'yes', expected true or false"),
    ):
        with pytest.raises(ConfigError, match=message):
            recipes.changed("recognizer 'sgn'", Augmentation(), change, where="augment")
