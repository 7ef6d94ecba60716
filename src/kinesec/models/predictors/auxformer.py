"""AuxFormer: auxiliary tasks for motion prediction (Xu et al., ICCV 2023).

Every joint of every frame is a token. Each layer encodes the tokens that are seen, fills in learnt tokens for those
that are not, and decodes all of them. One set of weights learns three tasks: to predict the future, to restore masked
joints of the history (and the future), and to clean a noisy history.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kinesec.errors import ConfigError
from kinesec.models.predictors._space_time import SpaceTime
from kinesec.models.predictors.base import Predictor, Recipe, Shape, mean_joint_error


def head(features: int, hidden: int | None) -> nn.Module:
    """Coordinates from tokens: a linear map, or two with a ReLU between."""
    if hidden is None:
        return nn.Linear(features, 3)
    return nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, 3))


def future_frames(future: int, every: int) -> Tensor:
    """The predicted frames of the future, counted from 0: every ``every``-th, and the last."""
    frames = list(range(every - 1, future, every))
    return torch.tensor(frames if frames and frames[-1] == future - 1 else [*frames, future - 1])


def filling(frames: Tensor, future: int) -> Tensor:
    """(future, 1 + frame): all frames from the last observed one and the predicted ones, straight lines between."""
    known = torch.cat([torch.tensor([-1]), frames]).double()
    wanted = torch.arange(future).double()
    after = torch.searchsorted(known, wanted)
    share = (wanted - known[after - 1]) / (known[after] - known[after - 1])
    matrix = torch.zeros(future, len(known), dtype=torch.float64)
    matrix[torch.arange(future), after - 1] = 1 - share
    matrix[torch.arange(future), after] += share
    return matrix


class AuxFormer(Predictor):
    """The network of section 3; the defaults are the released long-term configuration for CMU.

    ``every``: of the future only each ``every``-th frame and the last are predicted, the frames between lie on
    straight lines (published: 2 for 25 frames, 1 for 10; the lines are ours, no published horizon is on one).
    ``derivatives``: orders of differences beside the coordinates. ``head_hidden``: hidden size of the coordinate heads;
    None for linear ones. ``deep``: supervise each layer by a head of its own. ``masked``: share of masked history
    joints. ``noise``: bounds of the noise's standard deviation (decimetres), drawn once a batch; ``noisy``: share of
    joints it reaches. The released short-term configuration for CMU is ``every=1, features=64, layers=4,
    head_features=32, hidden=64, derivatives=0, head_hidden=None, deep=False, masked=0.5, noise=(0.6, 0.6),
    noisy=0.25``.
    """

    filling: Tensor

    def __init__(
        self,
        shape: Shape,
        *,
        every: int = 2,
        features: int = 96,
        layers: int = 5,
        heads: int = 8,
        head_features: int = 16,
        hidden: int = 96,
        derivatives: int = 2,
        head_hidden: int | None = 128,
        deep: bool = True,
        masked: float = 0.4,
        noise: tuple[float, float] = (0.1, 1.0),
        noisy: float = 0.4,
        unit: float = 100.0,
    ) -> None:
        super().__init__(shape)
        if every < 1:
            raise ConfigError(f"predictor 'auxformer': found every {every}, expected 1 or more")
        self.frames = future_frames(shape.future, every)
        self.register_buffer("filling", filling(self.frames, shape.future).float(), persistent=False)
        self.derivatives, self.masked, self.noise, self.noisy, self.unit = derivatives, masked, noise, noisy, unit
        slots = shape.history + len(self.frames)
        self.embed = nn.Linear(3 * (1 + derivatives), features)
        self.seen_frame = nn.Parameter(torch.randn(slots, features))
        self.seen_joint = nn.Parameter(torch.randn(shape.joints, features))
        self.hidden = nn.Parameter(torch.randn(features))
        self.hidden_frame = nn.Parameter(torch.randn(slots, features))
        self.hidden_joint = nn.Parameter(torch.randn(shape.joints, features))
        self.encoders = nn.ModuleList(SpaceTime(features, heads, head_features, hidden) for _ in range(layers))
        self.decoders = nn.ModuleList(SpaceTime(features, heads, head_features, hidden) for _ in range(layers))
        self.predict = nn.ModuleList(head(features, head_hidden) for _ in range(layers if deep else 1))
        self.restore = head(features, None if head_hidden is None else features)
        self.clean = head(features, None if head_hidden is None else features)

    def differences(self, history: Tensor) -> Tensor:
        """Coordinates and their differences in time (frame, batch, joint, 3 x (1 + derivatives)), zero at the start."""
        parts = [history]
        for _ in range(self.derivatives):
            parts.append(nn.functional.pad(parts[-1].diff(dim=0), (0, 0, 0, 0, 0, 0, 1, 0)))
        return torch.cat(parts, -1)

    def tokens(self, history: Tensor, seen: Tensor | None = None) -> list[Tensor]:
        """Each layer's tokens (frame, batch, joint, feature) of the history and the predicted frames.

        ``seen`` (history, batch, joint) is 0 for masked joints, 1 for others; None stands for no mask. Joints of the
        future are never seen: the encoders do not need to know them.
        """
        past = len(history)
        unseen = (self.hidden + self.hidden_frame)[:, None] + self.hidden_joint
        unseen = unseen[:, None].expand(-1, history.shape[1], -1, -1)
        x = self.embed(self.differences(history)) + self.seen_frame[:past, None, None] + self.seen_joint
        y, layers = unseen, []
        for encoder, decoder in zip(self.encoders, self.decoders, strict=True):
            encoded = encoder(x, seen)
            if seen is not None:
                encoded = torch.where(seen[..., None] > 0, encoded, y[:past])
            y = decoder(torch.cat([encoded, y[past:]]))
            x = y[:past]
            layers.append(y)
        return layers

    def futures(self, layers: list[Tensor], start: Tensor) -> list[Tensor]:
        """The predicted frames (frame, batch, joint, xyz) by each head, the last layer's last."""
        past = self.shape.history
        return [read(y[past:]) + start for read, y in zip(self.predict, layers[-len(self.predict) :], strict=True)]

    def last_layer(self) -> nn.Module:
        return self.predict[-1]

    def forward(self, history: Tensor) -> Tensor:
        past = (history / self.unit).transpose(0, 1)
        known = torch.cat([past[-1:], self.futures(self.tokens(past), past[-1])[-1]])
        return torch.einsum("fk,kbjx->bfjx", self.filling, known) * self.unit

    def tasks(self, history: Tensor, seen: Tensor, noise: Tensor) -> tuple[list[Tensor], Tensor, Tensor]:
        """Predicted futures, restored window and cleaned history, each (frame, batch, joint, xyz) like ``history``."""
        start, past = history[-1], self.shape.history
        futures = self.futures(self.tokens(history), start)
        restored = self.restore(self.tokens(history, seen)[-1]) + start
        cleaned = self.clean(self.tokens(history + noise)[-1][:past]) + start
        return futures, restored, cleaned

    def draw(self, history: Tensor) -> tuple[Tensor, Tensor]:
        """Which joints are seen (frame, batch, joint), as many in each window, and noise (frame, batch, joint, xyz)."""
        frames, batch, joints, _ = history.shape
        count = int(frames * joints * self.masked)
        order = torch.rand(batch, frames * joints, device=history.device).argsort(1)
        seen = torch.ones_like(order, dtype=history.dtype).scatter_(1, order[:, :count], 0.0)
        low, high = self.noise
        spread = low + (high - low) * torch.rand((), device=history.device)
        reached = torch.rand(history.shape[:3], device=history.device) < self.noisy
        noise = torch.randn_like(history) * (spread * reached)[..., None]
        return seen.view(batch, frames, joints).transpose(0, 1), noise

    def loss(self, window: Tensor) -> Tensor:
        """Mean joint distances (decimetres) of the three tasks: prediction, restored joints, cleaned history."""
        motion = (window / self.unit).transpose(0, 1).contiguous()
        history = motion[: self.shape.history]
        future = motion[self.shape.history + self.frames.to(motion.device)]
        seen, noise = self.draw(history)
        futures, restored, cleaned = self.tasks(history, seen, noise)
        predicted = torch.stack([mean_joint_error(predicted_future, future) for predicted_future in futures]).mean()
        distance = torch.linalg.vector_norm(restored - torch.cat([history, future]), dim=-1)
        hidden = torch.cat([1 - seen, torch.ones_like(future[..., 0])])
        total: Tensor = predicted + (distance * hidden).sum() / hidden.sum() + mean_joint_error(cleaned, history)
        return total


PREDICTOR = AuxFormer
# Released code, cfg/cmu_long.yml: Adam 5e-4, x 0.9 every fifth epoch, 80 epochs, batch 16, weight decay 5e-6.
RECIPE = Recipe(epochs=80, batch=16, rate=5e-4, decay=0.9, decay_every=5, weight_decay=5e-6)
