"""One step or a few of each attack beside the same written out: Adam, MI-FGSM, IAA, PGD, CIASA, and draws of EOT."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from attack_cases import CLASSES, GEOMETRY, MEAN, Probe, lanes_of, position, problem, shape
from torch import Tensor

from kinesec.attacks.base import Course, Problem, build, gradient_at
from kinesec.attacks.engine.criteria import parse
from kinesec.attacks.engine.steps import Adam, Descent, bound, shortened
from kinesec.attacks.eot import averaged, none, yaw

AB = parse("AB", CLASSES)


def probe() -> Probe:
    return Probe(shape()).double().eval()


def clips(count: int = 3, **changes: Any) -> Problem:
    return problem(probe(), count, dtype=torch.float64, **changes)


def course_of(of: Problem, name: str, **settings: Any) -> Course:
    """An attack's run with each clip in a lane, at its beginning."""
    course: Course = build(name, settings).course(lanes_of(of))  # type: ignore[attr-defined]
    for lane in course.lanes.active:
        course.enter(lane)
    return course


def gradients(of: Problem, count: int) -> Tensor:
    """Made-up gradients (step, lane, body, frame, joint, xyz) of lengths that differ by step, zero where no body is."""
    chance = torch.Generator().manual_seed(0)
    drawn = torch.randn((count, *of.position.shape), generator=chance, dtype=of.position.dtype)
    size = torch.tensor([3.0, 0.2, 1.0, 0.01]).repeat(count)[:count]
    return drawn * size[:, None, None, None, None, None] * of.present[..., None, None]


def lengths(values: Tensor) -> Tensor:
    return values.flatten(1).abs().sum(1)[:, None, None, None, None]


# Adam


def test_adam_s_first_two_steps_by_hand() -> None:
    """g 2 then -1: m .2 and .08, v .004 and .004996, the corrections .1 and .19, .001 and .001999."""
    step = Adam(torch.zeros(1, 1, dtype=torch.float64), 0.1, epsilon=1e-3)
    first = step(torch.tensor([[2.0]], dtype=torch.float64), [1]).item()
    second = step(torch.tensor([[-1.0]], dtype=torch.float64), [2]).item()
    assert first == pytest.approx(-0.1 * 2 / (2 + 1e-3))
    assert second == pytest.approx(-0.1 * (0.08 / 0.19) / ((0.004996 / 0.001999) ** 0.5 + 1e-3))


@pytest.mark.parametrize("betas", [None, (0.5, 0.9)])
def test_adam_s_steps_are_torch_s(betas: Any) -> None:
    of = clips()
    x = of.position.clone().requires_grad_()
    settings = {} if betas is None else {"betas": betas}
    optimiser, step = torch.optim.Adam([x], lr=0.02, **settings), Adam(of.position, 0.02, **settings)
    moved = of.position.clone()
    for time, gradient in enumerate(gradients(of, 20)):
        x.grad = gradient
        optimiser.step()
        moved += step(gradient, [time + 1] * len(of))
        torch.testing.assert_close(moved, x.detach(), rtol=0, atol=1e-12)


def test_adam_forgets_the_clip_that_has_left_a_lane() -> None:
    of = clips()
    first, other = gradients(of, 2)
    step, fresh = (Adam(of.position, 0.02) for _ in range(2))
    step(first, [1] * 3)
    step.enter(1)
    torch.testing.assert_close(step(other, [2, 1, 2])[1], fresh(other, [1] * 3)[1])


def test_descent_shortening_and_bounds_by_hand() -> None:
    of = clips(2, whole=True)
    gradient = gradients(of, 1)[0]
    assert torch.equal(Descent(0.25)(gradient, [1, 1]), -0.25 * gradient)
    length = gradient.square().sum((1, 2, 3, 4)).sqrt()
    short = shortened(gradient, float(length[0]) / 2)
    torch.testing.assert_close(short[0], gradient[0] / 2)
    assert shortened(gradient, 1e9).equal(gradient)
    x = of.position + gradient
    bound(x, of.position, of.present[..., None, None], epsilon=0.5)
    assert x.equal(torch.maximum(torch.minimum(of.position + gradient, of.position + 0.5), of.position - 0.5))
    x = of.position + gradient
    bound(x, of.position, of.present[..., None, None], epsilon=0.5, norm="l2")
    torch.testing.assert_close(x, of.position + gradient * (0.5 / length)[:, None, None, None, None])


