"""LTD against its released code."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from vectors import assert_close, fill, inputs, load, tensors

from kinesec.dct import dct_matrix
from kinesec.predictors.base import Shape
from kinesec.predictors.ltd import LTD


def ours(name: str) -> str:
    name = re.sub(r"^gcbs\.(\d+)\.", r"blocks.\1.", name)
    for official, mine in [
        (r"^gc1\.", "enter.convolution."),
        (r"^bn1\.", "enter.activation."),
        (r"^gc7\.", "leave."),
        (r"\.gc1\.", ".first.convolution."),
        (r"\.bn1\.", ".first.activation."),
        (r"\.gc2\.", ".second.convolution."),
        (r"\.bn2\.", ".second.activation."),
    ]:
        name = re.sub(official, mine, name)
    return name


@pytest.mark.parametrize(("dtype", "share", "suffix"), [(torch.float32, 2e-5, ""), (torch.float64, 1e-9, "_f64")])
def test_agrees_with_the_released_code(dtype: torch.dtype, share: float, suffix: str) -> None:
    recipe, arrays = load("ltd")
    model = LTD(Shape(10, 25, 25), coefficients=30).eval()
    fill(model, tensors(recipe, arrays), ours)
    assert sum(p.numel() for p in model.parameters()) == recipe["param_count"]
    model = model.to(dtype)
    if dtype == torch.float64:  # the DCT matrix is a constant: double precision, not a widened float32
        model.dct = torch.from_numpy(dct_matrix(35)[:30])
    x = torch.from_numpy(inputs(recipe)["dct_coefficients"]).to(dtype).transpose(0, 1).requires_grad_()
    output = model.coefficients(x)
    assert_close(output.transpose(0, 1), arrays["output" + suffix], share)
    trajectory = (output @ model.dct).permute(1, 2, 0)
    assert_close(trajectory, arrays["trajectory"], 2e-5)
    (output**2).sum().backward()
    assert x.grad is not None
    assert x.grad.norm().item() == pytest.approx(recipe["grad_norm_input"]["dct_coefficients"]["float64"], rel=1e-4)
    if dtype == torch.float64:
        norms = {ours(e["name"]): e["grad_norm"] for e in recipe["tensors"] if e.get("learnable")}
        found = {name: p.grad.norm().item() for name, p in model.named_parameters() if p.grad is not None}
        assert found == pytest.approx({name: norms[name] for name in found}, rel=1e-6)
        assert len(found) == len(norms)


def test_padded_history_coefficients() -> None:
    """The window's coefficients are those of the released loader: history, then its last pose held."""
    arrays = load("kinematics")[1]
    window = torch.from_numpy(arrays["window_sequence"][:, arrays["window_dims_used"]]).double()
    model = LTD(Shape(10, 25, 25), coefficients=30, features=4, blocks=1).double().eval()
    model.dct = torch.from_numpy(dct_matrix(35)[:30])
    seen = []
    model.coefficients = lambda x: seen.append(x) or x  # type: ignore[method-assign]
    model(window[None, :10].unflatten(2, (25, 3)))
    np.testing.assert_allclose(seen[0][:, 0].numpy(), arrays["window_input_dct"], atol=1e-3)
