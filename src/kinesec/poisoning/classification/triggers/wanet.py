"""WaNet (Nguyen and Tran, ICLR 2021): every frame warped by one smooth field. On skeletons (ours) time is warped."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from kinesec.motion.directions import slerp, unit
from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.classification.base import Shown
from kinesec.poisoning.classification.smooth import enlarged, weights
from kinesec.settings import Count, NotNegative


@dataclass(frozen=True, kw_only=True)
class WaNet(Shown):
    """``k`` x ``k`` drawn shifts of mean size 1 in each direction, enlarged smoothly, times ``s`` / 2 pixels.

    A pixel shows what the frame has where its shift leads, between pixels by bilinear interpolation; nothing leads out
    of the frame. A motion's frame shows what the clip has at a time that ``k`` drawn shifts, 0 at both ends of the
    clip, lead to: s / 2 frames in the mean; joints are interpolated along straight lines, rotations along great circles
    of bones' directions, with the lengths of the nearer frame.
    """

    k: Count = 8
    s: NotNegative = 1.0

    def shifts(self, height: int, width: int) -> np.ndarray:
        """Where pixels look (2, height, width): rows and columns, whole numbers at pixels' centres."""
        drawn = self.generator("shifts").uniform(-1, 1, (2, self.k, self.k))
        field = enlarged(drawn / np.abs(drawn).mean(), height, width)
        # in the original's units a frame's height is 2, and shifts are s / height
        step = self.s * np.array([(height - 1) / 2, (width - 1) / 2]) / height
        place = np.mgrid[:height, :width].astype(np.float64) + field[[1, 0]] * step[:, None, None]
        return np.asarray(np.clip(place, 0.0, np.array([height - 1.0, width - 1.0])[:, None, None]))

    def embedded(self, video: np.ndarray) -> np.ndarray:
        row, column = self.shifts(*video.shape[2:4])
        top, left = (np.clip(np.floor(place), 0, None).astype(int) for place in (row, column))
        down, across = (row - top)[..., None], (column - left)[..., None]
        below, right = np.minimum(top + 1, video.shape[2] - 1), np.minimum(left + 1, video.shape[3] - 1)
        corners = (
            (top, left, (1 - down) * (1 - across)),
            (top, right, (1 - down) * across),
            (below, left, down * (1 - across)),
            (below, right, down * across),
        )
        return self.grey(sum(weight * video[:, :, y, x] for y, x, weight in corners))

    def times(self, frames: int) -> np.ndarray:
        """The times (frame,), in frames, that a motion's frames show, of clips as long as they are."""
        drawn = self.generator("times").uniform(-1, 1, self.k)
        drawn = np.concatenate([[0.0], drawn / np.abs(drawn).mean(), [0.0]])
        return np.asarray(np.arange(frames) + self.s / 2 * weights(frames, len(drawn)) @ drawn)

    def moved(self, position: np.ndarray, there: np.ndarray, skeleton: Skeleton, fps: float) -> np.ndarray:
        frames = position.shape[2]
        length = np.maximum(there.sum(2), 1)[..., None]  # of each body: what is there comes first
        time = np.clip(self.times(frames), 0.0, length - 1.0)
        before = np.floor(time).astype(int)
        after = np.minimum(before + 1, length - 1)
        share = (time - before)[..., None, None]
        first, second = (np.take_along_axis(position, at[..., None, None], 2) for at in (before, after))
        between = np.asarray((1 - share) * first + share * second)
        return between if self.form == "joints" else _turned(first, second, between, share, skeleton)


def _turned(
    first: np.ndarray, second: np.ndarray, between: np.ndarray, share: np.ndarray, skeleton: Skeleton
) -> np.ndarray:
    """Poses (..., joint, xyz) whose root is ``between``'s and whose bones point between those of two poses."""
    above = [max(0, parent) for parent in skeleton.parents]
    start, end = (pose - pose[..., above, :] for pose in (first, second))
    direction = slerp(unit(start), unit(end), share[..., 0])
    nearer = np.where(share < 0.5, start, end)
    bone = direction * np.linalg.norm(nearer, axis=-1, keepdims=True)
    placed = between.copy()
    for joint in skeleton.order[1:]:
        placed[..., joint, :] = placed[..., skeleton.parents[joint], :] + bone[..., joint, :]
    return placed


FORMS = ("video", "joints", "rotations")
OURS = ("joints", "rotations")
TRIGGER = WaNet
PRESETS: dict[str, dict[str, object]] = {"paper": {}}
