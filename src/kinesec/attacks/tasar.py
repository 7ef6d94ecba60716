"""TASAR: transferable attack on skeletal action recognition (Diao et al., ICLR 2025).

Its paper's text was not at hand: what is here follows what its released code is known to do (docs/definitions.md,
section 9, says what is unknown and what is ours). A posterior over small networks appended to the surrogate smooths
its loss, and gradients are led back in time along the clip's own dynamics.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor

from kinesec import seeding
from kinesec.attacks._bounded import Within
from kinesec.attacks.base import Box, Course, Estimate, GradientAttack, Gradients, Lanes
from kinesec.attacks.engine.autoregression import coefficients, led_back
from kinesec.attacks.engine.criteria import Criterion
from kinesec.attacks.engine.posterior import Posterior, fitted, size_of, votes
from kinesec.attacks.engine.steps import TINY, each
from kinesec.attacks.pgd import PGD
from kinesec.errors import KinesecError
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.settings import Count, NotNegative, Positive, Share, Whole

NEARLY = 1e-3


@dataclass(frozen=True, kw_only=True)
class TASAR(GradientAttack):
    """As released: ``iterations`` steps of ``step`` within ``epsilon``; .8 of the posterior's gradient, .2 of motion's.

    ``members`` networks are trained for ``epochs`` twice (``posterior.fitted``, ``batch``, ``rate``, ``smoothness``);
    each step averages over ``draws`` of each, ``spread`` standard deviations about their mean. ``motion`` is the share
    of the gradient that is led back in time and summed over steps; ``bandwidth`` is that of the motion's fit, as a
    share of the frames (ours: the released code's is chosen by R's tvReg).
    """

    needs_training = True
    epsilon: Positive = 0.01
    step: Positive = 0.01
    iterations: Whole = 200
    after_success: Literal["stop", "continue", "ignore"] = "ignore"
    members: Count = 3
    draws: Count = 20
    spread: NotNegative = 1.5
    epochs: Count = 5
    batch: Count = 32
    rate: Positive = 0.002
    smoothness: NotNegative = 0.001
    motion: Share = 0.2
    bandwidth: Positive = 0.25
    box: Box | None = None

    def course(self, lanes: Lanes) -> Course:
        return Along(lanes, PGD(epsilon=self.epsilon, step=self.step, box=self.box))

    def estimator(self) -> Estimate:
        return Smoothed(self)


class Along(Within):
    """Steps along what the estimate gives, which is scaled already."""

    def direction(self, gradient: Tensor) -> Tensor:
        return gradient


def scaled(gradient: Tensor, lanes: Lanes) -> Tensor:
    """Each lane's gradient over the mean of its absolute values, over what is there of a clip."""
    count = lanes.present.flatten(1).sum(1) * gradient.shape[3] * gradient.shape[4]
    mean = gradient.flatten(1).abs().sum(1) / count.clamp_min(1)
    return gradient / each(mean.clamp_min(TINY))


class Smoothed:
    """The direction of one run: keeps the posterior, and of each lane its motion's coefficients and summed gradient."""

    def __init__(self, attack: TASAR) -> None:
        self.attack = attack
        self.posterior: Posterior | None = None
        self.sum = self.first = self.second = torch.zeros(0)

    def fit(self, model: Recognizer, lanes: Lanes) -> Posterior:
        """The posterior of networks appended to a recognizer, from the attacker's clips."""
        training, attack = lanes.problem.training, self.attack
        if training is None or not len(training):
            raise KinesecError(f"attack {attack.name!r}: found no training clips, expected some to learn from")
        device = lanes.x.device
        logits = RECOGNIZERS.predict(model, training.position.to(device)).clone()
        if logits.logsumexp(1).abs().max() < NEARLY:
            raise KinesecError(
                f"attack {attack.name!r}: found log-probabilities, which a ReLU leaves nothing of, expected logits; an "
                "ensemble needs `average: logits`"
            )
        with torch.enable_grad():
            return fitted(
                logits,
                training.label.to(device),
                members=attack.members,
                epochs=attack.epochs,
                batch=attack.batch,
                rate=attack.rate,
                smoothness=attack.smoothness,
                generator=torch.Generator().manual_seed(seeding.integer(lanes.seed, "posterior")),
            )

    def enter(self, lanes: Lanes) -> None:
        """Makes ready for clips that have just come into lanes."""
        if self.sum.shape != lanes.x.shape:
            self.sum, self.first, self.second = (torch.zeros_like(lanes.x) for _ in range(3))
        for lane in lanes.active:
            if lanes.iteration[lane] == 0:
                self.sum[lane] = 0
                if self.attack.motion:
                    self.first[lane], self.second[lane] = coefficients(lanes.clean[lane], self.attack.bandwidth)

    def __call__(self, model: Recognizer, lanes: Lanes, criterion: Criterion) -> Gradients:
        """The recognizer's own logits and loss, and the way to go: past the posterior and back in time."""
        if lanes.last_look:
            logits = model(lanes.x)
            return logits, criterion.loss(logits, lanes.label, lanes.target), torch.zeros_like(lanes.x)
        if self.posterior is None:
            self.posterior = self.fit(model, lanes)
        self.enter(lanes)
        x = lanes.x.detach().requires_grad_()
        with torch.enable_grad():
            logits = model(x)
            past, own = self._slopes(logits, lanes, criterion)
            gradient = scaled(torch.autograd.grad(logits, x, past, retain_graph=True)[0] * lanes.present, lanes)
            along = torch.autograd.grad(logits, x, own)[0] * lanes.present if self.attack.motion else None
        if along is not None:
            self.sum += along + led_back(along, self.first, self.second) * lanes.present
            gradient = torch.lerp(gradient, scaled(self.sum, lanes), self.attack.motion)
        logits = logits.detach()
        return logits, criterion.loss(logits, lanes.label, lanes.target), gradient

    def _slopes(self, logits: Tensor, lanes: Lanes, criterion: Criterion) -> tuple[Tensor, Tensor]:
        """By the recognizer's logits (lane, class): the mean of all draws' losses, and the loss of the members' sum.

        Each member stands in the sum by its mean over draws (ours): a sum of all would be full.
        """
        attack, posterior = self.attack, self.posterior
        assert posterior is not None, "fitted before the first step"
        shape = (attack.draws, attack.members, size_of(logits.shape[1]))
        noise = lanes.drawn(lambda chance: torch.randn(shape, generator=chance))
        at = logits.detach()[:, None, None, None].requires_grad_()
        said = votes(at, posterior.drawn(noise, attack.spread))[..., 0, :]  # (lane, draw, member, class)
        count = attack.draws * attack.members
        flat = said.flatten(0, 2)
        labels, targets = (each_of.repeat_interleave(count) for each_of in (lanes.label, lanes.target))
        mean = criterion.loss(flat, labels, targets).sum() / count
        past = torch.autograd.grad(mean, at, retain_graph=True)[0]
        summed = criterion.loss(said.mean(1).sum(1), lanes.label, lanes.target).sum()
        own = torch.autograd.grad(summed, at)[0]
        return past[:, 0, 0, 0], own[:, 0, 0, 0]


NAME = "TASAR"
ATTACK = TASAR
BOUNDED = True
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
