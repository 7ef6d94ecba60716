"""Randomised smoothing (Cohen et al., ICML 2019): what a recognizer says of a clip with noise, averaged over noise."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor

from kinesec import seeding
from kinesec.errors import ConfigError
from kinesec.models.recognizers.base import Chance, Recognizer
from kinesec.models.wrappers.base import Wrapper
from kinesec.motion.angles import Pose, Rig, exp, log
from kinesec.settings import Count, Positive

Space = Literal["positions", "rotations"]


class Smoothed(Wrapper):
    """The mean softmax output over normal noise of standard deviation ``sigma``, as its logarithm.

    Noise is on normalised ``positions``, or (ours) on ``rotations``, in radians: the log-rotation vectors of bones and
    of the whole body before forward kinematics, so that each noisy clip is a body with the clip's own bones. For these
    ``body`` says what ``body_of`` makes of a rig.

    The noise of ``draws`` draws is the same for all clips and fixed, so that answers repeat; after ``fresh`` it is that
    of ``fresh_draws`` others. A certificate takes new noise for each clip (``kinesec.evaluation.certificates``).
    """

    def __init__(
        self,
        inner: Recognizer,
        *,
        sigma: Positive,
        space: Space = "positions",
        draws: Count = 4,
        fresh_draws: Count = 32,
        body: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(inner)
        if space == "rotations" and body is None:
            raise ConfigError("wrapper 'smoothed': body: found none, expected one for noise on rotations")
        self.sigma, self.space, self.draws, self.fresh_draws = sigma, space, draws, fresh_draws
        self.mean: np.ndarray | None = None if body is None else np.asarray(body["mean"])
        self.rig: Rig | None = None if body is None else rig_of(body)
        self.seed = 0  # of the noise

    def fresh(self) -> None:
        self.seed = 1

    @property
    def noise_shape(self) -> tuple[int, ...]:
        """The shape of a clip's noise: (body, frame, joint, xyz), or (body, frame, 3 + 2 joint) on rotations."""
        shape = self.shape
        last = (shape.joints, 3) if self.space == "positions" else (3 + 2 * shape.joints,)
        return (shape.bodies, shape.frames, *last)

    def noised(self, clip: Tensor, noise: Tensor) -> Tensor:
        """Clips with noise (batch or 1, *``noise_shape``) of standard deviation one on them.

        Through rotations the gradient is taken as if noise only moved the clip: what it is of, not how it turns.
        """
        present = (clip != 0).flatten(3).any(-1)[..., None, None]
        noise = self.sigma * noise[:, : clip.shape[1]]
        if self.space == "positions":
            return clip + noise * present
        turns, body = self.turns(clip.detach())
        return clip + (self.placed(turns + noise, body) - clip.detach()) * present

    def turns(self, clip: Tensor) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """Log-rotation vectors (..., 3 + 2 joint) of clips: the whole body's, then the bends of bones; and the body.

        The body is where its root is (..., xyz) and how long its bones are (..., joint).
        """
        assert self.rig is not None
        true = clip + clip.new_tensor(self.mean)
        above = [max(0, parent) for parent in self.rig.parents]
        pose = self.rig.inverse(true)
        turns = torch.cat([log(pose.orientation), pose.bend.flatten(-2)], -1)
        return turns, (true[..., 0, :], (true - true[..., above, :]).norm(dim=-1))

    def placed(self, turns: Tensor, body: tuple[Tensor, Tensor]) -> Tensor:
        """Normalised clips of log-rotation vectors and a body: forward kinematics."""
        assert self.rig is not None
        root, length = body
        pose = Pose(root.expand(*turns.shape[:-1], 3), exp(turns[..., :3]), turns[..., 3:].unflatten(-1, (-1, 2)))
        position: Tensor = self.rig.forward(pose, length)
        return position - position.new_tensor(self.mean)

    def forward(self, clip: Tensor) -> Tensor:
        count = self.fresh_draws if self.seed else self.draws
        generator = torch.Generator().manual_seed(seeding.integer(self.seed, "smoothed"))
        said = [
            self.inner(self.noised(clip, torch.randn((1, *self.noise_shape), generator=generator).to(clip)))
            for _ in range(count)
        ]
        return torch.stack(said).log_softmax(-1).logsumexp(0) - math.log(count)

    def draw(self, clip: Tensor, chance: Chance) -> Tensor:
        """The logits of clips with noise that is drawn for each."""
        noise = chance(lambda generator: torch.randn(self.noise_shape, generator=generator))
        logits: Tensor = self.inner(self.noised(clip, noise))
        return logits


def body_of(rig: Rig, mean: np.ndarray) -> dict[str, Any]:
    """A rig and the mean pose (joint, xyz), in normalised units, as what a stored model's settings can hold."""
    return {
        "parents": list(rig.parents),
        "reference": rig.reference.tolist(),
        "basis": rig.basis.tolist(),
        "first": rig.first,
        "second": rig.second,
        "mean": np.asarray(mean).tolist(),
    }


def rig_of(body: Mapping[str, Any]) -> Rig:
    """The rig of what ``body_of`` made."""
    parents: Sequence[int] = body["parents"]
    axes = (np.asarray(body["reference"]), np.asarray(body["basis"]))
    return Rig(tuple(parents), *axes, int(body["first"]), int(body["second"]))


WRAPPER = Smoothed
