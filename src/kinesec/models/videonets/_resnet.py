"""Residual networks of bottlenecks in the form that I3D-R50 and SlowFast share."""

from __future__ import annotations

from collections.abc import Sequence

from torch import Tensor, nn

from kinesec.models.videonets._layers import MaxPool, Unit
from kinesec.models.videonets.base import CHANNELS


class Bottleneck(nn.Module):
    """Along time and to fewer channels, over the frame, to more channels; and the way round them."""

    def __init__(self, inputs: int, inner: int, outputs: int, frames: int, stride: int) -> None:
        super().__init__()
        self.a = Unit(inputs, inner, (frames, 1, 1))
        self.b = Unit(inner, inner, (1, 3, 3), (1, stride, stride))
        self.c = Unit(inner, outputs, active=False)
        self.shortcut = None
        if stride > 1 or inputs != outputs:
            self.shortcut = Unit(inputs, outputs, stride=(1, stride, stride), active=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.c(self.b(self.a(x)))
        return (y + (x if self.shortcut is None else self.shortcut(x))).relu_()


class Stem(nn.Module):
    """A convolution over ``frames`` frames that halves the frame, and a pooling that halves it again."""

    def __init__(self, outputs: int, frames: int) -> None:
        super().__init__()
        self.unit = Unit(CHANNELS, outputs, (frames, 7, 7), (1, 2, 2))
        self.pool = MaxPool((1, 3, 3), (1, 2, 2))

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.pool(self.unit(x))
        return y


def stage(number: int, width: int, extra: int, blocks: int, kernels: Sequence[int]) -> nn.Sequential:
    """The blocks of a stage, counted from 1; all but the first stage halve the frame.

    A network of ``width`` channels after the stem has ``width * 2 ** (number + 1)`` after the stage; its inputs have
    ``extra`` more than those of the stage before. ``kernels`` are taken in turn for the frames that the blocks see.
    """
    outputs = width * 2 ** (number + 1)
    inputs = (width if number == 1 else outputs // 2) + extra
    parts = [
        Bottleneck(
            outputs if block else inputs,
            outputs // 4,
            outputs,
            kernels[block % len(kernels)],
            1 if block or number == 1 else 2,
        )
        for block in range(blocks)
    ]
    return nn.Sequential(*parts)


STAGES = (3, 4, 6, 3)  # blocks of the stages of a residual network of 50 layers
# What the parts of a block are called in pytorchvideo
BLOCK_NAMES = (
    (r"\.(\d+)\.([abc])\.(conv|norm)\.", r".res_blocks.\1.branch2.\3_\2."),
    (r"\.(\d+)\.shortcut\.(conv|norm)\.", r".res_blocks.\1.branch1_\2."),
)
