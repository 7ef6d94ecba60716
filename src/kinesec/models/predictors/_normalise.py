"""Batch normalisation, tanh and dropout in one differentiable step, for layers laid out (node, batch, feature).

In that layout both products of a graph convolution are single matrix products without a copy; what is left between
them is bound by memory passes, so they are few and hand-derived here. Against the library's own layers the values
agree to rounding; ``make bench`` compares the speeds.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

_LEVELS = 2**16


def scaled_mask(like: Tensor, dropout: float) -> Tensor:
    """``1 / (1 - dropout)`` with probability ``1 - dropout`` (to 1/65536), else 0; of ``like``'s shape."""
    mask = torch.empty_like(like)
    if like.device.type != "cpu":
        return mask.bernoulli_(1 - dropout).mul_(1 / (1 - dropout))
    # four 16-bit draws from each word of torch's generator: its own CPU Bernoulli takes ten times as long
    words = torch.empty(-(-like.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
    threshold = round(dropout * _LEVELS) - _LEVELS // 2
    torch.ge(words.view(torch.int16)[: like.numel()].view(like.shape), threshold, out=mask)
    return mask.mul_(1 / (1 - dropout))


class _NormTanhDropout(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float, dropout: float
    ) -> tuple[Tensor, Tensor, Tensor]:
        mean = x.mean(1, keepdim=True)
        centred = x - mean
        scratch = centred * centred
        variance = scratch.mean(1, keepdim=True)
        inverse = (variance + eps).rsqrt()
        scale = weight[:, None] * inverse
        # tanh(a) = 2 sigmoid(2 a) - 1: on CPUs torch's sigmoid takes a tenth of its tanh's time
        active = torch.addcmul(2 * bias[:, None], centred, 2 * scale, out=scratch).sigmoid_().mul_(2).sub_(1)
        mask = scaled_mask(x, dropout) if dropout else None
        output = active.clone() if mask is None else active * mask
        ctx.save_for_backward(centred, inverse, scale, active, mask)
        ctx.mark_non_differentiable(mean, variance)
        return output, mean[:, 0], variance[:, 0]

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor | None, ...]:
        centred, inverse, scale, active, mask = ctx.saved_tensors
        batch = centred.shape[1]
        scratch = grads[0] * mask if mask is not None else grads[0]
        before = torch.ops.aten.tanh_backward(scratch, active)
        bias_grad = before.sum(1)
        scratch = torch.mul(before, centred, out=scratch if mask is not None else None)
        weight_grad = scratch.sum(1) * inverse[:, 0]
        # d/dx of a normalisation: scale * (g - mean(g) - normalised * mean(g * normalised))
        slope = -scale * inverse * (weight_grad[:, None] / batch)
        shift = -scale * (bias_grad[:, None] / batch)
        x_grad = torch.addcmul(shift, centred, slope, out=scratch).addcmul_(before, scale)
        return x_grad, weight_grad, bias_grad, None, None


class NormTanhDropout(nn.Module):
    """Normalises every (node, feature) over the batch, then tanh, then dropout; x is (node, batch, feature).

    ``added`` (feature,) is a bias that the layer before adds to x. A normalisation by the batch cancels it, so it only
    enters the running mean: it is not added while training and its gradient is exactly zero.
    """

    running_mean: Tensor
    running_var: Tensor

    def __init__(self, nodes: int, features: int, dropout: float, *, eps: float = 1e-5, momentum: float = 0.1) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(nodes, features))
        self.bias = nn.Parameter(torch.zeros(nodes, features))
        self.register_buffer("running_mean", torch.zeros(nodes, features))
        self.register_buffer("running_var", torch.ones(nodes, features))
        self.dropout, self.eps, self.momentum = dropout, eps, momentum

    def forward(self, x: Tensor, added: Tensor) -> Tensor:
        if not self.training:
            scale = self.weight * (self.running_var + self.eps).rsqrt()
            shift = self.bias + (added - self.running_mean) * scale
            return torch.tanh(torch.addcmul(shift[:, None], x, scale[:, None]))
        batch = x.shape[1]
        if batch < 2:
            raise ValueError("batch normalisation needs at least 2 windows in a training batch")
        output: Tensor
        output, mean, variance = _NormTanhDropout.apply(x, self.weight, self.bias, self.eps, self.dropout)  # type: ignore[no-untyped-call]
        with torch.no_grad():
            self.running_mean.lerp_(mean + added, self.momentum)
            self.running_var.lerp_(variance * (batch / (batch - 1)), self.momentum)
        return output
