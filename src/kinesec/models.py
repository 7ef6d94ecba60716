"""Trained predictors as files: weights without pickle, and what it takes to build the network again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open

from kinesec import names, seeding
from kinesec.errors import ConfigError, KinesecError
from kinesec.predictors.base import Predictor, Recipe, Shape


def build(name: str, shape: Shape, settings: Mapping[str, Any], seed: int = 0) -> Predictor:
    """A predictor with freshly drawn weights; raises ``ConfigError`` for settings its module does not take."""
    module = names.load("predictors", name)
    try:
        with seeding.torch_stream(seed, "init"):
            predictor: Predictor = module.PREDICTOR(shape, **settings)
    except TypeError as error:
        raise ConfigError(f"predictor {name!r}: {error}") from error
    return predictor


def recipe(name: str, changes: Mapping[str, Any]) -> Recipe:
    """The predictor's published recipe with a configuration's changes; raises ``ConfigError`` for an unknown key."""
    published: Recipe | None = names.load("predictors", name).RECIPE
    if published is None:
        raise ConfigError(f"predictor {name!r}: has nothing to train")
    try:
        return replace(published, **changes)
    except TypeError as error:
        raise ConfigError(f"predictor {name!r}: recipe: {error}") from error


def load(path: Path, device: torch.device) -> tuple[Predictor, dict[str, Any]]:
    """A trained predictor and its description; raises ``KinesecError`` naming a file that cannot be used."""
    try:
        with safe_open(path, framework="pt") as file:
            description: dict[str, Any] = json.loads(file.metadata()["meta"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        model = build(description["predictor"], Shape(**description["shape"]), description["settings"])
        model.load_state_dict(tensors)
    except (OSError, SafetensorError, KeyError, TypeError, RuntimeError) as error:
        raise KinesecError(f"{path}: found no usable model ({error}), expected one trained by kinesec") from error
    return model.to(device).eval(), description
