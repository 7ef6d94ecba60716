"""Samplers against the moments that a Gaussian N(mu, T/k) gives them exactly, with gradients of noise variance V."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import solve_discrete_lyapunov
from torch import Tensor

from kinesec.defences.robust._samplers import SAMPLERS, Momenta, Sampler, build, listed, normal
from kinesec.errors import ConfigError, KinesecError

EXACT = 1e-10
SETTINGS: dict[str, dict[str, Any]] = {
    "sghmc": {"rate": 0.2, "friction": 0.3, "temperature": 0.7},
    "baoab": {"rate": 0.6, "friction": 0.8, "temperature": 0.7},
    "sgld": {"rate": 0.3, "temperature": 0.7},
    "official": {"rate": 0.03},
    "sgd": {"rate": 0.3},
}
EACH = pytest.mark.parametrize("name", SAMPLERS)

shares = st.floats(0.02, 0.9)
curvatures = st.floats(0.1, 20)
temperatures = st.floats(0.01, 10)
variances = st.sampled_from([0.0, 0.3, 5.0])


def linear(sampler: Sampler, k: float, scale: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """One step on U = k x^2 / 2 as z' = A z + B xi + G nu, z = (x, p), nu the noise of a gradient of variance 1.

    Each column starts from one unit: of x, of p, of xi or of nu; a unit is ``scale``.
    """
    x, p, xi, nu = torch.eye(4, dtype=torch.float64) * scale
    momenta = sampler.start(x)
    inert = bool(momenta.values)
    if inert:
        momenta.values[0].copy_(p)
    sampler.step_with(x, momenta, lambda at: k * listed(at)[0] + nu, [xi])
    rows = np.stack([part.numpy() / scale for part in (x, *momenta.values)])
    return rows[:, : len(rows)], rows[:, 2:3], rows[:, 3:4]


def covariance(sampler: Sampler, k: float, v: float = 0.0) -> np.ndarray:
    """The stationary covariance of (x, p) that the one-step matrix has."""
    a, b, g = linear(sampler, k)
    solved: np.ndarray = solve_discrete_lyapunov(a, b @ b.T + v * g @ g.T)
    return solved


def close(solved: np.ndarray, wanted: list[float]) -> None:
    """``wanted`` are Var x, and where there are momenta Var p and Cov, which is held against the deviations of both."""
    moments, scale = [solved[0, 0]], [solved[0, 0]]
    if len(solved) == 2:
        moments += [solved[1, 1], solved[0, 1]]
        scale += [solved[1, 1], math.sqrt(solved[0, 0] * solved[1, 1])]
    for moment, expected, size in zip(moments, wanted, scale, strict=True):
        assert abs(moment - expected) < EXACT * size


# moments by the one-step matrix


@given(shares, curvatures, temperatures, variances)
def test_sgld_has_its_stationary_variance(share: float, k: float, t: float, v: float) -> None:
    h = share * 2 / k
    close(covariance(build("sgld", {"rate": h, "temperature": t}), k, v), [(2 * t + h * v) / (k * (2 - h * k))])


@given(shares, curvatures, st.sampled_from([0.3, 5.0]))
def test_sgd_is_sgld_without_its_noise(share: float, k: float, v: float) -> None:
    h = share * 2 / k
    close(covariance(build("sgd", {"rate": h}), k, v), [h * v / (k * (2 - h * k))])


@given(shares, curvatures, temperatures, variances, st.floats(0.05, 1.5))
def test_sghmc_has_its_stationary_moments(share: float, k: float, t: float, v: float, a: float) -> None:
    eta = share * 2 * (2 - a) / k
    divisor, excess = 2 - a - eta * k / 2, 1 + eta * v / (2 * a * t)
    wanted = [t * (2 - a) / (k * divisor), 2 * eta * t / divisor, -eta * t / divisor]
    sampler = build("sghmc", {"rate": eta, "friction": a, "temperature": t})
    close(covariance(sampler, k, v), [moment * excess for moment in wanted])


def baoa(h: float, k: float, t: float, v: float, gamma: float) -> list[float]:
    c = math.exp(-gamma * h)
    w = v / ((1 - c) * (4 - h * h * k))
    return [
        t / k + h * h * (1 + c) * w / k,
        t + 4 * c * c * h * h * w / (1 + c),
        h * t / 2 + c * h**3 * w,
    ]


@given(shares, curvatures, temperatures, variances, st.floats(0.1, 5))
def test_baoab_has_its_stationary_moments(share: float, k: float, t: float, v: float, gamma: float) -> None:
    h = share * 2 / math.sqrt(k)
    sampler = build("baoab", {"rate": h, "friction": gamma, "temperature": t})
    close(covariance(sampler, k, v), baoa(h, k, t, v, gamma))


@given(shares, curvatures, temperatures, st.floats(0.1, 5))
def test_a_half_kick_makes_baoab_s_momenta_of_its_last_ones(share: float, k: float, t: float, gamma: float) -> None:
    h = share * 2 / math.sqrt(k)
    before = covariance(build("baoab", {"rate": h, "friction": gamma, "temperature": t}), k)
    kick = np.array([[1, 0], [-h * k / 2, 1]])
    close(kick @ before @ kick.T, [t / k, t * (1 - h * h * k / 4), 0])


@pytest.mark.parametrize("share", [0.99, 1.01])
@pytest.mark.parametrize(("name", "bound"), [("sgld", 2), ("sgd", 2), ("sghmc", 2 * (2 - 0.3)), ("baoab", 2)])
def test_steps_are_stable_up_to_their_bound(name: str, bound: float, share: float) -> None:
    a, _, _ = linear(build(name, {**SETTINGS[name], "rate": share * bound}), 1)
    assert (np.abs(np.linalg.eigvals(a)).max() < 1) == (share < 1)


@EACH
def test_a_chain_at_rest_at_the_mean_stays_there(name: str) -> None:
    x = torch.full((3,), 1.7, dtype=torch.float64)
    sampler = build(name, SETTINGS[name])
    sampler.step_with(x, sampler.start(x), lambda at: 2 * (listed(at)[0] - 1.7), [torch.zeros_like(x)])
    assert x.tolist() == [1.7] * 3


# moments by chains


def errors(sampler: Sampler, k: float, v: float, n: int) -> tuple[float, float, float]:
    """Var x, and the standard errors of the mean and of the variance over n steps of stationary chains."""
    a, _, _ = linear(sampler, k)
    sigma = covariance(sampler, k, v)
    variance, at = float(sigma[0, 0]), sigma
    alike: list[float] = []
    for _ in range(2000):
        at = a @ at
        alike.append(float(at[0, 0]) / variance)
    mean = math.sqrt(variance * (1 + 2 * sum(alike)) / n)
    return variance, mean, variance * math.sqrt(2 * (1 + 2 * sum(share * share for share in alike)) / n)


def test_errors_of_chains_are_those_of_an_autoregression() -> None:
    h, k, n = 0.1, 2.0, 1000
    variance, mean, spread = errors(build("sgld", {"rate": h, "temperature": 0.7}), k, 0.0, n)
    rho = 1 - h * k
    assert mean == pytest.approx(math.sqrt(variance * (1 + rho) / ((1 - rho) * n)))
    assert spread == pytest.approx(variance * math.sqrt(2 * (1 + rho * rho) / ((1 - rho * rho) * n)))


@pytest.mark.parametrize("v", [0.0, 3.0])
@pytest.mark.parametrize("name", ["sghmc", "baoab", "sgld"])
def test_chains_have_the_mean_and_the_variance_that_they_should(name: str, v: float) -> None:
    k, mu, chains, steps = 2.0, -1.5, 4000, 150
    sampler = build(name, SETTINGS[name])
    draws, batches = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
    x = torch.zeros(chains, dtype=torch.float64)
    momenta = sampler.start(x)

    def gradient(at: Any) -> Any:
        return k * (at - mu) + math.sqrt(v) * normal(at, batches)

    total = square = 0.0
    for step in range(100 + steps):
        sampler.step(x, momenta, gradient, draws)
        if step >= 100:
            total += float((x - mu).sum())
            square += float((x - mu).square().sum())
    variance, mean_error, variance_error = errors(sampler, k, v, chains * steps)
    assert abs(total / (chains * steps)) < 4 * mean_error
    assert abs(square / (chains * steps) - variance) < 4 * variance_error


# the released step


def test_the_released_step_at_small_gradients_has_less_than_half_of_the_target_s_variance() -> None:
    """Where squares of gradients are far below 1e-5 it is linear: about h C / sqrt(1e-5 / 2) = 0.447 of T/k."""
    k, root = 0.5, math.sqrt(1e-5 / 2)
    a, b, _ = linear(build("official", {}), k, scale=1e-10)
    ratio = float(solve_discrete_lyapunov(a, b @ b.T)[0, 0]) / (1e-5 / k)
    assert ratio == pytest.approx(0.001 / root / (1 - 30 * 0.001**2 * k / (2 * root)), rel=1e-8)
    assert ratio == pytest.approx(0.449, abs=5e-4)


def spread_of(temperature: float, v: float, rate: float = 0.03) -> float:
    """The variance about the mean of chains of the released step, k = 1."""
    x = torch.zeros(20_000, dtype=torch.float64)
    draws, batches = torch.Generator().manual_seed(1), torch.Generator().manual_seed(2)
    sampler = build("official", {"rate": rate, "temperature": temperature})
    for _ in range(300):
        sampler.step(x, sampler.start(x), lambda at: listed(at)[0] + math.sqrt(v) * normal(x, batches), draws)
    return float(x.square().mean())


def test_the_released_step_follows_the_noise_of_its_batches_and_not_the_temperature() -> None:
    """Its steps are of one length, so its variance goes with sqrt(V): 2,400 and 240,000 times T/k here."""
    warm, cold, twice = spread_of(1e-5, 1.0), spread_of(1e-7, 1.0), spread_of(1e-5, 4.0)
    assert warm / 1e-5 == pytest.approx(2400, rel=0.05)
    assert cold / 1e-7 == pytest.approx(240_000, rel=0.05)
    assert twice / warm == pytest.approx(2, rel=0.05)


def test_the_released_step_is_thirty_equal_steps_of_one_gradient() -> None:
    x = torch.tensor([0.0, 0.0, 0.0], dtype=torch.float64)
    slope = torch.tensor([3.0, -0.002, 0.0], dtype=torch.float64)
    sampler = build("official", {"temperature": 0})
    sampler.step_with(x, sampler.start(x), lambda at: slope, [])
    wanted = [-30 * 1e-6 * each / math.sqrt((each * each + 1e-5) / 2) for each in slope.tolist()]
    assert x.tolist() == pytest.approx(wanted, rel=1e-12)


# what holds for each


def bowl(weights: Any) -> Any:
    """The gradient of a bowl over one tensor or several."""
    return weights.tanh() if isinstance(weights, Tensor) else [part.tanh() for part in weights]


def members() -> list[Tensor]:
    """Weights of four members, in single precision, as leaves of a graph."""
    draw = torch.Generator().manual_seed(3)
    return [torch.randn(4, *shape, generator=draw).requires_grad_() for shape in ((3, 2), (3,))]


def walked(name: str, weights: Any, momenta: Momenta, generator: torch.Generator, count: int, **changes: Any) -> None:
    sampler = build(name, {**SETTINGS[name], **changes})
    for _ in range(count):
        sampler.step(weights, momenta, bowl, generator)


@EACH
def test_the_same_generator_gives_the_same_chain_and_another_another(name: str) -> None:
    ends = []
    for seed in (1, 1, 2):
        weights = members()
        walked(name, weights, build(name, SETTINGS[name]).start(weights), torch.Generator().manual_seed(seed), 5)
        ends.append(torch.cat([part.detach().flatten() for part in weights]))
    assert torch.equal(ends[0], ends[1])
    assert torch.equal(ends[0], ends[2]) == (name == "sgd")


@EACH
def test_at_no_temperature_nothing_is_drawn_and_the_bowl_s_floor_is_reached(name: str) -> None:
    changes = {} if name == "sgd" else {"temperature": 0}
    weights, generator = members(), torch.Generator().manual_seed(1)
    before = generator.get_state()
    walked(name, weights, build(name, SETTINGS[name]).start(weights), generator, 400, **changes)
    assert torch.equal(generator.get_state(), before)
    floor = 0.06 if name == "official" else 1e-5  # steps of one length end within one
    assert max(float(part.detach().abs().max()) for part in weights) < floor


@EACH
def test_a_killed_chain_goes_on_where_it_stood(name: str) -> None:
    weights, generator = members(), torch.Generator().manual_seed(1)
    momenta = build(name, SETTINGS[name]).start(weights)
    walked(name, weights, momenta, generator, 3)
    saved = {key: value.clone() for key, value in momenta.tensors().items()}
    copies = [part.detach().clone() for part in weights]
    state = generator.get_state()
    walked(name, weights, momenta, generator, 4)

    restored, again = build(name, SETTINGS[name]).start(copies), torch.Generator()
    restored.restore(saved)
    again.set_state(state)
    walked(name, copies, restored, again, 4)
    assert all(torch.equal(a, b) for a, b in zip(weights, copies, strict=True))
    assert all(torch.equal(a, b) for a, b in zip(momenta.values, restored.values, strict=True))


@EACH
def test_a_tensor_is_a_list_of_one(name: str) -> None:
    alone = members()[0].detach()
    inside = [alone.clone()]
    for weights in (alone, inside):
        walked(name, weights, build(name, SETTINGS[name]).start(weights), torch.Generator().manual_seed(1), 3)
    assert torch.equal(alone, inside[0])


@EACH
def test_a_step_asks_for_its_gradient_once_and_outside_no_grad(name: str) -> None:
    weights, asked = members(), []
    sampler = build(name, SETTINGS[name])

    def gradient(at: Any) -> Any:
        asked.append(torch.is_grad_enabled())
        energy = sum(part.square().sum() for part in at)
        return torch.autograd.grad(energy, at)

    sampler.step(weights, sampler.start(weights), gradient, torch.Generator().manual_seed(1))
    assert asked == [True]
    assert all(part.is_leaf and part.requires_grad for part in weights)


@EACH
def test_members_are_chains_of_their_own(name: str) -> None:
    together, sampler = members()[0].detach(), build(name, SETTINGS[name])
    noise = torch.randn(together.shape, generator=torch.Generator().manual_seed(1))
    second = together[1:2].clone()
    for weights, xi in ((together, noise), (second, noise[1:2])):
        sampler.step_with(weights, sampler.start(weights), bowl, [xi])
    assert torch.equal(together[1:2], second)


# mistakes


@pytest.mark.parametrize(
    ("name", "given"),
    [
        ("adam", {"rate": 0.1}),
        ("sgld", {}),
        ("sgld", {"rate": 0}),
        ("sgld", {"rate": 0.1, "temperature": -1}),
        ("sgd", {"rate": 0.1, "temperature": 1}),
        ("sghmc", {"rate": 0.1, "friction": 2}),
        ("baoab", {"rate": 0.1, "friction": 0}),
        ("official", {"repeats": 0}),
    ],
)
def test_settings_that_cannot_be_used_are_one_clear_line(name: str, given: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match=r"^sampler.*: found .*, expected") as error:
        build(name, given)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("saved", [{}, {"momentum.0": torch.zeros(4, 3, 2), "momentum.1": torch.zeros(4)}])
def test_momenta_of_other_weights_are_one_clear_line(saved: dict[str, Tensor]) -> None:
    with pytest.raises(KinesecError, match=r"^momentum.\d: found .*, expected .*; start"):
        build("sghmc", SETTINGS["sghmc"]).start(members()).restore(saved)
