"""Weights, inputs and outputs of reference implementations, rebuilt from their recipes (parity/README)."""

from __future__ import annotations

import json
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from kinesec.models.predictors._dct import dct_matrix

FOLDER = Path(__file__).parent
PRECISIONS = (torch.float32, torch.float64)


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


def assert_agrees(
    name: str,
    model: nn.Module,
    rename: Callable[[str], str],
    run: Callable[[Any, torch.Tensor], dict[str, torch.Tensor]],
    dtype: torch.dtype,
) -> None:
    """Outputs, their sum of squares, its gradients and the parameter count are those of the vector ``name``.

    ``run(model, input)`` gives outputs in the official layout by their official names. In float32 within 2e-5 of the
    largest output, in float64 within 1e-9 of those that the vector holds in float64.
    """
    recipe, arrays = load(name)
    fill(model, tensors(recipe, arrays), rename)
    assert sum(p.numel() for p in model.parameters()) == recipe["param_count"]
    model = model.to(dtype).eval()
    double = dtype == torch.float64
    if double and hasattr(model, "dct"):  # a constant: double precision, not a widened float32
        model.dct = torch.from_numpy(dct_matrix(model.dct.shape[1])[: len(model.dct)])
    ((source, value),) = inputs(recipe).items()
    x = torch.from_numpy(value).to(dtype).requires_grad_()
    outputs = run(model, x)
    for key, output in outputs.items():
        exact = double and f"{key}_f64" in arrays
        assert_close(output, arrays[f"{key}_f64" if exact else key], 1e-9 if exact else 2e-5)
    summed = recipe["scalar"]["definition"].removeprefix("sum of squares of: ").split(", ")
    scalar = torch.stack([(outputs[key] ** 2).sum() for key in summed]).sum()
    precision = "float64" if double else "float32"
    rel = 1e-8 if double else 1e-5
    assert scalar.item() == pytest.approx(recipe["scalar"][precision], rel=rel)
    scalar.backward()
    assert x.grad is not None
    assert x.grad.norm().item() == pytest.approx(recipe["grad_norm_input"][source][precision], rel=10 * rel)
    if f"grad/{source}" in arrays:
        assert_close(x.grad, arrays[f"grad/{source}"], 2e-5 if double else 1e-4)
    if double:
        inert = {rename(key) for key in recipe["inert_tensors"]["names"]}
        norms = {rename(entry["name"]): entry["grad_norm"] for entry in recipe["tensors"] if entry.get("learnable")}
        found = {key: 0.0 if p.grad is None else p.grad.norm().item() for key, p in model.named_parameters()}
        assert all(found[key] <= 1e-9 * max(norms.values()) for key in inert)
        assert sorted(found) == sorted(norms)
        assert {k: v for k, v in found.items() if k not in inert} == pytest.approx(
            {k: v for k, v in norms.items() if k not in inert}, rel=1e-6
        )
