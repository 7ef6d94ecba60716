"""A query-efficient attack on hard labels, in the subspace of key joints and low temporal frequencies. Ours.

The normal of the decision boundary is estimated from the labels of clips about a boundary point (HopSkipJump, Chen et
al., IEEE S&P 2020), of directions that move key joints alone (as ISAAC does, arXiv 2501.16843, of which the abstract
alone is known to us) and at low frequencies. The next boundary point is sought on the half circle over the way from the
clean clip to the last one, in the plane of that way and the normal: where the boundary is flat, it meets the circle
where it is nearest to the clean clip (Thales).
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from kinesec.attacks._hard_label import HardLabelAttack
from kinesec.attacks.engine.decision import Ground, Walk, select, spread_over
from kinesec.settings import Count, NotNegative, Positive, Share, Whole

RADIUS, NORMAL, CIRCLE = range(3)


@dataclass(frozen=True, kw_only=True)
class Subspace(HardLabelAttack):
    """``joints`` is the share of joints that are key, those that the first boundary point moves most; ``frequencies``
    that of temporal frequencies, the lowest.

    Step t asks ``queries`` sqrt(t) clips about the boundary point, ``most`` at most, ``probe`` of the distance to the
    clean clip away; then ``halvings`` more on the circle.
    """

    iterations: Whole = 500
    budget: Count | None = 2000
    starts: Count = 100
    joints: Share = 0.5
    frequencies: Share = 0.25
    queries: Count = 20
    most: Count = 100
    probe: Positive = 0.05
    halvings: Count = 8
    project_every: Whole = 0
    acceleration_weight: NotNegative = 1.0
    margin_degrees: NotNegative = 2.0
    tolerance: Positive = 5e-4
    solver_iterations: Count = 500

    def walk(self, ground: Ground) -> Walk:
        return Circles(ground, self)


class Circles(Walk):
    """A step: the way to the clean clip halved, the boundary's normal estimated, the half circle halved."""

    def __init__(self, ground: Ground, settings: Subspace) -> None:
        super().__init__(ground)
        self.settings = settings
        x, width = ground.here, ground.lanes.width
        frames, joints = x.shape[2:4]
        self.key_joints = max(1, round(settings.joints * joints))
        self.waves = cosines(frames, max(1, round(settings.frequencies * frames)), x)
        self.mask = x.new_zeros(width, 1, 1, joints, 1)
        self.mode, self.turn, self.count = (torch.zeros(width, dtype=torch.int64, device=x.device) for _ in range(3))
        self.low, self.high, self.votes = (x.new_zeros(width) for _ in range(3))
        self.normal, self.sum, self.voted, self.direction = (torch.zeros_like(x) for _ in range(4))
        self.asked_at = x.clone()

    def begin(self, lane: int) -> None:
        moved = self.ground.here[lane] - self.ground.lanes.clean[lane]
        strength = (moved * moved).sum((0, 1, 3))
        key = strength.topk(self.key_joints).indices
        self.mask[lane] = 0
        self.mask[lane, 0, 0, key, 0] = 1

    def enter(self, lanes: Tensor) -> None:
        self._halve(lanes, RADIUS)

    def _halve(self, lanes: Tensor, mode: int) -> None:
        """Begins to halve in those lanes: ``low`` is adversarial, ``high`` is not."""
        self.mode, self.turn = torch.where(lanes, mode, self.mode), torch.where(lanes, 0, self.turn)
        self.low = torch.where(lanes, 0.0, self.low)
        self.high = torch.where(lanes, 1.0 if mode == RADIUS else math.pi / 2, self.high)

    def ask(self, now: Tensor) -> Tensor:
        ground, middle = self.ground, (self.low + self.high) / 2
        here, clean = ground.here, ground.lanes.clean
        away = here - clean
        clips = clean + (1 - spread_over(middle, here)) * away
        if bool((self.mode == CIRCLE).any()):
            clips = select(self.mode == CIRCLE, clean + on_circle(away, self.normal, middle), clips)
        probing = now & (self.mode == NORMAL)
        if bool(probing.any()):
            self.direction = self._drawn(probing.nonzero()[:, 0].tolist())
            probe = self.settings.probe * _norm(away) * self.direction
            clips = select(probing, here + probe, clips)
        return clips

    def _drawn(self, among: Iterable[int]) -> Tensor:
        """A random unit direction (lane, ...) of the subspace in each of those lanes."""
        x = self.ground.here
        shape = (x.shape[1], len(self.waves), x.shape[3], 3)
        drawn = self.ground.lanes.drawn(lambda chance: torch.randn(shape, generator=chance), among)
        moved = torch.einsum("kf,lbkjx->lbfjx", self.waves, drawn) * self.mask * self.ground.lanes.present
        return moved / _norm(moved).clamp_min(1e-12)

    def answer(self, asked: Tensor, clips: Tensor, adversarial: Tensor) -> Tensor:
        probing = asked & (self.mode == NORMAL)
        if bool(probing.any()):
            vote = torch.where(adversarial, 1.0, -1.0).to(self.votes) * probing
            self.votes = self.votes + vote
            self.sum = self.sum + self.direction * spread_over(probing, self.sum)
            self.voted = self.voted + self.direction * spread_over(vote, self.voted)
        halving = asked & ~probing
        middle = (self.low + self.high) / 2
        self.asked_at = select(halving & adversarial, clips, self.asked_at)
        moved = halving & adversarial
        self.low, self.high = (
            torch.where(moved, middle, self.low),
            torch.where(halving & ~adversarial, middle, self.high),
        )
        self.turn = self.turn + asked.long()
        over = halving & (self.turn >= self.settings.halvings)
        self.ground.here = select(over & (self.low > 0), self.asked_at, self.ground.here)
        stepped = over & (self.mode == CIRCLE)
        self.ground.steps += stepped
        self._probe(over & (self.mode == RADIUS))
        self._halve(stepped, RADIUS)
        known = probing & (self.turn >= self.count)
        if bool(known.any()):
            mean = spread_over(self.votes / self.count.clamp_min(1), self.sum)
            normal = self.voted - mean * self.sum
            # where all probes say the same, their mean is all that is known
            alone = (self.votes.abs() == self.count) & known
            normal = select(alone, self.voted, normal)
            self.normal = select(known, normal / _norm(normal).clamp_min(1e-12), self.normal)
            self._halve(known, CIRCLE)
        return stepped

    def _probe(self, lanes: Tensor) -> None:
        """Begins to estimate the normal in those lanes."""
        self.mode, self.turn = torch.where(lanes, NORMAL, self.mode), torch.where(lanes, 0, self.turn)
        wanted = (self.settings.queries * (self.ground.steps + 1).double().sqrt()).long().clamp_max(self.settings.most)
        self.count = torch.where(lanes, wanted, self.count)
        self.votes = torch.where(lanes, 0.0, self.votes)
        self.sum, self.voted = (select(lanes, torch.zeros_like(kept), kept) for kept in (self.sum, self.voted))


