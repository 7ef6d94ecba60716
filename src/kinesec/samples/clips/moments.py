"""What clips are normalised with, from training clips as they go by."""

from __future__ import annotations

import numpy as np

from kinesec.samples.clips.protocols.base import Scale

METRE_MM = 1000.0


class Moments:
    """Sums of positions and of their squares, a joint and axis, in float64; zeros that stand for nothing stay out."""

    def __init__(self, joints: int) -> None:
        self.count = 0
        self._sum = np.zeros((joints, 3))
        self._squares = np.zeros((joints, 3))

    def add(self, there: np.ndarray) -> None:
        """Positions (..., joint, xyz) in mm of the bodies and frames that are there."""
        rows = there.reshape(-1, *there.shape[-2:]).astype(np.float64)
        self.count += len(rows)
        self._sum += rows.sum(0)
        self._squares += np.square(rows).sum(0)

    def normalisation(self, scaling: Scale) -> tuple[np.ndarray, float]:
        """The mean pose (joint, xyz) and the one scale, both mm; see ``ClipProtocol``."""
        if scaling == "metres":
            return np.zeros_like(self._sum), METRE_MM
        mean, squares = self._sum / self.count, self._squares / self.count
        about = mean.mean() ** 2 if scaling == "overall" else np.square(mean).mean()
        return mean, float(np.sqrt(max(0.0, float(squares.mean() - about))))
