"""What a defence against backdoors asks of a victim, whatever the task; what samples are is the case's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Sized
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor, nn


class Recipe(Protocol):
    """How a victim was trained."""

    @property
    def epochs(self) -> int: ...

    @property
    def batch(self) -> int: ...

    @property
    def rate(self) -> float: ...

    def rate_at(self, progress: float) -> float: ...


class Case(Protocol):
    """A victim, and of prediction the clean model beside it, named ``names``.

    ``numbered``: each model gets one number that is compared with other models' (classifiers). ``keeps``, ``measures``
    and ``others`` are what STRIP has here: which joints a mixture keeps, what of the answers spreads, and with how many
    other samples each is mixed.
    """

    @property
    def names(self) -> tuple[str, ...]: ...

    @property
    def numbered(self) -> bool: ...

    @property
    def keeps(self) -> tuple[str, ...]: ...

    @property
    def measures(self) -> tuple[str, ...]: ...

    @property
    def others(self) -> int: ...

    @property
    def models(self) -> Mapping[str, Any]: ...

    @property
    def training(self) -> Sized: ...

    @property
    def marked(self) -> Mapping[str, np.ndarray]: ...

    @property
    def recipe(self) -> Recipe: ...

    @property
    def largest_norm(self) -> float | None: ...

    @property
    def device(self) -> torch.device: ...

    @property
    def seed(self) -> int: ...

    def copy_of(self, model: str) -> Any: ...

    def actions(self, model: str) -> np.ndarray: ...

    def held_out(self, share: float) -> np.ndarray: ...

    def hidden(self, model: str) -> np.ndarray: ...

    def last_layer(self, model: Any) -> nn.Module: ...

    def activity(self, model: Any, index: Tensor) -> Tensor: ...

    def optimiser(self, model: Any, rate: float) -> torch.optim.Optimizer: ...

    def loss(self, model: Any, index: Tensor) -> Tensor: ...

    def errors(self, model: Any) -> dict[str, np.ndarray]: ...

    def screened(self, others: int, share: float) -> tuple[np.ndarray, Mapping[str, tuple[Any, np.ndarray]]]: ...

    def superimpose(self, samples: np.ndarray, others: np.ndarray, weight: float, keep: str) -> Any: ...

    def spreads(self, model: Any, mixed: Any) -> dict[str, np.ndarray]: ...


def known(asked: Iterable[str], there: Sequence[str]) -> list[str]:
    """What of ``asked`` the case has, in their order."""
    return [name for name in asked if name in there]