# what mixes two gradients


@pytest.mark.parametrize(("reduction", "dims"), [("normalised", (1, 2, 3, 4)), ("frame_normalised", (3, 4))])
def test_both_gradients_are_brought_to_one_length_and_weighed_by_their_own_weights(
    reduction: str, dims: tuple[int, ...]
) -> None:
    of = clips()
    course = course_of(of, "smart", reduction=reduction, weight=0.7, optimiser="gd", rate=0.1)
    of_class, of_cost = gradients(of, 2)
    scaled = [each / each.square().sum(dims, keepdim=True).sqrt().clamp_min(1e-30) for each in (of_class, of_cost)]
    course.advance(of_class.clone(), of_cost.clone())
    torch.testing.assert_close(course.lanes.x, of.position - 0.1 * (0.7 * scaled[0] + 0.3 * scaled[1]))


def test_without_normalisation_gradients_are_weighed_as_they_are() -> None:
    of = clips()
    course = course_of(of, "smart", reduction="mean", weight=0.7, optimiser="gd", rate=0.1)
    of_class, of_cost = gradients(of, 2)
    course.advance(of_class.clone(), of_cost.clone())
    torch.testing.assert_close(course.lanes.x, of.position - 0.1 * (0.7 * of_class + 0.3 * of_cost))


# bounded attacks


def stepped(course: Course, steps: Tensor) -> Tensor:
    for gradient in steps:
        course.advance(gradient.clone(), None)
    return course.lanes.x


def test_mi_fgsm_adds_gradients_of_an_l1_length_of_one() -> None:
    """A gradient a hundred times as long as the next one has no more to say."""
    of = clips()
    steps = gradients(of, 4)
    for decay in (1.0, 0.5):
        expected, momentum = of.position.clone(), torch.zeros_like(of.position)
        for gradient in steps:
            momentum = decay * momentum + gradient / lengths(gradient)
            expected = expected - 0.01 * momentum.sign()
        course = course_of(of, "mi_fgsm", decay=decay, step=0.01, epsilon=1.0)
        torch.testing.assert_close(stepped(course, steps), expected)


def test_a_clip_that_comes_in_has_no_momentum() -> None:
    of = clips(2)
    first, other = gradients(of, 2)
    course = course_of(of, "mi_fgsm", step=0.01, epsilon=1.0)
    stepped(course, first[None])
    course.enter(1)
    before = course.lanes.x.clone()
    stepped(course, other[None])
    torch.testing.assert_close(course.lanes.x[1], before[1] - 0.01 * other[1].sign())


def test_iaa_s_mean_is_over_coordinates_of_what_is_there() -> None:
    of = clips(5)
    (gradient,) = gradients(of, 1)
    there = of.present[..., None, None].expand_as(of.position)
    assert not there.all()
    mean = torch.stack([each.abs()[seen].mean() for each, seen in zip(gradient, there, strict=True)])
    course = course_of(of, "iaa", scale="mean", step=0.01, epsilon=10.0)
    expected = of.position - 0.01 * gradient / mean[:, None, None, None, None]
    torch.testing.assert_close(stepped(course, gradient[None]), expected)


@pytest.mark.parametrize(("name", "settings"), [("iaa", {}), ("pgd", {"random_start": False})])
def test_sign_steps_and_unit_steps_by_hand(name: str, settings: dict[str, Any]) -> None:
    of = clips()
    (gradient,) = gradients(of, 1)
    course = course_of(of, name, step=0.01, epsilon=1.0, **settings)
    torch.testing.assert_close(stepped(course, gradient[None]), of.position - 0.01 * gradient.sign())
    course = course_of(of, name, step=0.01, epsilon=1.0, norm="l2", **settings)
    unit = gradient / gradient.square().sum((1, 2, 3, 4), keepdim=True).sqrt()
    torch.testing.assert_close(stepped(course, gradient[None]), of.position - 0.01 * unit)


def test_a_bounded_attack_reports_a_joint_s_mean_squared_displacement() -> None:
    of = clips(5)
    course = course_of(of, "pgd", random_start=False)
    moved = gradients(of, 1)[0]
    course.lanes.x = of.position + moved
    joints = of.present.sum((1, 2)) * of.position.shape[3]
    loss, gradient = course.cost()
    torch.testing.assert_close(loss, moved.square().sum((1, 2, 3, 4)) / joints)
    assert gradient is None


# the critic and the bones of CIASA


