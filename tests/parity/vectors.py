"""Weights, inputs and outputs of reference implementations, rebuilt from their recipes (parity/README)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

FOLDER = Path(__file__).parent


def load(name: str) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    recipe = json.loads((FOLDER / f"{name}.json").read_text())
    with np.load(FOLDER / f"{name}.npz") as arrays:
        return recipe, dict(arrays)


def tensors(recipe: dict[str, Any], arrays: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Every entry of the official state dict by its official name, float32."""
    values = {}
    for entry in recipe["tensors"]:
        name, shape = entry["name"], entry["shape"]
        if entry["kind"] == "counter":
            continue
        if entry["kind"] == "fixed_buffer":
            values[name] = arrays[f"buffer/{name}"]
            continue
        z = np.random.default_rng(zlib.crc32(name.encode())).standard_normal(shape)
        values[name] = (entry["offset"] + entry["scale"] * (abs(z) if entry["abs"] else z)).astype(np.float32)
    return values


def inputs(recipe: dict[str, Any]) -> dict[str, np.ndarray]:
    values = {}
    for entry in recipe["inputs"]:
        rng = np.random.default_rng(entry["seed"])
        draw = rng.random if entry["dist"] == "uniform01" else rng.standard_normal
        values[entry["name"]] = (entry["scale"] * draw(entry["shape"])).astype(np.float32)
    return values


def fill(model: nn.Module, values: dict[str, np.ndarray], rename: Callable[[str], str]) -> None:
    """Loads official values into ours; every tensor of ours must be given a value, every value must be used."""
    state = {rename(name): torch.from_numpy(value) for name, value in values.items()}
    ours = model.state_dict()
    assert sorted(state) == sorted(ours), set(state) ^ set(ours)
    model.load_state_dict({name: value.reshape(ours[name].shape) for name, value in state.items()})


def assert_close(found: torch.Tensor, expected: np.ndarray, share: float) -> None:
    """The largest difference is at most ``share`` of the largest expected magnitude."""
    difference = np.abs(found.detach().numpy() - expected).max() / np.abs(expected).max()
    assert difference <= share, f"found a difference of {difference:.2e} of the largest output, expected <= {share:.0e}"
