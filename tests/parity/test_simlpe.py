"""siMLPe against its released code, with each axis of normalisation."""

from __future__ import annotations

import re

import pytest
import torch
from vectors import PRECISIONS, assert_agrees

from kinesec.models.predictors.base import Shape
from kinesec.models.predictors.simlpe import SiMLPe


def ours(name: str) -> str:
    for official, mine in [
        (r"^motion_fc_in\.", "enter."),
        (r"^motion_fc_out\.", "leave."),
        (r"^motion_mlp\.mlps\.", "layers."),
        (r"\.fc0\.fc\.", "."),
        (r"\.norm0\.alpha", ".norm.weight"),
        (r"\.norm0\.beta", ".norm.bias"),
        (r"\.norm0\.", ".norm."),
    ]:
        name = re.sub(official, mine, name)
    return name


def outputs(model: SiMLPe, x: torch.Tensor) -> dict[str, torch.Tensor]:
    return {
        "output": model.coefficients(x.transpose(0, 1)).transpose(0, 1),
        "pipeline": model.next(x.transpose(0, 1).contiguous()).transpose(0, 1),
    }


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
@pytest.mark.parametrize(
    ("name", "axis"), [("simlpe", "spatial"), ("simlpe_temporal", "temporal"), ("simlpe_all", "all")]
)
def test_agrees_with_the_released_code(name: str, axis: str, dtype: torch.dtype) -> None:
    assert_agrees(name, SiMLPe(Shape(50, 10, 22), normalise=axis), ours, outputs, dtype)
