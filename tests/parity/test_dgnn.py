"""DGNN, the spatial stream, against its public re-implementation."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from recognition import NTU, assert_agrees, clip
from vectors import PRECISIONS, load

from kinesec.models.recognizers.base import Graph
from kinesec.models.recognizers.dgnn import DGNN

# Here the tips of the hands hang from the hands.
HANDS = Graph((1, 20, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, -1, 7, 7, 11, 11))
SHAPE = replace(NTU, graph=HANDS)


def ours(name: str) -> str:
    for official, mine in [
        (r"^data_bn_v\.", "joint_norm."),
        (r"^data_bn_e\.", "bone_norm."),
        (r"^l(\d+)\.", lambda match: f"blocks.{int(match[1]) - 1}."),
        (r"\.dgn\.(source|target)_M$", r".spatial.\1"),
        (r"\.dgn\.H_v\.", ".spatial.joint.0."),
        (r"\.dgn\.bn_v\.", ".spatial.joint.1."),
        (r"\.dgn\.H_e\.", ".spatial.bone.0."),
        (r"\.dgn\.bn_e\.", ".spatial.bone.1."),
        (r"\.tcn\.tempconv\.conv\.", ".temporal.0."),
        (r"\.tcn\.tempconv\.bn\.", ".temporal.1."),
        (r"\.residual\.tempconv\.conv\.", ".residual.0."),
        (r"\.residual\.tempconv\.bn\.", ".residual.1."),
        (r"^fc\.", "classifier."),
    ]:
        name = re.sub(official, mine, name)
    return name


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_agrees_with_the_public_code(dtype: torch.dtype) -> None:
    def outputs(model: DGNN, joints: torch.Tensor, bones: torch.Tensor) -> dict[str, torch.Tensor]:
        return {"output": model.classifier(model.read(clip(joints), clip(bones)))}

    assert_agrees("dgnn", DGNN(SHAPE), ours, outputs, dtype)


@pytest.mark.parametrize("end", ["source", "target"])
def test_the_incidence_begins_as_in_the_public_code(end: str) -> None:
    found = getattr(DGNN(SHAPE, widths=(4,)).blocks[0].spatial, end)
    np.testing.assert_allclose(found.detach().numpy(), load("dgnn")[1][f"fixed/{end}_M_init"], rtol=1e-6)
