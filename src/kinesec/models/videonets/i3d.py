"""I3D-R50: a residual network of images, blown up to video (Carreira and Zisserman, CVPR 2017; pytorchvideo i3d_r50).

What TDBA (arXiv 2308.11070) trains as I3D is pytorchvideo's residual network of 50 layers, not the Inception network of
the paper that I3D is named by.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from kinesec.models.videonets._layers import MaxPool, averaged, initial_weights
from kinesec.models.videonets._resnet import BLOCK_NAMES, STAGES, Stem, stage
from kinesec.models.videonets.base import Levels, Recipe, VideoNet, VideoShape
from kinesec.settings import Count, Share

KERNELS = ((3,), (3, 1), (3, 1), (1, 3))  # frames that the blocks of each stage see, in turn


class I3D(VideoNet):
    """``width`` channels after the stem, ``blocks`` blocks in each of four stages; time is halved after the first.

    The mean over the last frames and pixels is plain, where pytorchvideo's, for more than four frames or seven pixels,
    weighs those at the ends less.
    """

    def __init__(
        self,
        shape: VideoShape,
        *,
        width: Count = 64,
        blocks: Sequence[Count] = STAGES,
        dropout: Share = 0.5,
        levels: Levels = "pytorchvideo",
    ) -> None:
        super().__init__(shape, levels)
        self.need_blocks(blocks, len(KERNELS))
        self.need_size(2, 32)
        self.stem = Stem(width, 5)
        self.stage1, self.stage2, self.stage3, self.stage4 = (
            stage(number, width, 0, count, kernels)
            for number, (count, kernels) in enumerate(zip(blocks, KERNELS, strict=True), start=1)
        )
        self.pool = MaxPool((2, 1, 1), (2, 1, 1))
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(32 * width, shape.classes)
        initial_weights(self)

    def embed(self, video: Tensor) -> Tensor:
        x: Tensor = self.pool(self.stage1(self.stem(video)))
        y: Tensor = self.dropout(averaged(self.stage4(self.stage3(self.stage2(x)))))
        return y


VIDEONET = I3D
RECIPE = Recipe()
SMALL: Mapping[str, Any] = {"width": 16, "blocks": (1, 1, 1, 1), "dropout": 0.0}
# Names of the released weights, by what each of ours becomes
PUBLISHED = {
    "pytorchvideo": (
        *BLOCK_NAMES,
        (r"^stem\.unit\.", "blocks.0."),
        (r"^stage1\.", "blocks.1."),
        (r"^stage2\.", "blocks.3."),
        (r"^stage3\.", "blocks.4."),
        (r"^stage4\.", "blocks.5."),
        (r"^classifier\.", "blocks.6.proj."),
    )
}
