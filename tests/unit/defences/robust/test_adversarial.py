"""Adversarial training: the clips that each kind makes, its loss, and the weights that are kept."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from robust_cases import case, digest, write_clean, write_store
from torch import Tensor, nn

from kinesec.attacks.engine.manifold import Manifold
from kinesec.defences.robust import mart, trades
from kinesec.defences.robust._adversarial import AdversarialTraining, Batch, Robust, ascended
from kinesec.defences.robust.base import Case, build
from kinesec.defences.robust.mmat import MMAT
from kinesec.defences.robust.smart_at import SMARTAT
from kinesec.errors import ConfigError
from kinesec.models.recognizers.base import Recognizer
from kinesec.motion.kinematics import bone_lengths
from kinesec.training.loop import best_epoch, train

EVERY = pytest.mark.parametrize("name", ["trades", "mart", "mmat", "smart_at"])


@pytest.fixture(scope="module")
def given(tmp_path_factory: pytest.TempPathFactory) -> Case:
    folder = tmp_path_factory.mktemp("adversarial")
    store = write_store(folder / "clips.zarr")
    return case(store, write_clean(store, folder), epochs=3, milestones=[])


def method(name: str, **settings: Any) -> AdversarialTraining:
    return cast(AdversarialTraining, build(name, {"steps": 3, "epsilon": 0.3, "step": 0.1, **settings}))


def batch_of(given: Case, seed: int = 0) -> Batch:
    """All training clips."""
    problem = given.problem
    row = torch.arange(len(problem))
    return Batch(problem.position, problem.label, problem.present, row, 0.0, torch.Generator().manual_seed(seed))


# the bounded attack


def test_the_attack_stays_in_its_bound_and_off_absent_frames(given: Case) -> None:
    batch, bound = batch_of(given), method("trades")
    attacked = ascended(given.clean, batch, bound, batch.cross_entropy)
    moved = attacked - batch.clip
    assert not batch.present.all()
    assert not attacked[~batch.present].any()
    assert 0.29 < moved.abs().max() <= 0.3 * (1 + 1e-5)
    assert (moved[batch.present] != 0).float().mean() > 0.9
    assert not attacked.requires_grad


def test_clips_are_not_clamped_to_what_images_are(given: Case) -> None:
    batch = batch_of(given)
    batch = replace(batch, clip=3 * batch.clip)
    attacked = ascended(given.clean, batch, method("trades"), batch.cross_entropy)
    for beyond in (batch.clip < -0.5, batch.clip > 1.5):
        assert beyond.any()
        assert (attacked - batch.clip)[beyond].abs().max() <= 0.3 * (1 + 1e-5)


def test_the_attack_climbs_the_loss_that_it_is_given(given: Case) -> None:
    batch = batch_of(given)
    attacked = ascended(given.clean, batch, method("trades"), batch.cross_entropy)
    clean, after = (batch.cross_entropy(given.clean(clip)) for clip in (batch.clip, attacked))
    assert after > 2 * clean
    descended = ascended(given.clean, batch, method("trades"), lambda logits: -batch.cross_entropy(logits))
    assert batch.cross_entropy(given.clean(descended)) < clean


def test_the_attack_leaves_the_recognizer_in_training_mode_as_it_was(given: Case) -> None:
    model, batch = given.copied().train(), batch_of(given)
    before = digest(model)
    attacked = ascended(model, batch, method("trades"), batch.cross_entropy)
    assert digest(model) == before
    assert all(module.training for module in model.modules())
    assert all(parameter.requires_grad and parameter.grad is None for parameter in model.parameters())
    again = batch_of(given)
    assert torch.equal(ascended(model.eval(), again, method("trades"), again.cross_entropy), attacked)


# losses


class Fixed(nn.Module):
    """Says logits that were fixed beforehand of clips, by their first coordinate: the clip's number."""

    def __init__(self, logits: Tensor) -> None:
        super().__init__()
        self.logits = logits

    def forward(self, clip: Tensor) -> Tensor:
        return self.logits[clip.flatten(1)[:, 0].long()]


