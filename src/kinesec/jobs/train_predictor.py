"""One training job: windows and poisoned windows in, weights and a log out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kinesec.errors import KinesecError
from kinesec.models.device import best_device
from kinesec.models.predictors.base import PREDICTORS, Shape
from kinesec.samples.windows import windows
from kinesec.samples.windows.poisoned import load_poisoned
from kinesec.training.batches import WindowBatches
from kinesec.training.loop import best_error, train


def train_predictor(
    *,
    windows_path: Path,
    poison_path: Path | None,
    predictor: Mapping[str, Any],
    code: str,
    seed: int,
    model_path: Path,
    log_path: Path,
) -> None:
    """Trains and writes ``model_path`` (safetensors) and ``log_path`` (JSON: description, one record an epoch).

    Checkpoints stand in a folder named by the job's own hash, beside the models, so that a killed job finds its own
    and no other's, and Snakemake, which deletes the outputs of a failed job, leaves them.
    """
    clean = _load(windows_path, "train")
    validation = windows.load(windows_path, "val")
    poisoned = load_poisoned(poison_path, clean) if poison_path else None
    recipe = PREDICTORS.recipe(predictor["predictor"], predictor["recipe"])
    if recipe.selection == "validation" and not len(validation):
        raise KinesecError(
            f"{windows_path}: found no window of split 'val', expected one or more to choose weights by; change the "
            f"split, or set the recipe's `selection: last`"
        )
    shape = Shape(clean.history, clean.future, len(clean.used))
    device = best_device()
    model = PREDICTORS.build(predictor["predictor"], shape, predictor["settings"], seed).to(device)
    description: dict[str, Any] = {
        "predictor": predictor["predictor"],
        "settings": dict(predictor["settings"]),
        "recipe": asdict(recipe),
        "seed": seed,
        "windows_sha256": clean.attrs["content_sha256"],
        "poison_sha256": poisoned.content_sha256 if poisoned else None,
        "training_windows": len(clean),
        "poisoned_windows": 0 if poisoned is None else len(poisoned.index),
        "parameters": sum(parameter.numel() for parameter in model.parameters()),
    }
    job = {**description, "code": code, "device": device.type}
    key = hashlib.sha256(json.dumps(job, sort_keys=True).encode()).hexdigest()[:16]
    log = train(
        model,
        recipe,
        WindowBatches(clean, poisoned, device),
        WindowBatches(validation, None, device) if len(validation) else None,
        seed=seed,
        checkpoints=Path("results", "checkpoints", key),
        job=job,
    )
    PREDICTORS.save(model_path, model, description)
    kept = len(log) if recipe.selection == "last" else 1 + [e["validation_mm"] for e in log].index(best_error(log))
    log_path.write_text(json.dumps({**description, "kept_epoch": kept, "epochs": log}, indent=1, sort_keys=True) + "\n")


def _load(path: Path, split: str) -> windows.Windows:
    loaded = windows.load(path, split)
    if len(loaded) == 0:
        raise KinesecError(f"{path}: found no window of split {split!r}, expected one or more; change the split")
    return loaded
