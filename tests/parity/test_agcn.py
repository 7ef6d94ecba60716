"""2s-AGCN, the joint stream, against its released code."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from recognition import NTU, assert_agrees, clip
from vectors import PRECISIONS, load

from kinesec.models.recognizers.agcn import AGCN


def ours(name: str) -> str:
    for official, mine in [
        (r"^data_bn\.", "norm."),
        (r"^l(\d+)\.", lambda match: f"blocks.{int(match[1]) - 1}."),
        (r"\.gcn1\.PA$", ".spatial.learned"),
        (r"\.gcn1\.conv_a\.(\d)\.", r".spatial.subsets.\1.query."),
        (r"\.gcn1\.conv_b\.(\d)\.", r".spatial.subsets.\1.key."),
        (r"\.gcn1\.conv_d\.(\d)\.", r".spatial.subsets.\1.value."),
        (r"\.gcn1\.down\.", ".spatial.residual."),
        (r"\.gcn1\.bn\.", ".spatial.norm."),
        (r"\.tcn1\.conv\.", ".temporal.0."),
        (r"\.tcn1\.bn\.", ".temporal.1."),
        (r"\.residual\.conv\.", ".residual.0."),
        (r"\.residual\.bn\.", ".residual.1."),
        (r"^fc\.", "classifier."),
    ]:
        name = re.sub(official, mine, name)
    return name


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_agrees_with_the_released_code(dtype: torch.dtype) -> None:
    assert_agrees("agcn", AGCN(NTU), ours, lambda model, x: {"output": model(clip(x))}, dtype)


def test_partitions_are_the_released_ones() -> None:
    adjacency = AGCN(NTU, widths=(4,)).blocks[0].spatial.adjacency
    np.testing.assert_array_equal(adjacency.numpy(), load("agcn")[1]["fixed/A"])
