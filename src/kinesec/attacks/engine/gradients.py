"""How a model's gradients of the clips under attack are taken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from kinesec.attacks.engine.criteria import Criterion
from kinesec.attacks.engine.lanes import Lanes
from kinesec.models.recognizers.base import Recognizer

# Logits (lane, class), classification loss (lane,) and its gradient (lane, body, frame, joint, xyz)
Gradients = tuple[Tensor, Tensor, Tensor]
Estimate = Callable[[Recognizer, Lanes, Criterion], Gradients]


@contextmanager
def frozen(model: nn.Module) -> Iterator[None]:
    """Eval mode and no gradients of parameters within the block; afterwards all is as it was."""
    modes = [(module, module.training) for module in model.modules()]
    needed = [(parameter, parameter.requires_grad) for parameter in model.parameters()]
    model.eval().requires_grad_(False)
    try:
        yield
    finally:
        for module, mode in modes:
            module.training = mode
        for parameter, need in needed:
            parameter.requires_grad_(need)


def gradient_at(
    model: Callable[[Tensor], Tensor],
    lanes: Lanes,
    criterion: Criterion,
    transform: Callable[[Tensor, Lanes], Tensor] | None = None,
) -> Gradients:
    """Logits (lane, class), classification loss (lane,) and its gradient by ``lanes.x``, zero where no body is.

    With ``transform`` they are those of the transformed clips, and the gradient leads through it. At a last look it is
    left at zero and nothing is kept for it; the logits are the same to the last bit.
    """
    x = lanes.x.detach().requires_grad_()
    with torch.set_grad_enabled(not lanes.last_look):
        logits = model(x if transform is None else transform(x, lanes))
        loss = criterion.loss(logits, lanes.label, lanes.target)
        gradient = torch.zeros_like(x) if lanes.last_look else torch.autograd.grad(loss.sum(), x)[0]
    return logits.detach(), loss.detach(), gradient if lanes.whole else gradient.mul_(lanes.present)


def plain(model: Recognizer, lanes: Lanes, criterion: Criterion) -> Gradients:
    """The gradient where the lanes stand."""
    return gradient_at(model, lanes, criterion)
