"""Small networks appended to a frozen recognizer's logits, and a Gaussian about what they learn (TASAR's surrogates).

z are the recognizer's logits past a ReLU, a member's logits z + ReLU(W2 (W1 z + b1) + b2); W1 and W2 are as wide as
there are classes.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

SNAPSHOTS = 300  # of the weights on their way, at most
APART = 0.1  # how far along the gradient the smoothed one looks


@dataclass(frozen=True)
class Posterior:
    """``mean`` and ``deviation`` (member, parameter) of the members' weights, in the order of ``split``."""

    mean: Tensor
    deviation: Tensor

    def drawn(self, noise: Tensor, scale: float) -> Tensor:
        """Weights (..., member, parameter) of standard normal ``noise``, ``scale`` deviations from the mean."""
        return self.mean + scale * self.deviation * noise


def size_of(classes: int) -> int:
    """The number of a member's parameters."""
    return 2 * classes * (classes + 1)


def split(weights: Tensor, classes: int) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """W1 (..., class, class), b1 (..., 1, class), W2 and b2 of weights (..., parameter)."""
    square = classes * classes
    first, bias, second, other = weights.split([square, classes, square, classes], -1)
    lead = weights.shape[:-1]
    return (
        first.reshape(*lead, classes, classes),
        bias.reshape(*lead, 1, classes),
        second.reshape(*lead, classes, classes),
        other.reshape(*lead, 1, classes),
    )


def votes(logits: Tensor, weights: Tensor) -> Tensor:
    """Members' logits (..., clip, class) where the recognizer says ``logits`` (..., clip, class)."""
    first, bias, second, other = split(weights, logits.shape[-1])
    z = logits.relu()
    return z + (((z @ first + bias) @ second) + other).relu()


def fitted(
    logits: Tensor,
    label: Tensor,
    *,
    members: int,
    epochs: int,
    batch: int,
    rate: float,
    smoothness: float,
    generator: torch.Generator,
) -> Posterior:
    """Trains members by Adam on the recognizer's ``logits`` (clip, class) of clips and their ``label`` (clip,).

    ``epochs`` of the cross entropy alone, then as many in which each gradient g is that at the weights plus
    ``smoothness`` / 0.1 times its change 0.1 further along g: weights that stand on flat ground. Over these the weights
    are noted up to 300 times, evenly spaced: their mean and standard deviation are what is returned (SWAG, diagonal).
    """
    classes = logits.shape[1]
    reach = 1 / math.sqrt(classes)
    weights = reach * (2 * torch.rand(members, size_of(classes), generator=generator) - 1)
    weights = weights.to(logits).requires_grad_()
    optimiser = torch.optim.Adam([weights], lr=rate)
    steps = epochs * math.ceil(len(label) / batch)
    every = max(1, math.ceil(steps / SNAPSHOTS))
    total, squares, noted = torch.zeros_like(weights), torch.zeros_like(weights), 0

    def slope(at: Tensor, part: Tensor) -> Tensor:
        at = at.detach().requires_grad_()
        said = votes(logits[part], at)
        loss = cross_entropy(said.flatten(0, 1), label[part].repeat(members), reduction="sum") / len(part)
        return torch.autograd.grad(loss, at)[0]

    for smoothed in (False, True):
        step = 0
        for _ in range(epochs):
            order = torch.randperm(len(label), generator=generator).to(label.device)
            for part in order.split(batch):
                gradient = slope(weights, part)
                if smoothed and smoothness:
                    length = gradient.norm(dim=1, keepdim=True).clamp_min(1e-12)
                    ahead = slope(weights + APART * gradient / length, part)
                    gradient = gradient + smoothness / APART * (ahead - gradient)
                weights.grad = gradient
                optimiser.step()
                step += 1
                if smoothed and step % every == 0:
                    now = weights.detach()
                    total, squares, noted = total + now, squares + now.square(), noted + 1
    if not noted:
        return Posterior(weights.detach().clone(), torch.zeros_like(weights).detach())
    mean = (total / noted).detach()
    variance = (squares / noted - mean.square()).clamp_min(0)
    return Posterior(mean, variance.sqrt().detach())
