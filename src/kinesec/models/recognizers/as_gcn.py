"""AS-GCN: actional-structural graph convolutional networks (Li et al., CVPR 2019).

ST-GCN with neighbours up to four hops away, and beside them the links that another network infers from the clip. That
network is trained first; in training a second head predicts the frames after those that are classified.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from kinesec.models.recognizers._layers import BodyNorm, matrix, plan, pooled, sampled
from kinesec.models.recognizers._links import LinkInference
from kinesec.models.recognizers.base import ClipShape, Recipe, Recognizer
from kinesec.models.recognizers.st_gcn import Block, small_weights
from kinesec.motion.graph import spatial_partitions

WIDTHS = (64, 64, 64, 128, 128, 128, 256, 256, 256)
FORECAST_WEIGHT = 0.01


class ASGCN(Recognizer):
    """Section 3 as released. The last ``future`` frames of a clip are not classified: they are what is predicted.

    ``widths`` are the blocks' channels, ``forecast`` those of the head that predicts, ``hops`` the reach along bones.
    ``links`` weighs the inferred ones; they follow from at most ``link_frames`` frames. ``pretraining`` (see
    ``Recipe.pretrain``) trains the inference of links, which afterwards stays as it is.
    """

    adjacency: Tensor

    def __init__(
        self,
        shape: ClipShape,
        *,
        widths: Sequence[int] = WIDTHS,
        forecast: int = 128,
        hops: int = 4,
        future: int = 10,
        links: float = 0.5,
        link_types: int = 3,
        link_features: int = 128,
        link_frames: int = 50,
        dropout: float = 0.5,
    ) -> None:
        super().__init__(shape)
        self.need_widths(widths)
        self.need_frames(future + 2, f"future {future}")
        self.future, self.links = future, links
        self.link_frames = min(link_frames, shape.frames - future)
        self.register_buffer("adjacency", matrix(spatial_partitions(shape.graph, hops)))
        subsets = len(self.adjacency) + link_types - 1
        self.norm = BodyNorm(shape.bodies, shape.joints, shared=True)
        sizes = list(plan(widths))
        self.blocks = nn.ModuleList(Block(subsets, *size, dropout) for size in sizes)
        frames = shape.frames - future
        for stride in [*(size[2] for size in sizes), 2, 2, 2, 2]:
            frames = -(-frames // stride)
        before = [widths[-1], *[forecast] * 4]
        self.forecast = nn.ModuleList(
            Block(subsets, before[number], forecast, min(number, 1) + 1, True, dropout, 3 if number == 4 else 9)
            for number in range(5)
        )
        self.forecast.append(Block(subsets, forecast, forecast, 1, False, dropout, frames, padded=False))
        self.forecast.append(Block(subsets, forecast + 3, 3 * future, 1, False, dropout, 1, active=False))
        # as many as blocks, as released: two of the forecast's are never used
        self.importance = nn.ParameterList(torch.ones_like(self.adjacency) for _ in widths)
        self.forecast_importance = nn.ParameterList(torch.ones_like(self.adjacency) for _ in range(max(len(widths), 7)))
        self.classifier = nn.Linear(widths[-1], shape.classes)
        small_weights(self)
        self.inference = LinkInference(shape.joints, self.link_frames, types=link_types, features=link_features)

    def neighbours(self, importance: Tensor, links: Tensor) -> Tensor:
        """Bones' subsets and links' together (clip, subset, from, to)."""
        bones = (self.adjacency * importance).expand(len(links), -1, -1, -1)
        return torch.cat([bones, self.links * links], 1)

    def motion(self, clip: Tensor) -> Tensor:
        """What the links follow from: (batch x body, joint, frame, xyz) of the frames that are seen."""
        seen = sampled(clip[:, :, : -self.future], self.link_frames, 2, self.training)
        return seen.flatten(0, 1).transpose(1, 2)

    def encode(self, seen: Tensor, links: Tensor) -> Tensor:
        """Features (batch x body, channel, frame, joint) of the frames that are seen."""
        x: Tensor = self.norm(seen)
        for block, importance in zip(self.blocks, self.importance, strict=True):
            x = block(x, self.neighbours(importance, links))
        return x

    def predict(self, x: Tensor, last: Tensor, links: Tensor) -> Tensor:
        """The first body's future (batch, xyz, frame, joint) from ``encode``'s features and the last pose.

        Channels run (frame, xyz) in the poses that are added and (xyz, frame) in the result, as released.
        """
        pose = last.flatten(0, 1).transpose(1, 2)
        *middle, end = zip(self.forecast, self.forecast_importance, strict=False)
        for block, importance in middle:
            x = block(x, self.neighbours(importance, links))
        change = end[0](torch.cat([x, pose[:, :, None]], 1), self.neighbours(end[1], links))
        both: Tensor = pose.repeat(1, self.future, 1) + change[:, :, 0]
        future: Tensor = both.unflatten(0, (-1, self.shape.bodies))[:, 0].unflatten(1, (3, self.future))
        return future

    def embed(self, clip: Tensor) -> Tensor:
        links = self.inference(self.motion(clip))
        return pooled(self.encode(clip[:, :, : -self.future], links), self.shape.bodies)

    def loss(self, clip: Tensor, label: Tensor, smoothing: float = 0.0) -> Tensor:
        """Cross entropy and the prediction's squared error; in pre-training the loss of the inference of links."""
        clip = self.checked(clip)
        if self.pretraining:
            return self.inference.loss(self.motion(clip))
        with torch.no_grad():
            links = self.inference(self.motion(clip))
        seen, coming = clip[:, :, : -self.future], clip[:, 0, -self.future :]
        x = self.encode(seen, links)
        predicted = self.predict(x, seen[:, :, -1], links)
        logits = self.classifier(pooled(x, self.shape.bodies))
        error = nn.functional.mse_loss(predicted, coming.permute(0, 3, 1, 2))
        return nn.functional.cross_entropy(logits, label, label_smoothing=smoothing) + FORECAST_WEIGHT * error


RECOGNIZER = ASGCN
# Released code, config/as_gcn/ntu-xsub: epochs 50, 70 and 90 of 100, the first ten of them the inference of links.
RECIPE = Recipe(
    epochs=90,
    batch=32,
    rate=0.1,
    milestones=(40, 60, 80),
    weight_decay=1e-4,
    pretrain=Recipe(epochs=10, batch=32, rate=5e-4, optimiser="adam"),
)
SMALL: Mapping[str, Any] = {
    "widths": (32, 32, 64, 64),
    "forecast": 32,
    "hops": 2,
    "future": 4,
    "link_features": 32,
    "link_frames": 16,
    "dropout": 0.0,
}
