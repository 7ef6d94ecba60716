"""A video network that may have a backdoor: grey levels, sites are pixels."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor

from kinesec.defences.cases import classification
from kinesec.defences.cases.parametrisation import Layout, grid

BANDS = 8


@dataclass(frozen=True, kw_only=True)
class Case(classification.Case):
    """Samples are videos (clip, frame, height, width, channel) uint8, grey levels 0 to 255."""

    modality: ClassVar[str] = "video"
    batch: ClassVar[int] = 16
    unit: ClassVar[float] = 255.0

    def seen(self, samples: np.ndarray) -> Tensor:
        return super().seen(samples).float()

    @cached_property
    def layout(self) -> Layout:
        frames, height, width, channels = self.clean.value.shape[1:]
        low = torch.zeros(height, width, channels, device=self.device)
        return Layout(
            frames=frames,
            sites=(height, width),
            channels=channels,
            bodies=False,
            low=low,
            high=low + self.unit,
            unit=self.unit,
            limits=(0.0, self.unit),
            links=grid(height, width),
        )

    def mixed(self, samples: Tensor, others: Tensor, weight: float) -> Tensor:
        """Blended frame by frame."""
        return (1 - weight) * samples[:, None] + weight * others

    def spectrum(self, samples: Tensor) -> Tensor:
        """Power of grey levels (mean of channels) about their mean, in ``BANDS`` rings of equal spatial frequency."""
        grey = samples.mean(-1)
        power = torch.fft.rfftn(grey - grey.mean((1, 2, 3), keepdim=True), dim=(2, 3, 1), norm="ortho").abs().square()
        radius = np.hypot(*np.meshgrid(*(np.fft.fftfreq(size) for size in grey.shape[2:]), indexing="ij"))
        ring = torch.from_numpy(np.minimum((radius / 0.5 * BANDS).astype(int), BANDS - 1)).to(power.device)
        rings = torch.nn.functional.one_hot(ring, BANDS).to(power.dtype)
        return torch.einsum("sfhw,hwb->sfb", power, rings / rings.sum((0, 1)).clamp(min=1))
