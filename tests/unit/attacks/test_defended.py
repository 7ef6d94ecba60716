"""Attacks on defended recognizers: over draws of their own chance, and by someone who knows the defence."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import torch
from attack_cases import CLASSES, Probe, lanes_of, position, problem, shape
from torch import Tensor

from kinesec.attacks.adaptive import exposed
from kinesec.attacks.base import build, gradient_at
from kinesec.attacks.engine.criteria import parse
from kinesec.attacks.eot import over_defence
from kinesec.errors import ConfigError
from kinesec.models.recognizers.base import Recognizer
from kinesec.models.wrappers.appended import Appended
from kinesec.models.wrappers.smoothed import Smoothed


def probe() -> Probe:
    return Probe(shape()).eval()


def appended() -> Appended:
    whole = Appended(probe(), members=3).eval()
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        whole.second.copy_(3 * torch.randn(whole.second.shape, generator=generator))
    return whole


def smoothed(sigma: float = 0.1) -> Smoothed:
    return Smoothed(probe(), sigma=sigma).eval()


DEFENDED = pytest.mark.parametrize("make", [appended, smoothed])


def far_apart(first: Tensor, other: Tensor) -> float:
    return float((first - other).abs().max() / other.abs().max())


def test_draws_of_a_recognizer_without_chance_are_the_plain_gradient() -> None:
    model, criterion = probe(), parse("AB", CLASSES)
    lanes = lanes_of(problem(model))
    plain, averaged = gradient_at(model, lanes, criterion), over_defence(model, lanes, criterion, draws=3)
    assert far_apart(averaged[2], plain[2]) < 1e-5
    assert torch.equal(averaged[0], plain[0])
    assert torch.equal(averaged[1], plain[1])


@DEFENDED
def test_draws_are_those_of_the_recognizer_s_own_chance(make: Any) -> None:
    """The mean of as many gradients as there are draws, each by the next of the clip's chance."""
    model, criterion = make(), parse("AB", CLASSES)
    of = problem(model)
    lanes, again = lanes_of(of), lanes_of(of)
    logits, loss, gradient = over_defence(model, lanes, criterion, draws=4)
    total = torch.zeros_like(gradient)
    for _ in range(4):
        x = of.position.clone().requires_grad_()
        wrong = -torch.nn.functional.cross_entropy(model.draw(x, again.drawn), of.label, reduction="sum")
        total += torch.autograd.grad(wrong, x)[0] * of.present[..., None, None]
    assert far_apart(gradient, total / 4) < 1e-4
    assert far_apart(gradient, gradient_at(model, lanes, criterion)[2]) > 1e-3
    assert torch.equal(logits, model(of.position))  # but what it says is the defended recognizer's answer
    torch.testing.assert_close(loss, criterion.loss(logits, of.label, of.label))


def test_many_draws_of_small_noise_come_near_the_plain_gradient() -> None:
    model, criterion = smoothed(1e-4), parse("AB", CLASSES)
    lanes = lanes_of(problem(model))
    few = over_defence(model, lanes, criterion, draws=8)[2]
    assert far_apart(few, gradient_at(model.inner, lanes, criterion)[2]) < 0.05


@pytest.mark.parametrize("strategy", ["AB", "SA"])
def test_the_margin_is_the_lead_over_the_next_class(strategy: str) -> None:
    criterion = parse(strategy, CLASSES)
    lanes = lanes_of(problem(probe()))
    lanes.target.copy_((lanes.label + 1) % CLASSES)
    logits = torch.randn(len(lanes.label), CLASSES)
    for row, lead in enumerate(criterion.margin(logits, lanes.label, lanes.target).tolist()):
        mine = int((lanes.target if strategy == "SA" else lanes.label)[row])
        others = max(logits[row, place].item() for place in range(CLASSES) if place != mine)
        expected = others - logits[row, mine].item() if strategy == "SA" else logits[row, mine].item() - others
        assert lead == pytest.approx(expected)
        # below zero exactly where the clip is adversarial
        assert (lead < 0) == bool(criterion.met(logits, lanes.label, lanes.target)[row])


@pytest.mark.parametrize("strategy", ["AB", "SA"])
@pytest.mark.parametrize("make", [probe, appended, smoothed])
def test_the_gradient_is_that_of_the_exposed_logits_margin(make: Any, strategy: str) -> None:
    model, criterion = make(), parse(strategy, CLASSES)
    of = problem(model)
    lanes, again = lanes_of(of), lanes_of(of)
    for each in (lanes, again):
        each.target.copy_((of.label + 2) % CLASSES)
    logits, loss, gradient = exposed(model, lanes, criterion, draws=2)
    total = torch.zeros_like(gradient)
    for _ in range(2):
        x = of.position.clone().requires_grad_()
        said = model.exposed(x, again.drawn)
        lead = torch.zeros(())
        for row in range(len(of)):
            mine = int((again.target if strategy == "SA" else of.label)[row])
            others = torch.cat([said[row, :mine], said[row, mine + 1 :]]).max()
            lead = lead + (others - said[row, mine] if strategy == "SA" else said[row, mine] - others)
        total += torch.autograd.grad(lead, x)[0] * of.present[..., None, None]
    assert far_apart(gradient, total / 2) < 1e-4
    assert not gradient[~of.present].any()
    assert torch.equal(logits, model(of.position))
    torch.testing.assert_close(loss, criterion.loss(logits, lanes.label, lanes.target))


