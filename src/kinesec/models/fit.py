"""Whether clips and a recognizer belong together."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinesec.errors import ConfigError, KinesecError
from kinesec.models.device import best_device
from kinesec.models.recognizers.base import RECOGNIZERS, ClipShape, Recognizer
from kinesec.motion.graph import Graph
from kinesec.samples.clips.clips import Clips

log = logging.getLogger(__name__)


def shape_of(clips: Clips) -> ClipShape:
    """What a recognizer of these clips is built for."""
    _, bodies, frames, joints, _ = clips.position.shape
    return ClipShape(frames, joints, bodies, len(clips.classes), Graph.of(clips.skeleton))


def check_fit(model: Path, shape: ClipShape, description: Mapping[str, Any], path: Path, clips: Clips) -> None:
    """Raises ``KinesecError`` for clips of another shape, of other classes or other joints than a model knows.

    Clips of another store that fit are warned of: the model may have been trained on what they test it on.
    """
    here = shape_of(clips)
    for name in ("frames", "joints", "bodies"):
        want, have = getattr(shape, name), getattr(here, name)
        if want != have:
            raise KinesecError(f"{path}: found clips of {have} {name}, expected {want}, as {model} was trained on")
    if description["classes"] != clips.classes:
        other = sorted(set(description["classes"]) ^ set(clips.classes))
        difference = f"class {other[0]!r} on one side alone" if other else "the classes in another order"
        raise KinesecError(
            f"{path}: found {difference}, expected the {shape.classes} classes that {model} was trained on"
        )
    if shape.graph != here.graph:
        raise KinesecError(f"{path}: found joints in another tree, expected the one that {model} was trained on")
    if description["clips_sha256"] != clips.attrs["content_sha256"]:
        log.warning(f"{path}: found other clips than those that {model} was trained on; they may share recordings")


def load_for(path: Path, clips_path: Path, clips: Clips) -> tuple[Recognizer, dict[str, Any]]:
    """A recognizer that was trained on the store of these clips; raises ``ConfigError`` where it was on another."""
    model, description = RECOGNIZERS.load(path, best_device())
    if description["clips_sha256"] != clips.attrs["content_sha256"]:
        raise ConfigError(
            f"{path}: found a recognizer of the clips {description['clips_sha256'][:12]} "
            f"(protocol {description['protocol']}), expected {clips.attrs['content_sha256'][:12]} of {clips_path} "
            f"(protocol {clips.attrs['protocol']}); surrogate, target and evaluation need the same clips"
        )
    return model, description
