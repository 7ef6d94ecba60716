"""What every skeleton action recognizer is, the clips it sees, and the recipe that trains it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Self

import torch
from torch import Tensor, nn

from kinesec.errors import ConfigError, KinesecError
from kinesec.models.trained import Kind
from kinesec.motion.graph import NTU_PUBLISHED, Graph
from kinesec.settings import ASCENDING, Count, NotNegative, Range, Whole

__all__ = ["NTU_PUBLISHED", "RECOGNIZERS", "Chance", "ClipShape", "Graph", "Recipe", "Recognizer"]

# What a function of a generator draws for each clip of a batch (batch, ...), by the clip's own chance
Chance = Callable[[Callable[[torch.Generator], Tensor]], Tensor]


@dataclass(frozen=True)
class ClipShape:
    """The clips a recognizer sees: frames, joints a body, bodies, classes to tell apart, and the joints' graph.

    Raises ``ConfigError`` where a number is below one or the graph has other joints.
    """

    frames: int
    joints: int
    bodies: int
    classes: int
    graph: Graph

    def __post_init__(self) -> None:
        for name in ("frames", "joints", "bodies", "classes"):
            if getattr(self, name) < 1:
                raise ConfigError(f"clip shape: found {getattr(self, name)} {name}, expected 1 or more")
        if len(self.graph) != self.joints:
            raise ConfigError(f"clip shape: found a graph of {len(self.graph)} joints, expected {self.joints}")

    @classmethod
    def from_attrs(cls, attrs: dict[str, Any]) -> Self:
        return cls(**{**attrs, "graph": Graph.from_attrs(attrs["graph"])})


@dataclass(frozen=True)
class Recipe:
    """How a recognizer is trained; each recognizer's published values are its own.

    The rate rises linearly over the first ``warm_up`` epochs and is multiplied by ``decay`` after each epoch of
    ``milestones``. ``sgd`` is Nesterov's with ``momentum``; ``smoothing`` is that of the labels. Over the first
    ``frozen_epochs`` epochs the parameters that ``Recognizer.frozen`` names stay as they are. Where there is a
    ``pretrain`` recipe, it comes first, with ``Recognizer.pretraining`` set.

    ``selection`` says which weights are kept: those of the epoch that is best on validation clips, or the last.
    ``autocast`` lets a GPU compute in bfloat16 where that is safe; the CPU never does.
    """

    epochs: Count
    batch: Annotated[int, Range(2)]  # a batch of one has no batch statistics
    rate: NotNegative
    optimiser: Literal["sgd", "adam"] = "sgd"
    milestones: Annotated[tuple[Count, ...], ASCENDING] = ()
    decay: NotNegative = 0.1
    weight_decay: NotNegative = 0.0
    momentum: Annotated[float, Range(0, 1, below=True)] = 0.9
    warm_up: Whole = 0
    smoothing: Annotated[float, Range(0, 1, below=True)] = 0.0
    frozen_epochs: Whole = 0
    pretrain: Recipe | None = None
    selection: Literal["validation", "last"] = "validation"
    autocast: bool = True

    def rate_at(self, progress: float) -> float:
        """The learning rate after ``progress`` epochs; it changes between epochs alone."""
        epoch = int(progress)
        warm = min(1.0, (epoch + 1) / self.warm_up) if self.warm_up else 1.0
        return self.rate * warm * self.decay ** sum(epoch >= milestone for milestone in self.milestones)

    def optimiser_of(self, model: nn.Module) -> torch.optim.Optimizer:
        """The optimiser of all parameters; one without a gradient, frozen or not in use, stays as it is."""
        parameters = list(model.parameters())
        if self.optimiser == "adam":
            return torch.optim.Adam(parameters, lr=self.rate, weight_decay=self.weight_decay, fused=True)
        sgd = torch.optim.SGD(
            parameters,
            lr=self.rate,
            momentum=self.momentum,
            weight_decay=self.weight_decay,
            nesterov=self.momentum > 0,
            fused=True,
        )
        if self.momentum > 0:
            # What torch begins with, but of all parameters: the fused step takes none that have no buffer beside some
            # that have one, as parameters that were frozen would.
            for parameter in parameters:
                sgd.state[parameter]["momentum_buffer"] = torch.zeros_like(parameter)
        return sgd


class Recognizer(nn.Module, ABC):
    """Tells actions apart; clips are ``(batch, body, frame, joint, xyz)`` in the data set's normalised units.

    A clip may hold fewer bodies than the shape says: the others are zero, as they are in the papers' data. Logits come
    without a softmax. In eval mode they depend on the clip alone, not on the others in its batch or on chance.
    """

    classifier: nn.Linear
    pretraining = False

    def __init__(self, shape: ClipShape) -> None:
        super().__init__()
        self.shape = shape

    @property
    def name(self) -> str:
        return type(self).__module__.rpartition(".")[2]

    @abstractmethod
    def embed(self, clip: Tensor) -> Tensor:
        """What the classifier sees (batch, feature) of checked clips (batch, shape.bodies, frame, joint, xyz)."""

    def forward(self, clip: Tensor) -> Tensor:
        """Logits (batch, class); raises ``KinesecError`` where the clip's shape is not the recognizer's."""
        logits: Tensor = self.classifier(self.features(clip))
        return logits

    def features(self, clip: Tensor) -> Tensor:
        """The last hidden features (batch, feature), of which the logits are a linear function."""
        return self.embed(self.checked(clip))

    def loss(self, clip: Tensor, label: Tensor, smoothing: float = 0.0) -> Tensor:
        """The training loss of clips and their classes (batch,), a scalar: cross entropy."""
        return nn.functional.cross_entropy(self(clip), label, label_smoothing=smoothing)

    def draw(self, clip: Tensor, chance: Chance) -> Tensor:
        """Logits of one draw of the recognizer's own chance, another for each clip; without chance, its logits."""
        logits: Tensor = self(clip)
        return logits

    def exposed(self, clip: Tensor, chance: Chance) -> Tensor:
        """The logits that an attacker who knows the defence follows, whatever masks the gradients of the others."""
        return self.draw(clip, chance)

    def fresh(self) -> None:
        """Takes other noise from now on than an attacker saw, where there is noise."""

    def frozen(self) -> Iterable[nn.Parameter]:
        """Parameters that stay as they are over the recipe's first ``frozen_epochs`` epochs."""
        return ()

    def checked(self, clip: Tensor) -> Tensor:
        """The clip with bodies of zeros up to ``shape.bodies``."""
        shape = self.shape
        bodies = clip.shape[1] if clip.dim() == 5 else 0
        if not 1 <= bodies <= shape.bodies or clip.shape[2:] != (shape.frames, shape.joints, 3):
            count = str(shape.bodies) if shape.bodies == 1 else f"1 to {shape.bodies}"
            raise KinesecError(
                f"recognizer {self.name!r}: found a clip of shape {tuple(clip.shape)}, expected "
                f"(batch, body, frame, joint, xyz) with {count} bodies, {shape.frames} frames, {shape.joints} joints, 3"
            )
        return nn.functional.pad(clip, (0, 0, 0, 0, 0, 0, 0, shape.bodies - bodies))

    def need_widths(self, widths: Sequence[int], multiple: int = 1) -> None:
        """Raises ``ConfigError`` unless ``widths`` are one or more positive multiples of ``multiple``."""
        if not widths or any(width < 1 or width % multiple for width in widths):
            raise ConfigError(
                f"recognizer {self.name!r}: found widths {list(widths)}, expected one or more, multiples of {multiple}"
            )

    def need_frames(self, least: int, why: str) -> None:
        """Raises ``ConfigError`` where clips have fewer frames than the recognizer's settings need."""
        if self.shape.frames < least:
            raise ConfigError(
                f"recognizer {self.name!r}: found clips of {self.shape.frames} frames, expected {least} or more ({why})"
            )


RECOGNIZERS: Kind[Recognizer, ClipShape, Recipe] = Kind("recognizer", ClipShape, batch=64)
