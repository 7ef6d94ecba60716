"""CIASA's adversarial regulariser: a critic that tells a clip's own poses from attacked ones by the angles of bones.

Ours where the paper could not be read in full: each clip has a critic of its own, trained while it is attacked, so that
neither the batch nor the shard has a say; and its verdict is differentiated to the joints' positions.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import leaky_relu

from kinesec.attacks.engine.lanes import Lanes
from kinesec.attacks.engine.perceptual import bone_matrix
from kinesec.attacks.engine.steps import Adam

_SHORT = 1e-6  # bones shorter than this, in normalised units, have no direction


class Critic:
    """Two layers a lane, on the cosines between all pairs of bones of one body in one frame; least squares GAN."""

    def __init__(self, lanes: Lanes, *, hidden: int, rate: float) -> None:
        self.lanes = lanes
        geometry, clean = lanes.problem.geometry, lanes.clean
        self._ends = bone_matrix(geometry, clean)
        self._mean = clean.new_tensor(geometry.mean.tolist()).flatten() @ self._ends
        bones = len(geometry.links)
        self._pairs = torch.triu_indices(bones, bones, 1, device=clean.device)
        inputs, width = self._pairs.shape[1], lanes.width
        self._own = clean.new_zeros(width, clean.shape[1] * clean.shape[2], inputs)
        shapes = ((inputs, hidden), (1, hidden), (hidden, 1), (1, 1))
        self.parameters = [clean.new_zeros(width, *shape) for shape in shapes]
        self._steps = [Adam(parameter, rate) for parameter in self.parameters]

    def enter(self, lane: int) -> None:
        """A new critic, by the chance of the clip that has come into the lane."""
        for parameter, step in zip(self.parameters, self._steps, strict=True):
            into, out = parameter.shape[1:]
            drawn = torch.randn(into, out, generator=self.lanes.generator(lane)) * into**-0.5
            parameter[lane] = drawn.to(parameter) if into > 1 else 0.0
            step.enter(lane)
        self._own[lane] = self.features(self.lanes.clean[lane : lane + 1])[0]

    def features(self, x: Tensor) -> Tensor:
        """Cosines (lane, body x frame, pair of bones)."""
        vectors = (x.flatten(-2).flatten(1, 2) @ self._ends + self._mean).unflatten(-1, (3, -1))
        units = vectors / (vectors.square().sum(-2, keepdim=True) + _SHORT**2).sqrt()
        gram: Tensor = units.transpose(-1, -2) @ units
        return gram[..., self._pairs[0], self._pairs[1]]

    def verdict(self, features: Tensor) -> Tensor:
        """How real each pose seems (lane, body x frame): 1 its own, 0 attacked."""
        first, bias, second, last = self.parameters
        seeming: Tensor = leaky_relu(features @ first + bias, 0.2) @ second + last
        return seeming[..., 0]

    def _mean_square(self, wrong: Tensor) -> Tensor:
        there = self.lanes.present.flatten(1)
        return (wrong.square() * there).sum(1) / there.sum(1).clamp_min(1)

    def __call__(self) -> tuple[Tensor, Tensor]:
        """Trains the critics by one step; then how unreal they find the lanes (lane,), and its gradient."""
        x = self.lanes.x.detach().requires_grad_()
        with torch.enable_grad():
            attacked = self.features(x)
            self._train(attacked.detach())
            loss = self._mean_square(self.verdict(attacked) - 1)
            (gradient,) = torch.autograd.grad(loss.sum(), x)
        return loss.detach(), gradient

    def _train(self, attacked: Tensor) -> None:
        for parameter in self.parameters:
            parameter.requires_grad_()
        loss = (self._mean_square(self.verdict(self._own) - 1) + self._mean_square(self.verdict(attacked))) / 2
        gradients = torch.autograd.grad(loss.sum(), self.parameters)
        time = [step + 1 for step in self.lanes.iteration]
        with torch.no_grad():
            for parameter, step, gradient in zip(self.parameters, self._steps, gradients, strict=True):
                parameter.requires_grad_(False).add_(step(gradient, time))
