"""Predictors of ours beside released ones: a table of vectors, in single and in double precision."""

from __future__ import annotations

from typing import Any

import numpy as np
import official_names as named
import pytest
import torch
from vectors import PRECISIONS, Case, Outputs, assert_agrees, assert_close, fill, inputs, load, tensors

from kinesec.models.predictors._dct import dct_matrix
from kinesec.models.predictors.auxformer import AuxFormer
from kinesec.models.predictors.base import Shape
from kinesec.models.predictors.hri import HRI
from kinesec.models.predictors.ltd import LTD
from kinesec.models.predictors.simlpe import SiMLPe


def ltd_outputs(model: LTD, x: torch.Tensor) -> Outputs:
    coefficients = model.coefficients(x.transpose(0, 1))
    return {"output": coefficients.transpose(0, 1), "trajectory": (coefficients @ model.dct).permute(1, 2, 0)}


def hri_outputs(model: HRI, x: torch.Tensor) -> Outputs:
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


def simlpe(axis: str) -> Case:
    def outputs(model: SiMLPe, x: torch.Tensor) -> Outputs:
        return {
            "output": model.coefficients(x.transpose(0, 1)).transpose(0, 1),
            "pipeline": model.next(x.transpose(0, 1).contiguous()).transpose(0, 1),
        }

    return Case(lambda: SiMLPe(Shape(50, 10, 22), normalise=axis), named.SIMLPE, outputs, kinked=False)


def draws(config: dict[str, Any], batch: int) -> tuple[torch.Tensor, torch.Tensor]:
    """AuxFormer's seen joints (frame, batch, joint) and noise (frame, batch, joint, xyz) that the vectors drew."""
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


def auxformer(vector: str) -> Case:
    config = load(vector)[0]["config"]
    past = config["past_timestep"]

    def network() -> AuxFormer:
        return AuxFormer(
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

    def outputs(model: AuxFormer, x: torch.Tensor) -> Outputs:
        motion = x.permute(2, 0, 1, 3)
        seen, noise = (value.to(x.dtype) for value in draws(config, len(x)))
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

    return Case(network, named.AUXFORMER, outputs, kinked=False)


CASES = {
    "auxformer_cmu": auxformer("auxformer_cmu"),
    "auxformer_h36m": auxformer("auxformer_h36m"),
    "hri": Case(lambda: HRI(Shape(50, 10, 22)), named.HRI, hri_outputs, kinked=False),
    "ltd": Case(lambda: LTD(Shape(10, 25, 25), coefficients=30), named.LTD, ltd_outputs, kinked=False),
    "simlpe": simlpe("spatial"),
    "simlpe_temporal": simlpe("temporal"),
    "simlpe_all": simlpe("all"),
}


@pytest.mark.parametrize("dtype", PRECISIONS, ids=str)
@pytest.mark.parametrize("vector", CASES)
def test_agrees_with_the_released_code(vector: str, dtype: torch.dtype) -> None:
    assert_agrees(vector, CASES[vector], dtype)


@pytest.mark.parametrize("future", [25, 30])
def test_three_steps_of_hri_agree_with_the_released_code(future: int) -> None:
    """The released code grows its keys and values by what each step predicts; so does a history that grows."""
    recipe, arrays = load("hri")
    model = HRI(Shape(50, future, 22)).eval()
    fill(model, tensors(recipe, arrays), named.HRI)
    history = torch.from_numpy(inputs(recipe)["src"]).unflatten(2, (22, 3))
    steps = arrays["output_itera3"][:, 10:].transpose(0, 2, 1, 3).reshape(2, 30, 66)
    assert_close(model(history).flatten(2), steps[:, :future], 2e-5)


def test_coefficients_of_ltds_padded_history() -> None:
    """The window's coefficients are those of the released loader: history, then its last pose held."""
    arrays = load("kinematics")[1]
    window = torch.from_numpy(arrays["window_sequence"][:, arrays["window_dims_used"]]).double()
    model = LTD(Shape(10, 25, 25), coefficients=30, features=4, blocks=1).double().eval()
    model.dct = torch.from_numpy(dct_matrix(35)[:30])
    seen = []
    model.coefficients = lambda x: seen.append(x) or x  # type: ignore[method-assign]
    model(window[None, :10].unflatten(2, (25, 3)))
    np.testing.assert_allclose(seen[0][:, 0].numpy(), arrays["window_input_dct"], atol=1e-3)
