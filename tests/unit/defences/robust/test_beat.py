"""BEAT: the joint energy, its samples, the networks that are drawn, and the control in their place."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from attack_cases import GEOMETRY, MEAN, Probe, problem, shape
from robust_cases import case, digest, write_clean, write_store
from torch import Tensor

from kinesec.defences.robust._energy import Sampled, bones_of, motion_distance
from kinesec.defences.robust._posterior import Posterior, Sampling
from kinesec.defences.robust.base import Case, Plan, build
from kinesec.errors import ConfigError
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.models.wrappers.appended import Appended
from kinesec.training.loop import train

QUICK: dict[str, Any] = {"members": 3, "buffer": 12, "chains": 6}


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("beat")
    store = write_store(folder / "clips.zarr")
    return case(store, write_clean(store, folder), epochs=2, batch=8)


def planned(given: Case, preset: str = "paper", **settings: Any) -> Plan:
    return build("beat", {**QUICK, **settings}, preset).plan(given)


def first_task(given: Case, **settings: Any) -> Sampled:
    task = planned(given, **settings).tasks[0]
    assert isinstance(task, Sampled)
    return task


def made(given: Case, folder: Path, preset: str = "paper", **settings: Any) -> tuple[Plan, Appended]:
    """A plan that was carried out, and the defended recognizer."""
    plan = planned(given, preset, **settings)
    train(plan.tasks, checkpoints=folder / "c", job={})
    whole = plan.finish()
    assert isinstance(whole, Appended)
    return plan, whole


def generator(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


# the motion distance


def distance(clean: Tensor, moved: Tensor, present: Tensor) -> Tensor:
    return motion_distance(clean, moved, present, *bones_of(GEOMETRY, clean))


def by_loops(clean: np.ndarray, moved: np.ndarray, present: np.ndarray) -> float:
    """d of one clip, in float64: what the paper's terms say, one frame, joint and bone at a time."""
    bodies, frames, joints, _ = clean.shape
    bones = []
    for body in range(bodies):
        for frame in range(frames):
            for parent, joint in GEOMETRY.links:
                length = [
                    np.linalg.norm(clip[body, frame, joint] + MEAN[joint] - clip[body, frame, parent] - MEAN[parent])
                    for clip in (clean, moved)
                ]
                if present[body, frame]:
                    bones.append((length[1] - length[0]) ** 2)
    total = float(np.mean(bones))
    for order, weights in ((1, (-1, 1)), (2, (1, -2, 1)), (3, (-1, 3, -3, 1))):
        squares = []
        for body in range(bodies):
            for frame in range(frames - order):
                if not all(present[body, frame + later] for later in range(order + 1)):
                    continue
                for joint in range(joints):
                    change = sum(
                        weight * (moved - clean)[body, frame + later, joint] for later, weight in enumerate(weights)
                    )
                    squares.append(float((change**2).sum()))
        total += float(np.mean(squares)) if squares else 0.0
    return total


def pair() -> tuple[Tensor, Tensor, Tensor]:
    """Clips, others near them, and which bodies and frames are there."""
    of = problem(Probe(shape()).double().eval(), 5, dtype=torch.float64)
    of.present[0, 0, 4:6] = False  # a gap, and a beginning that is not there
    of.present[2, 0, :3] = False
    of.position.mul_(of.present[..., None, None])
    moved = of.position + 0.1 * torch.randn(of.position.shape, generator=generator(1), dtype=torch.float64)
    return of.position, moved * of.present[..., None, None], of.present


def test_the_motion_distance_is_that_of_plain_loops() -> None:
    clean, moved, present = pair()
    expected = [by_loops(*(part[row].numpy() for part in (clean, moved, present))) for row in range(len(clean))]
    assert min(expected) > 0.01
    np.testing.assert_allclose(distance(clean, moved, present).numpy(), expected, rtol=1e-7)


def test_the_motion_distance_of_equal_clips_is_zero() -> None:
    clean, _, present = pair()
    assert not distance(clean, clean, present).any()
    x = clean.clone().requires_grad_()
    assert not torch.autograd.grad(distance(clean, x, present).sum(), x)[0].any()


