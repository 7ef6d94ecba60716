"""One training job: windows and poisoned windows in, weights and a log out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from kinesec.errors import KinesecError
from kinesec.jobs._training import need_validation, parameters_of, train_and_write
from kinesec.models.device import best_device
from kinesec.models.predictors.base import PREDICTORS, Shape
from kinesec.samples.windows import windows
from kinesec.samples.windows.poisoned import load_poisoned
from kinesec.training.prediction import Prediction, WindowBatches


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
    """Trains a predictor and writes its weights and its log (``train_and_write``).

    ``predictor`` has ``predictor`` (its name), ``settings`` and ``recipe`` (changes of the published recipe). Raises
    ``KinesecError`` for a store without windows to train on, or to choose weights by.
    """
    clean = windows.load(windows_path, "train")
    if len(clean) == 0:
        raise KinesecError(f"{windows_path}: found no window of split 'train', expected one or more; change the split")
    validation = windows.load(windows_path, "val")
    poisoned = load_poisoned(poison_path, clean) if poison_path else None
    name, settings = predictor["predictor"], dict(predictor["settings"])
    recipe = PREDICTORS.recipe(name, predictor["recipe"])
    need_validation(windows_path, "window", recipe, validation)
    device = best_device()
    model = PREDICTORS.build(name, Shape(clean.history, clean.future, len(clean.used)), settings, seed).to(device)
    description: dict[str, Any] = {
        "predictor": name,
        "settings": settings,
        "recipe": asdict(recipe),
        "seed": seed,
        "windows_sha256": clean.attrs["content_sha256"],
        "poison_sha256": poisoned.content_sha256 if poisoned else None,
        "training_windows": len(clean),
        "poisoned_windows": 0 if poisoned is None else len(poisoned.index),
        "parameters": parameters_of(model),
    }
    chosen_by = WindowBatches(validation, None, device) if len(validation) else None
    task = Prediction(model, recipe, WindowBatches(clean, poisoned, device), seed, chosen_by)
    train_and_write(PREDICTORS, [task], description, code=code, model_path=model_path, log_path=log_path)
