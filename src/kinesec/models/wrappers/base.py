"""What a recognizer around another one is: the other's weights stay as they are, and it stays in eval mode."""

from __future__ import annotations

from typing import Self

from torch import Tensor

from kinesec.models.recognizers.base import Recognizer


class Wrapper(Recognizer):
    """A recognizer that asks ``inner``, another one of the same clips, and says something else.

    Whatever mode it is put in, ``inner`` is in eval mode: what is trained around it does not move its statistics.
    """

    def __init__(self, inner: Recognizer) -> None:
        super().__init__(inner.shape)
        self.inner = inner
        inner.requires_grad_(False).eval()

    def train(self, mode: bool = True) -> Self:
        super().train(mode)
        self.inner.eval()
        return self

    def embed(self, clip: Tensor) -> Tensor:
        return self.inner.embed(clip)

    def features(self, clip: Tensor) -> Tensor:
        return self.inner.features(clip)
