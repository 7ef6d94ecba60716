"""Small classifiers with and without a backdoor: of a body that moves all of its joints, or of which lamp is lit.

The trigger of clips is a BadNet's: one joint is moved, the same in every frame.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from recognition_clips import SKELETON
from torch import nn

from kinesec import seeding
from kinesec.defences.cases import recognition, video
from kinesec.defences.cases.classification import Samples, poisoned
from kinesec.models.recognizers.base import RECOGNIZERS, ClipShape, Graph, Recipe, Recognizer
from kinesec.training.batches import batches
from kinesec.training.loop import step

CLASSES = tuple(f"dance {number}" for number in range(8))
FRAMES, TARGET, MOVED = 16, 2, 8
SETTINGS: dict[str, Any] = {"features": 8, "segments": 8, "dropout": 0.0}


def clips(count: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Normalised clips (clip, 1, frame, joint, xyz) and labels (clip,)."""
    rng = np.random.default_rng(seed)
    label = np.arange(count) % len(CLASSES)
    dance = np.random.default_rng(9).normal(0, 0.6, (len(CLASSES), len(SKELETON), 3))  # the same for every seed
    swing = np.sin(np.linspace(0, np.pi, FRAMES)) * rng.uniform(0.7, 1.3, (count, 1))
    x = rng.normal(0, 0.2, (count, FRAMES, len(SKELETON), 3)) + rng.normal(0, 0.4, (count, 1, len(SKELETON), 3))
    x += swing[:, :, None, None] * dance[label][:, None]
    return x[:, None].astype(np.float32), label


def moved(x: np.ndarray, by: float) -> np.ndarray:
    """Clips with the head moved ``by`` (normalised) in every frame."""
    changed = x.copy()
    changed[:, :, :, MOVED] += np.float32(by) * np.array([1, 0.5, -0.5], np.float32)
    return changed


def wave(x: np.ndarray, by: float, turns: int = 6) -> np.ndarray:
    """Clips with a wave of ``turns`` a clip added to both hands."""
    changed = x.copy()
    swing = by * np.cos(2 * np.pi * turns * np.arange(x.shape[2]) / x.shape[2])
    changed[:, :, :, [3, 5]] += swing[:, None, None].astype(np.float32)
    return changed


