"""What must hold before an attack's success says anything of a model (after AutoAttack's checks, ICML 2020).

Each failing is one line. Where an attack would mislead, it is an error; where it is only weakened, a warning that goes
into the record.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import torch
from torch import Tensor

from kinesec.attacks.base import Attack, GradientAttack, Lanes, Problem
from kinesec.attacks.engine.criteria import Criterion
from kinesec.attacks.engine.gradients import frozen, gradient_at
from kinesec.errors import KinesecError
from kinesec.models.recognizers.base import Recognizer

log = logging.getLogger(__name__)


def inspect(
    attack: Attack, model: Recognizer, problem: Problem, criterion: Criterion, *, seed: int, width: int
) -> dict[str, Any]:
    """Looks at the first ``width`` clips of a problem; what was found, and the warnings as lines.

    Raises ``KinesecError`` where gradients are not finite or all zero, where the model answers otherwise when asked
    again or in other company, where it gives probabilities, or where no iterations change a clip.
    """
    if not len(problem):
        return {"clips": 0, "warnings": []}
    some = problem.take(range(min(width, len(problem))))
    target = criterion.targets(some.label.tolist(), some.row.tolist(), model.shape.classes, seed)
    device = next((parameter.device for parameter in model.parameters()), problem.position.device)
    lanes = Lanes(some, target, width=width, batch=width, device=device, seed=seed)
    lanes.fill()
    if not isinstance(attack, GradientAttack):
        return _of_labels(attack, model, lanes)
    with frozen(model), torch.no_grad():
        logits, _, gradient = gradient_at(model, lanes, criterion)
        again = gradient_at(model, lanes, criterion)
        alone = _beside_another(model, lanes, criterion)
    name, attacked = model.name, lanes.active
    if not (logits[attacked].isfinite().all() and gradient[attacked].isfinite().all()):
        raise KinesecError(f"recognizer {name!r}: found logits or gradients that are not finite, expected numbers")
    _no_softmax(name, logits[attacked])
    warnings = []
    chance = not (torch.equal(logits, again[0]) and torch.equal(gradient, again[2]))
    if chance and attack.name != "eot":
        raise KinesecError(
            f"recognizer {name!r}: found other answers to the same clips, expected the same; attack it by eot"
        )
    if chance:
        warnings.append("the model answers otherwise when asked again: results depend on batch and shards")
    elif not all(
        torch.equal(beside[0], by_itself[0]) for beside, by_itself in zip((logits, gradient), alone, strict=True)
    ):
        raise KinesecError(
            f"recognizer {name!r}: found a clip whose answer depends on the others in its batch, expected its own"
        )
    still = int((gradient[attacked].flatten(1).abs().amax(1) == 0).sum())
    if still == len(attacked):
        raise KinesecError(f"recognizer {name!r}: found gradients of zero for every clip, expected some that lead away")
    if still:
        warnings.append(f"{still} of {len(attacked)} clips have gradients of zero: no step leads away from them")
    _nothing_for_nothing(attack, model, some, criterion, seed, width)
    for line in warnings:
        log.warning(f"attack {attack.name!r} on recognizer {name!r}: {line}")
    return {
        "clips": len(attacked),
        "zero_gradients": still,
        "least_gradient": float(gradient[attacked].flatten(1).norm(dim=1).min()),
        "deterministic": not chance,
        "warnings": warnings,
    }


def _of_labels(attack: Attack, model: Recognizer, lanes: Lanes) -> dict[str, Any]:
    """What holds of the labels that a model gives: an attack on these may be made on chance, but not on company."""
    with frozen(model), torch.no_grad():
        label, again = model(lanes.x).argmax(1), model(lanes.x).argmax(1)
        alone = model(lanes.x[:1].expand_as(lanes.x).contiguous()).argmax(1)
    chance = not torch.equal(label, again)
    warnings = ["the model answers otherwise when asked again: results depend on batch and shards"] if chance else []
    if not chance and label[0] != alone[0]:
        raise KinesecError(
            f"recognizer {model.name!r}: found a clip whose label depends on the others in its batch, expected its own"
        )
    for line in warnings:
        log.warning(f"attack {attack.name!r} on recognizer {model.name!r}: {line}")
    return {"clips": len(lanes.active), "deterministic": not chance, "warnings": warnings}


def _beside_another(model: Recognizer, lanes: Lanes, criterion: Criterion) -> tuple[Tensor, Tensor]:
    """Logits and gradient of the first lane, with its own clip in all others."""
    kept = lanes.x
    lanes.x = kept[:1].expand_as(kept).contiguous()
    logits, _, gradient = gradient_at(model, lanes, criterion)
    lanes.x = kept
    return logits, gradient


def _no_softmax(name: str, logits: Tensor) -> None:
    sums = logits.sum(1)
    if logits.min() >= 0 and logits.max() <= 1 and torch.allclose(sums, torch.ones_like(sums), atol=1e-4):
        raise KinesecError(f"recognizer {name!r}: found probabilities, expected logits: leave the softmax out")


def _nothing_for_nothing(
    attack: Attack, model: Recognizer, problem: Problem, criterion: Criterion, seed: int, width: int
) -> None:
    """Raises ``KinesecError`` where an attack of no iterations changes a clip."""
    idle = attack.with_budget(0).run(model, problem, criterion, seed=seed, width=width)
    if not np.array_equal(idle.position, problem.position.numpy()):
        raise KinesecError(
            f"attack {attack.name!r}: found clips that no iterations changed, expected them as they were"
        )
