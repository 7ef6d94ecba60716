"""When an attack has succeeded, and the classification loss that leads there: AB, ABn and SA (SMART, section 3.3).

Logits are ``(clip, class)``, ``label`` and ``target`` ``(clip,)``; losses ``(clip,)`` are minimised.
"""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy, log_softmax

from kinesec import seeding
from kinesec.errors import ConfigError


def ahead(logits: Tensor, of: Tensor) -> Tensor:
    """How many classes (clip,) stand before one; those level with it do not."""
    return (logits > logits.gather(1, of[:, None])).sum(1)


def _over_others(logits: Tensor, of: Tensor, n: int) -> Tensor:
    """A class's logit (clip,) less the ``n``-th largest of the others."""
    others = logits.scatter(1, of[:, None], -torch.inf)
    return logits.gather(1, of[:, None])[:, 0] - others.topk(n, dim=1).values[:, -1]


class Criterion(ABC):
    """A strategy. A tie is no success."""

    least_classes = 2

    @property
    @abstractmethod
    def name(self) -> str:
        """As in a configuration."""

    @abstractmethod
    def loss(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        """The classification loss (clip,)."""

    @abstractmethod
    def met(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        """Whether each clip (clip,) is adversarial."""

    @abstractmethod
    def margin(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        """How far in logits (clip,) each clip is from adversarial: negative just where it is.

        The true class's lead over the next one; ABn: over the nth of the others; SA: the others' lead over the target.
        """

    def targets(self, label: Sequence[int], row: Sequence[int], classes: int, seed: int) -> np.ndarray:
        """The class (clip,) that each clip is led to; -1 where any will do."""
        return np.full(len(label), -1, dtype=np.int64)


@dataclass(frozen=True)
class AnythingBut(Criterion):
    """AB: another class than the true one stands first. Loss: minus the cross entropy with the true label.

    Equation 6 has the clean prediction in its place, and clips that are attacked are rightly predicted. As a
    distribution it would make the clean clip a stationary point, from which rounding errors alone would choose the way.
    """

    name = "AB"

    def loss(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        return -cross_entropy(logits, label, reduction="none")

    def met(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        return ahead(logits, label) >= 1

    def margin(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        return _over_others(logits, label, 1)


@dataclass(frozen=True)
class AnythingButN(Criterion):
    """ABn: the true class is not among the first ``n``. Loss: minus the entropy of the prediction (equation 7)."""

    n: int

    @property
    def name(self) -> str:
        return f"AB{self.n}"

    @property
    def least_classes(self) -> int:  # type: ignore[override]
        return self.n + 1

    def loss(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        log = log_softmax(logits, 1)
        return (log.exp() * log).sum(1)

    def met(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        return ahead(logits, label) >= self.n

    def margin(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        return _over_others(logits, label, self.n)


@dataclass(frozen=True)
class Specified(Criterion):
    """SA: a fake label, drawn for each clip and never the true one, stands first. Loss: cross entropy with it."""

    name = "SA"

    def loss(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        return cross_entropy(logits, target, reduction="none")

    def met(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        return (logits >= logits.gather(1, target[:, None])).sum(1) == 1

    def margin(self, logits: Tensor, label: Tensor, target: Tensor) -> Tensor:
        return -_over_others(logits, target, 1)

    def targets(self, label: Sequence[int], row: Sequence[int], classes: int, seed: int) -> np.ndarray:
        draws = [int(seeding.generator(seed, "target", int(place)).integers(classes - 1)) for place in row]
        true = np.asarray(label, dtype=np.int64)
        drawn = np.asarray(draws, dtype=np.int64).reshape(true.shape)
        return np.asarray(drawn + (drawn >= true), dtype=np.int64)


def parse(strategy: str, classes: int) -> Criterion:
    """The criterion of a configuration's ``strategy``; raises ``ConfigError`` for one that ``classes`` cannot meet."""
    named = re.fullmatch(r"AB([1-9]\d*)?|SA", strategy)
    if named is None:
        raise ConfigError(f"strategy: found {strategy!r}, expected AB, ABn (AB3, AB5 ...) or SA")
    criterion: Criterion = (
        Specified() if strategy == "SA" else AnythingButN(int(named[1])) if named[1] else AnythingBut()
    )
    if classes < criterion.least_classes:
        raise ConfigError(
            f"strategy: found {strategy} for {classes} classes, expected {criterion.least_classes} classes or more"
        )
    return criterion
