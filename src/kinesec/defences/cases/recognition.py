"""A skeleton recognizer that may have a backdoor: clips as recognizers see them, sites are joints."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import ClassVar

import torch
from torch import Tensor

from kinesec.defences.cases import classification
from kinesec.defences.cases.parametrisation import Layout, neighbours
from kinesec.motion.skeleton import Skeleton


@dataclass(frozen=True, kw_only=True)
class Case(classification.Case):
    """Samples are normalised clips (clip, body, frame, joint, xyz); bodies and frames that are not there stay zero."""

    skeleton: Skeleton

    modality: ClassVar[str] = "skeleton"
    batch: ClassVar[int] = 256
    unit: ClassVar[float] = 1.0

    @cached_property
    def layout(self) -> Layout:
        """A pattern's values are bounded by those of the clean clips' first bodies, joint by joint and axis by axis."""
        value = self.clean.value[:, 0]
        _, frames, joints, channels = value.shape
        flat = value.reshape(-1, joints, channels)
        low, high = (torch.from_numpy(edge).to(self.device) for edge in (flat.min(0), flat.max(0)))
        links = neighbours(self.skeleton.parents)
        return Layout(frames, (joints,), channels, True, low, high, self.unit, None, links)

    def mixed(self, samples: Tensor, others: Tensor, weight: float) -> Tensor:
        """Of joints from their root (joint 0), which stays the sample's, where both have a body; else the sample's."""
        both = (samples != 0).flatten(-2).any(-1)[:, None] & (others != 0).flatten(-2).any(-1)
        aligned = others - others[..., :1, :]
        apart = aligned - (samples - samples[..., :1, :])[:, None]
        return samples[:, None] + weight * apart * both[..., None, None]

    def spectrum(self, samples: Tensor) -> Tensor:
        """Power of each joint's motion about its mean, summed over bodies and axes."""
        centred = samples - samples.mean(2, keepdim=True)
        power: Tensor = torch.fft.rfft(centred, dim=2, norm="ortho").abs().square().sum((1, 4))
        return power
