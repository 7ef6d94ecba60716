"""Steps that draw from exp(-U / T), U an energy of weights or of motions and T a ``temperature``.

Weights are one tensor or a list of them; every step is elementwise, so members or lanes stacked in a first dimension
are chains of their own. A step changes them in place, asks for their gradient once, and keeps its momenta (unit mass)
in ``Momenta``. If U is a mean over N samples of what the posterior sums, T = 1/N is that posterior. At T = 0 nothing
is drawn, and each sampler is an optimiser. Stationary moments on a Gaussian stand in the tests.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

import torch
from torch import Tensor

from kinesec import settings
from kinesec.errors import ConfigError, KinesecError
from kinesec.settings import Count, NotNegative, Positive, Range

Weights = Tensor | Sequence[Tensor]
Gradient = Callable[[Weights], Weights]  # of U at the weights as they then are


def listed(weights: Weights) -> list[Tensor]:
    """The tensors of weights."""
    return [weights] if isinstance(weights, Tensor) else list(weights)


@dataclass
class Momenta:
    """What a chain remembers between steps: a tensor for each of the weights', or none."""

    values: list[Tensor]

    def tensors(self) -> dict[str, Tensor]:
        """The momenta by name, to be saved beside the weights and the generator's state."""
        return {f"momentum.{number}": value for number, value in enumerate(self.values)}

    def restore(self, tensors: Mapping[str, Tensor]) -> None:
        """Takes over saved momenta, copied; raises ``KinesecError`` where they are another chain's."""
        for name, value in self.tensors().items():
            shape = tuple(tensors[name].shape) if name in tensors else "none"
            if shape != tuple(value.shape):
                raise KinesecError(f"{name}: found {shape}, expected {tuple(value.shape)}; start the chain anew")
            value.copy_(tensors[name])


@dataclass(frozen=True)
class Sampler(ABC):
    """A sampler's settings; the steps of chains whose momenta are handed in.

    ``rate`` is in steps of the gradient; its bounds below are for an energy of curvature k, which no step checks.
    """

    rate: Positive

    def __post_init__(self) -> None:
        settings.check(f"sampler {NAMES[type(self)]!r}", self)

    def start(self, weights: Weights) -> Momenta:
        """The momenta of chains that begin at ``weights``: at rest."""
        return Momenta([])

    def step(self, weights: Weights, momenta: Momenta, gradient: Gradient, generator: torch.Generator) -> None:
        """One step in place, its noise drawn on the generator's device: a CPU's draws are the same for any device."""
        noise = [normal(part, generator) for part in listed(weights)] if self.noisy else []
        self.step_with(weights, momenta, gradient, noise)

    def step_with(self, weights: Weights, momenta: Momenta, gradient: Gradient, noise: Sequence[Tensor]) -> None:
        """One step in place whose standard normal ``noise`` is given, shaped as the weights; unused at T = 0."""
        parts, velocities = listed(weights), momenta.values
        with torch.no_grad():
            self.before(parts, velocities)
        slopes = listed(gradient(weights))
        with torch.no_grad():
            self.after(parts, velocities, slopes, list(noise) if self.noisy else [None] * len(parts))

    @property
    def noisy(self) -> bool:
        """Whether a step draws."""
        return bool(getattr(self, "temperature", 0))

    def before(self, parts: list[Tensor], velocities: list[Tensor]) -> None:  # noqa: B027 few move before the gradient
        """What happens before the gradient is asked for."""

    @abstractmethod
    def after(
        self, parts: list[Tensor], velocities: list[Tensor], slopes: list[Tensor], noise: Sequence[Tensor | None]
    ) -> None:
        """What happens after."""


@dataclass(frozen=True)
class SGD(Sampler):
    """x <- x - h g: the control, which gradient noise alone keeps moving. hk < 2."""

    def after(
        self, parts: list[Tensor], velocities: list[Tensor], slopes: list[Tensor], noise: Sequence[Tensor | None]
    ) -> None:
        for x, slope in zip(parts, slopes, strict=True):
            x.add_(slope, alpha=-self.rate)


@dataclass(frozen=True)
class SGLD(Sampler):
    """x <- x - h g + sqrt(2hT) xi (Welling and Teh, ICML 2011, with their epsilon = 2h). hk < 2.

    Steps s along a score with noise sqrt(2s) sd, as BEAT's code moves motions, are h = s and T = sd^2.
    """

    temperature: NotNegative = 1.0

    def after(
        self, parts: list[Tensor], velocities: list[Tensor], slopes: list[Tensor], noise: Sequence[Tensor | None]
    ) -> None:
        for x, slope, xi in zip(parts, slopes, noise, strict=True):
            _add(x.add_(slope, alpha=-self.rate), xi, math.sqrt(2 * self.rate * self.temperature))


@dataclass(frozen=True)
class Inert(Sampler):
    """A sampler with momenta."""

    def start(self, weights: Weights) -> Momenta:
        return Momenta([torch.zeros_like(part, requires_grad=False) for part in listed(weights)])


