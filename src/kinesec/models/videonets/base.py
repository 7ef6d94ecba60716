"""What every video network is, the videos it sees, and the recipe that trains it."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import torch
from torch import Tensor, nn

from kinesec.errors import ConfigError, KinesecError
from kinesec.models.trained import Kind
from kinesec.settings import Count, NotNegative, Range, Whole

CHANNELS = 3
# Mean and standard deviation of each channel that networks were published with, where grey levels are 0 to 1
LEVELS: Mapping[str, tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    "signed": ((0.5, 0.5, 0.5), (0.5, 0.5, 0.5)),  # x / 127.5 - 1, as the code of TDBA has it
    "pytorchvideo": ((0.45, 0.45, 0.45), (0.225, 0.225, 0.225)),
    "torchvision": ((0.43216, 0.394666, 0.37645), (0.22803, 0.22145, 0.216989)),  # of Kinetics-400
}
Levels = Literal["signed", "pytorchvideo", "torchvision"]


@dataclass(frozen=True)
class VideoShape:
    """The videos a network sees: frames, height and width in pixels, and classes to tell apart.

    Raises ``ConfigError`` where a number is below one.
    """

    frames: int
    height: int
    width: int
    classes: int

    def __post_init__(self) -> None:
        for name in ("frames", "height", "width", "classes"):
            if getattr(self, name) < 1:
                raise ConfigError(f"video shape: found {getattr(self, name)} {name}, expected 1 or more")

    @classmethod
    def from_attrs(cls, attrs: dict[str, Any]) -> Self:
        return cls(**attrs)


@dataclass(frozen=True)
class Recipe:
    """How a video network is trained: by default as in TDBA (arXiv 2308.11070), which says epochs, batch and rate.

    Its weight decay is taken to be torch's own; that it selects weights by validation is ours.

    The rate rises linearly over the first ``warm_up`` epochs and then stays (``constant``) or falls as half a wave to
    nothing (``cosine``). ``sgd`` is Nesterov's with ``momentum``; ``weight_decay`` is AdamW's own, or the gradient's
    for ``sgd``; ``smoothing`` is that of the labels.

    ``selection`` says which weights are kept: those of the epoch that is best on validation videos, or the last.
    ``autocast`` lets a GPU compute in bfloat16 where that is safe; the CPU never does.
    """

    epochs: Count = 10
    batch: Annotated[int, Range(2)] = 16  # a batch of one has no batch statistics
    rate: NotNegative = 3e-4
    optimiser: Literal["adamw", "sgd"] = "adamw"
    schedule: Literal["constant", "cosine"] = "constant"
    warm_up: Whole = 0
    weight_decay: NotNegative = 0.01
    momentum: Annotated[float, Range(0, 1, below=True)] = 0.9
    smoothing: Annotated[float, Range(0, 1, below=True)] = 0.0
    selection: Literal["validation", "last"] = "validation"
    autocast: bool = True

    def rate_at(self, progress: float) -> float:
        """The learning rate after ``progress`` epochs."""
        if progress < self.warm_up:
            return self.rate * (math.floor(progress) + 1) / (self.warm_up + 1)
        if self.schedule == "constant":
            return self.rate
        behind = (progress - self.warm_up) / max(self.epochs - self.warm_up, 1)
        return self.rate * (1 + math.cos(math.pi * min(behind, 1.0))) / 2

    def optimiser_of(self, model: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of all parameters."""
        parameters = list(model.parameters())
        if self.optimiser == "adamw":
            return torch.optim.AdamW(parameters, lr=self.rate, weight_decay=self.weight_decay, fused=True)
        return torch.optim.SGD(
            parameters,
            lr=self.rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            nesterov=self.momentum > 0,
            fused=True,
        )


class VideoNet(nn.Module, ABC):
    """Tells actions apart; videos are ``(batch, frame, height, width, channel)``, grey levels 0 to 255, uint8 or float.

    Grey levels are normalised inside, as ``levels`` of ``LEVELS`` says: a gradient by the video is one by grey level.
    Logits come without a softmax. In eval mode they depend on the video alone, not on the others in its batch or on
    chance.
    """

    classifier: nn.Linear
    mean: Tensor
    deviation: Tensor

    def __init__(self, shape: VideoShape, levels: Levels) -> None:
        super().__init__()
        self.shape = shape
        mean, deviation = (255 * torch.tensor(values) for values in LEVELS[levels])
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    @abstractmethod
    def embed(self, video: Tensor) -> Tensor:
        """What the classifier sees (batch, feature) of normalised videos (batch, channel, frame, height, width)."""

    def forward(self, video: Tensor) -> Tensor:
        """Logits (batch, class); raises ``KinesecError`` where the video's shape is not the network's."""
        logits: Tensor = self.classifier(self.features(video))
        return logits

    def features(self, video: Tensor) -> Tensor:
        """The last hidden features (batch, feature), of which the logits are a linear function."""
        return self.embed(self.normalised(video))

    def loss(self, video: Tensor, label: Tensor, smoothing: float = 0.0) -> Tensor:
        """The training loss of videos and their classes (batch,), a scalar: cross entropy."""
        return nn.functional.cross_entropy(self(video), label, label_smoothing=smoothing)

    def normalised(self, video: Tensor) -> Tensor:
        """Grey levels (batch, frame, height, width, channel) as layers see them (batch, channel, frame, height, width).

        The order of the numbers in memory stays: torch's ``channels_last_3d``, which is the faster one.
        """
        shape = self.shape
        if video.dim() != 5 or video.shape[1:] != (shape.frames, shape.height, shape.width, CHANNELS):
            raise KinesecError(
                f"videonet {self.name!r}: found a video of shape {tuple(video.shape)}, expected "
                f"(batch, frame, height, width, channel) with {shape.frames} frames, {shape.height} x {shape.width} "
                f"pixels, {CHANNELS} channels"
            )
        return ((video.to(self.mean.dtype) - self.mean) / self.deviation).permute(0, 4, 1, 2, 3)

    def need_widths(self, widths: Sequence[int], multiple: int = 1) -> None:
        """Raises ``ConfigError`` unless ``widths`` are one or more positive multiples of ``multiple``."""
        if not widths or any(width < 1 or width % multiple for width in widths):
            raise ConfigError(
                f"videonet {self.name!r}: found widths {list(widths)}, expected one or more, multiples of {multiple}"
            )

    def need_blocks(self, blocks: Sequence[int], stages: int) -> None:
        """Raises ``ConfigError`` unless each of the network's stages has one block or more."""
        if len(blocks) != stages or min(blocks) < 1:
            raise ConfigError(
                f"videonet {self.name!r}: found blocks {list(blocks)}, expected {stages} numbers of one or more"
            )

    def need_size(self, frames: int, pixels: int) -> None:
        """Raises ``ConfigError`` where videos are smaller than what the network's strides make one number of."""
        shape, what = self.shape, f"videonet {self.name!r}"
        if shape.frames < frames:
            raise ConfigError(
                f"{what}: found videos of {shape.frames} frames, expected {frames} or more; take longer ones"
            )
        if min(shape.height, shape.width) < pixels:
            raise ConfigError(
                f"{what}: found videos of {shape.height} x {shape.width} pixels, expected {pixels} x {pixels} or more; "
                "render or read larger ones"
            )


VIDEONETS: Kind[VideoNet, VideoShape, Recipe] = Kind("videonet", VideoShape, batch=16)
