"""Recognizers by name: built, trained by which recipe, saved and loaded without pickle."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from kinesec import names, seeding
from kinesec import settings as recipes
from kinesec.errors import ConfigError
from kinesec.models import weights
from kinesec.models.recognizers.base import ClipShape, Recipe, Recognizer

EVALUATION_BATCH = 64


def settings_of(name: str, settings: Mapping[str, Any] | str) -> dict[str, Any]:
    """The settings as a mapping; ``small`` means the module's ``SMALL``."""
    if isinstance(settings, Mapping):
        return dict(settings)
    if settings != "small":
        raise ConfigError(f"recognizer {name!r}: settings: found {settings!r}, expected a mapping or 'small'")
    return dict(names.load("models.recognizers", name).SMALL)


def build(name: str, shape: ClipShape, settings: Mapping[str, Any] | str, seed: int = 0) -> Recognizer:
    """A recognizer with freshly drawn weights; raises ``ConfigError`` for settings its module does not take."""
    module = names.load("models.recognizers", name)
    try:
        with seeding.torch_stream(seed, "init"):
            recognizer: Recognizer = module.RECOGNIZER(shape, **settings_of(name, settings))
    except (TypeError, ValueError, RuntimeError, ZeroDivisionError) as error:
        raise ConfigError(f"recognizer {name!r}: {weights.line(error)}") from error
    return recognizer


def recipe(name: str, changes: Mapping[str, Any]) -> Recipe:
    """The recognizer's published recipe with a configuration's changes; raises ``ConfigError`` for unusable ones."""
    published: Recipe = names.load("models.recognizers", name).RECIPE
    return recipes.changed(f"recognizer {name!r}", published, changes)


def save(path: Path, model: Recognizer, description: Mapping[str, Any]) -> None:
    """Weights, and as metadata ``description`` (``recognizer``, ``settings`` ...) with the clips' shape."""
    path.parent.mkdir(parents=True, exist_ok=True)
    weights.write(path, model.state_dict(), {**description, "shape": model.shape.to_attrs()})


def load(path: Path, device: torch.device) -> tuple[Recognizer, dict[str, Any]]:
    """A trained recognizer in eval mode and its description; raises ``KinesecError`` naming an unusable file."""
    with weights.usable(path):
        tensors, description = weights.read(path)
        shape = ClipShape.from_attrs(description["shape"])
        model = build(description["recognizer"], shape, description["settings"])
        model.load_state_dict(tensors)
    return model.to(device).eval(), description


@torch.inference_mode()
def predict(model: Recognizer, clip: Tensor) -> Tensor:
    """Logits (clip, class) of many normalised clips (clip, body, frame, joint, xyz), in batches of a fixed size."""
    model.eval()
    return torch.cat([model(part) for part in clip.split(EVALUATION_BATCH)])