def test_what_is_not_there_has_no_distance() -> None:
    clean, moved, present = pair()
    strewn = torch.where(present[..., None, None], moved, torch.full_like(moved, 9.0))
    assert not present.all()
    assert torch.equal(distance(clean, strewn, present), distance(clean, moved, present))


def test_the_motion_distance_s_gradient_is_that_of_finite_differences() -> None:
    clean, moved, present = (part[:2] for part in pair())
    x = moved.clone().requires_grad_()
    gradient = torch.autograd.grad(distance(clean, x, present).sum(), x)[0]
    for seed in range(5):
        way = torch.randn(x.shape, generator=generator(seed), dtype=torch.float64)
        ends = [distance(clean, moved + sign * 1e-6 * way, present).sum() for sign in (-1, 1)]
        assert (gradient * way).sum().item() == pytest.approx((ends[1] - ends[0]).item() / 2e-6, rel=1e-5)


@pytest.mark.parametrize("frames", [1, 2, 3])
def test_short_clips_have_the_derivatives_that_they_have(frames: int) -> None:
    clean, moved, present = (part[:, :, :frames] for part in pair())
    expected = [by_loops(*(part[row].numpy() for part in (clean, moved, present))) for row in range(len(clean))]
    np.testing.assert_allclose(distance(clean, moved, present).numpy(), expected, rtol=1e-7)


# training


@pytest.mark.parametrize("control", [None, "noise"])
def test_a_whole_training_leaves_the_recognizer_as_it_was(given: Case, tmp_path: Path, control: Any) -> None:
    before = digest(given.clean)
    plan, whole = made(given, tmp_path, control=control)
    assert digest(whole.inner) == digest(given.clean) == before
    for trained in plan.trained:
        trained.train()
        assert digest(trained.appended.inner) == before  # type: ignore[union-attr,arg-type]
    assert not any(module.training for module in whole.inner.modules())
    drawn = planned(given).tasks[0].model.appended  # type: ignore[union-attr]
    assert all((new - old).abs().max() > 1e-4 for new, old in zip(whole.appended, drawn.appended, strict=True))  # type: ignore[union-attr,arg-type]


def test_members_are_several_draws(given: Case, tmp_path: Path) -> None:
    _, whole = made(given, tmp_path)
    second = whole.second  # all began at zero
    assert min((second[i] - second[j]).abs().mean() for i, j in ((0, 1), (0, 2), (1, 2))) > 1e-3
    clip = torch.from_numpy(given.validation.normalised)
    assert (RECOGNIZERS.predict(whole, clip).argmax(1) == torch.from_numpy(given.validation.label)).float().mean() > 0.6


def test_the_seed_makes_the_weights(given: Case, tmp_path: Path) -> None:
    state = torch.get_rng_state().clone()
    first, again = (digest(made(given, tmp_path / name)[1]) for name in "ab")
    assert first == again
    assert torch.equal(torch.get_rng_state(), state)


def test_without_samples_the_loss_is_cross_entropy_and_the_prior(given: Case) -> None:
    task = first_task(given, data=0.0, adversary=0.0, prior=0.5)
    index = torch.tensor([1, 5, 6])
    clip, label = task.training.clip[index], task.training.label[index]
    expected = 0.0
    votes = task.appended.votes(*task.appended.seen(clip))
    for member, vote in enumerate(votes):
        expected -= sum(vote[row].log_softmax(0)[label[row]].item() for row in range(3)) / 3
        squares = sum(weight[member].square().sum().item() for weight in task.appended.appended)
        expected += squares / (2 * 0.5**2 * len(given.training))
    assert task.loss(index, generator()).item() == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("energy", ["logsumexp", "mean"])
