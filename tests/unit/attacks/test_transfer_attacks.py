"""What attacks made to transfer are of: diverse inputs, a motion's dynamics, a posterior of appended networks."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch
from attack_cases import BODIES, CLASSES, FRAMES, MEAN, Probe, lanes_of, position, problem, shape, small
from torch import Tensor
from torch.nn.functional import cross_entropy

from kinesec.attacks.base import build
from kinesec.attacks.engine import posterior
from kinesec.attacks.engine.autoregression import coefficients, led_back
from kinesec.attacks.engine.criteria import parse
from kinesec.attacks.engine.gradients import gradient_at
from kinesec.attacks.engine.posterior import Posterior, fitted, size_of, split, votes
from kinesec.attacks.engine.transforms import cropped, resized, turned
from kinesec.attacks.tasar import Smoothed
from kinesec.errors import ConfigError, KinesecError

AB = parse("AB", CLASSES)


def model_of(dtype: torch.dtype = torch.float64) -> Probe:
    return Probe(shape()).to(dtype).eval()


def chance(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def test_a_quarter_turn_and_a_size_are_of_the_body() -> None:
    lanes = lanes_of(problem(model_of(), 3, dtype=torch.float64))
    mean = torch.from_numpy(MEAN)
    body = (lanes.x + mean) * lanes.present
    quarter = turned(lanes.x, lanes, torch.full((3,), math.pi / 2, dtype=torch.float64))
    expected = torch.stack([body[..., 2], body[..., 1], -body[..., 0]], -1)
    torch.testing.assert_close((quarter + mean) * lanes.present, expected)
    double = resized(lanes.x, lanes, torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64))
    torch.testing.assert_close((double[1] + mean) * lanes.present[1], 2 * body[1])


def test_a_part_of_the_time_is_stretched_and_only_where_bodies_are_whole() -> None:
    """A coordinate that grows by one a frame tells which frame, or which between two, each one comes from."""
    lanes = lanes_of(problem(model_of(), 4, dtype=torch.float64))
    ramp = torch.arange(FRAMES, dtype=torch.float64)[:, None, None].expand(*lanes.x.shape)
    start, length = torch.tensor([[0.25, 0.0, 0.5, 0.1], [0.5, 1.0, 0.5, 0.8]], dtype=torch.float64)
    there = lanes.present[..., 0, 0]
    whole = (there == there[..., :1]).flatten(1).all(1)
    assert whole.tolist() == [False, True, True, True]  # clip 0 lacks frames at its end
    got = cropped(ramp, lanes, start, length)[:, 0, :, 0, 0]
    last = FRAMES - 1
    assert torch.equal(got[0], ramp[0, 0, :, 0, 0])
    torch.testing.assert_close(got[1], ramp[1, 0, :, 0, 0])
    torch.testing.assert_close(got[2], torch.linspace(0.5 * last, last, FRAMES, dtype=torch.float64))
    torch.testing.assert_close(got[3], torch.linspace(0.1 * last, 0.9 * last, FRAMES, dtype=torch.float64))


def test_diverse_inputs_follow_the_gradient_through_the_change() -> None:
    """The mean over draws, each by the clip's own chance; without a change it is the plain gradient."""
    model, settings = model_of(), {"draws": 2, "probability": 1.0, "yaw_degrees": 60.0, "crop": 0.6, "scale": 0.2}
    of = problem(model, 5, dtype=torch.float64)
    attack, lanes, again = build("diverse_inputs", settings), lanes_of(of), lanes_of(of)
    logits, _, gradient = attack.estimator()(model, lanes, AB)  # type: ignore[attr-defined]
    total = torch.zeros_like(gradient)
    for _ in range(2):
        x = of.position.clone().requires_grad_()
        changed = attack.changed(x, again)  # type: ignore[attr-defined]
        assert (changed - x).detach().flatten(1).abs().amax(1).min() > 0.05
        total += torch.autograd.grad(-cross_entropy(model(changed), of.label, reduction="sum"), x)[0]
    torch.testing.assert_close(gradient, total / 2 * lanes.present)
    torch.testing.assert_close(logits, model(of.position))
    still = build("diverse_inputs", {"probability": 0.0}).estimator()(model, lanes_of(of), AB)[2]  # type: ignore[attr-defined]
    torch.testing.assert_close(still, gradient_at(model, lanes_of(of), AB)[2])


def test_about_the_share_of_clips_is_changed_that_probability_says() -> None:
    model = model_of()
    attack, lanes = build("diverse_inputs", {"probability": 0.25, "crop": 1.0}), lanes_of(problem(model, 8))
    lanes.x = lanes.x.double()
    drawn = [(attack.changed(lanes.x, lanes) - lanes.x).flatten(1).abs().amax(1) > 1e-6 for _ in range(60)]  # type: ignore[attr-defined]
    assert torch.stack(drawn).float().mean() == pytest.approx(0.25, abs=0.06)