CLEAN = torch.tensor([[2.0, -1.0, 0.5, 0.0], [0.1, 0.2, 0.3, 0.4], [-3.0, 4.0, 0.0, 1.0]])
MOVED = torch.tensor([[0.5, 1.0, 0.4, 0.0], [3.0, -0.2, 0.3, 0.4], [-1.0, 2.0, 2.5, 1.0]])
LABEL = torch.tensor([0, 3, 1])


def fixed(monkeypatch: pytest.MonkeyPatch, module: Any) -> tuple[Recognizer, Batch, list[Any]]:
    """A recognizer of fixed logits, clips 0 to 2, and the losses that are attacked by; attacked ones are 3 to 5."""
    losses: list[Any] = []

    def attacked(model: Recognizer, batch: Batch, bound: AdversarialTraining, loss: Any) -> Tensor:
        losses.append(loss)
        return batch.clip + 3

    monkeypatch.setattr(module, "ascended", attacked)
    clip = torch.arange(3.0).view(3, 1, 1, 1, 1)
    batch = Batch(clip, LABEL, torch.ones(3, 1, 1, dtype=torch.bool), torch.arange(3), 0.0, torch.Generator())
    return cast(Recognizer, Fixed(torch.cat([CLEAN, MOVED]))), batch, losses


def softmax(logits: Tensor) -> np.ndarray:
    exponents = np.exp(logits.double().numpy())
    return np.asarray(exponents / exponents.sum(1, keepdims=True))


def divergence(of: np.ndarray, other: np.ndarray) -> float:
    """Kullback and Leibler's, of one distribution from another."""
    return sum(float(p * np.log(p / q)) for p, q in zip(of, other, strict=True))


def test_trades_is_cross_entropy_and_beta_divergences(monkeypatch: pytest.MonkeyPatch) -> None:
    model, batch, losses = fixed(monkeypatch, trades)
    clean, moved = softmax(CLEAN), softmax(MOVED)
    expected = 0.0
    for row, label in enumerate(LABEL):
        expected += (-np.log(clean[row, label]) + 4.0 * divergence(clean[row], moved[row])) / 3
    assert method("trades", beta=4.0).objective(cast(Case, None))(model, batch).item() == pytest.approx(
        expected, rel=1e-5
    )
    climbed = sum(divergence(clean[row], moved[row]) for row in range(3))
    assert losses[0](MOVED).item() == pytest.approx(climbed, rel=1e-5)  # the attack climbs the divergence


def test_mart_is_boosted_cross_entropy_and_weighted_divergences(monkeypatch: pytest.MonkeyPatch) -> None:
    model, batch, losses = fixed(monkeypatch, mart)
    clean, moved = softmax(CLEAN), softmax(MOVED)
    expected = 0.0
    for row, label in enumerate(LABEL.tolist()):
        other = max(moved[row, place] for place in range(4) if place != label)
        boosted = -np.log(moved[row, label]) - np.log(1 - other)
        expected += (boosted + 5.0 * divergence(clean[row], moved[row]) * (1 - clean[row, label])) / 3
    assert method("mart").objective(cast(Case, None))(model, batch).item() == pytest.approx(expected, rel=1e-5)
    wrong = -sum(np.log(moved[row, label]) for row, label in enumerate(LABEL))
    assert losses[0](MOVED).item() == pytest.approx(wrong, rel=1e-5)


def test_mart_stays_finite_where_an_answer_is_certain(monkeypatch: pytest.MonkeyPatch) -> None:
    _, batch, _ = fixed(monkeypatch, mart)
    logits = torch.cat([CLEAN, 200 * MOVED]).requires_grad_()
    loss = method("mart").objective(cast(Case, None))(cast(Recognizer, Fixed(logits)), batch)
    assert loss.isfinite()
    assert torch.autograd.grad(loss, logits)[0].isfinite().all()