def test_the_loss_is_of_clips_of_chains_and_of_adversaries(
    given: Case, monkeypatch: pytest.MonkeyPatch, energy: Any
) -> None:
    task = first_task(given, data=0.3, adversary=0.2, energy=energy, prior=1e6)
    with torch.no_grad():
        task.appended.second.normal_(generator=generator(4))
    index = torch.tensor([1, 5, 6])
    clip, label = task.training.clip[index], task.training.label[index]
    chains, owner, adversaries = clip[[2, 0, 1, 1]] + 0.1, torch.tensor([2, 0, 2, 1]), clip - 0.2
    monkeypatch.setattr(Sampled, "_sampled", lambda *given: (chains, owner, adversaries))

    def votes(clips: Tensor, member: int) -> list[Tensor]:
        return list(task.appended.votes(*task.appended.seen(clips))[member].detach().double())

    def free(logits: Tensor) -> float:
        return float(logits.exp().sum().log() if energy == "logsumexp" else logits.mean())

    expected = 0.0
    for member in range(3):
        on_clips, on_chains, on_others = (votes(clips, member) for clips in (clip, chains, adversaries))
        mine = [free(on_chains[chain]) for chain in range(4) if owner[chain] == member]
        wrong = [
            np.mean([-said.log_softmax(0)[label[row]].item() for row, said in enumerate(answers)])
            for answers in (on_clips, on_others)
        ]
        expected += wrong[0] + 0.3 * (np.mean(mine) - np.mean([free(said) for said in on_clips])) + 0.2 * wrong[1]
    assert task.loss(index, generator()).item() == pytest.approx(expected, rel=1e-4)


def test_chains_are_kept_in_the_replay_buffer_and_go_on_from_it(given: Case) -> None:
    task = first_task(given, renewed=0.0, motion_noise=0.0)
    before, index = task.model.replay.clone(), torch.arange(8)
    task.loss(index, generator())
    apart = (task.model.replay - before).flatten(1).abs().amax(1)
    assert (apart > 0).sum() == 6 < len(before) == 12  # so many chains a batch
    assert apart.max() < 0.5  # one step of .01 from where they were
    task.loss(index, generator(1))
    further = (task.model.replay - before).flatten(1).abs().amax(1)
    assert (further > 0).sum() > 6
    assert digest(task.appended.inner) == digest(given.clean)


@pytest.mark.parametrize(("renewed", "used"), [(0.0, True), (1.0, False)])
def test_a_chain_begun_anew_forgets_the_buffer(given: Case, renewed: float, used: bool) -> None:
    losses = []
    for shift in (0.0, 2.0):
        task = first_task(given, renewed=renewed)
        with torch.no_grad():
            task.appended.second.normal_(generator=generator(4))
        task.model.replay.add_(shift)
        losses.append(task.loss(torch.arange(8), generator()).item())
    assert (losses[0] != losses[1]) == used


def test_each_member_s_chains_climb_its_own_density(given: Case) -> None:
    task = first_task(given, renewed=0.0, motion_noise=0.0, motion_rate=1e-3, chains=12)
    with torch.no_grad():
        task.appended.second.normal_(generator=generator(4))
    before = task.model.replay.clone()
    chains, owner, _ = task._sampled(torch.arange(8), generator())
    order = torch.randperm(12, generator=generator())
    assert owner.tolist() == (order % 3).tolist()
    x = before[order].requires_grad_()
    votes = task.appended.votes(*task.appended.seen(x))
    density = sum(votes[int(owner[chain]), chain].logsumexp(0) for chain in range(12))
    uphill = torch.autograd.grad(density, x)[0]  # type: ignore[arg-type]
    torch.testing.assert_close(chains, before[order] + 1e-3 * uphill, atol=1e-6, rtol=1e-4)
    assert torch.equal(task.model.replay[order], chains)


def test_adversaries_stay_near_and_off_absent_frames(given: Case) -> None:
    task = first_task(given, reach=0.05)
    index = torch.arange(len(given.training))
    clip, present = task.training.clip, task.training.present
    _, _, adversaries = task._sampled(index, generator())
    assert not present.all()
    assert not adversaries[~present].any()
    assert 0 < (adversaries - clip).abs().max() < 0.15


def test_the_motion_distance_holds_adversaries_back(given: Case) -> None:
    index = torch.arange(len(given.training))
    apart = []
    for weight in (0.0, 5.0):
        task = first_task(given, steps=10, motion_rate=0.05, motion_noise=0.0, distance=weight)
        adversaries = task._sampled(index, generator())[2]
        apart.append(motion_distance(task.training.clip, adversaries, task.training.present, *task.bones).mean())
    assert apart[1] < 0.5 * apart[0]


