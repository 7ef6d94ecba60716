"""What clips and videos differ in for jobs that take either: how they are read, and what networks see of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.models.trained import Kind
from kinesec.models.videonets.base import VIDEONETS
from kinesec.samples.clips.checks import checked as checked_clips
from kinesec.samples.clips.clips import Clips
from kinesec.samples.videos.controls import controlled
from kinesec.samples.videos.videos import load as load_videos


@dataclass(frozen=True)
class Modality:
    """Clips or videos: ``load`` reads a split of a store, ``seen`` is what a network of ``kind`` sees of samples."""

    kind: Kind[Any, Any, Any]
    load: Callable[[Path, str], Any]
    seen: Callable[[Any], np.ndarray]


MODALITIES = {
    "skeleton": Modality(RECOGNIZERS, checked_clips, lambda clips: clips.normalised),
    "video": Modality(VIDEONETS, load_videos, lambda videos: videos.video),
}


def stored(samples: Any, control: Mapping[str, Any], seed: int) -> Any:
    """Clips or videos after a control (``control``, ``settings``): storage, or a change along time."""
    name, settings = control["control"], control.get("settings", {})
    if isinstance(samples, Clips):
        changed = controlled(samples.position, name, settings, row=samples.row, seed=seed, axis=2)
        return replace(samples, position=changed)
    return replace(samples, video=controlled(samples.video, name, settings, row=samples.place, seed=seed))
