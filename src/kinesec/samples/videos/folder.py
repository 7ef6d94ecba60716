"""A folder of real videos to a videos store: listed, decoded one after the other, checked."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import numpy as np

from kinesec import names
from kinesec.errors import ConfigError, KinesecError
from kinesec.files.kinds.videos import VIDEOS
from kinesec.files.store import Writer
from kinesec.progress import track
from kinesec.samples.clips.split import Part
from kinesec.samples.videos.decode import BadVideo, Decoded, Fit, decode
from kinesec.samples.videos.layouts.base import Listed
from kinesec.samples.videos.lists import subset, validated
from kinesec.settings import Count, Whole, check, keywords

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How a folder of videos is read.

    ``layout`` is a module of ``layouts``, ``split`` which of its official ones. ``frames`` are chosen evenly, shorter
    videos padded with blank frames (TDBA, footnote 1). ``height``, ``width`` and ``fit`` are those of ``decode``, as
    are ``least``, the frames a video must have, and ``slack``, those by which decoded and declared may differ.
    ``validation_share`` of the training groups (UCF-101's g, HMDB-51's films, GSL's signers) validate where the lists
    hold none out; ``classes`` is how many are drawn, all if null; both by ``seed``. A file that cannot be used stops
    the reading, or is left out (``skip``).
    """

    layout: str
    split: Literal[1, 2, 3] = 1
    frames: Count = 32
    height: Count | None = 112
    width: Count | None = 112
    fit: Fit = "crop"
    least: Count = 1
    slack: Whole = 0
    validation_share: Part = 0.1
    classes: Count | None = None
    seed: Whole = 0
    on_bad_file: Literal["stop", "skip"] = "stop"

    def __post_init__(self) -> None:
        check("videos", self)
        names.check("samples.videos.layouts", self.layout, "videos: layout")


def reading(settings: Mapping[str, Any]) -> Reading:
    """The settings of a configuration's mapping; raises ``ConfigError`` for an unknown key or an unusable value."""
    if "layout" not in settings:
        known = ", ".join(names.available("samples.videos.layouts"))
        raise ConfigError(f"videos: layout: found none, expected one of {known}")
    return Reading(**keywords("videos", Reading, settings))


def listed(root: Path, settings: Reading) -> list[Listed]:
    """The videos to read, in the order of their paths; raises ``BadVideo`` for lists that cannot be read."""
    listing: list[Listed] = names.load("samples.videos.layouts", settings.layout).listed(root, settings.split)
    videos = sorted(listing, key=lambda video: video.path)
    for video in videos:
        if Path(video.path).is_absolute() or ".." in Path(video.path).parts:
            raise KinesecError(f"{root}: found {video.path!r} in its lists, expected paths within it; get them again")
    for before, video in pairwise(videos):
        if before.path == video.path:
            raise KinesecError(f"{root}: found {video.path!r} twice in its lists, expected it once; get them again")
    videos = subset(videos, settings.classes, settings.seed)
    if not any(video.split == "train" for video in videos):
        raise KinesecError(f"{root}: found no video to train on, expected one or more in its lists; get them again")
    return validated(videos, settings.validation_share, settings.seed)


def read_folder(
    root: Path, out: Path, settings: Reading, *, dataset: str, report: Callable[[str], None] | None = None
) -> None:
    """Decodes a folder's videos into a videos store at ``out``, one at a time.

    With ``on_bad_file`` ``skip`` the store's ``left_out`` names the files that are not in it with the reason, and
    ``report`` is called with a line for each. Raises ``BadVideo`` for the first bad file with ``stop``,
    ``KinesecError`` where videos differ in size or none to train on can be read; then there is no store.
    """
    videos = listed(root, settings)
    classes = sorted({video.label for video in videos})
    left_out: list[dict[str, str]] = []
    kept: list[Listed] = []
    rates: set[float | None] = set()
    with Writer(out, VIDEOS) as writer:
        size: tuple[int, ...] = ()
        for video in track(videos, f"decoding {dataset}"):
            try:
                decoded = _decode(root / video.path, settings)
            except BadVideo as error:
                if settings.on_bad_file == "stop":
                    raise
                left_out.append({"path": video.path, "reason": error.reason})
                continue
            size = size or decoded.video.shape
            if decoded.video.shape != size:
                raise KinesecError(
                    f"{root / video.path}: found pictures of {decoded.video.shape[1:3]}, expected {size[1:3]} as "
                    "before; set height and width"
                )
            writer.append(
                video=decoded.video[None],
                label=np.array([classes.index(video.label)]),
                length=np.array([decoded.length]),
                row=np.array([-1]),
                view=np.array([0]),
                sequence_index=np.array([len(kept)]),
                split=np.array([video.split]),
            )
            kept.append(video)
            rates.add(decoded.fps)
        if not any(video.split == "train" for video in kept):
            raise KinesecError(
                f"{dataset}: found none of {len(videos)} videos to train on that can be decoded; the first, "
                f"{left_out[0]['path']}: {left_out[0]['reason']}"
            )
        writer.append(
            source=np.array([video.path for video in kept]),
            subject=np.array([video.group for video in kept]),
            take=np.array([video.take for video in kept]),
        )
        writer.attrs = {
            "dataset": dataset,
            "protocol": settings.layout,
            "classes": classes,
            "fps": next(iter(rates)) if len(rates) == 1 else None,
            "split_by": "group",
            "made": {"settings": asdict(settings)},
            "left_out": left_out,
        }
    for omitted in left_out:
        (report or log.warning)(f"{dataset}: left out {omitted['path']}: {omitted['reason']}")


def _decode(path: Path, settings: Reading) -> Decoded:
    return decode(
        path,
        frames=settings.frames,
        height=settings.height,
        width=settings.width,
        fit=settings.fit,
        least=settings.least,
        slack=settings.slack,
    )
