"""One training job: clips in, a recognizer's weights and a log out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kinesec import settings as recipes
from kinesec.errors import KinesecError
from kinesec.models.device import best_device
from kinesec.models.fit import shape_of
from kinesec.models.recognizers.base import RECOGNIZERS
from kinesec.samples.clips.checks import checked
from kinesec.training.augmentation import Augmentation, Augmenter
from kinesec.training.batches import ClipBatches
from kinesec.training.recognizer_loop import best_epoch, train


def train_recognizer(
    *,
    clips_path: Path,
    recognizer: Mapping[str, Any],
    code: str,
    seed: int,
    model_path: Path,
    log_path: Path,
) -> None:
    """Trains and writes ``model_path`` (safetensors) and ``log_path`` (JSON: description, one record an epoch).

    ``recognizer`` has ``recognizer`` (its name), ``settings`` (a mapping, or ``small``), ``recipe`` and ``augment``
    (changes of the published recipe and of none). Checkpoints stand in a folder named by the job's own hash, beside the
    models, so that a killed job finds its own and no other's, and Snakemake, which deletes the outputs of a failed job,
    leaves them.
    """
    clips = checked(clips_path, "train")
    validation = checked(clips_path, "val", empty=True)
    name = recognizer["recognizer"]
    recipe = RECOGNIZERS.recipe(name, recognizer.get("recipe", {}))
    augmentation = recipes.changed(
        f"recognizer {name!r}", Augmentation(), recognizer.get("augment", {}), where="augment"
    )
    if recipe.selection == "validation" and not len(validation):
        raise KinesecError(
            f"{clips_path}: found no clip of split 'val', expected one or more to choose weights by; change the split, "
            "or set the recipe's `selection: last`"
        )
    settings = RECOGNIZERS.settings_of(name, recognizer.get("settings", {}))
    device = best_device()
    model = RECOGNIZERS.build(name, shape_of(clips), settings, seed).to(device)
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
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    job = {**description, "code": code, "device": device.type}
    key = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:16]
    log = train(
        model,
        recipe,
        ClipBatches(clips, device),
        ClipBatches(validation, device) if len(validation) else None,
        augmenter=Augmenter(augmentation, clips.normaliser, clips.skeleton, device),
        seed=seed,
        checkpoints=Path("results", "checkpoints", key),
        job=job,
    )
    RECOGNIZERS.save(model_path, model, description)
    whole = {**description, "kept_epoch": best_epoch(log, recipe.selection), "epochs": log}
    log_path.write_text(json.dumps(whole, indent=1, sort_keys=True) + "\n")
