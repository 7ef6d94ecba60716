"""AuxFormer against its released code, with the random draws that the vectors were made with."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import pytest
import torch
from vectors import PRECISIONS, assert_agrees, load

from kinesec.models.predictors.auxformer import AuxFormer
from kinesec.models.predictors.base import Shape


def ours(name: str) -> str:
    for official, mine in [
        (r"^mask_embed$", "hidden"),
        (r"^agent_embed$", "seen_joint"),
        (r"^pos_embed$", "seen_frame"),
        (r"^patch_embed\.", "embed."),
        (r"^decoder_pos_embed\.weight$", "hidden_frame"),
        (r"^decoder_agent_embed\.weight$", "hidden_joint"),
        (r"^head\.", "predict.0."),
        (r"^aux_head\.", "restore."),
        (r"^aux_head_2\.", "clean."),
        (r"^(en|de)coder\.", r"\1coders."),
        (r"\.transformer_t\.0\.layers\.0", ".time"),
        (r"\.transformer_s\.0\.layers\.0", ".space"),
        (r"\.0\.norm\.", ".norm."),
        (r"\.0\.net\.to_qkv\.", ".attention.qkv."),
        (r"\.0\.net\.out\.0\.", ".attention.out."),
        (r"\.1\.norm\.", ".feed.0."),
        (r"\.1\.net\.net\.0\.", ".feed.1."),
        (r"\.1\.net\.net\.3\.", ".feed.3."),
    ]:
        name = re.sub(official, mine, name)
    return name


def draws(config: dict[str, Any], batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The vectors' seen joints (frame, batch, joint) and noise (frame, batch, joint, xyz) of the history."""
    past, joints = config["past_timestep"], config["n_agent"]
    frames = past + config["future_timestep"]
    rng = np.random.default_rng(5001)
    order = rng.random((batch, joints * past)).astype(np.float32).argsort(1)
    seen = np.ones((batch, joints * past))
    np.put_along_axis(seen, order[:, : int(joints * past * config["mask_ratio"])], 0, 1)
    reached = rng.random((batch, joints, frames)).astype(np.float32) < config["part_noise_ratio"]
    noise = config["noise_dev"] * np.random.default_rng(5002).standard_normal((batch, joints, frames, 3))
    noise = (noise * reached[..., None])[:, :, :past]
    return (
        torch.from_numpy(seen.reshape(batch, joints, past)).permute(2, 0, 1),
        torch.from_numpy(noise).permute(2, 0, 1, 3),
    )


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
@pytest.mark.parametrize("name", ["auxformer_cmu", "auxformer_h36m"])
def test_agrees_with_the_released_code(name: str, dtype: torch.dtype) -> None:
    config = load(name)[0]["config"]
    past = config["past_timestep"]

    def outputs(model: AuxFormer, x: torch.Tensor) -> dict[str, torch.Tensor]:
        motion = x.permute(2, 0, 1, 3)
        seen, noise = (value.to(dtype) for value in draws(config, len(x)))
        (future,), restored, cleaned = model.tasks(motion[:past], seen, noise)
        hidden = torch.cat([1 - seen, torch.ones_like(motion[past:, ..., 0])])
        official = {
            "output": model(motion[:past].transpose(0, 1)).transpose(0, 1),
            "train_future": future,
            "train_masked": restored * hidden[..., None],
            "train_masked_target": motion * hidden[..., None],
            "train_denoised": cleaned,
        }
        return {key: value.permute(1, 2, 0, 3) for key, value in official.items()} | {
            "train_loss_mask": hidden.permute(1, 2, 0)
        }

    model = AuxFormer(
        Shape(past, config["future_timestep"], config["n_agent"]),
        every=1,
        features=config["h_dim"],
        layers=config["encoder_depth"],
        heads=config["num_heads"],
        head_features=config["dim_per_head"],
        hidden=config["mlp_dim"],
        derivatives=0,
        head_hidden=None,
        deep=False,
        unit=1.0,
    )
    assert_agrees(name, model, ours, outputs, dtype)
