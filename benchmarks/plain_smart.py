"""SMART as docs/definitions.md (section 9) has it, all by autograd: what its steps are held to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

DERIVATIVES = {"l2": (0,), "l2_acc": (0, 2), "l2_bone": (0,), "smart": (0, 1, 2, 3, 4)}
BONES = ("l2_bone", "smart")


def trajectory(
    model: nn.Module,
    clean: Tensor,
    present: Tensor,
    label: Tensor,
    *,
    bones: list[tuple[int, int]],
    mean: Tensor,
    trunk: tuple[int, ...],
    settings: Mapping[str, Any],
    steps: int,
) -> Iterator[Tensor]:
    """The clips (clip, body, frame, joint, xyz) before each of ``steps`` steps of AB and after the last one.

    ``present`` (clip, body, frame) marks what is there; ``settings`` are those of ``kinesec.attacks.smart.SMART``.
    """
    there = present[..., None, None].to(clean)
    parents, children = (torch.tensor(ends) for ends in zip(*bones, strict=True))
    joint = [settings["trunk_weight" if place in trunk else "limb_weight"] for place in range(clean.shape[3])]
    weight = clean.new_tensor(joint)[:, None]
    terms, dt, reduction = settings["terms"], settings["dt"], settings["reduction"]
    alpha, beta = settings["alpha"], {int(order): share for order, share in settings["beta"].items()}
    shares = {order: alpha * share for order, share in beta.items() if order in DERIVATIVES[terms]}
    bone = 1 - alpha if terms in BONES else 0.0
    total = 1.0 if terms == "smart" else sum(shares.values()) + bone

    def lengths(x: Tensor) -> Tensor:
        placed = x + mean
        return (placed[..., children, :] - placed[..., parents, :]).norm(dim=-1)

    def reduced(squared: Tensor, counted: Tensor) -> Tensor:
        """Squared norms (clip, body, frame, joint or bone), summed over what is ``counted`` (clip, body, frame)."""
        sums = (squared * counted[..., None]).sum((1, 2, 3))
        if reduction == "mean":
            return sums / (counted.sum((1, 2)) * squared.shape[3]).clamp_min(1)
        if reduction == "frame_mean":
            return sums / counted.amax(1).sum(1).clamp_min(1)
        return sums

    def perceptual(x: Tensor) -> Tensor:
        moved, loss = x - clean, clean.new_zeros(len(clean))
        for order, share in shares.items():
            change = moved * weight.sqrt() if order == 0 else moved
            counted = present.to(clean)
            for _ in range(order):
                change = (change[:, :, 1:] - change[:, :, :-1]) / dt
                counted = counted[:, :, 1:] * counted[:, :, :-1]
            loss = loss + share / total * reduced(change.square().sum(-1), counted)
        if bone:
            loss = loss + bone / total * reduced((lengths(x) - lengths(clean)).square(), present.to(clean))
        return loss

    def followed(gradient: Tensor) -> Tensor:
        """A gradient as it is mixed with the other one."""
        dims = {"normalised": (1, 2, 3, 4), "frame_normalised": (3, 4)}.get(reduction)
        if dims is None:
            return gradient
        return gradient / gradient.square().sum(dims, keepdim=True).sqrt().clamp_min(1e-30)

    x = clean.clone().requires_grad_()
    rate, share = settings["rate"], settings["weight"]
    optimiser = torch.optim.Adam([x], lr=rate) if settings["optimiser"] == "adam" else torch.optim.SGD([x], lr=rate)
    for _ in range(steps):
        yield x.detach().clone()
        (class_gradient,) = torch.autograd.grad(-cross_entropy(model(x), label, reduction="sum"), x)
        (cost_gradient,) = torch.autograd.grad(perceptual(x).sum(), x)
        x.grad = share * followed(class_gradient * there) + (1 - share) * followed(cost_gradient * there)
        before = x.detach().clone()
        optimiser.step()
        with torch.no_grad():
            if settings["clip_update"] is not None:
                change = x - before
                long = change.square().sum((1, 2, 3, 4), keepdim=True).sqrt().clamp_min(1e-30)
                x.copy_(before + change * (settings["clip_update"] / long).clamp_max(1))
            if settings["epsilon"] is not None:
                x.copy_(clean + (x - clean).clamp(-settings["epsilon"], settings["epsilon"]))
            if settings["box"] is not None:
                x.copy_(x.clamp(*settings["box"]) * there)
    yield x.detach().clone()
