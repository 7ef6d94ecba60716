"""Adversarial training on clips off and on the manifold of motion (ours, after the abstract of MMAT, 2211.11312)."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from kinesec.attacks.engine.gradients import frozen
from kinesec.attacks.engine.manifold import Manifold
from kinesec.attacks.engine.problem import Problem
from kinesec.defences.robust._adversarial import AdversarialTraining, Batch, Objective, ascended
from kinesec.defences.robust.base import Case
from kinesec.models.recognizers.base import Recognizer
from kinesec.motion.angles import Pose
from kinesec.motion.kinematics import bone_lengths
from kinesec.settings import NotNegative, Positive


@dataclass(frozen=True, kw_only=True)
class MMAT(AdversarialTraining):
    """Cross entropy of clean clips, ``on`` times that of clips attacked on the manifold, ``off`` times that off it.

    Off the manifold is the bounded attack on coordinates. On it, ``steps`` signed steps of ``turn`` within ``reach``
    (radians) on the bends of joints, which stay within the limits of training motions (``margin_degrees``, as BASAR has
    them) and of the clip's own; forward kinematics keeps every bone's length. The paper's objective could not be read.
    """

    on: NotNegative = 1.0
    off: NotNegative = 1.0
    reach: Positive = 0.1
    turn: Positive = 0.025
    margin_degrees: NotNegative = 2.0

    def objective(self, case: Case) -> Objective:
        training = Problem.of_training(case.training)
        limits = Manifold.of(training.position, training.present, training.geometry, self.margin_degrees)
        return partial(self._loss, limits)

    def _loss(self, manifold: Manifold, model: Recognizer, batch: Batch) -> Tensor:
        off = ascended(model, batch, self, batch.cross_entropy)
        on = self._on_manifold(manifold, model, batch)
        losses = [model.loss(clip, batch.label, batch.smoothing) for clip in (batch.clip, off, on)]
        return (losses[0] + self.off * losses[1] + self.on * losses[2]) / (1 + self.off + self.on)

    def _on_manifold(self, manifold: Manifold, model: Recognizer, batch: Batch) -> Tensor:
        """Clips of the batch's bones whose joints bend towards a wrong answer, within their limits."""
        rig, there = manifold.rig, batch.present[..., None, None]
        true = batch.clip + batch.clip.new_tensor(manifold.geometry.mean)
        pose, length = rig.inverse(true), bone_lengths(true, rig.parents)
        length = torch.cat([torch.zeros_like(length[..., :1]), length], -1)
        low, high = (
            torch.maximum(sign * limit, (sign * pose.bend).masked_fill(there == 0, -torch.inf).amax(2, keepdim=True))
            for sign, limit in ((-1, true.new_tensor(manifold.low)), (1, true.new_tensor(manifold.high)))
        )

        def placed(change: Tensor) -> Tensor:
            moved = rig.forward(Pose(pose.root, pose.orientation, pose.bend + change), length)
            at: Tensor = batch.clip + (moved - true) * there
            return at

        change = torch.zeros_like(pose.bend)
        with frozen(model):
            for _ in range(self.steps):
                change.requires_grad_()
                gradient = torch.autograd.grad(batch.cross_entropy(model(placed(change))), change)[0]
                change = (change.detach() + self.turn * gradient.sign()).clamp(-self.reach, self.reach)
                change = torch.clamp(change, -low - pose.bend, high - pose.bend)
        return placed(change).detach()


DEFENCE = MMAT
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
