"""HRNN: hierarchical recurrent neural network (Du, Wang and Wang, CVPR 2015), the paper's HBRNN-L.

Five recurrent networks read the body's parts, four each limb beside the trunk, two the upper and the lower body, one
the whole; each reads the clip in both directions. Only the last is an LSTM. A linear layer's output, added up over all
frames, is the decision.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from kinesec.errors import ConfigError
from kinesec.models.recognizers._layers import present
from kinesec.models.recognizers.base import ClipShape, Recipe, Recognizer
from kinesec.motion.skeleton import BODY_PARTS


class Recurrent(nn.Module):
    """Reads (clip, frame, feature) in both directions: (clip, frame, 2 x units)."""

    def __init__(self, inputs: int, units: int, *, memory: bool = False) -> None:
        super().__init__()
        self.cells = (nn.LSTM if memory else nn.RNN)(inputs, units, batch_first=True, bidirectional=True)

    def train(self, mode: bool = True) -> Recurrent:
        """Of no effect on the output: cuDNN gives gradients, which attacks need, in its training mode alone."""
        super().train(mode)
        self.cells.train(True)
        return self

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.cells(x)[0]
        return y


class HRNN(Recognizer):
    """Section 3.2; ``units`` of each direction in the four layers of networks, whose numbers are ours (see ``RECIPE``).

    The graph must say which joints make up the trunk, the arms and the legs. The published network sees one body: here
    the features of the bodies that are not zero throughout are averaged.
    """

    def __init__(self, shape: ClipShape, *, units: Sequence[int] = (30, 30, 60, 120)) -> None:
        super().__init__(shape)
        parts = shape.graph.parts
        missing = [name for name, joints in zip(BODY_PARTS, parts or [()] * 5, strict=True) if not joints]
        if missing:
            raise ConfigError(f"recognizer 'hrnn': found no joints of {', '.join(missing)}, expected some of each part")
        if len(units) != 4 or min(units) < 1:
            raise ConfigError(f"recognizer 'hrnn': found units {list(units)}, expected four positive numbers")
        part, limb, half, whole = units
        for number, joints in enumerate(parts):
            self.register_buffer(f"part{number}", torch.tensor(joints), persistent=False)
        self.parts = nn.ModuleList(Recurrent(3 * len(joints), part) for joints in parts)
        self.limbs = nn.ModuleList(Recurrent(4 * part, limb) for _ in range(4))
        self.halves = nn.ModuleList(Recurrent(4 * limb, half) for _ in range(2))
        self.whole = Recurrent(4 * half, whole, memory=True)
        self.classifier = nn.Linear(2 * whole, shape.classes)

    def embed(self, clip: Tensor) -> Tensor:
        bodies = clip.flatten(0, 1)
        trunk, *limbs = (
            read(bodies.index_select(2, self.get_buffer(f"part{number}")).flatten(2))
            for number, read in enumerate(self.parts)
        )
        arms_and_legs = [read(torch.cat([limb, trunk], 2)) for read, limb in zip(self.limbs, limbs, strict=True)]
        upper, lower = (
            read(torch.cat(pair, 2))
            for read, pair in zip(self.halves, (arms_and_legs[:2], arms_and_legs[2:]), strict=True)
        )
        features = self.whole(torch.cat([upper, lower], 2)).sum(1).unflatten(0, clip.shape[:2])
        read_out: Tensor = (present(clip)[:, :, None] * features).sum(1)
        return read_out


RECOGNIZER = HRNN
# Ours: we found neither the paper's numbers of units nor its schedule in a source that we could open.
RECIPE = Recipe(epochs=100, batch=32, rate=1e-3, optimiser="adam", milestones=(60, 80))
SMALL: Mapping[str, Any] = {"units": (8, 8, 12, 16)}
