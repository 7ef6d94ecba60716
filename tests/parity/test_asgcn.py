"""AS-GCN against its released code: the recognizer with given links, and the inference of links."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from recognition import NTU, assert_agrees, clip
from test_stgcn import block
from vectors import PRECISIONS, load

from kinesec.models.recognizers._layers import pooled
from kinesec.models.recognizers._links import LinkInference
from kinesec.models.recognizers.as_gcn import ASGCN

SHAPE = replace(NTU, frames=300)


def ours(name: str) -> str:
    for official, mine in [
        (r"^A$", "adjacency"),
        (r"^data_bn\.", "norm."),
        (r"^class_layer_", "blocks."),
        (r"^recon_layer_", "forecast."),
        (r"\.gcn_recon\.deconv\.", ".gcn.conv."),
        (r"\.tcn_recon\.", ".tcn."),
        (r"^edge_importance\.", "importance."),
        (r"^edge_importance_recon\.", "forecast_importance."),
        (r"^fcn\.", "classifier."),
    ]:
        name = re.sub(official, mine, name)
    return block(name)


def arrange(name: str, value: np.ndarray) -> np.ndarray:
    """Transposed convolutions of one frame are plain ones with inputs and outputs exchanged."""
    return value.swapaxes(0, 1).copy() if re.search(r"_recon\.(deconv|2)\.weight$", name) else value


def outputs(
    model: ASGCN, x: torch.Tensor, target: torch.Tensor, last: torch.Tensor, links: torch.Tensor
) -> dict[str, torch.Tensor]:
    features = model.encode(clip(x), links)
    return {
        "output": model.classifier(pooled(features, 2)),
        "prediction": model.predict(features, clip(last)[:, :, 0], links),
    }


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_agrees_with_the_released_code(dtype: torch.dtype) -> None:
    model = ASGCN(SHAPE)
    del model.inference  # the vector gives the links
    assert_agrees("asgcn", model, ours, outputs, dtype, arrange)


def test_partitions_are_the_released_ones() -> None:
    model = ASGCN(SHAPE, widths=(4,), forecast=4)
    np.testing.assert_allclose(model.adjacency.numpy(), load("asgcn")[1]["buffer/A"], rtol=1e-6)


def links(name: str) -> str:
    gates = {"r": 0, "i": 1, "n": 2}
    for official, mine in [
        (r"^encoder\.mlp(\d)\.", lambda match: f"encoder.{int(match[1]) - 1}."),
        (r"^encoder\.fc_out\.", "score."),
        (r"^(encoder\.\d)\.fc1\.", r"\1.first."),
        (r"^(encoder\.\d)\.fc2\.", r"\1.second."),
        (r"^(encoder\.\d)\.bn\.", r"\1.norm."),
        (r"\.msg_fc1\.", ".first."),
        (r"\.msg_fc2\.", ".second."),
        (r"\.hidden_([rin])\.", lambda match: f".remembered.{gates[match[1]]}."),
        (r"\.input_([rin])\.", lambda match: f".seen.{gates[match[1]]}."),
        (r"\.out_fc(\d)\.", lambda match: f".out.{3 * int(match[1]) - 3}."),
    ]:
        name = re.sub(official, mine, name)
    return name


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_inference_of_links_agrees_with_the_released_code(dtype: torch.dtype) -> None:
    uniform = torch.from_numpy(np.random.default_rng(1240).random((4, 600, 3)).astype(np.float32)).to(dtype)

    def inferred(model: LinkInference, x: torch.Tensor) -> dict[str, torch.Tensor]:
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

    assert_agrees("asgcn_aim", LinkInference(25, 50), links, inferred, dtype)
