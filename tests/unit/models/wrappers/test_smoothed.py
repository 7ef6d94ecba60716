"""Noise that is fixed until it is to be other noise, on coordinates or on the turns of bones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attack_cases import BODIES, FRAMES, GEOMETRY, MEAN, lanes_of, problem, shape, small
from robust_cases import CPU, digest
from torch import Tensor

from kinesec import seeding
from kinesec.attacks.base import Problem
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.models.wrappers.smoothed import Smoothed, body_of, rig_of
from kinesec.motion.angles import Rig
from kinesec.motion.kinematics import bone_lengths

JOINTS = len(GEOMETRY.parents)
EVERY = pytest.mark.parametrize("space", ["positions", "rotations"])


@pytest.fixture(scope="module")
def inner() -> Recognizer:
    """One that noise makes a difference to."""
    model = small("st_gcn")
    with torch.no_grad():
        model.classifier.weight.mul_(200)
    return model


@pytest.fixture(scope="module")
def of(inner: Recognizer) -> Problem:
    return problem(inner, 6)


def body(of: Problem) -> dict[str, Any]:
    true = (of.position.double() + torch.from_numpy(MEAN)).numpy()[of.present.numpy()]
    return body_of(Rig.of(true, GEOMETRY.parents), MEAN)


def smoothed(inner: Recognizer, of: Problem, space: Any, **changes: Any) -> Smoothed:
    given = {"sigma": 0.3, "body": body(of) if space == "rotations" else None, **changes}
    return Smoothed(inner, space=space, **given).eval()


def noise_of(whole: Smoothed, count: int, seed: int = 0) -> Tensor:
    return torch.randn((count, *whole.noise_shape), generator=torch.Generator().manual_seed(seed))


@EVERY
def test_it_says_the_same_until_it_is_to_be_fresh(inner: Recognizer, of: Problem, space: str) -> None:
    whole = smoothed(inner, of, space)
    first, again = whole(of.position), whole(of.position)
    whole.fresh()
    fresh = whole(of.position)
    assert torch.equal(first, again)
    assert (fresh - first).abs().max() > 0.01
    assert torch.equal(whole(of.position), fresh)


@EVERY
def test_it_says_the_mean_softmax_over_its_noise(inner: Recognizer, of: Problem, space: str) -> None:
    whole = smoothed(inner, of, space, draws=3, fresh_draws=5)
    for seed, draws in ((0, 3), (1, 5)):
        generator = torch.Generator().manual_seed(seeding.integer(seed, "smoothed"))
        said = []
        for _ in range(draws):
            noise = torch.randn((1, *whole.noise_shape), generator=generator)
            said.append(inner(whole.noised(of.position, noise)).double().softmax(1))
        torch.testing.assert_close(whole(of.position).double(), torch.stack(said).mean(0).log(), atol=1e-4, rtol=0)
        whole.fresh()


def test_noise_on_coordinates_is_added_with_its_standard_deviation(inner: Recognizer, of: Problem) -> None:
    whole, noise = smoothed(inner, of, "positions"), torch.randn(6, BODIES, FRAMES, JOINTS, 3)
    moved = whole.noised(of.position, noise) - of.position
    torch.testing.assert_close(moved[of.present], 0.3 * noise[of.present], atol=1e-6, rtol=0)


@EVERY
def test_absent_bodies_and_frames_stay_zero(inner: Recognizer, of: Problem, space: str) -> None:
    whole = smoothed(inner, of, space)
    noisy = whole.noised(of.position, noise_of(whole, 6))
    assert not of.present.all()
    assert not noisy[~of.present].any()
    assert (noisy - of.position)[of.present].abs().amax((1, 2)).min() > 0.01


@EVERY
def test_a_clip_of_fewer_bodies_is_taken(inner: Recognizer, of: Problem, space: str) -> None:
    whole, alone = smoothed(inner, of, space), of.position[1::3, :1]  # these have one body
    torch.testing.assert_close(whole(alone), whole(of.position[1::3]), atol=1e-5, rtol=1e-5)


def test_a_clip_with_noise_on_turns_has_its_own_bones_and_root(inner: Recognizer, of: Problem) -> None:
    whole = smoothed(inner, of, "rotations", sigma=1.0)
    noisy = whole.noised(of.position, noise_of(whole, 6))
    clean, moved = ((clip + torch.tensor(MEAN).float())[of.present] for clip in (of.position, noisy))
    lengths = [bone_lengths(pose.double(), GEOMETRY.parents) for pose in (clean, moved)]
    torch.testing.assert_close(lengths[1], lengths[0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(moved[:, 0], clean[:, 0], atol=1e-5, rtol=0)
    assert (moved - clean)[:, 1:].norm(dim=-1).median() > 0.3


def test_no_noise_on_turns_gives_the_clip_back(inner: Recognizer, of: Problem) -> None:
    whole = smoothed(inner, of, "rotations")
    assert (whole.noised(of.position, torch.zeros(1, *whole.noise_shape)) - of.position).abs().max() < 1e-4
    turns, held = whole.turns(of.position)
    assert turns.shape == (*of.present.shape, 3 + 2 * JOINTS)
    assert (whole.placed(turns, held) - of.position).abs().max() < 1e-4


def test_noise_on_turns_is_of_its_standard_deviation(inner: Recognizer, of: Problem) -> None:
    """Small noise, which turns tell again."""
    whole, noise = smoothed(inner, of, "rotations", sigma=0.01), noise_of(smoothed(inner, of, "rotations"), 6)
    before, after = (whole.turns(clip.double())[0] for clip in (of.position, whole.noised(of.position, noise)))
    free = torch.from_numpy((whole.rig.basis != 0).any(1).reshape(-1)) if whole.rig else torch.zeros(0)
    change = (after - before)[..., 3:][..., free][of.present]
    torch.testing.assert_close(change.float(), 0.01 * noise[..., 3:][..., free][of.present], atol=2e-4, rtol=0)


def test_gradients_go_through_turns_as_if_noise_moved_the_clip(inner: Recognizer, of: Problem) -> None:
    whole, x = smoothed(inner, of, "rotations"), of.position.clone().requires_grad_()
    weight = torch.randn(x.shape)
    torch.testing.assert_close(torch.autograd.grad((whole.noised(x, noise_of(whole, 6)) * weight).sum(), x)[0], weight)


@EVERY
def test_company_in_a_batch_changes_nothing(inner: Recognizer, of: Problem, space: str) -> None:
    whole = smoothed(inner, of, space)
    together = whole(of.position)
    for row in range(len(of)):
        torch.testing.assert_close(whole(of.position[row : row + 1])[0], together[row], atol=1e-5, rtol=1e-5)


@EVERY
def test_a_draw_has_noise_of_each_clip_s_chance(inner: Recognizer, of: Problem, space: str) -> None:
    whole, lanes = smoothed(inner, of, space), lanes_of(of)
    said = [whole.draw(lanes.x, lanes.drawn) for _ in range(2)]
    assert (said[0] - said[1]).abs().max() > 0.1
    for row in range(len(of)):
        alone = lanes_of(of.take([row]))
        torch.testing.assert_close(whole.draw(alone.x, alone.drawn)[0], said[0][row], atol=1e-5, rtol=1e-5)
    noise = torch.stack([lanes_of(of).drawn(lambda chance: torch.randn(whole.noise_shape, generator=chance))])[0]
    torch.testing.assert_close(said[0], inner(whole.noised(of.position, noise)), atol=1e-5, rtol=1e-5)


def test_the_recognizer_within_stays_in_eval_mode(of: Problem) -> None:
    whole = smoothed(small("st_gcn").train(), of, "positions")
    before = digest(whole.inner)
    whole.train()(of.position)
    assert not any(module.training for module in whole.inner.modules())
    assert digest(whole.inner) == before


@EVERY
def test_stored_and_loaded_it_says_the_same(of: Problem, tmp_path: Path, space: str) -> None:
    inner = RECOGNIZERS.build("st_gcn", shape(), "small", 1)
    settings = {"sigma": 0.2, "space": space, "draws": 3, "fresh_draws": 5}
    settings |= {"body": body(of)} if space == "rotations" else {}
    whole = RECOGNIZERS.wrapped(inner, {"wrapper": "smoothed", "settings": settings}).eval()
    description = {
        "recognizer": "st_gcn",
        "settings": RECOGNIZERS.settings_of("st_gcn", "small"),
        "wrapper": {"wrapper": "smoothed", "settings": settings},
    }
    RECOGNIZERS.save(tmp_path / "m.safetensors", whole, description)
    loaded, _ = RECOGNIZERS.load(tmp_path / "m.safetensors", CPU)
    for fresh in (False, True):
        assert torch.equal(loaded(of.position), whole(of.position)), fresh
        loaded.fresh()
        whole.fresh()


def test_a_rig_goes_through_a_description(of: Problem) -> None:
    described = body(of)
    true = (of.position.double() + torch.from_numpy(MEAN)).numpy()[of.present.numpy()]
    rig, again = Rig.of(true, GEOMETRY.parents), rig_of(described)
    assert (again.parents, again.first, again.second) == (rig.parents, rig.first, rig.second)
    assert np.array_equal(again.reference, rig.reference)
    assert np.array_equal(again.basis, rig.basis)
    assert described["mean"] == MEAN.tolist()
