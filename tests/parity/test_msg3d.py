"""MS-G3D, the joint stream, against its released code."""

from __future__ import annotations

import re

import numpy as np
import pytest
import torch
from recognition import NTU, assert_agrees, clip
from vectors import PRECISIONS, load

from kinesec.models.recognizers.ms_g3d import MSG3D, ScaleConvolution
from kinesec.motion.graph import scales


def ours(name: str) -> str:
    for official, mine in [
        (r"^data_bn\.", "norm."),
        (r"^(gcn3d|sgcn|tcn)(\d)\.", lambda match: f"blocks.{int(match[2]) - 1}.{match[1]}."),
        (r"\.sgcn\.", ".factorised."),
        (r"\.tcn\.", ".temporal."),
        (r"\.gcn3d\.gcn3d\.(\d)\.gcn3d\.1\.", r".windows.\1.gather."),
        (r"\.gcn3d\.gcn3d\.(\d)\.out_conv\.", r".windows.\1."),
        (r"\.gcn3d\.gcn3d\.(\d)\.out_bn\.", r".windows.\1.norm."),
        (r"\.A_res$", ".learned"),
        (r"\.mlp\.layers\.", ".mix."),
        (r"\.branches\.([0-3])\.3\.conv\.", r".dilated.\1.3.0."),
        (r"\.branches\.([0-3])\.3\.bn\.", r".dilated.\1.3.1."),
        (r"\.branches\.([0-3])\.", r".dilated.\1."),
        (r"\.branches\.4\.", ".largest."),
        (r"\.branches\.5\.", ".single."),
        (r"\.residual\.conv\.", ".residual.0."),
        (r"\.residual\.bn\.", ".residual.1."),
        (r"^fc\.", "classifier."),
    ]:
        name = re.sub(official, mine, name)
    return name


def network() -> MSG3D:
    """With the released matrices, which differ from ours in the last bit of single precision."""
    arrays, model = load("msg3d")[1], MSG3D(NTU)
    for part in model.modules():
        if isinstance(part, ScaleConvolution):
            window = part.adjacency.shape[1] // 25
            given = arrays["fixed/A_powers" if window == 1 else f"fixed/A_scales_window{window}"]
            part.adjacency.copy_(torch.from_numpy(given).view_as(part.adjacency))
    return model


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_agrees_with_the_released_code(dtype: torch.dtype) -> None:
    assert_agrees("msg3d", network(), ours, lambda model, x: {"output": model(clip(x))}, dtype)


@pytest.mark.parametrize(
    ("key", "count", "window"), [("powers", 13, 1), ("scales_window3", 6, 3), ("scales_window5", 6, 5)]
)
def test_scales_are_the_released_ones(key: str, count: int, window: int) -> None:
    ours = scales(NTU.graph, count, window).reshape(-1, 25 * window)
    np.testing.assert_allclose(ours, load("msg3d")[1][f"fixed/A_{key}"], rtol=0, atol=1e-7)