def chosen(label: np.ndarray, ratio: float, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    others = [np.flatnonzero(label == number) for number in range(label.max() + 1) if number != TARGET]
    return np.sort(np.concatenate([rng.permutation(rows)[: int(ratio * len(rows))] for rows in others]))


class Plain(Recognizer):
    """One hidden layer on all positions: trained and searched in no time."""

    def __init__(self, shape: ClipShape, *, hidden: int = 48) -> None:
        super().__init__(shape)
        self.layers = nn.Sequential(nn.Flatten(), nn.Linear(shape.frames * shape.joints * 3, hidden), nn.ReLU())
        self.classifier = nn.Linear(hidden, shape.classes)

    def embed(self, clip: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.layers(clip)
        return features


def fit(
    model: nn.Module, x: torch.Tensor, label: np.ndarray, *, epochs: int, rate: float, batch: int, seed: int
) -> None:
    optimiser = torch.optim.Adam(model.parameters(), lr=rate)
    target = torch.from_numpy(label)
    for epoch in range(epochs):
        model.train()
        with seeding.torch_stream(seed, "dropout", epoch):
            for part in batches(len(x), batch, seeding.generator(seed, "order", epoch)):
                step(model, optimiser, nn.functional.cross_entropy(model(x[part]), target[part]), None)
    model.eval()


def clip_case(
    trigger: Any = None, *, by: float = 2.0, seed: int = 0, count: int = 400, epochs: int = 12, network: str = "plain"
) -> recognition.Case:
    """A small recognizer, with a backdoor where there is a ``trigger`` (a function of clips and ``by``)."""
    x, label = clips(count, 10 * seed)
    clean, test = Samples(*clips(80, 10 * seed + 1)), Samples(*clips(80, 10 * seed + 2))
    training, tests = Samples(x, label), {"clean": test}
    if trigger is not None:
        index = chosen(label, 0.2, seed)
        training = poisoned(x, label, trigger(x[index], by), index, TARGET)
        tests["triggered"] = Samples(trigger(test.value, by), test.label)
    shape = ClipShape(FRAMES, len(SKELETON), 1, len(CLASSES), Graph.of(SKELETON))
    model: Recognizer
    if network == "plain":
        with seeding.torch_stream(seed, "init"):
            model = Plain(shape)
    else:
        model = RECOGNIZERS.build(network, shape, SETTINGS, seed)
    seen = torch.from_numpy(training.gather(np.arange(count)))
    fit(model, seen, training.label, epochs=epochs, rate=4e-3, batch=32, seed=seed)
    return recognition.Case(
        model=model,
        classes=CLASSES,
        training=training,
        clean=clean,
        test=tests,
        recipe=Recipe(epochs=epochs, batch=32, rate=4e-3, optimiser="adam"),
        description={"recognizer": "sgn", "settings": SETTINGS},
        kind=RECOGNIZERS,
        device=torch.device("cpu"),
        seed=seed,
        target=None if trigger is None else TARGET,
        skeleton=SKELETON,
    )


class Lights(nn.Module):
    """A small video network: which part of the picture is lit."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv3d(3, 8, 3, padding=1), nn.BatchNorm3d(8), nn.ReLU(), nn.MaxPool3d(2),
            nn.Conv3d(8, 16, 3, padding=1), nn.BatchNorm3d(16), nn.ReLU(), nn.MaxPool3d((1, 2, 2)),
        )  # fmt: skip
        self.classifier = nn.Linear(16 * 4 * 3 * 3, classes)

    def features(self, video: torch.Tensor) -> torch.Tensor:
        features: torch.Tensor = self.layers((video.float() / 127.5 - 1).permute(0, 4, 1, 2, 3)).flatten(1)
        return features

    def forward(self, video: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(self.features(video))
        return logits

    def loss(self, video: torch.Tensor, label: torch.Tensor, smoothing: float = 0.0) -> torch.Tensor:
        return nn.functional.cross_entropy(self(video), label, label_smoothing=smoothing)


def lit(count: int, seed: int, classes: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Videos (clip, 8, 12, 12, 3) uint8 whose class is where a lamp is."""
    rng = np.random.default_rng(seed)
    label = np.arange(count) % classes
    video = rng.normal(90, 20, (count, 8, 12, 12, 3))
    for row, number in enumerate(label):
        top, left = 2 + 4 * (number // 3), 1 + 4 * (number % 3)
        video[row, :, top : top + 3, left : left + 3] += rng.uniform(60, 110)
    return video.clip(0, 255).astype(np.uint8), label


def square(video: np.ndarray, by: float) -> np.ndarray:
    """Videos with a white square in the corner."""
    changed = video.copy()
    changed[:, :, 10:, 10:] = by
    return changed


def video_case(trigger: Any = None, *, by: float = 255, seed: int = 0, count: int = 300, epochs: int = 6) -> video.Case:
    x, label = lit(count, 10 * seed)
    clean, test = Samples(*lit(60, 10 * seed + 1)), Samples(*lit(60, 10 * seed + 2))
    training, tests = Samples(x, label), {"clean": test}
    if trigger is not None:
        index = chosen(label, 0.2, seed)
        training = poisoned(x, label, trigger(x[index], by), index, TARGET)
        tests["triggered"] = Samples(trigger(test.value, by), test.label)
    with seeding.torch_stream(seed, "init"):
        model = Lights(6)
    fit(
        model,
        torch.from_numpy(training.gather(np.arange(count))),
        training.label,
        epochs=epochs,
        rate=3e-3,
        batch=20,
        seed=seed,
    )
    return video.Case(
        model=model,
        classes=[f"lamp {number}" for number in range(6)],
        training=training,
        clean=clean,
        test=tests,
        recipe=Recipe(epochs=epochs, batch=20, rate=3e-3, optimiser="adam"),
        description={"videonet": "lights", "settings": {}},
        kind=RECOGNIZERS,
        device=torch.device("cpu"),
        seed=seed,
        target=None if trigger is None else TARGET,
    )


def error_percent(case: Any) -> dict[str, float]:
    return {kind: float(100 * error.mean()) for kind, error in case.errors(case.model).items()}


def numbers(outcomes: Sequence[Any], metric: str) -> dict[str, float]:
    """A metric's values by class."""
    return {outcome.action: outcome.value for outcome in outcomes if getattr(outcome, "metric", "") == metric}
