"""S3D: an Inception network whose convolutions look at frames and then along time (Xie et al., ECCV 2018)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import torch
from torch import Tensor, nn

from kinesec.models.videonets._layers import MaxPool, Norm, Separated, Unit, averaged, initial_weights
from kinesec.models.videonets.base import CHANNELS, Levels, Recipe, VideoNet, VideoShape
from kinesec.settings import Positive, Range, Share

# Channels of each block: of the first branch, between and after in the second and the third, after the pooling
Widths = tuple[int, int, int, int, int, int]
SECTIONS: tuple[tuple[Widths, ...], ...] = (
    ((64, 96, 128, 16, 32, 32), (128, 128, 192, 32, 96, 64)),
    (
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
    ),
    ((256, 160, 320, 32, 128, 128), (384, 192, 384, 48, 128, 128)),
)
EPSILON = 1e-3


class Inception(nn.Module):
    """Four branches side by side, their channels one after the other."""

    def __init__(self, inputs: int, widths: Widths, norm: Norm) -> None:
        super().__init__()
        alone, before, near, begun, far, after = widths
        self.branch0 = Unit(inputs, alone, norm=norm)
        self.branch1 = nn.Sequential(Unit(inputs, before, norm=norm), Separated(before, near, near, norm=norm))
        self.branch2 = nn.Sequential(Unit(inputs, begun, norm=norm), Separated(begun, far, far, norm=norm))
        self.pool = MaxPool((3, 3, 3), (1, 1, 1))
        self.branch3 = Unit(inputs, after, norm=norm)
        self.outputs = alone + near + far + after

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.branch0(x), self.branch1(x), self.branch2(x), self.branch3(self.pool(x))], 1)


class S3D(VideoNet):
    """The paper's network without the gates of S3D-G, as torchvision has it.

    ``width`` multiplies every number of channels, and ``momentum`` is what a batch weighs in the running averages of
    the normalisations. The mean over the last frames and pixels is plain, where torchvision's, for more than two frames
    or seven pixels, weighs those at the ends less.
    """

    def __init__(
        self,
        shape: VideoShape,
        *,
        width: Positive = 1.0,
        dropout: Share = 0.2,
        momentum: Annotated[float, Range(0, 1, above=True)] = 1e-3,
        levels: Levels = "signed",
    ) -> None:
        super().__init__(shape, levels)
        self.need_size(8, 32)
        norm = Norm(EPSILON, momentum)

        def wide(channels: int) -> int:
            return max(4, round(channels * width / 4) * 4)

        stem, middle = wide(64), wide(192)
        half = MaxPool((1, 3, 3), (1, 2, 2))
        layers: list[nn.Module] = [
            Separated(CHANNELS, stem, stem, (7, 7), (2, 2), norm=norm),
            half,
            Unit(stem, stem, norm=norm),
            Separated(stem, middle, middle, norm=norm),
            half,
        ]
        pools = (MaxPool((3, 3, 3), (2, 2, 2)), MaxPool((2, 2, 2), (2, 2, 2)))
        channels = middle
        for number, section in enumerate(SECTIONS):
            if number:
                layers.append(pools[number - 1])
            for widths in section:
                block = Inception(channels, tuple(map(wide, widths)), norm)  # type: ignore[arg-type]
                layers.append(block)
                channels = block.outputs
        self.layers = nn.Sequential(*layers)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(channels, shape.classes)
        initial_weights(self)

    def embed(self, video: Tensor) -> Tensor:
        x: Tensor = self.dropout(averaged(self.layers(video)))
        return x


VIDEONET = S3D
RECIPE = Recipe()
SMALL: Mapping[str, Any] = {"width": 0.25, "dropout": 0.0, "momentum": 0.1}
# Names of the released weights, by what each of ours becomes
PUBLISHED = {
    "torchvision": (
        (r"^layers\.", "features."),
        (r"\.branch3\.", ".branch3.1."),
        (r"\.spatial\.", ".0."),
        (r"\.temporal\.", ".1."),
        (r"\.conv\.", ".0."),
        (r"\.norm\.", ".1."),
        (r"^classifier\.", "classifier.1."),
    )
}