def test_at_a_last_look_no_gradient_is_asked_for() -> None:
    model = appended()
    lanes = lanes_of(problem(model))
    lanes.last_look = True
    for estimate in (partial(exposed, draws=3), partial(over_defence, draws=3)):
        assert not estimate(model, lanes, parse("AB", CLASSES))[2].any()


def test_a_full_softmax_hides_no_margin() -> None:
    """Where cross entropy has rounded to nothing, the margin still has a slope."""
    model = probe()
    with torch.no_grad():
        model.classifier.weight.mul_(1e4)
        model.classifier.bias.mul_(1e4)
    lanes, criterion = lanes_of(problem(model)), parse("AB", CLASSES)
    dead = gradient_at(model, lanes, criterion)[2].flatten(1).abs().amax(1) == 0
    assert dead.any()
    assert exposed(model, lanes, criterion, draws=1)[2].flatten(1).abs().amax(1).min() > 0


@DEFENDED
@pytest.mark.parametrize("strategy", ["AB", "SA"])
@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("adaptive", {"iterations": 12, "epsilon": 0.3, "step": 0.05}),
        ("eot", {"transform": "defence", "draws": 2, "attack": {"attack": "pgd", "settings": {
            "iterations": 12, "epsilon": 0.3, "step": 0.05}}}),
    ],
)  # fmt: skip
def test_success_is_what_the_defended_recognizer_says(
    make: Any, strategy: str, name: str, settings: dict[str, Any]
) -> None:
    model, criterion = make(), parse(strategy, CLASSES)
    of = problem(model)
    run = build(name, settings).run(model, of, criterion, seed=3, width=9)
    says = criterion.met(model(position(run)), of.label, torch.from_numpy(run.target))
    assert says.tolist() == run.claimed.tolist()
    assert run.claimed.any()
    assert (position(run) - of.position).abs().max() <= 0.3 * (1 + 1e-5)
    assert not position(run)[~of.present].any()


@DEFENDED
def test_neighbours_change_nothing_on_a_defended_recognizer(make: Any) -> None:
    model, criterion = make(), parse("AB", CLASSES)
    of = problem(model)
    for name, settings in (
        ("adaptive", {"iterations": 3}),
        ("eot", {"transform": "defence", "draws": 2, "attack": {"attack": "pgd", "settings": {"iterations": 3}}}),
    ):
        attack = build(name, settings)
        whole = position(attack.run(model, of, criterion, width=4))
        parts = [position(attack.run(model, of.take(rows), criterion, width=4)) for rows in ([0, 1, 2, 3, 4], [6, 8])]
        assert torch.equal(torch.cat(parts), whole[[0, 1, 2, 3, 4, 6, 8]])


def test_knowing_the_defence_fools_more_than_its_masked_answers() -> None:
    """Behind ReLUs that are dead for the true class, a plain gradient knows no way."""
    inner = probe()
    with torch.no_grad():
        inner.classifier.bias.sub_(50)
    whole: Recognizer = Appended(inner, form="official", average="logits").eval()
    of = problem(probe())
    of = type(of)(of.position, whole(of.position).argmax(1), of.present, of.row, of.place, of.geometry)
    lanes = lanes_of(of)
    criterion = parse("AB", CLASSES)
    assert not gradient_at(whole, lanes, criterion)[2].any()
    assert exposed(whole, lanes, criterion, draws=1)[2].any()


def test_the_margin_is_that_of_the_class_that_decides() -> None:
    logits = torch.tensor([[5.0, 1.0, 3.0, 2.0, 4.0, 0.0]])
    label, target = torch.tensor([0]), torch.tensor([3])
    for strategy, expected in (("AB", 1.0), ("AB2", 2.0), ("AB3", 3.0), ("SA", 3.0)):
        assert parse(strategy, 6).margin(logits, label, target).item() == expected, strategy


def test_a_transform_that_there_is_not_is_one_line() -> None:
    with pytest.raises(ConfigError, match="attack 'eot': transform: found 'chance', expected one of"):
        build("eot", {"transform": "chance"})
    with pytest.raises(ConfigError, match="attack 'adaptive': draws: found 0"):
        build("adaptive", {"draws": 0})
