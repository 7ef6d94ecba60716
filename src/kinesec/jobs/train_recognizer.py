"""One training job: clips and poisoned clips in, a recognizer's weights and a log out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from kinesec.files.kinds.poisoned_clips import POISONED_CLIPS
from kinesec.jobs._training import need_validation, parameters_of, train_and_write
from kinesec.models.device import best_device
from kinesec.models.fit import shape_of
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.models.wrappers.bones import Bones
from kinesec.samples.clips.checks import checked
from kinesec.samples.poisoned import load_poisoned
from kinesec.settings import changed
from kinesec.training.augmentation import Augmentation, Augmenter
from kinesec.training.recognition import ClipBatches, stages


def train_recognizer(
    *,
    clips_path: Path,
    poison_path: Path | None = None,
    recognizer: Mapping[str, Any],
    code: str,
    seed: int,
    model_path: Path,
    log_path: Path,
) -> None:
    """Trains a recognizer and writes its weights and its log (``train_and_write``).

    ``recognizer`` has ``recognizer`` (its name), ``settings`` (a mapping, or ``small``), ``recipe`` and ``augment``
    (changes of the published recipe and of none), and ``stream`` where it sees ``bones``. Clips of ``poison_path``
    take the places of clean ones; those that the weights are chosen by stay clean, as whoever trains knows nothing of
    the poison. Raises ``KinesecError`` for a store without clips to train on, or to choose weights by.
    """
    clean = checked(clips_path, "train")
    poisoned = None if poison_path is None else load_poisoned(poison_path, POISONED_CLIPS, clean.attrs)
    clips = clean
    if poisoned is not None:
        position, label = poisoned.among(clean.position, clean.label)
        clips = replace(clean, position=position, label=label)
    validation = checked(clips_path, "val", empty=True)
    name = recognizer["recognizer"]
    recipe = RECOGNIZERS.recipe(name, recognizer.get("recipe", {}))
    augmentation = changed(f"recognizer {name!r}", Augmentation(), recognizer.get("augment", {}), where="augment")
    need_validation(clips_path, "clip", recipe, validation)
    settings = RECOGNIZERS.settings_of(name, recognizer.get("settings", {}))
    device = best_device()
    model = RECOGNIZERS.build(name, shape_of(clips), settings, seed).to(device)
    bones = recognizer.get("stream", "joints") == "bones"
    if bones:
        model = Bones(model).to(device)
    description: dict[str, Any] = {
        "recognizer": name,
        "settings": settings,
        "recipe": asdict(recipe),
        "augment": asdict(augmentation),
        "seed": seed,
        "dataset": clips.attrs["dataset"],
        "protocol": clips.attrs["protocol"],
        "clips_sha256": clips.attrs["content_sha256"],
        "classes": clips.classes,
        "training_clips": len(clips),
        "validation_clips": len(validation),
        "parameters": parameters_of(model),
    }
    if bones:
        description["wrapper"] = {"wrapper": "bones", "settings": {}}
    if poisoned is not None:
        description |= {"poison_sha256": poisoned.content_sha256, "poisoned_clips": len(poisoned.index)}
    tasks = stages(
        model,
        recipe,
        ClipBatches(clips, device),
        ClipBatches(validation, device) if len(validation) else None,
        seed=seed,
        augmenter=Augmenter(augmentation, clips.normaliser, clips.skeleton, device),
    )
    train_and_write(RECOGNIZERS, tasks, description, code=code, model_path=model_path, log_path=log_path)
