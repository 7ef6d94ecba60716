"""APGD beside its algorithm written out for one clip at a time, its margins, and its checkpoints by hand."""

from __future__ import annotations

import pytest
import torch
from attack_cases import CLASSES, Probe, problem, shape
from torch import Tensor

from kinesec.attacks.apgd import checkpoints
from kinesec.attacks.base import build
from kinesec.attacks.engine.criteria import Criterion, parse
from kinesec.attacks.engine.lanes import Lanes
from kinesec.attacks.engine.margin import Margin
from kinesec.errors import ConfigError

STRATEGIES = ("AB", "AB3", "SA")


@pytest.mark.parametrize("strategy", [*STRATEGIES, "AB5"])
def test_a_clip_is_adversarial_just_where_its_margin_is_below_zero(strategy: str) -> None:
    chance = torch.Generator().manual_seed(0)
    logits = torch.randn((400, CLASSES), generator=chance)
    label = torch.randint(CLASSES, (400,), generator=chance)
    target = (label + 1 + torch.randint(CLASSES - 1, (400,), generator=chance)) % CLASSES
    criterion = parse(strategy, CLASSES)
    met = criterion.met(logits, label, target)
    assert torch.equal(criterion.margin(logits, label, target) < 0, met)
    assert 0 < met.sum() < 400
    assert not criterion.met(torch.zeros_like(logits), label, target).any()
    assert not (criterion.margin(torch.zeros_like(logits), label, target) < 0).any()


def test_margins_by_hand() -> None:
    """Logits 5, 3, 2, 0: of class 1 AB has 3 - 5, AB2 3 - 2, and to class 3 it is 5 - 0; the third stands 3 below."""
    logits, label, target = torch.tensor([[5.0, 3, 2, 0]]), torch.tensor([1]), torch.tensor([3])
    for strategy, margin in (("AB", -2.0), ("AB2", 1.0), ("SA", 5.0)):
        criterion = parse(strategy, 4)
        assert Margin(criterion, relative=False).loss(logits, label, target).item() == margin
        assert Margin(criterion, relative=True).loss(logits, label, target).item() == pytest.approx(margin / 3)
    with pytest.raises(ConfigError, match="found dlr for 2 classes"):
        Margin(parse("AB", 2), relative=True).loss(logits[:, :2], label, target)


def test_checkpoints_are_the_papers() -> None:
    """Shares 0, .22, .41, .57, .70, .80, .87, .93, .99 of the steps: each gap .03 less than the last, at least .06."""
    assert checkpoints(100) == [0, 22, 41, 57, 70, 80, 87, 93, 99]
    assert checkpoints(10) == [0, 3, 5, 6, 7, 8, 9, 10]


def written_out(
    model: Probe, start: Tensor, clean: Tensor, criterion: Criterion, label: Tensor, target: Tensor, steps: int
) -> tuple[list[Tensor], int]:
    """Points after each step of algorithm 1 for one clip, and how often the step was halved."""
    epsilon, rho = 0.3, 0.75

    def look(x: Tensor) -> tuple[float, Tensor]:
        x = x.detach().requires_grad_()
        loss = Margin(criterion, relative=True).loss(model(x[None]), label[None], target[None])[0]
        return loss.item(), torch.autograd.grad(loss, x)[0]

    def inside(x: Tensor) -> Tensor:
        return torch.minimum(torch.maximum(x, clean - epsilon), clean + epsilon)

    x, before, size, halved = start, start, 2 * epsilon, 0
    loss, gradient = look(x)
    losses, best = [loss], (loss, x, gradient)
    then: tuple[float | None, float | None] = (None, None)
    points, marks, last = [], checkpoints(steps), 0
    for step in range(steps):
        if step in marks[1:]:
            gained = sum(losses[k + 1] < losses[k] for k in range(last, step))
            if gained < rho * (step - last) or then == (size, best[0]):
                then, size, halved = (size, best[0]), size / 2, halved + 1
                loss, x, gradient = best
                losses[step] = loss
            else:
                then = (size, best[0])
            last = step
        away = inside(x - size * gradient.sign())
        share = 1.0 if step == 0 else 0.75
        x, before = inside(x + share * (away - x) + (1 - share) * (x - before)), x
        points.append(x)
        loss, gradient = look(x)
        losses.append(loss)
        if loss < best[0]:
            best = (loss, x, gradient)
    return points, halved


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_its_way_is_the_algorithms(strategy: str) -> None:
    model, criterion, steps = Probe(shape()).double().eval(), parse(strategy, CLASSES), 30
    of = problem(model, 3, dtype=torch.float64, whole=True)
    target = criterion.targets(of.label.tolist(), of.row.tolist(), CLASSES, 0)
    lanes = Lanes(of, target, width=3, batch=3, device=torch.device("cpu"), seed=0)
    attack = build("apgd", {"epsilon": 0.3, "step": 0.6, "iterations": steps})
    course, estimate = attack.course(lanes), attack.estimator()  # type: ignore[attr-defined]
    for lane in lanes.fill():
        course.enter(lane)
    expected = [
        written_out(
            model, lanes.x[lane].clone(), lanes.clean[lane], criterion, lanes.label[lane], lanes.target[lane], steps
        )
        for lane in range(3)
    ]
    assert any(halved for _, halved in expected)
    for step in range(steps):
        _, course.loss, gradient = estimate(model, lanes, criterion)
        lanes.iteration = [step + 1] * 3
        course.advance(gradient, None)
        for lane in range(3):
            torch.testing.assert_close(lanes.x[lane], expected[lane][0][step], rtol=0, atol=1e-10)
