"""Which of a data set's listed videos are read, and which validate."""

from __future__ import annotations

from dataclasses import replace

from kinesec.errors import ConfigError
from kinesec.samples.videos.layouts.base import Listed
from kinesec.seeding import generator


def validated(listed: list[Listed], share: float, seed: int) -> list[Listed]:
    """The videos with whole groups of the training ones held out for validation, ``share`` of the groups, at least one.

    As they are where there is validation already or ``share`` is 0. Raises ``ConfigError`` where no group is left.
    """
    groups = sorted({video.group for video in listed if video.split == "train"})
    if not share or any(video.split == "val" for video in listed):
        return listed
    held = max(1, round(share * len(groups)))
    if held >= len(groups):
        raise ConfigError(
            f"videos: validation_share: found {share:g}, which is {held} of {len(groups)} groups, expected fewer"
        )
    chosen = {groups[at] for at in generator(seed, "validation groups").permutation(len(groups))[:held]}
    return [
        replace(video, split="val") if video.split == "train" and video.group in chosen else video for video in listed
    ]


def subset(listed: list[Listed], count: int | None, seed: int) -> list[Listed]:
    """The videos of ``count`` classes drawn at random (TDBA: 50 of GSL's), of all if None."""
    classes = sorted({video.label for video in listed})
    if count is None:
        return listed
    if count > len(classes):
        raise ConfigError(f"videos: classes: found {count}, expected at most {len(classes)}")
    kept = {classes[at] for at in generator(seed, "classes").permutation(len(classes))[:count]}
    return [video for video in listed if video.label in kept]
