"""What may be said of how motions are drawn as videos."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from kinesec.samples.videos import timing
from kinesec.samples.videos.camera import TWO, PositiveSpan, Span
from kinesec.settings import Count, NotNegative, Positive, Range, check, keywords

GreySpan = Annotated[tuple[Annotated[float, Range(0, 255)], ...], TWO]
Angle = Annotated[float, Range(-90, 90)]


@dataclass(frozen=True, kw_only=True)
class Rendering:
    """How motions are drawn. Pairs are spans from which each clip and view draws its own value.

    ``height`` and ``width`` in pixels; ``frames`` and ``timing`` are those of ``timing.instants``; ``yaw_deg`` 0 sees
    a body that faces +z from the front; ``distance_mm`` is the camera's from what it looks at, the bodies' mean over
    the ``clip`` or, where ``centre`` is ``frame``, of every frame; ``extent_mm`` is the height that a picture shows
    there. ``thickness_mm`` is a stick's breadth and a light's standard deviation times two; ``brightness``,
    ``background`` and the normal ``noise`` (a standard deviation, one for all channels of a pixel) are grey levels;
    ``colour`` is ``white`` or one for each of the body's ``parts``. ``views`` are the cameras a clip.
    """

    height: Count = 64
    width: Count = 64
    frames: Count = 32
    timing: timing.Timing = "sample"
    style: Literal["points", "sticks", "both"] = "points"
    yaw_deg: Span = (-30.0, 30.0)
    pitch_deg: Annotated[tuple[Angle, ...], TWO] = (0.0, 15.0)
    distance_mm: PositiveSpan = (4000.0, 6000.0)
    extent_mm: PositiveSpan = (2200.0, 2800.0)
    centre: Literal["clip", "frame"] = "clip"
    thickness_mm: Positive = 60.0
    brightness: GreySpan = (180.0, 255.0)
    background: GreySpan = (0.0, 40.0)
    noise: NotNegative = 4.0
    colour: Literal["white", "parts"] = "white"
    views: Count = 1

    def __post_init__(self) -> None:
        for key, given in vars(self).items():
            if isinstance(given, list):
                object.__setattr__(self, key, tuple(given))
        check("videos", self)


def rendering(settings: Mapping[str, Any]) -> Rendering:
    """The settings of a configuration's mapping; raises ``ConfigError`` for an unknown key or an unusable value."""
    return Rendering(**keywords("videos", Rendering, settings))
