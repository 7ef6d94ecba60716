"""The order in which an epoch draws its samples."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


def batches(count: int, size: int, rng: np.random.Generator) -> Iterator[Tensor]:
    """Shuffled indices in batches; a last batch of one sample is left out (it has no batch statistics)."""
    order = torch.from_numpy(rng.permutation(count))
    for first in range(0, count, size):
        part = order[first : first + size]
        if len(part) > 1:
            yield part


def steps_of(count: int, size: int) -> int:
    """How many ``batches`` there are."""
    return sum(min(size, left) > 1 for left in range(count, 0, -size))
