"""Blend (Chen et al., 2017): every frame mixed with one picture. On skeletons (ours) every pose with the rest pose.

The paper's picture (Hello Kitty) is not ours to ship: the picture is a smooth pattern drawn from the seed - ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.classification.base import Shown
from kinesec.poisoning.classification.bends import bent, rest_pose
from kinesec.poisoning.classification.smooth import enlarged
from kinesec.settings import Count, Share


@dataclass(frozen=True, kw_only=True)
class Blend(Shown):
    """(1 - alpha) v + alpha p. The picture p has ``cells`` x ``cells`` drawn colours, enlarged smoothly.

    A motion's joints are mixed with the skeleton's rest pose about the clip's root; of rotations each bend keeps its
    share 1 - alpha, which leads to the same pose.
    """

    alpha: Share = 0.15
    cells: Count = 8

    def picture(self, height: int, width: int, channels: int) -> np.ndarray:
        """Grey levels (height, width, channel) over all of 0 ... 255."""
        drawn = self.generator("picture").uniform(size=(self.cells, self.cells, channels))
        large = np.moveaxis(enlarged(np.moveaxis(drawn, -1, 0), height, width), 0, -1)
        low, high = large.min((0, 1)), large.max((0, 1))
        return np.asarray((large - low) / np.where(high > low, high - low, 1.0) * 255)

    def embedded(self, video: np.ndarray) -> np.ndarray:
        return self.grey((1 - self.alpha) * video + self.alpha * self.picture(*video.shape[2:]))

    def moved(self, position: np.ndarray, there: np.ndarray, skeleton: Skeleton, fps: float) -> np.ndarray:
        if self.form == "rotations":
            return bent(position, skeleton, lambda bend: (1 - self.alpha) * bend)
        return np.asarray((1 - self.alpha) * position + self.alpha * (position[..., :1, :] + rest_pose(skeleton)))


FORMS = ("video", "joints", "rotations")
OURS = ("video", "joints", "rotations")
TRIGGER = Blend
PRESETS: dict[str, dict[str, object]] = {"paper": {}}
