"""Random exploration and aimed probing along the decision boundary (BASAR)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from kinesec.attacks.engine.decision import FIRST_APPROACH, Ground, Walk, select, spread_over

Keep = Literal["nearest", "last"]

FEW, MANY, CHANGE = 0.2, 0.8, 0.9
MOST_TRIES = 300
HALF, NEARLY_ALL = 0.5, 0.9
MOST_HALVINGS = 20  # ours: of the released code's loop no end is known


class Exploration(Walk):
    """A step: ``proposals`` random clips about where the lane stands, then one nearer to the clean clip.

    Exploration: x~ = x' + W D, per axis D = R - (R.d) d with d the unit vector from x' to the clean clip x and
    R = size r / |r| |x - x'|, r normal. Of the adversarial ones the nearest to x is taken (ours). Where at most a fifth
    of them are, ``size`` shrinks to 0.9 of it; where four fifths are, it grows as much, to ``highest`` at most. Without
    one there is another round, 300 at most. ``joints`` (joint,) is the diagonal of W.

    Aimed probing: x~ = x' + approach (x - x'); ``approach`` is halved until that is adversarial, and then doubled;
    where that would be all of the way, it is 0.9. ``caps`` are (l, above, size): up to that l a larger ``size`` than
    ``above`` becomes this one.
    """

    def __init__(
        self,
        ground: Ground,
        *,
        proposals: int,
        size: float,
        highest: float,
        caps: Sequence[tuple[float, float, float]] = (),
        joints: Sequence[float] | None = None,
        keep: Keep = "nearest",
    ) -> None:
        super().__init__(ground)
        self.keep = keep
        self.before, self.before_l = ground.here.clone(), ground.best_l.clone()
        self.proposals, self.first_size, self.highest, self.caps = proposals, size, highest, caps
        x, width = ground.here, ground.lanes.width
        self.joints = x.new_ones(x.shape[3], 1) if joints is None else x.new_tensor(joints)[:, None]
        self.bank = x.new_zeros(width, proposals, *x.shape[1:])
        self.hits = torch.zeros(width, proposals, dtype=torch.bool, device=x.device)
        self.turn, self.tries, self.halvings = (
            torch.zeros(width, dtype=torch.int64, device=x.device) for _ in range(3)
        )
        self.fresh = torch.zeros(width, dtype=torch.bool, device=x.device)
        self.size, self.approach = x.new_zeros(width), x.new_zeros(width)
        self._lane = torch.arange(width, device=x.device)
        self._turns = torch.arange(proposals, device=x.device)

    def begin(self, lane: int) -> None:
        self.size[lane], self.approach[lane] = self.first_size, FIRST_APPROACH

    def enter(self, lanes: Tensor) -> None:
        self._renew(lanes)
        self.before = select(lanes, self.ground.here, self.before)
        self.before_l = torch.where(lanes, self.ground.l(self.ground.here), self.before_l)
        self.tries = torch.where(lanes, 0, self.tries)
        self.halvings = torch.where(lanes, 0, self.halvings)

    def _renew(self, lanes: Tensor) -> None:
        """A new round of proposals in those lanes."""
        self.fresh = self.fresh | lanes
        self.turn = torch.where(lanes, 0, self.turn)

    def _draw(self, fresh: Tensor) -> None:
        lanes, here = self.ground.lanes, self.ground.here
        among = fresh.nonzero()[:, 0].tolist()
        shape = (self.proposals, *here.shape[1:])
        drawn = lanes.drawn(lambda chance: torch.randn(shape, generator=chance), among) * lanes.present[:, None]
        towards = (lanes.clean - here)[:, None]
        distance = _axis_norm(towards)
        unit = towards / distance.clamp_min(1e-12)
        moved = spread_over(self.size, drawn) * drawn / _axis_norm(drawn).clamp_min(1e-12) * distance
        moved = moved - (moved * unit).sum((2, 3, 4), keepdim=True) * unit
        self.bank = select(fresh, here[:, None] + self.joints * moved, self.bank)
        self.fresh = self.fresh & ~fresh

    def ask(self, now: Tensor) -> Tensor:
        fresh = now & self.fresh
        if bool(fresh.any()):
            self._draw(fresh)
        here = self.ground.here
        aimed = here + spread_over(self.approach, here) * (self.ground.lanes.clean - here)
        return select(self.turn < self.proposals, self.bank[self._lane, self.turn.clamp_max(self.proposals - 1)], aimed)

    def answer(self, asked: Tensor, clips: Tensor, adversarial: Tensor) -> Tensor:
        aimed = asked & (self.turn == self.proposals)
        self._learn_explored(asked & ~aimed, adversarial)
        return self._learn_aimed(aimed, clips, adversarial)

    def _learn_explored(self, asked: Tensor, adversarial: Tensor) -> None:
        now = asked[:, None] & (self._turns == self.turn[:, None])
        self.hits = torch.where(now, adversarial[:, None], self.hits)
        self.turn = self.turn + asked.long()
        whole = asked & (self.turn == self.proposals)
        if not bool(whole.any()):
            return
        share, some = self.hits.float().mean(1), self.hits.any(1)
        self.size = torch.where(whole & (share <= FEW), self.size * CHANGE, self.size)
        grown = (self.size / CHANGE).clamp_max(self.highest)
        if self.keep == "last":
            self.size = torch.where(whole & (share >= MANY), grown, self.size)
        sizes = torch.stack([self.ground.l(self.bank[:, turn]) for turn in range(self.proposals)], 1)
        nearest = torch.where(self.hits, sizes, torch.inf).argmin(1)
        self.ground.here = select(whole & some, self.bank[self._lane, nearest], self.ground.here)
        self.tries = torch.where(whole, torch.where(some, 0, self.tries + 1), self.tries)
        self._renew(whole & ~some & (self.tries < MOST_TRIES))

    def _learn_aimed(self, asked: Tensor, clips: Tensor, adversarial: Tensor) -> Tensor:
        hit, missed = asked & adversarial, asked & ~adversarial
        self.ground.here = select(hit, clips, self.ground.here)
        doubled = self.approach / HALF
        self.approach = torch.where(hit, torch.where(doubled >= 1, NEARLY_ALL, doubled), self.approach)
        self.approach = torch.where(missed, self.approach * HALF, self.approach)
        self.halvings = torch.where(missed, self.halvings + 1, torch.where(hit, 0, self.halvings))
        stepped = hit | (missed & (self.halvings >= MOST_HALVINGS))
        if bool(stepped.any()):
            self.ground.steps += stepped
            self.halvings = torch.where(stepped, 0, self.halvings)
            self.tries = torch.where(stepped, 0, self.tries)
            self._renew(stepped)
            size = self.ground.l(self.ground.here)
            if self.keep == "nearest":
                size = self._take_back(stepped, size)
            for up_to, above, less in self.caps:
                self.size = torch.where(stepped & (size <= up_to) & (self.size > above), less, self.size)
        return stepped

    def _take_back(self, stepped: Tensor, size: Tensor) -> Tensor:
        """Undoes steps that led farther away, and explores less after these and more after others; the l (lane,)."""
        worse, better = stepped & (size >= self.before_l), stepped & (size < self.before_l)
        self.ground.here = select(worse, self.before, self.ground.here)
        self.before = select(better, self.ground.here, self.before)
        self.before_l = torch.where(better, size, self.before_l)
        self.size = torch.where(worse, self.size * CHANGE, self.size)
        self.size = torch.where(better, (self.size / CHANGE).clamp_max(self.highest), self.size)
        return torch.where(worse, self.before_l, size)


def _axis_norm(vectors: Tensor) -> Tensor:
    """Norms over bodies, frames and joints of vectors (lane, proposal, body, frame, joint, xyz), an axis each."""
    return (vectors * vectors).sum((2, 3, 4), keepdim=True).sqrt()
