"""ST-GCN against its released code."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from recognition import NTU, assert_agrees, clip
from vectors import PRECISIONS, load

from kinesec.models.recognizers.st_gcn import STGCN


def block(name: str) -> str:
    for official, mine in [
        (r"\.gcn\.conv\.", ".spatial."),
        (r"\.tcn\.0\.", ".norm."),
        (r"\.tcn\.2\.", ".temporal.0."),
        (r"\.tcn\.3\.", ".temporal.1."),
    ]:
        name = re.sub(official, mine, name)
    return name


def ours(name: str) -> str:
    for official, mine in [
        (r"^A$", "adjacency"),
        (r"^data_bn\.", "norm."),
        (r"^st_gcn_networks\.", "blocks."),
        (r"^edge_importance\.", "importance."),
        (r"^fcn\.", "classifier."),
    ]:
        name = re.sub(official, mine, name)
    return block(name)


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_agrees_with_the_released_code(dtype: torch.dtype) -> None:
    assert_agrees("stgcn", STGCN(NTU), ours, lambda model, x: {"output": model(clip(x))}, dtype)


def test_partitions_are_the_released_ones() -> None:
    np.testing.assert_array_equal(STGCN(NTU, widths=(4,)).adjacency.numpy(), load("stgcn")[1]["buffer/A"])
