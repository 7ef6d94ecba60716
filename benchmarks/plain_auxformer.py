"""AuxFormer as anyone would write it first: all frames through every layer, masks on the attention."""

from __future__ import annotations

import torch
from plain_predictors import mean_error
from torch import Tensor, nn

from kinesec.models.predictors.base import Shape


class PlainAttention(nn.Module):
    def __init__(self, features: int, heads: int, head_features: int) -> None:
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(features, 3 * heads * head_features, bias=False)
        self.out = nn.Linear(heads * head_features, features)

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        q, k, v = self.qkv(x).unflatten(2, (3, self.heads, -1)).permute(2, 0, 3, 1, 4)
        weights = (q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5).softmax(-1)
        if mask is not None:
            weights = weights * (mask[:, None, :, None] * mask[:, None, None, :])
            weights = weights / (weights.sum(-1, keepdim=True) + 1e-10)
        return self.out((weights @ v).transpose(1, 2).flatten(2))


class PlainLayer(nn.Module):
    def __init__(self, features: int, heads: int, head_features: int, hidden: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.attention = PlainAttention(features, heads, head_features)
        self.feed = nn.Sequential(
            nn.LayerNorm(features), nn.Linear(features, hidden), nn.GELU(), nn.Linear(hidden, features)
        )

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        x = x + self.attention(self.norm(x), mask)
        return x + self.feed(x)


class PlainSpaceTime(nn.Module):
    def __init__(self, *sizes: int) -> None:
        super().__init__()
        self.time, self.space = PlainLayer(*sizes), PlainLayer(*sizes)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """x (batch, joint, frame, feature), mask (batch, joint, frame)."""
        y = self.time(x.flatten(0, 1), None if mask is None else mask.flatten(0, 1)).view(x.shape).transpose(1, 2)
        turned = None if mask is None else mask.transpose(1, 2).flatten(0, 1)
        return self.space(y.flatten(0, 1), turned).view(y.shape).transpose(1, 2)


def plain_head(features: int, hidden: int) -> nn.Sequential:
    return nn.Sequential(nn.Linear(features, hidden), nn.ReLU(), nn.Linear(hidden, 3))


class PlainAuxFormer(nn.Module):
    """The released long-term configuration for CMU."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.past, self.read = shape.history, [*range(1, shape.future, 2), shape.future - 1]
        slots, features, sizes = shape.history + len(self.read), 96, (96, 8, 16, 96)
        self.seen_frame = nn.Parameter(torch.randn(slots, features))
        self.seen_joint = nn.Parameter(torch.randn(shape.joints, features))
        self.hidden = nn.Parameter(torch.randn(features))
        self.hidden_frame = nn.Parameter(torch.randn(slots, features))
        self.hidden_joint = nn.Parameter(torch.randn(shape.joints, features))
        self.embed = nn.Linear(9, features)
        self.encoders = nn.ModuleList(PlainSpaceTime(*sizes) for _ in range(5))
        self.decoders = nn.ModuleList(PlainSpaceTime(*sizes) for _ in range(5))
        self.predict = nn.ModuleList(plain_head(features, 128) for _ in range(5))
        self.restore = plain_head(features, features)
        self.clean = plain_head(features, features)

    def tokens(self, motion: Tensor, mask: Tensor) -> list[Tensor]:
        """motion (batch, joint, frame, xyz) of history and future, mask (batch, joint, frame)."""
        velocity = torch.cat([torch.zeros_like(motion[:, :, :1]), motion.diff(dim=2)], 2)
        change = torch.cat([torch.zeros_like(motion[:, :, :1]), velocity.diff(dim=2)], 2)
        seen = mask[..., None]
        x = self.embed(torch.cat([motion, velocity, change], -1)) + self.seen_frame + self.seen_joint[:, None]
        y = (self.hidden + self.hidden_frame + self.hidden_joint[:, None]).expand(x.shape)
        layers = []
        for encoder, decoder in zip(self.encoders, self.decoders, strict=True):
            y = decoder(encoder(x * seen, mask) * seen + y * (1 - seen))
            x = y
            layers.append(y)
        return layers

    def forward(self, history: Tensor) -> Tensor:
        motion = (history / 100).transpose(1, 2)
        motion = torch.cat([motion, motion.new_zeros(*motion.shape[:2], len(self.read), 3)], 2)
        mask = torch.ones_like(motion[..., 0])
        mask[:, :, self.past :] = 0
        start = motion[:, :, self.past - 1 : self.past]
        return 100 * (self.predict[-1](self.tokens(motion, mask)[-1][:, :, self.past :]) + start).transpose(1, 2)

    def loss(self, window: Tensor) -> Tensor:
        motion = (window / 100).transpose(1, 2)
        motion = torch.cat([motion[:, :, : self.past], motion[:, :, [self.past + frame for frame in self.read]]], 2)
        batch, joints, frames, _ = motion.shape
        start = motion[:, :, self.past - 1 : self.past]
        past_mask = torch.ones(batch, joints, frames)
        past_mask[:, :, self.past :] = 0
        masked = torch.rand(batch, joints * self.past).argsort()[:, : int(0.4 * joints * self.past)]
        kept = torch.ones(batch, joints * self.past).scatter(1, masked, 0.0)
        mask = torch.cat([kept.view(batch, joints, self.past), torch.zeros(batch, joints, len(self.read))], 2)
        spread = 0.1 + 0.9 * torch.rand(())
        noise = spread * torch.randn_like(motion) * (torch.rand(batch, joints, frames, 1) < 0.4)
        total = sum(
            mean_error(head(y)[:, :, self.past :] + start, motion[:, :, self.past :])
            for head, y in zip(self.predict, self.tokens(motion, past_mask), strict=True)
        ) / len(self.predict)
        restored = self.restore(self.tokens(motion, mask)[-1]) + start
        cleaned = self.clean(self.tokens(motion + noise, past_mask)[-1])[:, :, : self.past] + start
        total = total + ((restored - motion).norm(dim=-1) * (1 - mask)).sum() / (1 - mask).sum()
        return total + mean_error(cleaned, motion[:, :, : self.past])
