"""Neural attention distillation: the victim learns a fine-tuned copy's attention (Li et al., ICLR 2021)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from kinesec.defences.backdoor._tune import tune
from kinesec.defences.base import VICTIM, Outcome, Repair
from kinesec.defences.cases.classification import Case
from kinesec.progress import Progress
from kinesec.settings import SOME, Count, NotNegative, Positive, Share

KIND = "repair"
TASKS = ("recognition", "video")
NORMS = (nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.GroupNorm, nn.InstanceNorm2d)


@contextmanager
def recorded(layers: Sequence[nn.Module]) -> Iterator[list[Tensor]]:
    """What the layers answer within the block, in the order of their calls."""
    answers: list[Tensor] = []
    handles = [layer.register_forward_hook(lambda _, __, answer: answers.append(answer)) for layer in layers]
    try:
        yield answers
    finally:
        for handle in handles:
            handle.remove()


def layers_of(model: nn.Module, sample: Tensor, count: int) -> list[nn.Module]:
    """Normalisation layers whose answers are maps (sample, channel, ...), ``count`` at even depths up to the last.

    Ours: recognizers and video networks have no common stages; the paper takes the second to the last of a ResNet's.
    """
    order: list[nn.Module] = []

    def note(layer: nn.Module, _: Any, answer: Tensor) -> None:
        if answer.dim() >= 4 and layer not in order:
            order.append(layer)

    handles = [part.register_forward_hook(note) for part in model.modules() if isinstance(part, NORMS)]
    try:
        with torch.inference_mode():
            model(sample)
    finally:
        for handle in handles:
            handle.remove()
    number = min(count, len(order))
    return [order[len(order) * (place + 1) // number - 1] for place in range(number)]


def attention(answer: Tensor, power: float) -> Tensor:
    """Mean of |channel|^power (sample, place), of unit length: equation 2 of the paper."""
    return nn.functional.normalize(answer.abs().pow(power).mean(1).flatten(1), dim=1)


def attentions(model: Any, sample: Tensor, layers: Sequence[nn.Module], power: float) -> list[Tensor]:
    """The attention of each layer, or of the last hidden features alone where no layer has maps."""
    if not layers:
        features: Tensor = model.features(sample)
        return [attention(features[:, None], power)]
    with recorded(layers) as answers:
        model(sample)
    return [attention(answer, power) for answer in answers]


def defend(
    case: Case,
    *,
    share: Share = 0.05,
    rate: NotNegative = 0.1,
    teacher_epochs: Count = 10,
    epochs: Count = 10,
    betas: Annotated[Sequence[NotNegative], SOME] = (500.0, 1000.0, 1000.0),
    power: Positive = 2.0,
) -> Iterator[Outcome]:
    """Errors before, of the fine-tuned teacher (setting ``teacher``), and of the student after each epoch.

    ``share`` of the training samples, never poisoned ones, tune both; ``rate`` multiplies the recipe's. A beta a layer,
    from shallow to deep; attention is compared in eval mode, where random frames and dropout do not move it (ours).
    """
    index, tuned_at = case.held_out(share), case.recipe.rate * float(rate)
    yield Repair("teacher", VICTIM, case.errors(case.model), share, tuned_at, 0)
    teacher, student = case.copy_of(VICTIM), case.copy_of(VICTIM)
    with Progress("distilling", teacher_epochs + epochs, unit="epochs") as progress:
        for epoch in tune(teacher, case, index, tuned_at, teacher_epochs):
            yield Repair("teacher", VICTIM, case.errors(teacher), share, tuned_at, epoch)
            progress.update()
        teacher.requires_grad_(False)
        some = case.seen(case.training.gather(index[:1]))
        taught, learning = (layers_of(model.eval(), some, len(betas)) for model in (teacher, student))

        def distance(samples: Tensor) -> Tensor:
            seen = case.seen(case.training.gather(samples.cpu().numpy()))
            student.eval()
            pairs = zip(
                attentions(student, seen, learning, power), attentions(teacher, seen, taught, power), strict=True
            )
            losses = [nn.functional.mse_loss(mine, theirs) for mine, theirs in pairs]
            student.train()
            weights = betas[len(betas) - len(losses) :]
            return torch.stack([beta * loss for beta, loss in zip(weights, losses, strict=True)]).sum()

        yield Repair("student", VICTIM, case.errors(student), share, tuned_at, 0)
        for epoch in tune(student, case, index, tuned_at, epochs, distance):
            yield Repair("student", VICTIM, case.errors(student), share, tuned_at, epoch)
            progress.update()
