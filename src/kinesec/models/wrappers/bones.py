"""A recognizer that sees bones in place of joints: the second stream of 2s-AGCN (Shi et al., CVPR 2019)."""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor, nn

from kinesec.models.recognizers.base import Recognizer


class Bones(Recognizer):
    """``inner``, trained on each joint's offset from the next one towards the body's centre; the centre has none.

    The change is part of the network, so that clips, attacks and gradients are of joints as everywhere. Of normalised
    clips a bone lacks its mean over the training clips, which the inner recognizer's first layer has in its bias.
    """

    parents: Tensor

    def __init__(self, inner: Recognizer) -> None:
        super().__init__(inner.shape)
        self.inner = inner
        parents = [joint if parent < 0 else parent for joint, parent in enumerate(inner.shape.graph.parents)]
        self.register_buffer("parents", torch.tensor(parents), persistent=False)

    def bones(self, clip: Tensor) -> Tensor:
        """Bones (..., joint, xyz) of joints."""
        return clip - clip.index_select(-2, self.parents)

    def forward(self, clip: Tensor) -> Tensor:
        logits: Tensor = self.inner(self.bones(self.checked(clip)))
        return logits

    def embed(self, clip: Tensor) -> Tensor:
        return self.inner.embed(self.bones(clip))

    def loss(self, clip: Tensor, label: Tensor, smoothing: float = 0.0) -> Tensor:
        self.inner.pretraining = self.pretraining
        return self.inner.loss(self.bones(clip), label, smoothing)

    def frozen(self) -> Iterable[nn.Parameter]:
        return self.inner.frozen()


WRAPPER = Bones
