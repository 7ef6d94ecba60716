"""SGN against its released code."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
import torch
from recognition import NTU, assert_agrees
from vectors import PRECISIONS

from kinesec.models.recognizers.sgn import SGN


def ours(name: str) -> str:
    for official, mine in [
        (r"^joint_embed\.cnn\.0\.bn\.", "norms.0."),
        (r"^dif_embed\.cnn\.0\.bn\.", "norms.1."),
        (r"^(joint|dif)_embed\.cnn\.1\.cnn\.", r"\1_embed.cnn.0.cnn."),
        (r"^(joint|dif)_embed\.cnn\.3\.cnn\.", r"\1_embed.cnn.2.cnn."),
        (r"^joint_embed\.cnn\.(\d)\.cnn\.", r"position.\1."),
        (r"^dif_embed\.cnn\.(\d)\.cnn\.", r"velocity.\1."),
        (r"^spa_embed\.cnn\.(\d)\.cnn\.", r"joint.\1."),
        (r"^tem_embed\.cnn\.(\d)\.cnn\.", r"frame.\1."),
        (r"^compute_g1\.g1\.cnn\.", "graph.query."),
        (r"^compute_g1\.g2\.cnn\.", "graph.key."),
        (r"\.w\.cnn\.", ".linked."),
        (r"\.w1\.cnn\.", ".own."),
        (r"^(gcn\d)\.bn\.", r"\1.norm."),
        (r"^gcn1\.", "layers.0."),
        (r"^gcn2\.", "layers.1."),
        (r"^gcn3\.", "layers.2."),
        (r"^cnn\.cnn1\.", "over_frames.0."),
        (r"^cnn\.bn1\.", "over_frames.1."),
        (r"^cnn\.cnn2\.", "over_frames.4."),
        (r"^cnn\.bn2\.", "over_frames.5."),
        (r"^fc\.", "classifier."),
    ]:
        name = re.sub(official, mine, name)
    return name


def arrange(name: str, value: np.ndarray) -> np.ndarray:
    """Released embeddings are normalised over (xyz, joint), ours over (joint, xyz)."""
    return value.reshape(3, 25).T.reshape(-1) if "_embed.cnn.0.bn." in name else value


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
def test_agrees_with_the_released_code(dtype: torch.dtype) -> None:
    model = SGN(replace(NTU, frames=20, bodies=1))
    assert_agrees("sgn", model, ours, lambda m, x: {"output": m(x.unflatten(2, (25, 3))[:, None])}, dtype, arrange)
