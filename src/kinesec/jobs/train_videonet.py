"""One training job: videos in, and poisoned ones where there are, a video network's weights and a log out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

from kinesec.errors import ConfigError, KinesecError
from kinesec.files.hashing import sha256_of
from kinesec.files.kinds.poisoned_videos import POISONED_VIDEOS
from kinesec.jobs._training import need_validation, parameters_of, train_and_write
from kinesec.models.device import best_device
from kinesec.models.published import load_published
from kinesec.models.videonets.base import VIDEONETS, VideoNet, VideoShape
from kinesec.samples.poisoned import load_poisoned
from kinesec.samples.videos.videos import Videos, load
from kinesec.settings import keywords, parameters
from kinesec.training.video import VideoBatches, VideoTask, with_poison


def train_videonet(
    *,
    videos_path: Path,
    network: Mapping[str, Any],
    code: str,
    seed: int,
    model_path: Path,
    log_path: Path,
    poison_path: Path | None = None,
) -> None:
    """Trains a video network and writes its weights and its log (``train_and_write``).

    ``network`` has ``videonet`` (its name), ``settings`` (a mapping, or ``small``), ``recipe`` (changes of the
    published one) and, to begin from what others have published, ``weights`` (``file`` and ``keys``, as
    ``load_published`` takes them). Poisoned videos take the places of training videos with their target as the label.
    Raises ``KinesecError`` for a store without videos to train on, or to choose weights by.
    """
    videos, validation = (_checked(videos_path, split) for split in ("train", "val"))
    if not len(videos):
        raise KinesecError(f"{videos_path}: found no video of split 'train', expected one or more; change the split")
    poison = None if poison_path is None else load_poisoned(poison_path, POISONED_VIDEOS, videos.attrs)
    name = network["videonet"]
    recipe = VIDEONETS.recipe(name, network.get("recipe", {}))
    need_validation(videos_path, "video", recipe, validation)
    settings = VIDEONETS.settings_of(name, network.get("settings", {}))
    device = best_device()
    _, frames, height, width, _ = videos.video.shape
    model = VIDEONETS.build(name, VideoShape(frames, height, width, len(videos.classes)), settings, seed)
    description: dict[str, Any] = {
        "videonet": name,
        "settings": settings,
        "recipe": asdict(recipe),
        "weights": _begun(model, network.get("weights")),
        "seed": seed,
        "dataset": videos.attrs["dataset"],
        "protocol": videos.attrs["protocol"],
        "videos_sha256": videos.attrs["content_sha256"],
        "poison_sha256": None if poison is None else poison.content_sha256,
        "classes": videos.classes,
        "training_videos": len(videos),
        "poisoned_videos": 0 if poison is None else len(poison.index),
        "validation_videos": len(validation),
        "parameters": parameters_of(model),
    }
    task = VideoTask(
        model.to(device),
        recipe,
        VideoBatches(*with_poison(videos, poison), device),
        seed,
        VideoBatches(np.asarray(validation.video), validation.label, device) if len(validation) else None,
    )
    train_and_write(VIDEONETS, [task], description, code=code, model_path=model_path, log_path=log_path)


def _checked(path: Path, split: str) -> Videos:
    """A split of a store, read when it is put on the device; raises ``KinesecError`` for labels that are no class."""
    videos = load(path, split, lazy=True)
    count = len(videos.classes)
    strange = videos.label[(videos.label < 0) | (videos.label >= count)]
    if len(strange):
        raise KinesecError(f"{path}: split {split!r}: found label {strange[0]}, expected 0 to {count - 1}")
    return videos


def _begun(model: VideoNet, weights: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """Puts published weights into a model, and returns which they were."""
    if weights is None:
        return None
    owner = f"videonet {model.name!r}"
    taken = keywords(owner, load_published, weights, "weights")
    for key in parameters(load_published):
        if key not in taken:
            raise ConfigError(f"{owner}: weights.{key}: found none, expected one")
    drawn = load_published(model, **taken)
    file = Path(taken["file"])
    return {"file": file.name, "keys": taken["keys"], "sha256": sha256_of(file), "drawn": list(drawn)}