def on_circle(away: Tensor, normal: Tensor, angle: Tensor) -> Tensor:
    """What leads from the clean clip to a point of the half circle over ``away``, ``angle`` (lane,) towards the normal.

    At 0 it is ``away`` itself, at 90 degrees the clean clip.
    """
    distance = _norm(away)
    unit = away / distance.clamp_min(1e-12)
    across = normal - (normal * unit).sum((1, 2, 3, 4), keepdim=True) * unit
    across = across / _norm(across).clamp_min(1e-12)
    cosine, sine = (spread_over(of, away) for of in (angle.cos(), angle.sin()))
    return distance * cosine * (cosine * unit + sine * across)


def cosines(frames: int, count: int, like: Tensor) -> Tensor:
    """The first ``count`` rows (frequency, frame) of the orthonormal discrete cosine transform."""
    frame = torch.arange(frames, dtype=torch.float64) + 0.5
    frequency = torch.arange(count, dtype=torch.float64)
    waves = torch.cos(math.pi * frequency[:, None] * frame / frames) * math.sqrt(2 / frames)
    waves[0] /= math.sqrt(2)
    return waves.to(like)


def _norm(vectors: Tensor) -> Tensor:
    return (vectors * vectors).sum((1, 2, 3, 4), keepdim=True).sqrt()


NAME = "subspace (ours)"
ACCESS = "labels"
ATTACK = Subspace
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
