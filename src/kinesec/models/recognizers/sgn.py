"""SGN: semantics-guided neural networks (Zhang et al., CVPR 2020).

Positions and velocities beside a code for which joint it is; graph convolutions whose links follow from the features
of each frame; then a code for which frame it is, and convolutions over frames. Clips are cut to twenty frames.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from kinesec.models.recognizers._layers import BodyNorm, fan_out, present, sampled
from kinesec.models.recognizers.base import ClipShape, Recipe, Recognizer


class Embedding(nn.Sequential):
    """Two layers with ReLU for each joint of each frame."""

    def __init__(self, inputs: int, hidden: int, outputs: int) -> None:
        super().__init__(nn.Conv2d(inputs, hidden, 1), nn.ReLU(), nn.Conv2d(hidden, outputs, 1), nn.ReLU())


class FrameGraph(nn.Module):
    """Links (clip, frame, to, from) by likeness of the joints' embeddings (section 3.2); rows sum to one."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.query = nn.Conv2d(inputs, outputs, 1)
        self.key = nn.Conv2d(inputs, outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        likeness: Tensor = self.query(x).permute(0, 2, 3, 1) @ self.key(x).transpose(1, 2)
        return likeness.softmax(-1)


class GraphLayer(nn.Module):
    """Features of linked joints and a joint's own, each through weights of its own."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.linked = nn.Conv2d(inputs, outputs, 1, bias=False)
        self.own = nn.Conv2d(inputs, outputs, 1)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor, links: Tensor) -> Tensor:
        gathered = (links @ x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)
        y: Tensor = self.norm(self.linked(gathered) + self.own(x)).relu()
        return y


class SGN(Recognizer):
    """Section 3 as released. ``segments`` frames are seen: the middle of each segment, in training any one of it.

    ``features`` are the channels of an embedding; all others are multiples of it. The published network sees one body:
    here the features of the bodies that are not zero throughout are averaged.
    """

    joint_code: Tensor
    frame_code: Tensor

    def __init__(self, shape: ClipShape, *, segments: int = 20, features: int = 64, dropout: float = 0.2) -> None:
        super().__init__(shape)
        self.need_frames(segments, f"segments {segments}")
        self.segments = segments
        f = features
        self.register_buffer("joint_code", torch.eye(shape.joints)[None, :, None], persistent=False)
        self.register_buffer("frame_code", torch.eye(segments)[None, :, :, None], persistent=False)
        self.norms = nn.ModuleList(BodyNorm(1, shape.joints) for _ in range(2))
        self.position, self.velocity = Embedding(3, f, f), Embedding(3, f, f)
        self.joint, self.frame = Embedding(shape.joints, f, f), Embedding(segments, f, 4 * f)
        self.graph = FrameGraph(2 * f, 4 * f)
        self.layers = nn.ModuleList(GraphLayer(*size) for size in [(2 * f, 2 * f), (2 * f, 4 * f), (4 * f, 4 * f)])
        self.over_frames = nn.Sequential(
            nn.Conv2d(4 * f, 4 * f, (3, 1), padding=(1, 0)),
            nn.BatchNorm2d(4 * f),
            nn.ReLU(),
            nn.Dropout2d(dropout),
            nn.Conv2d(4 * f, 8 * f, 1),
            nn.BatchNorm2d(8 * f),
            nn.ReLU(),
        )
        self.classifier = nn.Linear(8 * f, shape.classes)
        fan_out(self)
        for part in self.modules():
            if isinstance(part, GraphLayer):
                nn.init.zeros_(part.linked.weight)

    def embed(self, clip: Tensor) -> Tensor:
        weight = present(clip)
        seen = sampled(clip, self.segments, 2, self.training).flatten(0, 1)[:, None]
        moved = nn.functional.pad(seen.diff(dim=2), (0, 0, 0, 0, 1, 0))
        dynamics = self.position(self.norms[0](seen)) + self.velocity(self.norms[1](moved))
        x: Tensor = torch.cat([dynamics, self.joint(self.joint_code).expand_as(dynamics)], 1)
        links = self.graph(x)
        for layer in self.layers:
            x = layer(x, links)
        x = (x + self.frame(self.frame_code)).amax(3, keepdim=True)
        bodies: Tensor = self.over_frames(x).amax((2, 3)).unflatten(0, (-1, self.shape.bodies))
        return (weight[:, :, None] * bodies).sum(1)


RECOGNIZER = SGN
# Released code, main.py and its README's command.
RECIPE = Recipe(
    epochs=120, batch=64, rate=1e-3, optimiser="adam", milestones=(60, 90, 110), weight_decay=1e-4, smoothing=0.1
)
SMALL: Mapping[str, Any] = {"features": 16}
