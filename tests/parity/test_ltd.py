"""LTD against its released code."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from vectors import PRECISIONS, assert_agrees, load

from kinesec.models.predictors._dct import dct_matrix
from kinesec.models.predictors.base import Shape
from kinesec.models.predictors.ltd import LTD


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


def outputs(model: LTD, x: torch.Tensor) -> dict[str, torch.Tensor]:
    coefficients = model.coefficients(x.transpose(0, 1))
    return {
        "output": coefficients.transpose(0, 1),
        "trajectory": (coefficients @ model.dct).permute(1, 2, 0),
    }


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_agrees_with_the_released_code(dtype: torch.dtype) -> None:
    assert_agrees("ltd", LTD(Shape(10, 25, 25), coefficients=30), ours, outputs, dtype)


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