def test_noise_is_new_at_each_step_and_that_of_the_seed() -> None:
    """On a flat posterior, SGLD's steps are its noise alone: of variance 2 h T."""

    def moves(seed: int) -> Tensor:
        weight = torch.nn.Parameter(torch.zeros(500))
        sampler = Posterior([weight], Sampling(sampler="sgld", rate=0.01, temperature=0.5, seed=seed))
        places = [weight.detach().clone()]
        for _ in range(20):
            weight.grad = torch.zeros_like(weight)
            sampler.step()
            places.append(weight.detach().clone())
        return torch.stack(places).diff(dim=0)

    first = moves(0)
    assert torch.equal(moves(0), first)
    assert not torch.equal(moves(1), first)
    assert first.var().item() == pytest.approx(2 * 0.01 * 0.5, rel=0.1)
    together = torch.corrcoef(first) - torch.eye(20)
    assert together.abs().max() < 0.3


# variants


def test_the_control_s_noise_has_the_members_spread(given: Case, tmp_path: Path) -> None:
    """Over many weights, the mean of squares of one spread over the other is the ratio of two estimates: near 1."""
    settings = {"members": 8, "data": 0.0, "adversary": 0.0, "sampler": "sgld", "rate": 0.01}
    _, members = made(given, tmp_path / "members", **settings)
    plan, control = made(given, tmp_path / "control", **settings, control="noise")
    single = plan.tasks[1].model.appended  # type: ignore[union-attr]
    for drawn, noisy, alone in zip(members.appended, control.appended, single.appended, strict=True):  # type: ignore[union-attr,arg-type]
        ratio = (noisy - alone).square().mean().sqrt() / (drawn.std(0).square().mean().sqrt())
        assert ratio.item() == pytest.approx(1, abs=0.25 if noisy[0].numel() > 20 else 1)
        assert drawn.std(0).min() > 0
    assert [task.marks["stage"] for task in plan.tasks] == ["train", "control"]
    assert plan.recipe["sampler"] == "sgd"
    assert len(single.first) == 1  # type: ignore[union-attr,arg-type]


def test_the_released_code_s_settings_run(given: Case, tmp_path: Path) -> None:
    plan, whole = made(given, tmp_path, "official")
    classes = len(given.training.classes)
    assert [tuple(weight.shape[1:]) for weight in whole.appended] == [
        (classes, classes),
        (classes,),
        (classes, classes),
        (classes,),
    ]
    assert (whole.form, whole.average) == ("official", "logits")
    assert plan.recipe["sampler"] == "official"
    assert digest(whole.inner) == digest(given.clean)
    task = plan.tasks[0]
    assert isinstance(task, Sampled)
    assert (task.langevin.steps, task.langevin.rate, task.langevin.renewed) == (10, 2.0, 1.0)


def test_temperatures_are_of_a_posterior_of_all_clips(given: Case) -> None:
    assert planned(given, temperature=2.0).recipe["temperature"] == pytest.approx(2 / len(given.training))
    assert planned(given, rate=0.01, friction=0.2, control="noise").recipe["rate"] == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("settings", "line"),
    [
        ({"chains": 13}, "defence 'beat': chains: found 13, expected at most the buffer's 12"),
        ({"members": 0}, "defence 'beat': members: found 0, expected a whole number from 1"),
        ({"sampler": "adam"}, "defence 'beat': sampler: found 'adam', expected one of"),
        ({"renewed": 1.5}, "defence 'beat': renewed: found 1.5"),
        ({"distance": -1}, "defence 'beat': distance: found -1"),
        ({"depth": 2}, "defence 'beat': depth: found an unknown key"),
        ({"control": "sgd"}, "defence 'beat': control: found 'sgd'"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(settings: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(line)) as raised:
        build("beat", {**QUICK, **settings})
    assert "\n" not in str(raised.value)


def test_a_preset_that_there_is_not_is_one_line() -> None:
    with pytest.raises(ConfigError, match="defence 'beat': preset: found 'thesis', expected one of paper, official"):
        build("beat", {}, "thesis")
