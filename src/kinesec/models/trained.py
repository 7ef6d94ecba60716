"""Trained models: built by name, saved and loaded without pickle, asked in batches of a fixed size."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from kinesec import names, seeding
from kinesec.errors import ConfigError
from kinesec.models import weights
from kinesec.settings import changed, keywords

Model = TypeVar("Model", bound=nn.Module)
Shape = TypeVar("Shape")
Recipe = TypeVar("Recipe")


@dataclass(frozen=True)
class Kind(Generic[Model, Shape, Recipe]):
    """A kind of model, such as the predictors: modules of one package, each a network of one interface.

    ``name`` ("predictor") is the key of a stored description, and with an s the package of ``models``. A module's
    network is its ``PREDICTOR``, which takes a ``shape`` (a dataclass with ``from_attrs``); its ``RECIPE`` is the
    published one, None where there is nothing to train. ``batch`` samples are evaluated at once: rounding depends on
    it.
    """

    name: str
    shape: type[Shape]
    batch: int

    @property
    def package(self) -> str:
        return f"models.{self.name}s"

    def settings_of(self, name: str, settings: Mapping[str, Any] | str) -> dict[str, Any]:
        """The settings as a mapping; ``small`` means the module's ``SMALL``, where it has one."""
        if isinstance(settings, Mapping):
            return dict(settings)
        small = getattr(names.load(self.package, name), "SMALL", None)
        if settings != "small" or small is None:
            expected = "a mapping" if small is None else "a mapping or 'small'"
            raise ConfigError(f"{self.name} {name!r}: settings: found {settings!r}, expected {expected}")
        return dict(small)

    def build(self, name: str, shape: Shape, settings: Mapping[str, Any] | str, seed: int = 0) -> Model:
        """A model with freshly drawn weights; raises ``ConfigError`` for settings its module does not take."""
        network = getattr(names.load(self.package, name), self.name.upper())
        taken = keywords(f"{self.name} {name!r}", network, self.settings_of(name, settings), "settings")
        try:
            with seeding.torch_stream(seed, "init"):
                model: Model = network(shape, **taken)
        except (TypeError, ValueError, RuntimeError, ZeroDivisionError) as error:
            raise ConfigError(f"{self.name} {name!r}: {weights.line(error)}") from error
        return model

    def recipe(self, name: str, changes: Mapping[str, Any]) -> Recipe:
        """The published recipe with a configuration's changes; raises ``ConfigError`` for unusable ones."""
        published: Recipe | None = names.load(self.package, name).RECIPE
        if published is None:
            raise ConfigError(f"{self.name} {name!r}: has nothing to train")
        return changed(f"{self.name} {name!r}", published, changes)

    def save(self, path: Path, model: Model, description: Mapping[str, Any]) -> None:
        """Weights as safetensors; as metadata ``description`` (name, settings ...) with the samples' shape."""
        path.parent.mkdir(parents=True, exist_ok=True)
        shape: Any = model.shape
        weights.write(path, model.state_dict(), {**description, "shape": asdict(shape)})

    def wrapped(self, model: Model, wrapper: Mapping[str, Any]) -> Model:
        """A model within another, ``wrapper`` (its name) with ``settings``: what a defence adds to it."""
        network = names.load("models.wrappers", wrapper["wrapper"]).WRAPPER
        taken = keywords(f"wrapper {wrapper['wrapper']!r}", network, wrapper["settings"], "settings")
        whole: Model = network(model, **taken)
        return whole

    def load(self, path: Path, device: torch.device) -> tuple[Model, dict[str, Any]]:
        """A trained model in eval mode and its description; raises ``KinesecError`` naming an unusable file."""
        with weights.usable(path):
            tensors, description = weights.read(path)
            shape: Shape = self.shape.from_attrs(description["shape"])  # type: ignore[attr-defined]
            model = self.build(description[self.name], shape, description["settings"])
            if "wrapper" in description:
                with seeding.torch_stream(0, "init"):  # what is drawn is overwritten
                    model = self.wrapped(model, description["wrapper"])
            model.load_state_dict(tensors)
        return model.to(device).eval(), description

    @torch.inference_mode()
    def predict(self, model: Model, sample: Tensor) -> Tensor:
        """What a model says of many samples (sample, ...), such as histories or clips; it goes to eval mode."""
        model.eval()
        return torch.cat([model(part) for part in sample.split(self.batch)])

    def predict_array(self, model: Model, sample: np.ndarray, device: torch.device) -> np.ndarray:
        """``predict`` of an array of samples, as an array of float32."""
        said = self.predict(model, torch.from_numpy(np.ascontiguousarray(sample)).to(device))
        return np.asarray(said.float().cpu().numpy())