def test_attacks_with_ways_of_their_own_are_not_wrapped() -> None:
    for inner in ("tasar", "adaptive", "eot", "basar"):
        with pytest.raises(
            ConfigError, match=r"attack 'diverse_inputs': attack: found '.*expected an attack by the plain"
        ):
            build("diverse_inputs", {"attack": {"attack": inner}})
    with pytest.raises(ConfigError, match="found 'smart', expected an attack by the plain"):
        build("diverse_inputs", {"attack": {"attack": "smart", "settings": {"class_loss": "margin"}}})
    build("diverse_inputs", {"attack": {"attack": "smart"}})
    with pytest.raises(ConfigError, match=r"expected \{attack: another's name"):
        build("diverse_inputs", {"attack": {"attack": "diverse_inputs"}})


def recurrent(first: Tensor, second: Tensor, start: Tensor) -> Tensor:
    """x[t] = b1[t] x[t - 1] + b2[t] x[t - 2] (frame, series)."""
    values = [*start]
    for one, two in zip(first[2:], second[2:], strict=True):
        values.append(one * values[-1] + two * values[-2])
    return torch.stack(values)


def test_coefficients_are_those_that_made_the_motion() -> None:
    """An oscillation has constant ones: b1 = 2 cos w, b2 = -1; a constant and a still series add nothing strange."""
    frames = 40
    time = torch.arange(frames, dtype=torch.float64)
    motion = torch.zeros(1, frames, 2, 3, dtype=torch.float64)
    motion[0, :, 0, 0] = (0.3 * time + 0.4).cos()
    motion[0, :, 0, 1] = 2 * (0.5 * time).sin()
    first, second = coefficients(motion, 0.3)
    for axis, pace in ((0, 0.3), (1, 0.5)):
        one = 2 * math.cos(pace)
        torch.testing.assert_close(first[0, 1:-1, 0, axis], torch.full((frames - 2,), one).double(), rtol=0, atol=1e-3)
        torch.testing.assert_close(
            second[0, 1:-2, 0, axis], torch.full((frames - 3,), one * one - 1).double(), rtol=0, atol=2e-3
        )
    assert not first[0, -1].any()
    assert not second[0, -2:].any()
    assert not first[0, :, 1].any()
    assert not second[0, :, 1].any()
    assert first.isfinite().all()
    assert second.isfinite().all()
    assert not coefficients(motion[:, :3], 0.3)[0].any()


def test_a_change_of_pace_is_followed_in_time() -> None:
    frames = 80
    pace = torch.linspace(0.2, 0.6, frames, dtype=torch.float64)
    series = recurrent(2 * pace.cos(), -torch.ones(frames, dtype=torch.float64), torch.tensor([0.5, 0.7]).double())
    motion = series[None, :, None, None].expand(1, frames, 1, 3)
    first, _ = coefficients(motion, 0.25)
    torch.testing.assert_close(first[0, 10:-10, 0, 0], (2 * pace.cos())[11:-9], rtol=0, atol=0.02)


def test_a_gradient_is_led_back_by_the_chain_rule() -> None:
    """What a later frame's loss says of an earlier one, where each frame follows from the two before it."""
    first, second, gradient = (torch.randn(2, BODIES, 6, 3, 3, generator=chance(k)).double() for k in range(3))
    back = led_back(gradient, first, second)
    expected = torch.zeros_like(gradient)
    for frame in range(6):
        for later, matrix in ((1, first), (2, second)):
            if frame + later < 6:
                expected[:, :, frame] += matrix[:, :, frame] * gradient[:, :, frame + later]
    torch.testing.assert_close(back, expected)


def test_votes_are_two_layers_beside_the_logits() -> None:
    logits, weights = torch.randn(4, 3, generator=chance()), torch.randn(2, size_of(3), generator=chance(1))
    got = votes(logits, weights)
    for member in range(2):
        first, bias, second, other = (part[member] for part in split(weights, 3))
        z = logits.clamp_min(0)
        expected = z + ((z @ first + bias) @ second + other).clamp_min(0)
        torch.testing.assert_close(got[member], expected)


def test_members_learn_and_the_posterior_is_of_their_way() -> None:
    label = torch.arange(60) % 4
    logits = 2 * torch.nn.functional.one_hot((label + 1) % 4, 4) + 0.1 * torch.randn(60, 4, generator=chance())
    settings = {"members": 2, "batch": 20, "rate": 0.02, "smoothness": 0.001}
    none = fitted(logits, label, epochs=0, generator=chance(), **settings)  # type: ignore[arg-type]
    some = fitted(logits, label, epochs=12, generator=chance(), **settings)  # type: ignore[arg-type]

    def loss(of: Posterior) -> float:
        return float(cross_entropy(votes(logits, of.mean).flatten(0, 1), label.repeat(2)))

    assert loss(some) < 0.7 * loss(none)
    assert not none.deviation.any()
    assert (some.deviation.amax(1) > 1e-4).all()
    assert (some.mean[0] - some.mean[1]).abs().max() > 0.05
    again = fitted(logits, label, epochs=12, generator=chance(), **settings)  # type: ignore[arg-type]
    assert torch.equal(again.mean, some.mean)
    torch.testing.assert_close(some.drawn(torch.ones(3, 1, 1), 1.5)[2], some.mean + 1.5 * some.deviation)


