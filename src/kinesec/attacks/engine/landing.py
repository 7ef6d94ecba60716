"""Landing on the manifold of human motion: an adversarial clip is projected, and the projection shown to the model."""

from __future__ import annotations

import torch
from torch import Tensor

from kinesec.attacks.engine.decision import Ground, Stage, select
from kinesec.attacks.engine.manifold import Manifold

LESS_WEIGHT, LEAST_WEIGHT = 0.1, 1e-3
LESS_SHARE, LEAST_SHARE = 0.95, 0.01


class Landing(Stage):
    """Projects each lane's best clip, and gives way until the projection is adversarial (released code).

    On the way, a projection that is not adversarial is forgotten. At a lane's end it is made again with a tenth of the
    acceleration's weight, down to 0.001. Then the motion goes back towards the start's, 0.95 of the rest at a time down
    to 0.01, in joint angles: every motion on that way is on the manifold (ours; of the released code's last search no
    more is known than these numbers). If none is adversarial, the clip stays as it was.

    ``landed`` (lane,) says of each lane's last landing whether it was adversarial, ``converged`` whether the solver was
    at its end and ``residual`` how far from it; ``made`` counts projections. Lanes wait for each other, so that many
    are projected in one call: it costs as much for one.
    """

    def __init__(self, ground: Ground, manifold: Manifold, *, weight: float, tolerance: float, iterations: int) -> None:
        super().__init__(ground)
        self.manifold, self.first_weight = manifold, weight
        self.tolerance, self.iterations = tolerance, iterations
        width, x = ground.lanes.width, ground.here
        self.waiting, self.landed, self.converged, self.last = (
            torch.zeros(width, dtype=torch.bool, device=x.device) for _ in range(4)
        )
        self.weight, self.share = x.new_zeros(width), x.new_ones(width)
        self.residual = x.new_full((width,), torch.nan)
        self.made = torch.zeros(width, dtype=torch.int64, device=x.device)
        self.search_l = x.new_full((width,), torch.nan)
        self.position = x.clone()

    def begin(self, lane: int) -> None:
        """Forgets the clip that was in a lane."""
        self.waiting[lane] = self.landed[lane] = self.converged[lane] = False
        self.residual[lane] = self.search_l[lane] = torch.nan
        self.made[lane] = 0

    def enter(self, lanes: Tensor, last: Tensor) -> None:
        """The best clips of those lanes (lane,) wait for their projection; for the ``last`` (lane,) ways are sought."""
        self.last = torch.where(lanes, last, self.last)
        self.waiting = self.waiting | lanes
        self.weight = torch.where(lanes, self.first_weight, self.weight)
        self.share = torch.where(lanes, 1.0, self.share)
        self.search_l = torch.where(lanes, self.ground.best_l, self.search_l)
        self.landed = self.landed & ~lanes

    def project(self, active: int) -> None:
        """Projects all that wait, once they are half of the ``active`` lanes or more."""
        if not 2 * int(self.waiting.sum()) >= max(1, active):
            return
        lanes, now = self.ground.lanes, self.waiting
        projection = self.manifold.project(
            self.ground.best,
            lanes.clean,
            lanes.present[..., 0, 0] > 0,
            self.weight,
            now,
            tolerance=self.tolerance,
            iterations=self.iterations,
        )
        self.position = select(now, projection.position.to(self.position), self.position)
        self.converged = torch.where(now, projection.converged, self.converged)
        self.residual = torch.where(now, projection.residual.to(self.residual), self.residual)
        self.made += now
        self.waiting = self.waiting & ~now

    def ask(self, now: Tensor) -> Tensor:
        back = now & (self.share < 1)
        if not bool(back.any()):
            return self.position
        lanes = self.ground.lanes
        there = lanes.present[..., 0, 0] > 0
        between = self.manifold.between(self.position, self.ground.start, lanes.clean, there, self.share)
        return select(back, between.to(self.position), self.position)

    def answer(self, asked: Tensor, clips: Tensor, adversarial: Tensor) -> Tensor:
        landed = asked & adversarial
        self.ground.land(landed, clips)
        self.landed = self.landed | landed
        missed, back = asked & ~adversarial & self.last, self.share < 1
        less = self.weight * LESS_WEIGHT
        again = missed & ~back & (less >= LEAST_WEIGHT * 0.999)  # 0.1 three times is a little less than 0.001
        self.weight = torch.where(again, less, self.weight)
        self.waiting = self.waiting | again
        self.share = torch.where(missed & ~again, self.share * LESS_SHARE, self.share)
        ended = landed | (missed & (self.share < LEAST_SHARE)) | (asked & ~adversarial & ~self.last)
        self.share = torch.where(ended, 1.0, self.share)
        return ended
