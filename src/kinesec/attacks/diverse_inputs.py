"""DI: diverse inputs (Xie et al., CVPR 2019), around any other attack, for skeletons.

The gradient is taken at a clip that chance has changed, so that what is found depends less on the one recognizer that
is at hand. The paper resizes and pads images with probability one half; what is done to a skeleton is ours: a turn, a
size and a part of the time. The benchmark's own (crops, frames set to zero, shears) takes the gradient at the changed
clip and adds it to the clip unmapped; here it leads through the change.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Annotated, Any

import torch
from torch import Tensor

from kinesec.attacks._around import Around, averaged
from kinesec.attacks.base import Estimate, Lanes
from kinesec.attacks.engine.transforms import cropped, resized, turned
from kinesec.settings import Count, NotNegative, Range, Share

WRAPS = "mi_fgsm"  # where ``attack`` names no other


@dataclass(frozen=True, kw_only=True)
class DiverseInputs(Around):
    """With ``probability`` a clip is changed in each of ``draws`` a step; success is asked of the clip as it is.

    It is turned about the vertical by up to ``yaw_degrees`` either way, resized by a factor from 1 ± ``scale``, and of
    its time a part of at least the share ``crop``, at any place, is stretched to all of it.
    """

    attack: Mapping[str, Any] = field(default_factory=lambda: {"attack": WRAPS})
    probability: Share = 0.5
    yaw_degrees: NotNegative = 30.0
    scale: Annotated[float, Range(0, 1, below=True)] = 0.1
    crop: Annotated[float, Range(0, 1, above=True)] = 0.9
    draws: Count = 1

    def estimator(self) -> Estimate:
        return partial(averaged, draws=self.draws, transform=self.changed)

    def changed(self, x: Tensor, lanes: Lanes) -> Tensor:
        """Clips (lane, body, frame, joint, xyz), each changed by its own chance."""
        drawn = lanes.drawn(lambda chance: torch.rand(5, generator=chance))
        coin, turn, size, length, place = drawn.unbind(1)
        use = coin < self.probability  # 0 in an empty lane: what it holds has no effect
        angle = use * math.radians(self.yaw_degrees) * (2 * turn - 1)
        factor = 1 + use * self.scale * (2 * size - 1)
        share = 1 - use * (1 - self.crop) * length
        x = cropped(x, lanes, (1 - share) * place, share)
        return resized(turned(x, lanes, angle), lanes, factor)


NAME = "DI"
ATTACK = DiverseInputs
PRESETS: dict[str, dict[str, Any]] = {"paper": {}}
