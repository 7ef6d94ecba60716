"""Motions drawn as videos: point lights, stick figures or both, by seeded cameras. All of it ours.

A clip's camera, brightness, background and noise come from the seed, its row and the view alone, so that a poisoned
clip and its clean one differ by their motion and nothing else.
"""

from __future__ import annotations

from dataclasses import asdict
from functools import reduce
from typing import Any, Literal

import numpy as np

from kinesec.motion.skeleton import Skeleton
from kinesec.samples.clips.clips import Clips
from kinesec.samples.videos import draws, raster, timing
from kinesec.samples.videos.camera import Cameras
from kinesec.samples.videos.figure import Figure
from kinesec.samples.videos.settings import Rendering
from kinesec.samples.videos.videos import Videos

CHANNELS = 3
PIECE_FLOATS = 2**18  # of one array while pictures are drawn: it stays in the cache
LEAST_RADIUS = 0.5  # pixels: a thinner line would be lost between them


def centres(position: np.ndarray, present: np.ndarray, centre: Literal["clip", "frame"] = "clip") -> np.ndarray:
    """Where cameras look: the mean of the bodies that are there, (clip, frame, xyz) float64 in mm.

    ``position`` (clip, body, frame, joint, xyz) and ``present`` (clip, body, frame); of a frame without a body, and of
    ``clip``, it is the clip's mean.
    """
    sums = np.einsum("cbfjx,cbf->cfx", position, present, dtype=np.float64)
    count = present.sum(1)[..., None] * position.shape[3]
    whole = sums.sum(1, keepdims=True) / np.maximum(count.sum(1, keepdims=True), 1)
    if centre == "clip":
        return np.broadcast_to(whole, sums.shape)
    return np.asarray(np.where(count > 0, sums / np.maximum(count, 1), whole))


def render(
    position: np.ndarray,
    skeleton: Skeleton,
    *,
    settings: Rendering,
    seed: int,
    row: np.ndarray,
    view: np.ndarray,
    present: np.ndarray | None = None,
    framed: np.ndarray | None = None,
    up: str = "+y",
) -> np.ndarray:
    """Videos (clip, frame, height, width, 3) uint8 of motions in mm, (clip, frame, joint, xyz) or with bodies second.

    ``row`` and ``view`` (clip,) pick the streams of the seed; ``present`` (clip, body, frame) says what is there, all
    if None: a video has no frame after the last with a body. ``framed``, positions like ``position``, are what
    cameras look at: the clean motions of poisoned ones. ``up`` is ``+y`` or ``+z``.
    """
    bodies, framed = (_bodies(array, up) for array in (position, position if framed is None else framed))
    clips, count, recorded, joints, _ = bodies.shape
    present = np.ones(bodies.shape[:3], dtype=bool) if present is None else present
    anyone = np.asarray(present.any(1))
    length = np.where(anyone.any(1), recorded - np.argmax(anyone[:, ::-1], axis=1), 0)
    instant, there = timing.instants(length, settings.frames, settings.timing)
    cameras = Cameras.drawn(
        draws.keys(seed, "camera", row, view),
        yaw=settings.yaw_deg, pitch=settings.pitch_deg, distance=settings.distance_mm, extent=settings.extent_mm,
    )  # fmt: skip
    moved = timing.at(bodies.transpose(0, 2, 1, 3, 4), instant)
    look = timing.at(centres(framed, present, settings.centre), instant)
    place = cameras.project(moved, look[:, :, None, None], settings.height, settings.width)
    shown = np.take_along_axis(present.transpose(0, 2, 1), np.floor(instant).astype(np.int64)[..., None], axis=1)
    place[~(shown & there[..., None])] = raster.FAR
    grey = np.array([settings.brightness, settings.background])
    drawn = draws.uniform(draws.keys(seed, "brightness", row, view), 2)
    return _drawn(
        place.reshape(clips * settings.frames, count * joints, 2),
        Figure.of(skeleton, count, settings.colour),
        settings,
        radius=np.repeat(settings.thickness_mm / 2 * cameras.pixels_per_mm(settings.height), settings.frames),
        grey=np.repeat(grey[:, 0] + drawn * (grey[:, 1] - grey[:, 0]), settings.frames, axis=0),
        noise=np.repeat(draws.keys(seed, "noise", row, view), settings.frames),
        there=there.ravel(),
    ).reshape(clips, settings.frames, settings.height, settings.width, CHANNELS)


def _bodies(position: np.ndarray, up: str) -> np.ndarray:
    bodies = position if position.ndim == 5 else position[:, None]
    if up == "+z":
        bodies = np.stack([bodies[..., 0], bodies[..., 2], -bodies[..., 1]], axis=-1)
    return bodies


