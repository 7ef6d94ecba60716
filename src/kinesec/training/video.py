"""What is particular to the training of video networks: their videos on the device, poisoned ones, and their task."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import torch
from torch import Tensor

from kinesec.errors import KinesecError
from kinesec.models.videonets.base import VIDEONETS, Recipe, VideoNet
from kinesec.training.checkpoint import Record
from kinesec.training.loop import Task


class Labelled(Protocol):
    """Videos (clip, frame, height, width, channel) uint8, read or to be read by numpy, and labels (clip,)."""

    @property
    def video(self) -> np.typing.ArrayLike: ...

    @property
    def label(self) -> np.ndarray: ...


class Poisoning(Protocol):
    """Poisoned videos (clip, ...), the places among the training videos that they take, and the class they teach."""

    @property
    def value(self) -> np.ndarray: ...

    @property
    def index(self) -> np.ndarray: ...

    @property
    def target(self) -> int: ...


def with_poison(videos: Labelled, poison: Poisoning | None) -> tuple[np.ndarray, np.ndarray]:
    """The training videos and labels (clip,), those that are poisoned replaced and labelled as the target.

    What is given stays as it is. Raises ``KinesecError`` for poisoned videos of another shape, and for places that the
    training videos do not have.
    """
    video, label = np.asarray(videos.video), videos.label
    if poison is None:
        return video, label
    if poison.value.shape != (len(poison.index), *video.shape[1:]):
        raise KinesecError(
            f"poisoned videos: found shape {poison.value.shape}, expected {(len(poison.index), *video.shape[1:])} as "
            "the clean ones; poison them again"
        )
    index = poison.index
    if len(index) and not 0 <= index.min() <= index.max() < len(video):
        raise KinesecError(
            f"poisoned videos: found places {index.min()} to {index.max()}, expected 0 to {len(video) - 1}; "
            "poison them again"
        )
    if video is videos.video:
        video = video.copy()
    label = label.copy()
    video[index], label[index] = poison.value, poison.target
    return video, label


class VideoBatches:
    """Videos on the device as one uint8 tensor, a byte a grey level, with their labels."""

    def __init__(self, video: np.ndarray, label: np.ndarray, device: torch.device) -> None:
        self.video = torch.from_numpy(np.ascontiguousarray(video)).to(device)
        self.label = torch.from_numpy(np.ascontiguousarray(label)).to(device)

    @property
    def device(self) -> torch.device:
        return self.label.device

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True)
class VideoTask(Task):
    """A video network's training, in one stage; the best epoch is the most accurate, of these that of least loss."""

    model: VideoNet
    recipe: Recipe
    training: VideoBatches
    validation: VideoBatches | None
    samples = "videos"

    def loss(self, index: Tensor, generator: torch.Generator) -> Tensor:
        video, device = self.training.video[index], self.training.device
        with torch.autocast(device.type, torch.bfloat16, enabled=self.recipe.autocast and device.type == "cuda"):
            return self.model.loss(video, self.training.label[index], self.recipe.smoothing)

    def validated(self) -> dict[str, float | None]:
        accuracy, loss = (None, None) if self.validation is None else accuracy_and_loss(self.model, self.validation)
        return {"validation_accuracy_percent": accuracy, "validation_loss": loss}

    def merit(self, record: Record) -> tuple[float, ...] | None:
        if record["validation_loss"] is None:
            return None
        return -record["validation_accuracy_percent"], record["validation_loss"]


def accuracy_and_loss(model: VideoNet, data: VideoBatches) -> tuple[float, float]:
    """Share of videos (%) that are correctly classified, and their mean cross entropy; asked in batches of one size."""
    logits = VIDEONETS.predict(model, data.video)
    right = (logits.argmax(1) == data.label).float().mean()
    return 100 * right.item(), torch.nn.functional.cross_entropy(logits, data.label).item()
