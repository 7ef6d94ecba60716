"""Attacks as one would write them down: the whole batch to the last step, all by autograd; and other libraries'."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from importlib.metadata import version
from importlib.util import find_spec

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

Attack = Callable[[nn.Module, Tensor, Tensor], Tensor]


def unit(values: Tensor) -> Tensor:
    return values / values.flatten(1).norm(dim=1).clamp_min(1e-30)[:, None, None, None, None]


def smart(
    model: nn.Module, clean: Tensor, label: Tensor, bones: list[tuple[int, int]], mean: Tensor, steps: int = 300
) -> Tensor:
    """SMART with gradients normalised and mixed .6 to .4, on all clips for all steps: who was ever fooled (clip,)."""
    parents, children = (torch.tensor(ends) for ends in zip(*bones, strict=True))

    def lengths(x: Tensor) -> Tensor:
        placed = x + mean
        return (placed[..., children, :] - placed[..., parents, :]).norm(dim=-1)

    x = clean.clone().requires_grad_()
    optimiser = torch.optim.Adam([x], lr=0.005)
    original, fooled = lengths(clean), torch.zeros(len(label), dtype=torch.bool)
    for _ in range(steps):
        logits = model(x)
        (class_gradient,) = torch.autograd.grad(-cross_entropy(logits, label, reduction="sum"), x)
        fooled |= logits.argmax(1) != label
        moved = x - clean
        cost = 0.18 * moved.square().sum() + 0.12 * moved.diff(n=2, dim=2).square().sum()
        (cost_gradient,) = torch.autograd.grad(cost + 0.7 * (lengths(x) - original).square().sum(), x)
        x.grad = 0.6 * unit(class_gradient) + 0.4 * unit(cost_gradient)
        optimiser.step()
    return fooled


def bare(model: nn.Module, clips: Tensor, label: Tensor) -> None:
    """One forward and the backward to the input, and nothing else."""
    x = clips.detach().requires_grad_()
    torch.autograd.grad(cross_entropy(model(x), label, reduction="sum"), x)


def peers(epsilon: float, step: float, steps: int, classes: int) -> dict[str, Attack]:
    """PGD without a random start of the libraries that are installed (the extra ``peers``)."""
    peers_by_name: dict[str, Attack] = {}
    if find_spec("torchattacks"):
        import torchattacks

        def by_torchattacks(model: nn.Module, clips: Tensor, label: Tensor) -> Tensor:
            return torchattacks.PGD(model, eps=epsilon, alpha=step, steps=steps, random_start=False)(clips, label)

        peers_by_name[f"torchattacks {version('torchattacks')}"] = by_torchattacks
    if find_spec("foolbox"):
        import foolbox

        def by_foolbox(model: nn.Module, clips: Tensor, label: Tensor) -> Tensor:
            attack = foolbox.attacks.LinfPGD(abs_stepsize=step, steps=steps, random_start=False)
            wrapped = foolbox.PyTorchModel(model, bounds=(0, 1), device="cpu")
            return attack.run(wrapped, clips, label, epsilon=epsilon)

        peers_by_name[f"foolbox {version('foolbox')}"] = by_foolbox
    if find_spec("art"):
        from art.attacks.evasion import ProjectedGradientDescent
        from art.estimators.classification import PyTorchClassifier

        def by_art(model: nn.Module, clips: Tensor, label: Tensor) -> Tensor:
            shape = tuple(clips.shape[1:])
            wrapped = PyTorchClassifier(model, nn.CrossEntropyLoss(), shape, classes, clip_values=(0, 1))
            attack = ProjectedGradientDescent(
                wrapped, eps=epsilon, eps_step=step, max_iter=steps, batch_size=len(clips), verbose=False
            )
            with contextlib.redirect_stderr(io.StringIO()):
                return torch.from_numpy(attack.generate(clips.numpy(), label.numpy()))

        peers_by_name[f"art {version('adversarial-robustness-toolbox')}"] = by_art
    return peers_by_name
