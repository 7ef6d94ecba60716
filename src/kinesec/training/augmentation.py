"""Random changes of training clips: turned, resized, mirrored, with noise; on the device, a whole batch at once."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from kinesec.errors import ConfigError
from kinesec.motion.skeleton import Skeleton
from kinesec.samples.clips.clips import Normaliser
from kinesec.settings import NotNegative

_SIDES = ((r"left", "right"), (r"Left", "Right"), (r"LEFT", "RIGHT"), (r"^l", "r"), (r"^L", "R"))
_MARKS = ((r"([\W_])l($|[\W_])", r"\1r\2"), (r"([\W_])L($|[\W_])", r"\1R\2"))


@dataclass(frozen=True)
class Augmentation:
    """How training clips are changed, each clip by draws of its own; as they are where all is zero.

    Turned about the vertical through the clips' origin by an angle from ± ``yaw_degrees``, resized by a factor from
    1 ± ``scale``, reflected left to right with probability one half where ``mirror``, and with normal noise of standard
    deviation ``noise_mm`` on every coordinate.
    """

    yaw_degrees: NotNegative = 0.0
    scale: NotNegative = 0.0
    noise_mm: NotNegative = 0.0
    mirror: bool = False


def twins(names: Sequence[str]) -> list[int]:
    """For each joint the one that its name's other side names, itself in the middle (joint,)."""
    place = {name: index for index, name in enumerate(names)}
    pair = list(range(len(names)))
    for name, index in place.items():
        for left, right in _SIDES + _MARKS:
            other = place.get(re.sub(left, right, name), index)
            if other != index:
                pair[index], pair[other] = other, index
    return pair


class Augmenter:
    """Changes normalised clips as ``Augmentation`` says, in millimetres; frames and bodies of zeros stay zero.

    Raises ``ConfigError`` where clips are to be mirrored and no joint's name says a side.
    """

    def __init__(
        self, augmentation: Augmentation, normaliser: Normaliser, skeleton: Skeleton, device: torch.device
    ) -> None:
        self.augmentation = augmentation
        self.mean = torch.from_numpy((normaliser.mean / normaliser.scale).astype(np.float32)).to(device)
        self.noise = augmentation.noise_mm / normaliser.scale
        pair = twins(skeleton.names)
        if augmentation.mirror and pair == list(range(len(pair))):
            raise ConfigError("augment.mirror: found no joints named left and right, expected some")
        self.twin = torch.tensor(pair, device=device)
        self.moves = augmentation.yaw_degrees > 0 or augmentation.scale > 0 or augmentation.mirror

    def __call__(self, clip: Tensor, present: Tensor, generator: torch.Generator) -> Tensor:
        """Changed clips (batch, body, frame, joint, xyz); ``present`` (batch, body, frame) marks what is there."""
        if not self.moves and self.noise == 0:
            return clip
        if self.moves:
            count, shape = len(clip), clip.shape
            turn, size, side = torch.rand((3, count), generator=generator, device=clip.device)
            placed = clip + self.mean
            if self.augmentation.mirror:
                swapped = (side < 0.5)[:, None, None, None, None]
                placed = torch.where(swapped, placed[..., self.twin, :], placed)
            matrix = self._matrices(2 * turn - 1, 1 + self.augmentation.scale * (2 * size - 1), side)
            clip = (placed.reshape(count, -1, 3) @ matrix).view(shape) - self.mean
        if self.noise > 0:
            clip = clip + self.noise * torch.randn(clip.shape, generator=generator, device=clip.device)
        return clip * present[..., None, None]

    def _matrices(self, turn: Tensor, size: Tensor, side: Tensor) -> Tensor:
        """What row vectors are multiplied by (batch, 3, 3): reflected where ``side`` is low, turned, resized."""
        angle = turn * math.radians(self.augmentation.yaw_degrees)
        cos, sin, zero, ones = angle.cos(), angle.sin(), torch.zeros_like(angle), torch.ones_like(angle)
        x = torch.where(side < 0.5, -ones, ones) if self.augmentation.mirror else ones
        rows = [torch.stack(row, -1) for row in ((x * cos, zero, -x * sin), (zero, ones, zero), (sin, zero, cos))]
        return torch.stack(rows, -2) * size[:, None, None]
