"""The active set: clips under attack, one in each lane."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

import numpy as np
import torch
from torch import Tensor

from kinesec import seeding
from kinesec.attacks.engine.problem import Problem

CPU_WIDTH = 16
GPU_WIDTHS = (8, 64)
_GPU_COORDINATES = 2**18


def width_for(device: torch.device, position: Tensor) -> int:
    """How many lanes there are: always as many for clips of one shape on one kind of device.

    16 on a CPU: graph networks gain nothing by more, and more of them would stand empty while the last clips are
    attacked. On a GPU 8 to 64, as many as keep a network of published size within a card's memory.
    """
    if device.type == "cpu":
        return CPU_WIDTH
    least, most = GPU_WIDTHS
    fitting = max(1, _GPU_COORDINATES // max(1, position[0].numel() // 3))
    return min(most, max(least, 1 << (fitting.bit_length() - 1)))


class Lanes:
    """Clips under attack, a row each of tensors of one constant shape.

    ``x`` and ``clean`` (lane, body, frame, joint, xyz), ``present`` of 0 and 1 (lane, body, frame, 1, 1), ``label`` and
    ``target`` (lane,). ``clip`` are the problem's clips in the lanes (-1: none) and ``iteration`` the steps done.
    At a ``last_look`` no clip has a step left, and gradients are not asked for.

    A clip is always in the lane of its place among all clips, modulo their number, and kernels of one shape treat a
    lane alike whatever stands in the others. So what is computed of a clip depends on no other clip, on no batch size
    and on no cut in shards, to the last bit. A lane without a clip holds the last one's data.
    """

    def __init__(
        self, problem: Problem, target: np.ndarray, *, width: int, batch: int, device: torch.device, seed: int
    ) -> None:
        self.problem, self.target_of, self.seed = problem, target, seed
        self.width, self.batch = width, batch
        self._queues = [deque[int]() for _ in range(width)]
        for clip, place in enumerate(problem.place):
            self._queues[int(place) % width].append(clip)
        first = problem.position[:1].to(device)
        self.clean = first.repeat(width, 1, 1, 1, 1)
        self.x = self.clean.clone()
        self.present = problem.present[:1, :, :, None, None].to(first).repeat(width, 1, 1, 1, 1)
        self.label = problem.label[:1].to(device).repeat(width)
        self.target = torch.zeros_like(self.label)
        self.clip = [-1] * width
        self.iteration = [0] * width
        self.last_look = False
        self.whole = bool(problem.present.all())
        self._generators: list[torch.Generator | None] = [None] * width

    @property
    def active(self) -> list[int]:
        """Lanes with a clip under attack."""
        return [lane for lane, clip in enumerate(self.clip) if clip >= 0]

    def fill(self) -> list[int]:
        """Puts the next clips into empty lanes, at most ``batch`` in all; the lanes that were filled."""
        room = self.batch - len(self.active)
        empty = [lane for lane, clip in enumerate(self.clip) if clip < 0 and self._queues[lane]]
        for lane in empty[:room]:
            clip = self._queues[lane].popleft()
            self.clip[lane], self.iteration[lane] = clip, 0
            self.clean[lane] = self.problem.position[clip]
            self.x[lane] = self.clean[lane]
            self.present[lane] = self.problem.present[clip][..., None, None]
            self.label[lane] = self.problem.label[clip]
            self.target[lane] = max(0, int(self.target_of[clip]))
            self._generators[lane] = None
        return empty[:room]

    def generator(self, lane: int) -> torch.Generator:
        """The chance of the lane's clip, which depends on the seed and its row in the store alone."""
        chance = self._generators[lane]
        if chance is None:
            row = int(self.problem.row[self.clip[lane]])
            chance = torch.Generator().manual_seed(seeding.integer(self.seed, "attack", row))
            self._generators[lane] = chance
        return chance

    def drawn(self, draw: Callable[[torch.Generator], Tensor], among: Iterable[int] | None = None) -> Tensor:
        """What ``draw`` makes of each active lane's own chance, zeros in the others: (lane, ...).

        ``among`` are the lanes that draw, one or more; by default all that are active.
        """
        of = {lane: draw(self.generator(lane)) for lane in (self.active if among is None else among)}
        zero = torch.zeros_like(next(iter(of.values())))
        return torch.stack([of.get(lane, zero) for lane in range(self.width)]).to(self.x)
