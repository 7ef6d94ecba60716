"""SlowFast-R50 8x8: many channels at few frames beside few channels at all (Feichtenhofer et al., ICCV 2019)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from kinesec.models.videonets._layers import Unit, averaged, initial_weights
from kinesec.models.videonets._resnet import BLOCK_NAMES, STAGES, Stem, stage
from kinesec.models.videonets.base import Levels, Recipe, VideoNet, VideoShape
from kinesec.settings import Count, Share

SLOW, FAST = (1, 1, 3, 3), (3, 3, 3, 3)  # frames that the blocks of each stage see
FUSING = 7  # frames that the way from fast to slow sees


class Pathway(nn.Module):
    """A stem and four stages, before each of which ``extra`` channels come from elsewhere."""

    def __init__(self, width: int, blocks: Sequence[int], frames: int, kernels: Sequence[int], extra: Sequence[int]):
        super().__init__()
        self.stem = Stem(width, frames)
        for number, (count, kernel, more) in enumerate(zip(blocks, kernels, extra, strict=True), start=1):
            self.add_module(f"stage{number}", stage(number, width, more, count, (kernel,)))

    def step(self, number: int, x: Tensor) -> Tensor:
        """What the stem (0) or a stage makes of its inputs."""
        y: Tensor = self.get_submodule(f"stage{number}" if number else "stem")(x)
        return y


class SlowFast(VideoNet):
    """Section 3 and table 1. The slow path, of ``width`` channels after the stem, sees one in ``alpha`` frames, evenly
    spread from the first to the last; the fast one has one in ``ratio`` channels (1 / beta). ``blocks`` are those of
    each of four stages.
    """

    seen: Tensor

    def __init__(
        self,
        shape: VideoShape,
        *,
        width: Count = 64,
        blocks: Sequence[Count] = STAGES,
        alpha: Count = 4,
        ratio: Count = 8,
        dropout: Share = 0.5,
        levels: Levels = "pytorchvideo",
    ) -> None:
        super().__init__(shape, levels)
        self.need_blocks(blocks, len(SLOW))
        self.need_widths([width], ratio)
        self.need_size(alpha, 32)
        fast = width // ratio
        leaving = [fast, *(fast * 2 ** (number + 1) for number in (1, 2, 3))]
        self.slow = Pathway(width, blocks, 1, SLOW, [2 * channels for channels in leaving])
        self.fast = Pathway(fast, blocks, 5, FAST, [0, 0, 0, 0])
        self.fuse = nn.ModuleList(Unit(channels, 2 * channels, (FUSING, 1, 1), (alpha, 1, 1)) for channels in leaving)
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(32 * (width + fast), shape.classes)
        seen = torch.linspace(0, shape.frames - 1, -(-shape.frames // alpha)).long()
        self.register_buffer("seen", seen, persistent=False)
        initial_weights(self)

    def embed(self, video: Tensor) -> Tensor:
        slow, fast = self.slow.step(0, video[:, :, self.seen]), self.fast.step(0, video)
        for number, fuse in enumerate(self.fuse, start=1):
            slow, fast = (
                self.slow.step(number, torch.cat([slow, fuse(fast)], 1)),
                self.fast.step(number, fast),
            )
        x: Tensor = self.dropout(torch.cat([averaged(slow), averaged(fast)], 1))
        return x


VIDEONET = SlowFast
RECIPE = Recipe()
SMALL: Mapping[str, Any] = {"width": 32, "blocks": (1, 1, 1, 1), "ratio": 4, "dropout": 0.0}
# Names of the released weights, by what each of ours becomes
PUBLISHED = {
    "pytorchvideo": (
        *BLOCK_NAMES,
        (r"^fuse\.(\d)\.conv\.", r"blocks.\1.multipathway_fusion.conv_fast_to_slow."),
        (r"^fuse\.(\d)\.norm\.", r"blocks.\1.multipathway_fusion.norm."),
        (r"^slow\.stem\.unit\.", "blocks.0.multipathway_blocks.0."),
        (r"^fast\.stem\.unit\.", "blocks.0.multipathway_blocks.1."),
        (r"^slow\.stage(\d)\.", r"blocks.\1.multipathway_blocks.0."),
        (r"^fast\.stage(\d)\.", r"blocks.\1.multipathway_blocks.1."),
        (r"^classifier\.", "blocks.6.proj."),
    )
}
