"""The fused normalisation, tanh and dropout against the library's own layers."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from kinesec.models.predictors._normalise import NormTanhDropout, scaled_mask


def library(layer: NormTanhDropout) -> nn.BatchNorm1d:
    norm = nn.BatchNorm1d(layer.weight.numel()).to(layer.weight.dtype)
    norm.load_state_dict(
        {
            "weight": layer.weight.flatten(),
            "bias": layer.bias.flatten(),
            "running_mean": layer.running_mean.flatten(),
            "running_var": layer.running_var.flatten(),
            "num_batches_tracked": torch.tensor(0),
        }
    )
    return norm


@pytest.fixture
def layer() -> NormTanhDropout:
    torch.manual_seed(0)
    made = NormTanhDropout(5, 7, 0.0).double()
    nn.init.normal_(made.weight, 1.0, 0.2)
    nn.init.normal_(made.bias, 0.0, 0.2)
    return made


def test_training_and_evaluation_agree_with_batch_norm_then_tanh(layer: NormTanhDropout) -> None:
    added = torch.randn(7, dtype=torch.float64)
    norm = library(layer)
    for _ in range(3):
        x = torch.randn(5, 6, 7, dtype=torch.float64) * 3 + 1
        ours, theirs = (x.clone().requires_grad_() for _ in range(2))
        actual = layer(ours, added)
        expected = torch.tanh(norm((theirs + added).transpose(0, 1).flatten(1))).unflatten(1, (5, 7)).transpose(0, 1)
        torch.testing.assert_close(actual, expected)
        weights = torch.randn_like(actual)
        (actual * weights).sum().backward()
        (expected * weights).sum().backward()
        torch.testing.assert_close(ours.grad, theirs.grad)
    torch.testing.assert_close(layer.weight.grad.flatten(), norm.weight.grad)
    torch.testing.assert_close(layer.bias.grad.flatten(), norm.bias.grad)
    torch.testing.assert_close(layer.running_mean.flatten(), norm.running_mean)
    torch.testing.assert_close(layer.running_var.flatten(), norm.running_var)
    layer.eval(), norm.eval()
    x = torch.randn(5, 1, 7, dtype=torch.float64)
    expected = torch.tanh(norm((x + added).transpose(0, 1).flatten(1))).unflatten(1, (5, 7)).transpose(0, 1)
    torch.testing.assert_close(layer(x, added), expected)


@pytest.mark.parametrize("dropout", [0.3, 0.5])
def test_gradient_of_dropout_by_finite_differences(layer: NormTanhDropout, dropout: float) -> None:
    layer.dropout = dropout
    added = torch.zeros(7, dtype=torch.float64)

    def masked(x: torch.Tensor) -> torch.Tensor:
        with torch.random.fork_rng():
            torch.manual_seed(3)
            return layer(x, added)

    torch.autograd.gradcheck(masked, torch.randn(5, 4, 7, dtype=torch.float64, requires_grad=True))


@pytest.mark.parametrize("dropout", [0.1, 0.3, 0.5])
def test_mask_keeps_its_share_and_its_mean(dropout: float) -> None:
    mask = scaled_mask(torch.empty(100_000), dropout)
    assert mask.unique().tolist() == pytest.approx([0.0, 1 / (1 - dropout)])
    assert mask.mean().item() == pytest.approx(1, abs=0.02)


def test_a_single_window_cannot_be_normalised(layer: NormTanhDropout) -> None:
    with pytest.raises(ValueError, match="at least 2 windows"):
        layer(torch.zeros(5, 1, 7, dtype=torch.float64), torch.zeros(7, dtype=torch.float64))