def test_no_more_weights_are_noted_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of five steps and room for three, the second and the fourth."""
    steps: list[Tensor] = []
    after = torch.optim.Adam.step

    def noted(optimiser: torch.optim.Adam) -> None:
        after(optimiser)
        steps.append(optimiser.param_groups[0]["params"][0].detach().clone())

    monkeypatch.setattr(torch.optim.Adam, "step", noted)
    monkeypatch.setattr(posterior, "SNAPSHOTS", 3)
    logits = torch.randn(10, 3, generator=chance())
    settings = {"members": 1, "epochs": 1, "batch": 2, "rate": 0.05, "smoothness": 0.0}
    of = fitted(logits, torch.arange(10) % 3, generator=chance(), **settings)  # type: ignore[arg-type]
    torch.testing.assert_close(of.mean, (steps[6] + steps[8]) / 2)


def test_a_smooth_gradient_looks_further_along() -> None:
    """On a loss that is quadratic the change of the gradient is the curvature, so that smoothness changes the way."""
    label = torch.arange(40) % 3
    logits = torch.randn(40, 3, generator=chance()).abs()
    settings = {"members": 1, "epochs": 4, "batch": 40, "rate": 0.05}
    plain, flat = (
        fitted(logits, label, smoothness=smoothness, generator=chance(), **settings)
        for smoothness in (0.0, 0.09)  # type: ignore[arg-type]
    )
    assert (plain.mean - flat.mean).abs().max() > 1e-4


def test_tasars_way_is_its_two_parts_in_their_shares() -> None:
    """One step by plain autograd: .8 of the mean over draws of the loss, .2 of motion's, each over its mean size."""
    model = model_of()
    of = problem(model, 4, dtype=torch.float64)
    attack = build("tasar", {"members": 2, "draws": 3, "epochs": 1})
    way, lanes, again = Smoothed(attack), lanes_of(of), lanes_of(of)  # type: ignore[arg-type]
    _, _, got = way(model, lanes, AB)
    noise = again.drawn(lambda drawn: torch.randn((3, 2, size_of(CLASSES)), generator=drawn))
    assert way.posterior is not None
    parts: dict[str, Tensor] = {}
    for name in ("past", "own"):
        x = of.position.clone().requires_grad_()
        logits, loss = model(x), torch.zeros(()).double()
        for clip in range(4):
            weights = way.posterior.mean + 1.5 * way.posterior.deviation * noise[clip]
            said = torch.stack([votes(logits[clip : clip + 1], of_draw)[:, 0] for of_draw in weights])
            if name == "past":
                loss = loss - cross_entropy(said.flatten(0, 1), of.label[clip].repeat(6))
            else:
                loss = loss - cross_entropy(said.mean(0).sum(0)[None], of.label[clip : clip + 1])
        parts[name] = torch.autograd.grad(loss, x)[0] * lanes.present
    made = [coefficients(clip, 0.25) for clip in of.position]
    first, second = (torch.stack(each) for each in zip(*made, strict=True))
    motion = parts["own"] + led_back(parts["own"], first, second) * lanes.present

    def over_mean(values: Tensor) -> Tensor:
        here = [
            v.abs().sum() / (p.sum() * v.shape[-1] * v.shape[-2]) for v, p in zip(values, lanes.present, strict=True)
        ]
        return values / torch.stack(here)[:, None, None, None, None]

    torch.testing.assert_close(got, 0.8 * over_mean(parts["past"]) + 0.2 * over_mean(motion))
    before = way.sum.clone()
    torch.testing.assert_close(before, motion)
    lanes.iteration = [1] * 4
    way(model, lanes, AB)
    assert (way.sum - before).abs().max() > 0  # the second adds to the first


def test_a_clip_that_comes_in_begins_anew() -> None:
    model = small("sgn")
    of = problem(model, 7)
    attack = build("tasar", {"members": 2, "draws": 2, "epochs": 1, "iterations": 3})
    whole = position(attack.run(model, of, AB, width=2))
    late = position(attack.run(model, of.take([6]), AB, width=2))
    assert torch.equal(late[0], whole[6])


def test_log_probabilities_are_refused_in_one_line() -> None:
    class Voting(Probe):
        def forward(self, clip: Tensor) -> Tensor:
            return super().forward(clip).log_softmax(1)

    model = Voting(shape()).eval()
    with pytest.raises(KinesecError, match=r"attack 'tasar': found log-probabilities.*`average: logits`"):
        build("tasar", {"epochs": 1}).run(model, problem(model, 2), AB)


def test_without_clips_to_learn_from_it_says_so() -> None:
    model = small("sgn")
    of = problem(model, 2)
    with pytest.raises(KinesecError, match="attack 'tasar': found no training clips, expected some to learn from"):
        build("tasar", {}).run(model, replace(of, training=None), AB)