def test_trades_leads_back_through_both_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its slope by the clean answers is that of finite differences."""
    _, batch, _ = fixed(monkeypatch, trades)

    def said(clean: Tensor) -> Tensor:
        model = cast(Recognizer, Fixed(torch.cat([clean, MOVED]).double()))
        return method("trades", beta=4.0).objective(cast(Case, None))(model, batch)

    logits = CLEAN.double().requires_grad_()
    slope = torch.autograd.grad(said(logits), logits)[0]
    for row in range(3):
        for place in range(4):
            step = torch.zeros_like(CLEAN).double()
            step[row, place] = 1e-5
            ends = [said(CLEAN.double() + sign * step).item() for sign in (-1, 1)]
            assert slope[row, place].item() == pytest.approx((ends[1] - ends[0]) / 2e-5, abs=1e-6)


# on the manifold


def manifold_of(given: Case, margin: float = 2.0) -> Manifold:
    training = given.problem
    return Manifold.of(training.position, training.present, training.geometry, margin)


def on_manifold(given: Case, batch: Batch, margin: float = 2.0, **settings: Any) -> Tensor:
    made = method("mmat", margin_degrees=margin, **settings)
    assert isinstance(made, MMAT)
    return made._on_manifold(manifold_of(given, margin), given.clean, batch)


def test_clips_on_the_manifold_keep_their_bones(given: Case) -> None:
    batch = batch_of(given)
    attacked = on_manifold(given, batch, reach=0.5, turn=0.2)
    mean = torch.from_numpy(given.geometry.mean)
    before, after = (
        bone_lengths(clip[batch.present].double() + mean, given.geometry.parents) for clip in (batch.clip, attacked)
    )
    assert (after / before - 1).abs().max() < 1e-4
    assert not attacked[~batch.present].any()
    assert (attacked - batch.clip).abs().max() > 0.2


@pytest.mark.parametrize("margin", [0.0, 2.0])
def test_clips_on_the_manifold_bend_within_limits(given: Case, margin: float) -> None:
    batch = batch_of(given)
    attacked = on_manifold(given, batch, margin, reach=2.0, turn=1.0)
    shares, worst = manifold_of(given, margin).violations(
        attacked.double().numpy(), batch.clip.double().numpy(), batch.present.numpy(), tolerance_degrees=0.1
    )
    assert shares.max() == 0
    assert worst.max() < 0.1
    rig = manifold_of(given).rig
    mean = torch.from_numpy(given.geometry.mean)
    bends = [rig.inverse(clip.double() + mean).bend[batch.present] for clip in (batch.clip, attacked)]
    assert (bends[1] - bends[0]).abs().max() > 0.1


@pytest.mark.parametrize("side", [-1, 1])
def test_what_is_not_there_widens_no_limits(given: Case, side: int) -> None:
    """Frames that are not there hold zeros, which are the mean pose: no motion of the clip's own."""
    batch, straight = batch_of(given), manifold_of(given)
    free = [2, 3, 4, 5, 8]  # not those of the root, which its frame is of
    low, high = straight.low.copy(), straight.high.copy()
    low[free], high[free] = 2 * side - 0.1, 2 * side + 0.1  # far beyond what clips do
    lifted = torch.zeros_like(batch.present)
    lifted[:, :, 7:13] = batch.present[:, :, 7:13]  # a limb is up all the time
    cut = replace(batch, clip=batch.clip * lifted[..., None, None], present=lifted)
    made = method("mmat", reach=1.0, turn=0.5)
    assert isinstance(made, MMAT)
    attacked = made._on_manifold(replace(straight, low=low, high=high), given.clean, cut)
    mean = torch.from_numpy(given.geometry.mean)
    before, after = (straight.rig.inverse(clip.double() + mean).bend[..., free, :] for clip in (cut.clip, attacked))
    shown = [
        sign * torch.where(lifted[..., None, None], sign * before, -torch.inf).amax(2, keepdim=True) for sign in (-1, 1)
    ]
    within = (after >= shown[0].clamp_max(2 * side - 0.1) - 1e-3) & (after <= shown[1].clamp_min(2 * side + 0.1) + 1e-3)
    assert within[lifted].all()
    assert (after - before)[lifted].abs().max() > 0.3