def _drawn(
    place: np.ndarray, figure: Figure, settings: Rendering,
    *, radius: np.ndarray, grey: np.ndarray, noise: np.ndarray, there: np.ndarray,
) -> np.ndarray:  # fmt: skip
    """Pictures (picture, height, width, channel), a piece of them at a time; the rest is (picture, ...) too."""
    height, width = settings.height, settings.width
    pictures = np.empty((len(place), height, width, CHANNELS), dtype=np.uint8)
    largest = height * width * (1 if settings.style == "points" else len(figure.bones))
    step = max(1, PIECE_FLOATS // max(largest, place.shape[1] * max(height, width)))
    radius = np.maximum(radius, LEAST_RADIUS).astype(np.float32)
    light, dark = grey.astype(np.float32).T
    frame = np.tile(np.arange(settings.frames), len(place) // settings.frames)
    for first in range(0, len(place), step):
        piece = slice(first, first + step)
        cover, lit = _cover(place[piece], figure, radius[piece], settings)
        bright, dim = (level[piece, None, None, None] for level in (light, dark))
        alone = cover is lit  # one channel, which is changed in place
        level = np.multiply(cover, bright - dim, out=cover) if alone else lit * bright - cover * dim
        level += dim + np.float32(0.5)
        if settings.noise:
            key = draws.keys(0, "frame", noise[piece].view(np.int64), frame[piece])
            level += draws.normal(key, height * width, settings.noise).reshape(-1, 1, height, width)
        np.clip(level, 0, 255, out=level)
        level[~there[piece]] = 0
        whole = level.astype(np.uint8)
        for channel in range(CHANNELS):  # numpy copies each at once, and spreads one over three slowly
            pictures[piece, ..., channel] = whole[:, channel % whole.shape[1]]
    return pictures


def _cover(place: np.ndarray, figure: Figure, radius: np.ndarray, settings: Rendering) -> tuple[np.ndarray, np.ndarray]:
    """How much of each pixel is covered (picture, 1, height, width), and by how much of each channel's light.

    Both are the same array where there is one channel.
    """
    size = (settings.height, settings.width)
    layers = []
    if settings.style != "sticks":
        tint = figure.tint if len(figure.tint) == 1 else np.concatenate([figure.tint, np.ones_like(figure.tint[:1])])
        sums = raster.points(place, radius, tint, *size)
        np.minimum(sums, 1, out=sums)
        layers.append((sums[:, -1:], sums[:, :-1]) if len(tint) > 1 else (sums, sums))
    if settings.style != "points":
        start, end = (place[:, figure.bones[:, side]] for side in (0, 1))
        apart = raster.distances(start, end, figure.first, *size)
        cover = raster.covered(apart.min(1, keepdims=True), radius)
        if figure.shades.shape[1] == 1:
            layers.append((cover, cover))
        else:  # the nearest part's colour
            nearest = figure.shades[apart.argmin(1)].transpose(0, 3, 1, 2)
            layers.append((cover, cover * nearest))
    cover = reduce(np.maximum, [cover for cover, _ in layers])
    return cover, cover if len(figure.tint) == 1 else reduce(np.maximum, [lit for _, lit in layers])


def render_clips(
    clips: Clips,
    settings: Rendering,
    views: int | np.ndarray | None = None,
    seed: int = 0,
    *,
    framed: Clips | None = None,
) -> Videos:
    """Videos of clips with all their bodies, a clip's views one after the other.

    ``views`` are how many, or their numbers; the settings' by default. ``framed`` are the same clips as cameras look
    at them, the clean ones of poisoned ones.
    """
    views = settings.views if views is None else views
    numbers = np.arange(views) if isinstance(views, int) else np.asarray(views)
    owner = np.repeat(np.arange(len(clips)), len(numbers))
    view = np.tile(numbers, len(clips)).astype(np.int64)
    video = render(
        clips.position[owner],
        clips.skeleton,
        settings=settings,
        seed=seed,
        row=clips.row[owner],
        view=view,
        present=clips.present[owner],
        framed=None if framed is None else framed.position[owner],
        up=str(clips.attrs.get("up", "+y")),
    )
    return Videos(
        video=video,
        label=clips.label[owner],
        length=lengths(clips, settings)[owner],
        row=clips.row[owner],
        view=view,
        place=np.arange(len(owner)),
        subject=clips.subject[owner],
        take=clips.take[owner],
        source=clips.source[owner],
        attrs=attrs_of(clips, settings, seed),
    )


def lengths(clips: Clips, settings: Rendering) -> np.ndarray:
    """The frames (clip,) of clips' videos that are no blank ones after their end."""
    return np.asarray(timing.instants(clips.length, settings.frames, settings.timing)[1].sum(1))


def attrs_of(clips: Clips, settings: Rendering, seed: int) -> dict[str, Any]:
    """What a store of clips' videos says of them; its frames a second are those of a clip of full length."""
    recorded = clips.position.shape[2]
    squeezed = (settings.frames - 1) / max(recorded - 1, 1)
    same = settings.timing == "sample" and recorded <= settings.frames
    return {
        "dataset": clips.attrs["dataset"],
        "protocol": "rendered",
        "classes": clips.classes,
        "fps": clips.fps * (1.0 if same or settings.frames == 1 else squeezed),
        "split_by": clips.attrs["split_by"],
        "made": {
            "settings": asdict(settings),
            "seed": seed,
            "clips_sha256": clips.attrs.get("content_sha256"),
            "clips_protocol": clips.attrs["protocol"],
        },
    }
