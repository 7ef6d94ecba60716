"""Trained predictors as files: weights without pickle, and what it takes to build the network again."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal, get_args, get_origin, get_type_hints

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
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigError(f"predictor {name!r}: {_line(error)}") from error
    return predictor


def recipe(name: str, changes: Mapping[str, Any]) -> Recipe:
    """The predictor's published recipe with a configuration's changes; raises ``ConfigError`` for an unknown key."""
    published: Recipe | None = names.load("predictors", name).RECIPE
    if published is None:
        raise ConfigError(f"predictor {name!r}: has nothing to train")
    known = get_type_hints(Recipe)
    for key, value in changes.items():
        if key not in known:
            raise ConfigError(
                f"predictor {name!r}: recipe.{key}: found an unknown key, expected some of {_list(known)}"
            )
        fits, expected = _fits(key, value, known[key])
        if not fits:
            raise ConfigError(f"predictor {name!r}: recipe.{key}: found {value!r}, expected {expected}")
    return replace(published, **changes)


def _fits(key: str, value: Any, hint: Any) -> tuple[bool, str]:
    """Whether a value can be a recipe's field, and what can."""
    if get_origin(hint) is Literal:
        return value in get_args(hint), f"one of {_list(get_args(hint))}"
    if value is None:
        return type(None) in get_args(hint), "a number"
    if isinstance(value, bool) or not isinstance(value, int if hint is int else int | float):
        return False, "a whole number from 1" if hint is int else "a number"
    least = 2 if key == "batch" else 1 if hint is int else 0  # a batch of one window has no batch statistics
    return math.isfinite(value) and value >= least, f"a finite number from {least}"


def _list(names: Iterable[Any]) -> str:
    return ", ".join(map(str, names))


def _line(error: Exception) -> str:
    return " ".join(str(error).split())[:200]


def load(path: Path, device: torch.device) -> tuple[Predictor, dict[str, Any]]:
    """A trained predictor and its description; raises ``KinesecError`` naming a file that cannot be used."""
    try:
        with safe_open(path, framework="pt") as file:
            description: dict[str, Any] = json.loads(file.metadata()["meta"])
            tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        model = build(description["predictor"], Shape(**description["shape"]), description["settings"])
        model.load_state_dict(tensors)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError, ConfigError) as error:
        raise KinesecError(
            f"{path}: found no usable model ({_line(error)}), expected one trained by kinesec"
        ) from error
    return model.to(device).eval(), description
