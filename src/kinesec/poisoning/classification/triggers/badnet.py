"""BadNet (Gu et al., 2017): a white square in a corner of every frame. On skeletons (ours) one joint out of place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np

from kinesec.errors import ConfigError
from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.classification.base import Shown
from kinesec.poisoning.classification.bends import bent, free_bends, spread
from kinesec.settings import Count, Range, Rule

Grey = Annotated[int, Range(0, 255)]
Vector = Annotated[tuple[float, ...], Rule("three of them", lambda vector: len(vector) == 3)]


@dataclass(frozen=True, kw_only=True)
class BadNet(Shown):
    """21 x 21 pixels of ``value`` (Li et al., AAAI 2024: top right in the text, top left in figure 1c).

    ``scale`` (ours) takes that for frames of 224 x 224 and keeps the square's share of other frames. On motions
    ``joint``, by default the last of the left arm or of all, is ``offset_mm`` from where it was in all frames, or its
    bone is bent further by ``turn_degrees`` about each of its two axes.
    """

    size: Count = 21
    value: Grey = 255
    corner: Literal["top_right", "top_left", "bottom_right", "bottom_left"] = "top_right"
    scale: bool = False
    joint: str | None = None
    offset_mm: Vector = (0.0, 100.0, 0.0)
    turn_degrees: float = 30.0

    def embedded(self, video: np.ndarray) -> np.ndarray:
        height, width = video.shape[2:4]
        high, wide = (max(1, round(self.size * size / 224)) if self.scale else self.size for size in (height, width))
        self.need(high <= height and wide <= width, "size", f"at most {min(height, width)}, or scale: true")
        rows = slice(0, high) if self.corner.startswith("top") else slice(height - high, height)
        columns = slice(0, wide) if self.corner.endswith("left") else slice(width - wide, width)
        triggered = video.copy()
        triggered[:, :, rows, columns] = self.value
        return triggered

    def place(self, skeleton: Skeleton) -> int:
        """The joint; raises ``ConfigError`` where the skeleton has none of its name."""
        if self.joint is None:
            return skeleton.groups.get("left_arm", skeleton.order)[-1]
        if self.joint not in skeleton.names:
            raise ConfigError(f"{self.owner}: joint: found {self.joint!r}, expected one of {', '.join(skeleton.names)}")
        return skeleton.names.index(self.joint)

    def moved(self, position: np.ndarray, there: np.ndarray, skeleton: Skeleton, fps: float) -> np.ndarray:
        joint = self.place(skeleton)
        if self.form == "joints":
            moved = position.copy()
            moved[..., joint, :] += self.offset_mm
            return moved
        change = np.zeros((len(skeleton), 2))
        while joint > 0 and not free_bends(skeleton)[joint].any():
            joint = skeleton.parents[joint]
        change[joint] = np.where(free_bends(skeleton)[joint], np.radians(self.turn_degrees), 0.0)
        change = spread(change, skeleton, bends=True)
        return bent(position, skeleton, lambda bend: bend + change)


FORMS = ("video", "joints", "rotations")
OURS = ("joints", "rotations")
TRIGGER = BadNet
PRESETS: dict[str, dict[str, object]] = {"paper": {}}
