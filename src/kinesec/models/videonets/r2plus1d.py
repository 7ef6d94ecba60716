"""R(2+1)D-18: residual networks whose convolutions look at frames and then along time (Tran et al., CVPR 2018)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from kinesec.models.videonets._layers import Separated, Unit, averaged, initial_weights
from kinesec.models.videonets.base import CHANNELS, Levels, Recipe, VideoNet, VideoShape
from kinesec.settings import Count

WIDTHS = (64, 128, 256, 512)


def middle(inputs: int, outputs: int) -> int:
    """The channels between with which a pair has as many weights as a 3 x 3 x 3 convolution (section 3.5)."""
    return 27 * inputs * outputs // (9 * inputs + 3 * outputs)


class Block(nn.Module):
    """Two pairs of convolutions and the way round them. The second has as many channels between as the first."""

    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        between = middle(inputs, outputs)  # of the block, in the released weights: section 3.5 has one of each pair
        self.first = Separated(inputs, between, outputs, stride=(stride, stride))
        self.second = Separated(outputs, between, outputs, active=False)
        self.shortcut = None
        if stride > 1 or inputs != outputs:
            self.shortcut = Unit(inputs, outputs, stride=(stride, stride, stride), active=False)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.second(self.first(x))
        return (y + (x if self.shortcut is None else self.shortcut(x))).relu_()


class R2Plus1D(VideoNet):
    """Table 1 of the paper with torchvision's sizes.

    ``widths`` are the stages' channels, ``blocks`` how many blocks each has; the stem, of ``stem`` channels between,
    halves the frame and divides time by ``stem_stride``. Later stages halve both.
    """

    def __init__(
        self,
        shape: VideoShape,
        *,
        widths: Sequence[Count] = WIDTHS,
        blocks: Count = 2,
        stem: Count = 45,
        stem_stride: Count = 1,
        levels: Levels = "signed",
    ) -> None:
        super().__init__(shape, levels)
        self.need_widths(widths)
        halvings = 2 ** (len(widths) - 1)
        self.need_size(stem_stride * halvings, 2 * halvings)
        self.stem = Separated(CHANNELS, stem, widths[0], (3, 7), (stem_stride, 2))
        self.stages = []
        for number, (inputs, outputs) in enumerate(zip((widths[0], *widths), widths, strict=False), start=1):
            first = Block(inputs, outputs, 1 if number == 1 else 2)
            stage = nn.Sequential(first, *(Block(outputs, outputs, 1) for _ in range(blocks - 1)))
            self.add_module(f"stage{number}", stage)
            self.stages.append(f"stage{number}")
        self.classifier = nn.Linear(widths[-1], shape.classes)
        initial_weights(self)

    def embed(self, video: Tensor) -> Tensor:
        x: Tensor = self.stem(video)
        for stage in self.stages:
            x = self.get_submodule(stage)(x)
        return averaged(x)


VIDEONET = R2Plus1D
RECIPE = Recipe()
SMALL: Mapping[str, Any] = {"widths": (16, 32, 64, 128), "blocks": 1, "stem": 16, "stem_stride": 2}
# Names of the released weights, by what each of ours becomes
PUBLISHED = {
    "torchvision": (
        (r"^stem\.spatial\.conv", "stem.0"),
        (r"^stem\.spatial\.norm", "stem.1"),
        (r"^stem\.temporal\.conv", "stem.3"),
        (r"^stem\.temporal\.norm", "stem.4"),
        (r"^stage", "layer"),
        (r"\.first\.", ".conv1."),
        (r"\.second\.", ".conv2."),
        (r"\.spatial\.conv", ".0.0"),
        (r"\.spatial\.norm", ".0.1"),
        (r"\.temporal\.conv", ".0.3"),
        (r"\.temporal\.norm", ".1"),
        (r"\.shortcut\.conv", ".downsample.0"),
        (r"\.shortcut\.norm", ".downsample.1"),
        (r"^classifier", "fc"),
    )
}
