"""CIASA: constrained iterative attack for skeleton actions (Liu, Akhtar and Mian, 2019), one of SMART's comparators."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from kinesec.attacks._mixed import Mixed
from kinesec.attacks.base import AfterSuccess, Course, GradientAttack, Lanes
from kinesec.attacks.engine.critic import Critic
from kinesec.attacks.engine.perceptual import Distortion
from kinesec.attacks.engine.steps import TINY, Adam, Step, bound
from kinesec.motion.kinematics import bone_lengths, bones, pose_limb
from kinesec.settings import Count, NotNegative, Positive, Whole


@dataclass(frozen=True, kw_only=True)
class CIASA(GradientAttack):
    """Classification loss, spatio-temporal constraints and a critic, within ``epsilon`` and with the bones realigned.

    ``bone``, ``acceleration`` and ``critic`` weigh the constraints (means over frames, joints or bones) and the
    critic's verdict against the classification loss; a ``critic`` of 0 leaves it out. ``hidden`` and ``critic_rate``
    are the critic's. ``realign`` brings every bone back to its length after each step. The paper's values could not be
    read: these are ours (docs/definitions.md, section 9).
    """

    bone: NotNegative = 1.0
    acceleration: NotNegative = 1.0
    critic: NotNegative = 0.1
    epsilon: Positive | None = 0.1
    realign: bool = True
    rate: Positive = 0.005
    iterations: Whole = 300
    after_success: AfterSuccess = "stop"
    hidden: Count = 32
    critic_rate: Positive = 0.001

    def course(self, lanes: Lanes) -> Course:
        distortion = Distortion(lanes, derivatives={2: self.acceleration}, bone=self.bone, reduction="mean")
        return Constrained(lanes, distortion, Adam(lanes.x, self.rate), self)


class Constrained(Mixed):
    """SMART's course with a critic in its perceptual loss, and bones that keep their lengths."""

    def __init__(self, lanes: Lanes, distortion: Distortion, step: Step, attack: CIASA) -> None:
        super().__init__(lanes, distortion, step, weights=(1.0, 1.0), reduction="mean", epsilon=attack.epsilon)
        self.attack = attack
        self.parents = lanes.problem.geometry.parents
        self.mean = lanes.x.new_tensor(lanes.problem.geometry.mean.tolist())
        self.lengths = torch.zeros_like(lanes.x[..., 1:, 0])
        self.critic = Critic(lanes, hidden=attack.hidden, rate=attack.critic_rate) if attack.critic else None

    def enter(self, lane: int) -> None:
        super().enter(lane)
        self.lengths[lane] = bone_lengths(self.lanes.clean[lane] + self.mean, self.parents)
        if self.critic is not None:
            self.critic.enter(lane)

    def cost(self) -> tuple[Tensor, Tensor | None]:
        loss, gradient = self.distortion()
        if self.critic is not None:
            unreal, reach = self.critic()
            loss = loss + self.attack.critic * unreal
            gradient.add_(reach * self.lanes.present, alpha=self.attack.critic)
        return loss, gradient

    def advance(self, class_gradient: Tensor, cost_gradient: Tensor | None) -> None:
        super().advance(class_gradient, cost_gradient)
        if self.attack.realign:
            placed = self.lanes.x + self.mean
            directions = bones(placed, self.parents)
            directions = directions / bone_lengths(placed, self.parents).clamp_min(TINY)[..., None]
            limb = range(1, len(self.parents))
            aligned = pose_limb(placed, self.parents, limb, directions, self.lengths)
            self.lanes.x.copy_((aligned - self.mean) * self.lanes.present)
            bound(self.lanes.x, self.lanes.clean, self.lanes.present, epsilon=self.epsilon)


NAME = "CIASA"
ATTACK = CIASA
PRESETS: dict[str, dict[str, Any]] = {"paper": {}, "unconstrained": {"epsilon": None}}
