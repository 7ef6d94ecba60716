"""How appended networks' weights move: a sampler of their posterior in the place of an optimiser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Literal, Self

import torch
from torch import nn

from kinesec import seeding
from kinesec.defences.robust import _samplers
from kinesec.settings import Count, NotNegative, Positive

Sampler = Literal["sghmc", "baoab", "sgld", "official", "sgd"]


@dataclass(frozen=True)
class Sampling:
    """How appended networks are trained: ``epochs`` in batches of ``batch``; kept are the last, a draw of each chain.

    ``sghmc``, ``baoab`` and ``sgld`` end in draws at ``temperature`` (1 over the number of clips: the loss is a mean
    over these), ``official``, the released code's, and ``sgd``, the control, in one point. ``rate`` and ``friction``
    are the sampler's (``_samplers``).
    """

    epochs: Count = 20
    batch: Count = 32
    sampler: Sampler = "baoab"
    rate: Positive = 0.02
    friction: Positive = 2.0
    temperature: NotNegative = 0.0
    seed: int = 0
    selection: Literal["validation", "last"] = "last"

    def rate_at(self, progress: float) -> float:
        return self.rate

    @property
    def settings(self) -> dict[str, float]:
        """What the sampler takes; the official one keeps its own temperature."""
        taken = {"sgd": ("rate",), "official": ("rate",), "sgld": ("rate", "temperature")}
        names = taken.get(self.sampler, ("rate", "friction", "temperature"))
        return {name: getattr(self, name) for name in names}

    def optimiser_of(self, model: Any) -> torch.optim.Optimizer:
        return Posterior(model.appended.appended, self)

    def descent(self) -> Self:
        """Plain SGD by the step that the sampler comes to without its noise, once its momentum has grown."""
        reach = {"sghmc": self.rate / self.friction, "baoab": self.rate / self.friction}.get(self.sampler, self.rate)
        return replace(self, sampler="sgd", rate=reach)


class Posterior(torch.optim.Optimizer):
    """Moves weights by a sampler; its noise depends on the seed and the number of steps alone, so that it resumes.

    A sampler that moves before it asks for the gradient makes that move at the end of the step before.
    """

    def __init__(self, parameters: list[nn.Parameter], sampling: Sampling) -> None:
        super().__init__(parameters, {"lr": sampling.rate})
        self.sampling = sampling
        self.sampler = _samplers.build(sampling.sampler, sampling.settings)
        momenta = self.sampler.start([parameter.detach() for parameter in parameters]).values
        for number, parameter in enumerate(parameters):
            self.state[parameter]["steps"] = torch.zeros(())
            if momenta:
                self.state[parameter]["momentum"] = momenta[number]

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        weights: list[nn.Parameter] = self.param_groups[0]["params"]
        states = [self.state[weight] for weight in weights]
        momenta = [state["momentum"] for state in states if "momentum" in state]
        steps = int(states[0]["steps"])
        generator = torch.Generator().manual_seed(seeding.integer(self.sampling.seed, "sampler", steps))
        noise = [_samplers.normal(weight, generator) for weight in weights]
        slopes = [weight.grad for weight in weights if weight.grad is not None]
        parts = [weight.data for weight in weights]
        self.sampler.after(parts, momenta, slopes, noise if self.sampler.noisy else [None] * len(parts))
        self.sampler.before(parts, momenta)
        for state in states:
            state["steps"] += 1