def test_bends_go_no_farther_than_their_reach(given: Case) -> None:
    batch = batch_of(given)
    attacked = on_manifold(given, batch, 60.0, reach=0.05, turn=0.04)
    rig, mean = manifold_of(given).rig, torch.from_numpy(given.geometry.mean)
    bends = [rig.inverse(clip.double() + mean).bend[batch.present] for clip in (batch.clip, attacked)]
    assert 0.04 < (bends[1] - bends[0]).abs().max() < 0.0505


def test_mmat_is_the_mean_of_three_losses(given: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    made = method("mmat", on=2.0, off=3.0)
    batch, model = batch_of(given), given.clean
    monkeypatch.setattr("kinesec.defences.robust.mmat.ascended", lambda model, batch, *rest: batch.clip + 0.1)
    monkeypatch.setattr(MMAT, "_on_manifold", lambda self, manifold, model, batch: batch.clip - 0.2)
    losses = [model.loss(clip, batch.label).item() for clip in (batch.clip, batch.clip - 0.2, batch.clip + 0.1)]
    expected = (losses[0] + 2 * losses[1] + 3 * losses[2]) / 6
    assert made.objective(given)(model, batch).item() == pytest.approx(expected, rel=1e-5)


# by SMART


def test_smart_s_clips_fool_more_often_than_clean_ones(given: Case) -> None:
    made, batch = method("smart_at", steps=40), batch_of(given)
    assert isinstance(made, SMARTAT)
    model = given.copied().train()
    attacked = made._attacked(given.problem, model, batch)
    wrong = [(given.clean(clip).argmax(1) != batch.label).float().mean() for clip in (batch.clip, attacked)]
    assert wrong[1] > wrong[0] + 0.3
    assert not attacked[~batch.present].any()
    assert all(module.training for module in model.modules())


def test_smart_attacks_what_augmentation_made_of_the_rows(given: Case) -> None:
    made, batch = method("smart_at", steps=1, attack={"reduction": "mean", "rate": 1e-6}), batch_of(given)
    assert isinstance(made, SMARTAT)
    index = torch.tensor([7, 2, 11])
    part = Batch(batch.clip[index] + 0.1, batch.label[index], batch.present[index], index, 0.0, batch.generator)
    attacked = made._attacked(given.problem, given.clean, part)
    there = part.present[..., None, None]
    assert ((attacked - part.clip) * there).abs().max() < 1e-4


def test_a_share_of_the_loss_is_of_attacked_clips(given: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    batch, model = batch_of(given), given.clean
    monkeypatch.setattr(SMARTAT, "_attacked", lambda self, training, model, batch: batch.clip + 0.2)
    losses = [model.loss(clip, batch.label).item() for clip in (batch.clip + 0.2, batch.clip)]
    for share in (1.0, 0.25):
        said = method("smart_at", share=share).objective(given)(model, batch).item()
        assert said == pytest.approx(share * losses[0] + (1 - share) * losses[1], rel=1e-5)


# training


@EVERY
def test_what_is_kept_is_best_on_clean_and_attacked_validation_clips(given: Case, tmp_path: Path, name: str) -> None:
    plan = method(name).plan(given)
    log, kept = train(plan.tasks, checkpoints=tmp_path / "c", job={})
    means = [(epoch["validation_accuracy_percent"] + epoch["validation_robust_percent"]) / 2 for epoch in log]
    assert len(log) == 3
    assert means[kept - 1] == max(means)
    assert log[kept - 1]["validation_loss"] == min(
        epoch["validation_loss"] for epoch, mean in zip(log, means, strict=True) if mean == max(means)
    )
    task = plan.tasks[0]
    assert isinstance(task, Robust)
    assert task.validated()["validation_robust_percent"] == log[kept - 1]["validation_robust_percent"]
    assert plan.finish() is task.model
    assert digest(plan.finish()) != digest(given.untrained())


def test_a_mean_of_accuracies_decides_and_then_the_loss(given: Case) -> None:
    task = method("trades").plan(given).tasks[0]
    said = [(90.0, 10.0, 0.1), (80.0, 40.0, 0.5), (70.0, 50.0, 0.4), (60.0, 55.0, 0.1)]
    keys = ("validation_accuracy_percent", "validation_robust_percent", "validation_loss")
    assert best_epoch(task, [dict(zip(keys, values, strict=True)) for values in said]) == 3


def test_robust_accuracy_is_that_of_the_bounded_attack(given: Case) -> None:
    """No bound to speak of: the clean accuracy; a wide one: none is right."""
    right = []
    for epsilon in (1e-7, 3.0):
        task = method("trades", epsilon=epsilon, step=epsilon / 2, start="clean").plan(given).tasks[0]
        assert isinstance(task, Robust)
        right.append(task.validated())
    assert right[0]["validation_robust_percent"] == pytest.approx(right[0]["validation_accuracy_percent"])
    assert (right[1]["validation_robust_percent"] or 0) < 40
    assert (right[1]["validation_accuracy_percent"] or 0) > 80


def test_without_validation_clips_the_last_weights_are_kept(given: Case, tmp_path: Path) -> None:
    bare = replace(given, validation=given.validation.take_rows(np.arange(0)))
    log, kept = train(method("trades").plan(bare).tasks, checkpoints=tmp_path / "c", job={})
    assert kept == len(log) == 3
    assert log[0]["validation_robust_percent"] is None


def test_training_starts_anew_or_from_the_clean_weights(given: Case) -> None:
    anew, clean = (method("mart", start=start).plan(given).tasks[0].model for start in ("anew", "clean"))
    assert digest(anew) == digest(given.untrained()) != digest(given.clean)
    assert digest(clean) == digest(given.clean)


@pytest.mark.parametrize("name", ["trades", "smoothing"])
def test_a_recognizer_that_begins_anew_is_pretrained_as_its_recipe_says(given: Case, name: str) -> None:
    staged = replace(given, recipe=replace(given.recipe, pretrain=replace(given.recipe, epochs=1)), changes={})
    begun = {start: build(name, {"start": start}).plan(staged).tasks for start in ("anew", "clean")}
    assert {start: [task.stage for task in tasks] for start, tasks in begun.items()} == {
        "anew": ["pretrain", "train"],
        "clean": ["train"],
    }
    assert all(task.model is begun["anew"][0].model for task in begun["anew"])


def test_augmented_clips_are_attacked(given: Case) -> None:
    augmenter = lambda clip, present, generator: clip + 0.5 * present[..., None, None]  # noqa: E731
    seen: list[Batch] = []
    task = method("trades").plan(replace(given, augmenter=cast(Any, augmenter))).tasks[0]
    assert isinstance(task, Robust)
    spied = replace(task, objective=lambda model, batch: seen.append(batch) or torch.zeros(()))  # type: ignore[func-returns-value]
    index = torch.tensor([4, 9])
    spied.loss(index, torch.Generator())
    assert torch.equal(seen[0].clip, augmenter(task.training.clip[index], task.training.present[index], None))
    assert seen[0].row.tolist() == [4, 9]
    assert seen[0].label.tolist() == task.training.label[index].tolist()


@pytest.mark.parametrize(
    ("name", "settings", "line"),
    [
        ("trades", {"epsilon": 0}, "defence 'trades': epsilon: found 0"),
        ("trades", {"beta": -1}, "defence 'trades': beta: found -1"),
        ("mart", {"steps": 0}, "defence 'mart': steps: found 0"),
        ("mmat", {"start": "warm"}, "defence 'mmat': start: found 'warm', expected one of anew, clean"),
        ("smart_at", {"share": 1.1}, "defence 'smart_at': share: found 1.1"),
        ("smart_at", {"attack": {"speed": 2}}, "attack 'smart': speed: found an unknown key"),
        ("smurf", {}, "found 'smurf', expected one of"),
    ],
)
def test_settings_that_cannot_be_used_are_one_line(name: str, settings: dict[str, Any], line: str) -> None:
    with pytest.raises(ConfigError, match=re.escape(line)) as raised:
        build(name, settings)
    assert "\n" not in str(raised.value)
