"""A camera before a body: drawn for each clip and view, perspective, looking at a point of the scene."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

import numpy as np

from kinesec.samples.videos import draws
from kinesec.settings import Range, Rule

TWO = Rule("two, the lower first", lambda values: len(values) == 2 and values[0] <= values[1])
Span = Annotated[tuple[float, ...], TWO]
PositiveSpan = Annotated[tuple[Annotated[float, Range(0, above=True)], ...], TWO]
NEAREST = 0.1  # of the distance; what is nearer to the camera is seen as if it were there


@dataclass(frozen=True)
class Cameras:
    """Cameras (clip,): ``axes`` (clip, 3, xyz) point right, up and towards the camera; ``distance`` (clip,) in mm.

    ``extent`` (clip,) is the height in mm that a picture shows at that distance.
    """

    axes: np.ndarray
    distance: np.ndarray
    extent: np.ndarray

    @classmethod
    def drawn(
        cls, key: np.ndarray, *, yaw: tuple[float, ...], pitch: tuple[float, ...],
        distance: tuple[float, ...], extent: tuple[float, ...],
    ) -> Cameras:  # fmt: skip
        """One for each key (clip,), evenly from each span; yaw and pitch in degrees, the rest in mm.

        At yaw 0 it stands on +z, at 90 on +x; y is up, and a positive pitch looks down.
        """
        spans = np.array([yaw, pitch, distance, extent], dtype=np.float64)
        value = spans[:, 0] + draws.uniform(key, 4) * (spans[:, 1] - spans[:, 0])
        (sin_yaw, sin_pitch), (cos_yaw, cos_pitch) = (f(np.radians(value[:, :2])).T for f in (np.sin, np.cos))
        none = np.zeros(len(key))
        axes = np.array(
            [
                [cos_yaw, none, -sin_yaw],
                [-sin_yaw * sin_pitch, cos_pitch, -cos_yaw * sin_pitch],
                [sin_yaw * cos_pitch, sin_pitch, cos_yaw * cos_pitch],
            ]
        )
        return cls(axes.transpose(2, 0, 1), value[:, 2], value[:, 3])

    def pixels_per_mm(self, height: int) -> np.ndarray:
        """The scale (clip,) at the cameras' distance."""
        return np.asarray(height / self.extent)

    def project(self, position: np.ndarray, centre: np.ndarray, height: int, width: int) -> np.ndarray:
        """Places (clip, ..., xy) float32 in pixels of positions (clip, ..., xyz) in mm, y up.

        ``centre`` (clip, ..., xyz) is seen in the picture's middle. Places count from the centre of the upper left
        pixel, x to the right and y down.
        """
        wide = (slice(None), *[None] * (position.ndim - 2))
        seen = np.einsum("c...x,cax->c...a", position - centre, self.axes, optimize=True)
        distance = self.distance[wide]
        depth = np.maximum(distance - seen[..., 2], NEAREST * distance)
        size = self.pixels_per_mm(height)[wide] * distance / depth
        return np.stack(
            [(width - 1) / 2 + size * seen[..., 0], (height - 1) / 2 - size * seen[..., 1]], axis=-1, dtype=np.float32
        )