@dataclass(frozen=True)
class SGHMC(Inert):
    """x <- x + v, then v <- (1 - a) v - eta g(x) + N(0, 2 a eta T) (Chen et al., ICML 2014, eq. 15).

    a is the ``friction`` of a step, eta the ``rate`` (a time step squared). eta k < 2 (2 - a). At T = 0 it is gradient
    descent with momentum 1 - a.
    """

    friction: Annotated[float, Range(0, 2, above=True, below=True)] = 0.1
    temperature: NotNegative = 1.0

    def before(self, parts: list[Tensor], velocities: list[Tensor]) -> None:
        for x, v in zip(parts, velocities, strict=True):
            x.add_(v)

    def after(
        self, parts: list[Tensor], velocities: list[Tensor], slopes: list[Tensor], noise: Sequence[Tensor | None]
    ) -> None:
        scale = math.sqrt(2 * self.friction * self.rate * self.temperature)
        for v, slope, xi in zip(velocities, slopes, noise, strict=True):
            _add(v.mul_(1 - self.friction).add_(slope, alpha=-self.rate), xi, scale)


@dataclass(frozen=True)
class BAOAB(Inert):
    """Kick (B), drift (A), exact friction and noise (O), drift (Leimkuhler and Matthews, 2013); ``rate`` is h. hhk < 4.

    BAOAB ends with a half kick and begins with one. Both are of the gradient at the same place, so they are here one
    kick of h (BAOA): the same positions, whose variance on a Gaussian is T/k at any step size, for one gradient a
    step that need not be kept for the next. Two half kicks would ask for it twice, or reuse a batch's noise. The
    momenta are those before BAOAB's last half kick: p - (h/2) g are BAOAB's. ``friction`` is a rate a unit of time.
    """

    friction: Positive = 1.0
    temperature: NotNegative = 1.0

    def after(
        self, parts: list[Tensor], velocities: list[Tensor], slopes: list[Tensor], noise: Sequence[Tensor | None]
    ) -> None:
        kept = math.exp(-self.friction * self.rate)
        scale = math.sqrt(-math.expm1(-2 * self.friction * self.rate) * self.temperature)
        for x, p, slope, xi in zip(parts, velocities, slopes, noise, strict=True):
            p.add_(slope, alpha=-self.rate)
            x.add_(p, alpha=self.rate / 2)
            _add(p.mul_(kept), xi, scale)
            x.add_(p, alpha=self.rate / 2)


@dataclass(frozen=True)
class Official(Sampler):
    """The step that BEAT's released code calls SGAdaHMC, as a fact to compare with: it samples from no posterior.

    It makes L ``repeats`` of x <- x - h^2 g / sqrt(v) + N(0, 2 h^3 C T / v), v = (1 - 1/tau) v_0 + g^2 / tau, with one
    gradient g for all L, and momentum and v forgotten before each; so they are here one step L times as long, with one
    draw of L times the variance. Its decay of h (gamma = .01) is computed and not used. The noise's form is inferred
    from Springenberg et al. (2016), without what they subtract for the noise of gradients.
    """

    rate: Positive = 0.001
    friction: Positive = 1.0
    temperature: NotNegative = 1e-5
    repeats: Count = 30
    tau: Annotated[float, Range(1)] = 2.0
    first: Positive = 1e-5

    def after(
        self, parts: list[Tensor], velocities: list[Tensor], slopes: list[Tensor], noise: Sequence[Tensor | None]
    ) -> None:
        scale = math.sqrt(2 * self.repeats * self.rate**3 * self.friction * self.temperature)
        for x, slope, xi in zip(parts, slopes, noise, strict=True):
            root = slope.square().div_(self.tau).add_((1 - 1 / self.tau) * self.first).sqrt_()
            x.addcdiv_(slope, root, value=-self.repeats * self.rate**2)
            if xi is not None:
                x.addcdiv_(xi, root, value=scale)


SAMPLERS: Mapping[str, type[Sampler]] = {
    "sghmc": SGHMC,
    "baoab": BAOAB,
    "sgld": SGLD,
    "official": Official,
    "sgd": SGD,
}
NAMES = {sampler: name for name, sampler in SAMPLERS.items()}


def build(name: str, given: Mapping[str, Any]) -> Sampler:
    """The sampler of a name with its settings; raises ``ConfigError`` for a name or settings that cannot be used."""
    if name not in SAMPLERS:
        raise ConfigError(f"sampler: found {name!r}, expected one of {', '.join(SAMPLERS)}")
    owner = f"sampler {name!r}"
    kept = settings.keywords(owner, SAMPLERS[name], given)
    if "rate" not in kept and SAMPLERS[name] is not Official:
        raise ConfigError(f"{owner}: rate: found none, expected a finite number above 0")
    return SAMPLERS[name](**kept)


def normal(like: Tensor, generator: torch.Generator) -> Tensor:
    """Standard normal numbers shaped as ``like``, drawn on the generator's device."""
    drawn = torch.randn(like.shape, generator=generator, device=generator.device, dtype=like.dtype)
    return drawn.to(like.device)


def _add(x: Tensor, noise: Tensor | None, scale: float) -> None:
    if noise is not None:
        x.add_(noise, alpha=scale)
