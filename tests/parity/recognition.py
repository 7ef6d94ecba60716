"""Recognizers beside their reference implementations: networks with batch statistics and one input or several."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import nn
from vectors import assert_close, inputs, load, tensors

from kinesec.models.recognizers.base import NTU_PUBLISHED, ClipShape

NTU = ClipShape(64, 25, 2, 60, NTU_PUBLISHED)


def clip(x: torch.Tensor) -> torch.Tensor:
    """(batch, xyz, frame, joint, body), the released layout, in ours."""
    return x.permute(0, 4, 2, 3, 1)


def fill(model: nn.Module, values: dict[str, np.ndarray], rename: Callable[[str], str]) -> None:
    """Loads official values; every tensor of ours but the counters of batches gets one, and every value is used."""
    state = {rename(name): torch.from_numpy(value) for name, value in values.items()}
    ours = {name: value for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    assert sorted(state) == sorted(ours), set(state) ^ set(ours)
    model.load_state_dict({name: value.reshape(ours[name].shape) for name, value in state.items()}, strict=False)


def assert_agrees(
    name: str,
    model: nn.Module,
    rename: Callable[[str], str],
    run: Callable[..., dict[str, torch.Tensor]],
    dtype: torch.dtype,
    arrange: Callable[[str, np.ndarray], np.ndarray] = lambda name, value: value,
) -> None:
    """Outputs, their sum of squares, its gradients and the parameter count are those of the vector ``name``.

    ``run(model, *inputs)`` gives outputs by their official names; ``arrange(name, value)`` an official tensor with its
    axes in our order. In float32 within 2e-5 of the largest output, in float64 within 1e-9 of those that the
    vector holds in float64.
    """
    recipe, arrays = load(name)
    fill(model, {key: arrange(key, value) for key, value in tensors(recipe, arrays).items()}, rename)
    assert sum(p.numel() for p in model.parameters()) == recipe["param_count"]
    model = model.to(dtype).eval()
    double = dtype == torch.float64
    given = {key: torch.from_numpy(value).to(dtype).requires_grad_() for key, value in inputs(recipe).items()}
    outputs = run(model, *given.values())
    for key, output in outputs.items():
        exact = double and f"{key}_f64" in arrays
        assert_close(output, arrays[f"{key}_f64" if exact else key], 1e-9 if exact else 2e-5)
    summed = recipe["scalar"]["definition"].removeprefix("sum of squares of: ").split(", ")
    scalar = torch.stack([(outputs[key] ** 2).sum() for key in summed]).sum()
    precision, rel = ("float64", 1e-8) if double else ("float32", 1e-5)
    assert scalar.item() == pytest.approx(recipe["scalar"][precision], rel=rel)
    scalar.backward()
    for key, norms in recipe["grad_norm_input"].items():
        found = given[key].grad
        assert found is not None
        assert found.norm().item() == pytest.approx(norms[precision], rel=10 * rel)
        # single precision in the vectors, where a ReLU or two decides otherwise than in double (1.7e-3 with DGNN)
        expected = torch.from_numpy(arrays[f"grad/{key}"])
        assert (found - expected).norm() <= 3e-3 * expected.norm()
    if double:
        assert_parameter_gradients(recipe, model, rename)


def assert_parameter_gradients(recipe: dict[str, Any], model: nn.Module, rename: Callable[[str], str]) -> None:
    """The gradient of each parameter has the norm that the recipe names; none, where it is inert."""
    inert = {rename(key) for key in recipe["inert_tensors"]["names"]}
    norms = {rename(entry["name"]): entry["grad_norm"] for entry in recipe["tensors"] if entry.get("learnable")}
    found = {key: 0.0 if p.grad is None else p.grad.norm().item() for key, p in model.named_parameters()}
    assert sorted(found) == sorted(norms)
    live = [key for key in norms if key not in inert]
    assert all(found[key] <= 1e-9 * max(norms[other] for other in live) for key in inert)
    assert [found[key] for key in live] == pytest.approx([norms[key] for key in live], rel=1e-6)