def test_ciasa_steps_and_then_gives_every_bone_its_length_back() -> None:
    of = clips(2, whole=True)
    course = course_of(of, "ciasa", critic=0.0, epsilon=None, rate=0.05)
    of_class, of_cost = gradients(of, 2)
    course.lanes.iteration = [1] * course.lanes.width
    course.advance(of_class.clone(), of_cost.clone())
    free = of.position + Adam(of.position, 0.05)(of_class + of_cost, [1, 1]) + torch.from_numpy(MEAN)
    clean, expected = of.position + torch.from_numpy(MEAN), free.clone()
    for joint, parent in enumerate(GEOMETRY.parents):
        if parent >= 0:
            bone = free[..., joint, :] - free[..., parent, :]
            size = (clean[..., joint, :] - clean[..., parent, :]).norm(dim=-1, keepdim=True)
            expected[..., joint, :] = expected[..., parent, :] + bone / bone.norm(dim=-1, keepdim=True) * size
    torch.testing.assert_close(course.lanes.x + torch.from_numpy(MEAN), expected)


# EOT


@pytest.mark.parametrize("draws", [1, 4])
def test_draws_that_are_all_alike_have_the_plain_gradient_as_their_mean(draws: int) -> None:
    """To the length, which neither a sign nor a normalised step would show."""
    model, lanes = probe(), lanes_of(clips())
    mean = averaged(model, lanes, AB, draws=draws, transform=lambda x, lanes: none(x, lanes, 0.0))
    for value, expected in zip(mean, gradient_at(model, lanes, AB), strict=True):
        torch.testing.assert_close(value, expected)


def test_eot_s_turns_are_of_the_drawn_share_of_the_size_about_the_vertical() -> None:
    of = clips(3)
    lanes, again = lanes_of(of), lanes_of(of)
    drawn = 2 * again.drawn(lambda chance: torch.rand(1, generator=chance))[:, 0] - 1
    assert drawn.abs().max() > 0.5
    mean = torch.from_numpy(MEAN)
    before, after = ((each + mean)[:, 0, 0] for each in (of.position, yaw(lanes.x, lanes, 90.0)))
    assert torch.equal(before[..., 1], after[..., 1])
    angle = drawn * torch.pi / 2
    cos, sin = angle.cos()[:, None], angle.sin()[:, None]
    turned = torch.stack([before[..., 0] * cos + before[..., 2] * sin, before[..., 2] * cos - before[..., 0] * sin], -1)
    torch.testing.assert_close(after[..., [0, 2]], turned)


def test_a_plain_run_of_pgd_by_hand() -> None:
    """Five steps down the classification loss's signs, each brought back within the bound."""
    model, of = probe(), clips(4)
    x = of.position.clone()
    for _ in range(5):
        here = x.clone().requires_grad_()
        loss = -torch.nn.functional.cross_entropy(model(here), of.label, reduction="sum")
        slope = torch.autograd.grad(loss, here)[0] * of.present[..., None, None]
        x = of.position + (x - 0.03 * slope.sign() - of.position).clamp(-0.08, 0.08)
    settings = {"random_start": False, "epsilon": 0.08, "step": 0.03, "iterations": 5, "after_success": "ignore"}
    run = build("pgd", settings).run(model, of, AB, width=4)
    torch.testing.assert_close(position(run), x, rtol=0, atol=1e-9)


def test_the_benchmark_s_momentum_is_of_bare_gradients_over_their_mean() -> None:
    """RobustBenchHAR: m <- .1 m + g, then x <- x - step m / mean |m|, over what is there of a clip."""
    of = clips()
    course = course_of(of, "mi_fgsm", scale="mean", decay=0.1, epsilon=10.0, step=0.01)
    first, second = gradients(of, 2)
    count = 3 * of.present.sum((1, 2)) * of.position.shape[3]
    x, m = of.position.clone(), torch.zeros_like(of.position)
    for gradient in (first, second):
        course.advance(gradient, None)
        m = 0.1 * m + gradient
        x = x - 0.01 * m / (m.abs().flatten(1).sum(1) / count)[:, None, None, None, None]
        torch.testing.assert_close(course.lanes.x, x, rtol=0, atol=1e-12)
    preset = build("mi_fgsm", {}, "robustbench").settings
    assert {preset[name] for name in ("epsilon", "step")} == {0.01}
    assert (preset["decay"], preset["scale"], preset["iterations"]) == (0.1, "mean", 200)
