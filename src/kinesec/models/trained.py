"""Trained predictors as files: weights without pickle, and what it takes to build the network again."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from kinesec import names, seeding
from kinesec import settings as recipes
from kinesec.errors import ConfigError
from kinesec.models import weights
from kinesec.models.predictors.base import Predictor, Recipe, Shape


def build(name: str, shape: Shape, settings: Mapping[str, Any], seed: int = 0) -> Predictor:
    """A predictor with freshly drawn weights; raises ``ConfigError`` for settings its module does not take."""
    module = names.load("models.predictors", name)
    try:
        with seeding.torch_stream(seed, "init"):
            predictor: Predictor = module.PREDICTOR(shape, **settings)
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigError(f"predictor {name!r}: {weights.line(error)}") from error
    return predictor


def recipe(name: str, changes: Mapping[str, Any]) -> Recipe:
    """The predictor's published recipe with a configuration's changes; raises ``ConfigError`` for an unknown key."""
    published: Recipe | None = names.load("models.predictors", name).RECIPE
    if published is None:
        raise ConfigError(f"predictor {name!r}: has nothing to train")
    return recipes.changed(f"predictor {name!r}", published, changes)


def load(path: Path, device: torch.device) -> tuple[Predictor, dict[str, Any]]:
    """A trained predictor and its description; raises ``KinesecError`` naming a file that cannot be used."""
    with weights.usable(path):
        tensors, description = weights.read(path)
        model = build(description["predictor"], Shape(**description["shape"]), description["settings"])
        model.load_state_dict(tensors)
    return model.to(device).eval(), description
