"""CTR-GCN, the joint stream, against its released code."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from recognition import NTU, assert_agrees, clip
from test_agcn import ours as outer
from vectors import PRECISIONS, load

from kinesec.models.recognizers.ctr_gcn import CTRGCN


def ours(name: str) -> str:
    for official, mine in [
        (r"\.gcn1\.PA$", ".spatial.topology"),
        (r"\.gcn1\.alpha$", ".spatial.strength"),
        (r"\.gcn1\.convs\.(\d)\.", r".spatial.subsets.\1."),
        (r"\.conv1\.", ".one."),
        (r"\.conv2\.", ".other."),
        (r"\.conv3\.", ".value."),
        (r"\.conv4\.", ".relation."),
        (r"\.tcn1\.branches\.([01])\.3\.conv\.", r".temporal.dilated.\1.3.0."),
        (r"\.tcn1\.branches\.([01])\.3\.bn\.", r".temporal.dilated.\1.3.1."),
        (r"\.tcn1\.branches\.([01])\.", r".temporal.dilated.\1."),
        (r"\.tcn1\.branches\.2\.", ".temporal.largest."),
        (r"\.tcn1\.branches\.3\.", ".temporal.single."),
    ]:
        name = re.sub(official, mine, name)
    return outer(name)


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_agrees_with_the_released_code(dtype: torch.dtype) -> None:
    assert_agrees("ctrgcn", CTRGCN(NTU), ours, lambda model, x: {"output": model(clip(x))}, dtype)


def test_the_shared_topology_begins_as_the_released_one() -> None:
    topology = CTRGCN(NTU, widths=(8,)).blocks[0].spatial.topology
    np.testing.assert_array_equal(topology.detach().numpy(), load("ctrgcn")[1]["fixed/PA_init"])
