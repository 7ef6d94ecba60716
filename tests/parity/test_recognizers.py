"""Recognizers of ours beside released ones: a table of vectors, in single and in double precision."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import official_names as named
import pytest
import torch
from torch import nn
from vectors import PRECISIONS, Case, Outputs, assert_agrees, load

from kinesec.models.recognizers._layers import pooled
from kinesec.models.recognizers._links import LinkInference
from kinesec.models.recognizers.agcn import AGCN
from kinesec.models.recognizers.as_gcn import ASGCN
from kinesec.models.recognizers.base import NTU_PUBLISHED, ClipShape, Graph
from kinesec.models.recognizers.ctr_gcn import CTRGCN
from kinesec.models.recognizers.dgnn import DGNN
from kinesec.models.recognizers.ms_g3d import MSG3D, ScaleConvolution
from kinesec.models.recognizers.sgn import SGN
from kinesec.models.recognizers.st_gcn import STGCN
from kinesec.motion.graph import scales

NTU = ClipShape(64, 25, 2, 60, NTU_PUBLISHED)
LONG = replace(NTU, frames=300)
# In the public code of DGNN the tips of the hands hang from the hands.
HANDS = Graph((1, 20, 20, 2, 20, 4, 5, 6, 20, 8, 9, 10, 0, 12, 13, 14, 0, 16, 17, 18, -1, 7, 7, 11, 11))


def clip(x: torch.Tensor) -> torch.Tensor:
    """(batch, xyz, frame, joint, body), the released layout, in ours."""
    return x.permute(0, 4, 2, 3, 1)


def scores(model: nn.Module, x: torch.Tensor) -> Outputs:
    return {"output": model(clip(x))}


def msg3d() -> MSG3D:
    """With the released matrices, which differ from ours in the last bit of single precision."""
    arrays, model = load("msg3d")[1], MSG3D(NTU)
    for part in model.modules():
        if isinstance(part, ScaleConvolution):
            window = part.adjacency.shape[1] // 25
            given = arrays["fixed/A_powers" if window == 1 else f"fixed/A_scales_window{window}"]
            part.adjacency.copy_(torch.from_numpy(given).view_as(part.adjacency))
    return model


def sgn_axes(name: str, value: np.ndarray) -> np.ndarray:
    """Released embeddings are normalised over (xyz, joint), ours over (joint, xyz)."""
    return value.reshape(3, 25).T.reshape(-1) if "_embed.cnn.0.bn." in name else value


def asgcn() -> ASGCN:
    model = ASGCN(LONG)
    del model.inference  # the vector gives the links
    return model


def asgcn_axes(name: str, value: np.ndarray) -> np.ndarray:
    """Transposed convolutions of one frame are plain ones with inputs and outputs exchanged."""
    return value.swapaxes(0, 1).copy() if re.search(r"_recon\.(deconv|2)\.weight$", name) else value


def asgcn_outputs(
    model: ASGCN, x: torch.Tensor, target: torch.Tensor, last: torch.Tensor, links: torch.Tensor
) -> Outputs:
    features = model.encode(clip(x), links)
    return {
        "output": model.classifier(pooled(features, 2)),
        "prediction": model.predict(features, clip(last)[:, :, 0], links),
    }


def links_outputs(model: LinkInference, x: torch.Tensor) -> Outputs:
    uniform = torch.from_numpy(np.random.default_rng(1240).random((4, 600, 3)).astype(np.float32)).to(x.dtype)
    motion = clip(x).flatten(0, 1).transpose(1, 2)
    logits = model.logits(motion)
    edges = model.choose(logits, uniform)
    return {
        "logits": logits,
        "probability": logits.softmax(-1),
        "edges": edges,
        "output": model.adjacency(edges),
        "decoded": model.decode(motion, edges),
    }


CASES = {
    "agcn": Case(lambda: AGCN(NTU), named.AGCN, scores),
    "asgcn": Case(asgcn, named.AS_GCN, asgcn_outputs, arrange=asgcn_axes),
    "asgcn_aim": Case(lambda: LinkInference(25, 50), named.LINKS, links_outputs),
    "ctrgcn": Case(lambda: CTRGCN(NTU), named.CTR_GCN, scores),
    "dgnn": Case(
        lambda: DGNN(replace(NTU, graph=HANDS)),
        named.DGNN,
        lambda model, joints, bones: {"output": model.classifier(model.read(clip(joints), clip(bones)))},
    ),
    "msg3d": Case(msg3d, named.MS_G3D, scores),
    "sgn": Case(
        lambda: SGN(replace(NTU, frames=20, bodies=1)),
        named.SGN,
        lambda model, x: {"output": model(x.unflatten(2, (25, 3))[:, None])},
        arrange=sgn_axes,
    ),
    "stgcn": Case(lambda: STGCN(NTU), named.ST_GCN, scores),
}
# what networks begin with, such as the partitions of a graph, and how far it may be from the released one
BEGINNINGS: dict[tuple[str, str], tuple[Callable[[], Any], dict[str, float]]] = {
    ("agcn", "fixed/A"): (lambda: AGCN(NTU, widths=(4,)).blocks[0].spatial.adjacency, {"rtol": 0}),
    ("asgcn", "buffer/A"): (lambda: ASGCN(LONG, widths=(4,), forecast=4).adjacency, {"rtol": 1e-6}),
    ("ctrgcn", "fixed/PA_init"): (lambda: CTRGCN(NTU, widths=(8,)).blocks[0].spatial.topology, {"rtol": 0}),
    **{
        ("dgnn", f"fixed/{end}_M_init"): (
            lambda end=end: getattr(DGNN(replace(NTU, graph=HANDS), widths=(4,)).blocks[0].spatial, end),
            {"rtol": 1e-6},
        )
        for end in ("source", "target")
    },
    **{
        ("msg3d", f"fixed/A_{key}"): (
            lambda count=count, window=window: scales(NTU.graph, count, window).reshape(-1, 25 * window),
            {"rtol": 0, "atol": 1e-7},
        )
        for key, count, window in (("powers", 13, 1), ("scales_window3", 6, 3), ("scales_window5", 6, 5))
    },
    ("stgcn", "buffer/A"): (lambda: STGCN(NTU, widths=(4,)).adjacency, {"rtol": 0}),
}


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
@pytest.mark.parametrize("vector", CASES)
def test_agrees_with_the_released_code(vector: str, dtype: torch.dtype) -> None:
    assert_agrees(vector, CASES[vector], dtype)


@pytest.mark.parametrize(("vector", "array"), BEGINNINGS)
def test_begins_as_the_released_code(vector: str, array: str) -> None:
    begin, tolerance = BEGINNINGS[vector, array]
    value = begin()
    value = value.detach().numpy() if isinstance(value, torch.Tensor) else value
    np.testing.assert_allclose(value, load(vector)[1][array], **tolerance)
