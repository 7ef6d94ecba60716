"""Weights, inputs and outputs of reference implementations, rebuilt from their recipes (parity/README)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from official_names import Names, renamed
from torch import nn

from kinesec.models.predictors._dct import dct_matrix

FOLDER = Path(__file__).parent
PRECISIONS = (torch.float32, torch.float64)
Outputs = dict[str, torch.Tensor]


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


def fill(model: nn.Module, values: dict[str, np.ndarray], names: Names) -> None:
    """Loads official values; every tensor of ours but the counters of batches gets one, and every value is used."""
    state = {renamed(name, names): torch.from_numpy(value) for name, value in values.items()}
    ours = {name: value for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    assert sorted(state) == sorted(ours), set(state) ^ set(ours)
    model.load_state_dict({name: value.reshape(ours[name].shape) for name, value in state.items()}, strict=False)


def assert_close(actual: torch.Tensor, expected: np.ndarray, share: float) -> None:
    """The largest difference is at most ``share`` of the largest expected magnitude."""
    difference = np.abs(actual.detach().numpy() - expected).max() / np.abs(expected).max()
    assert difference <= share, f"found a difference of {difference:.2e} of the largest output, expected <= {share:.0e}"


@dataclass(frozen=True)
class Case:
    """A network of ours beside a released one, whose answers the vector of a name holds.

    ``outputs(network, *inputs)`` gives outputs in the official layout by their official names; ``arrange(name, value)``
    an official tensor with its axes in our order. ``kinked`` networks have units (a ReLU or two) that decide otherwise
    in the vectors' single precision than in double: their gradients are compared as a whole.
    """

    network: Callable[[], nn.Module]
    names: Names
    outputs: Callable[..., Outputs]
    kinked: bool = True
    arrange: Callable[[str, np.ndarray], np.ndarray] = lambda name, value: value


def assert_agrees(vector: str, case: Case, dtype: torch.dtype) -> None:
    """Outputs, their sum of squares, its gradients and the parameter count are those of a vector.

    In float32 within 2e-5 of the largest output, in float64 within 1e-9 of those that the vector holds in float64.
    """
    recipe, arrays = load(vector)
    model = case.network()
    fill(model, {name: case.arrange(name, value) for name, value in tensors(recipe, arrays).items()}, case.names)
    assert sum(p.numel() for p in model.parameters()) == recipe["param_count"]
    model = model.to(dtype).eval()
    double = dtype == torch.float64
    if double and hasattr(model, "dct"):  # a constant: double precision, not a widened float32
        model.dct = torch.from_numpy(dct_matrix(model.dct.shape[1])[: len(model.dct)])
    given = {key: torch.from_numpy(value).to(dtype).requires_grad_() for key, value in inputs(recipe).items()}
    outputs = case.outputs(model, *given.values())
    for key, output in outputs.items():
        exact = double and f"{key}_f64" in arrays
        assert_close(output, arrays[f"{key}_f64" if exact else key], 1e-9 if exact else 2e-5)
    summed = recipe["scalar"]["definition"].removeprefix("sum of squares of: ").split(", ")
    scalar = torch.stack([(outputs[key] ** 2).sum() for key in summed]).sum()
    precision, rel = ("float64", 1e-8) if double else ("float32", 1e-5)
    assert scalar.item() == pytest.approx(recipe["scalar"][precision], rel=rel)
    scalar.backward()
    for key, norms in recipe["grad_norm_input"].items():
        gradient, expected = given[key].grad, arrays[f"grad/{key}"]
        assert gradient is not None
        assert gradient.norm().item() == pytest.approx(norms[precision], rel=10 * rel)
        if case.kinked:  # 1.7e-3 with DGNN
            assert np.linalg.norm(gradient.numpy() - expected) <= 3e-3 * np.linalg.norm(expected)
        else:
            assert_close(gradient, expected, 2e-5 if double else 1e-4)
    if double:
        assert_parameter_gradients(recipe, model, case.names)


def assert_parameter_gradients(recipe: dict[str, Any], model: nn.Module, names: Names) -> None:
    """The gradient of each parameter has the norm that the recipe names; none, where it is inert."""
    inert = {renamed(name, names) for name in recipe["inert_tensors"]["names"]}
    norms = {renamed(entry["name"], names): entry["grad_norm"] for entry in recipe["tensors"] if entry.get("learnable")}
    gradients = {key: 0.0 if p.grad is None else p.grad.norm().item() for key, p in model.named_parameters()}
    assert sorted(gradients) == sorted(norms)
    live = [key for key in norms if key not in inert]
    assert all(gradients[key] <= 1e-9 * max(norms[other] for other in live) for key in inert)
    assert [gradients[key] for key in live] == pytest.approx([norms[key] for key in live], rel=1e-6)
