"""Small recognizers and clips for tests of attacks."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import torch
from recognition_clips import SKELETON
from torch import Tensor, nn

from kinesec import names, seeding
from kinesec.attacks.base import Geometry, Lanes, Problem
from kinesec.models.recognizers.base import ClipShape, Graph, Recognizer
from kinesec.samples.adversarial import Adversarial

FRAMES, BODIES, CLASSES = 12, 2, 6
# all on the vertical, so that turning coordinates turns bodies
MEAN = np.array([[0.0, 0.2 * joint, 0.0] for joint in range(9)])
GEOMETRY = Geometry(SKELETON.parents, MEAN, 400.0, 30.0, (0, 1, 8))


def shape(bodies: int = BODIES, classes: int = CLASSES) -> ClipShape:
    return ClipShape(FRAMES, len(SKELETON), bodies, classes, Graph.of(SKELETON))


class Probe(Recognizer):
    """Tells clips apart by the distances between joints alone: no turn and no mirror image makes a difference."""

    def __init__(self, clips: ClipShape, seed: int = 0, gain: float = 12.0) -> None:
        super().__init__(clips)
        pairs = list(combinations(range(clips.joints), 2))
        self.pairs = tuple(torch.tensor(ends) for ends in zip(*pairs, strict=True))
        self.register_buffer("mean", torch.from_numpy(MEAN).float())
        with seeding.torch_stream(seed, "init"):
            self.first = nn.Linear(len(pairs), 16)
            self.norm = nn.BatchNorm1d(16)
            self.classifier = nn.Linear(16, clips.classes)
        with torch.no_grad():
            self.classifier.weight.mul_(gain)

    def embed(self, clip: Tensor) -> Tensor:
        placed = clip + self.get_buffer("mean")
        first, other = self.pairs
        apart = (placed[..., first, :] - placed[..., other, :]).square().sum(-1).add(1e-6).sqrt()
        hidden = self.first(4 * apart).tanh()
        weight = torch.linspace(0.5, 1.5, clip.shape[2], dtype=clip.dtype, device=clip.device)[:, None]
        pooled: Tensor = self.norm((hidden * weight).mean((1, 2)))
        return pooled


def small(name: str) -> Recognizer:
    """A recognizer of the project at its small size, with weights as drawn."""
    module = names.load("models.recognizers", name)
    with seeding.torch_stream(1, "init"):
        model: Recognizer = module.RECOGNIZER(shape(), **{**module.SMALL, **({"segments": 6} if name == "sgn" else {})})
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1 and parameter.std() < 0.05:
                parameter.add_(0.1 * torch.randn(parameter.shape, generator=torch.Generator().manual_seed(0)))
    return model.eval()


def problem(
    model: Recognizer, count: int = 9, *, dtype: torch.dtype = torch.float32, whole: bool = False, seed: int = 0
) -> Problem:
    """Smooth motions, labelled as the model tells them; unless ``whole`` some lack a body or frames at the end.

    The clips that the attacker has are others of the kind.
    """
    made = _problem(model, count, dtype, whole, seed)
    return replace(made, training=_problem(model, 12, dtype, whole, seed + 1))


def _problem(model: Recognizer, count: int, dtype: torch.dtype, whole: bool, seed: int) -> Problem:
    rng = np.random.default_rng(seed)
    rest = rng.normal(0, 0.5, (count, BODIES, 1, len(SKELETON), 3))
    phase, pace = rng.uniform(0, 6, (2, count, BODIES, 1, len(SKELETON), 3))
    clips = torch.from_numpy(rest + 0.2 * np.sin(phase + 0.1 * pace * np.arange(FRAMES)[:, None, None])).to(dtype)
    present = torch.ones(clips.shape[:3], dtype=torch.bool)
    if not whole:
        present[1::3, 1] = False
        present[::4, :, FRAMES - 3 :] = False
    clips = clips * present[..., None, None]
    with torch.no_grad():
        label = model(clips).argmax(1)
    return Problem(clips, label, present, 7 + 2 * np.arange(count), np.arange(count), GEOMETRY)


def lanes_of(of: Problem) -> Lanes:
    """Each clip in a lane."""
    lanes = Lanes(of, np.full(len(of), -1), width=len(of), batch=len(of), device=torch.device("cpu"), seed=0)
    lanes.fill()
    return lanes


def position(adversarial: Adversarial) -> Tensor:
    """The adversarial clips for a model to look at."""
    return torch.from_numpy(adversarial.position)
