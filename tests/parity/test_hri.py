"""HRI against its released code."""

from __future__ import annotations

import re

import pytest
import torch
from test_ltd import ours as graph
from vectors import PRECISIONS, assert_agrees, assert_close, fill, inputs, load, tensors

from kinesec.models.predictors.base import Shape
from kinesec.models.predictors.hri import HRI


def ours(name: str) -> str:
    name = re.sub(r"^conv([QK])\.", lambda match: {"Q": "query.", "K": "key."}[match[1]], name)
    return graph(name.removeprefix("gcn."))


def outputs(model: HRI, x: torch.Tensor) -> dict[str, torch.Tensor]:
    metres = x.transpose(1, 2) / 1000
    gcn_input = model.inputs(x)
    return {
        "query": model.query(metres[:, :, -10:]),
        "key": model.key(metres[:, :, :-10]),
        "attention": model.attention(x)[:, None],
        "gcn_input": gcn_input.transpose(0, 1),
        "gcn_output": model.coefficients(gcn_input).transpose(0, 1),
        "output": model.window(x)[:, :, None],
    }


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_agrees_with_the_released_code(dtype: torch.dtype) -> None:
    assert_agrees("hri", HRI(Shape(50, 10, 22)), ours, outputs, dtype)


@pytest.mark.parametrize("future", [25, 30])
def test_three_steps_agree_with_the_released_code(future: int) -> None:
    """The released code grows its keys and values by what each step predicts; so does a history that grows."""
    recipe, arrays = load("hri")
    model = HRI(Shape(50, future, 22)).eval()
    fill(model, tensors(recipe, arrays), ours)
    history = torch.from_numpy(inputs(recipe)["src"]).unflatten(2, (22, 3))
    steps = arrays["output_itera3"][:, 10:].transpose(0, 2, 1, 3).reshape(2, 30, 66)
    assert_close(model(history).flatten(2), steps[:, :future], 2e-5)
