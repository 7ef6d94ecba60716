"""Training samples on the device, and the order in which an epoch draws them."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from kinesec.models.predictors.base import PREDICTORS
from kinesec.samples.clips.clips import Clips
from kinesec.samples.windows.poisoned import Poisoned
from kinesec.samples.windows.windows import Windows


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


class WindowBatches:
    """Training windows on the device: frames once, poisoned windows beside them; batches are gathered there."""

    def __init__(self, clean: Windows, poisoned: Poisoned | None, device: torch.device) -> None:
        used = clean.used
        self.length = clean.history + clean.future
        self.frames = torch.from_numpy(np.ascontiguousarray(clean.position[:, used])).to(device)
        self.start = torch.from_numpy(clean.start).to(device)
        self.row = torch.full((len(clean),), -1, dtype=torch.int64)
        self.posed: Tensor | None = None
        if poisoned is not None:
            self.posed = torch.from_numpy(np.ascontiguousarray(poisoned.position[:, :, used])).to(device)
            index = torch.from_numpy(poisoned.index)
            rows = torch.arange(len(index))
            if poisoned.mode == "replace":
                self.row[index] = rows
            else:
                self.row = torch.cat([self.row, rows])
                self.start = torch.cat([self.start, self.start[index.to(device)]])
        self.row = self.row.to(device)
        self._offset = torch.arange(self.length, device=device)

    @property
    def device(self) -> torch.device:
        return self.start.device

    def __len__(self) -> int:
        return len(self.start)

    def parts(self) -> tuple[Tensor, ...]:
        """All indices in order, as many at once as predictors are evaluated on."""
        parts: tuple[Tensor, ...] = torch.arange(len(self), device=self.device).split(PREDICTORS.batch)
        return parts

    def batch(self, index: Tensor) -> Tensor:
        """Windows (batch, frame, joint, xyz) of some indices (batch,)."""
        window = self.frames[self.start[index][:, None] + self._offset]
        if self.posed is not None:
            rows = self.row[index]
            window = torch.where((rows >= 0)[:, None, None, None], self.posed[rows.clamp(min=0)], window)
        return window


class ClipBatches:
    """Clips as recognizers see them, on the device as one tensor, with their labels and which frames are there."""

    def __init__(self, clips: Clips, device: torch.device) -> None:
        self.clip = torch.from_numpy(clips.normalised).to(device)
        self.label = torch.from_numpy(clips.label).to(device)
        self.present = torch.from_numpy(clips.present).to(device)

    @property
    def device(self) -> torch.device:
        return self.label.device

    def __len__(self) -> int:
        return len(self.label)
