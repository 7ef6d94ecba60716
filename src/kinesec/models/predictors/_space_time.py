"""Transformer layers over the frames of a joint, then over the joints of a frame.

Tokens are (frame, batch, joint, feature): the history is a leading slice, and both attentions read the same layout.
"""

from __future__ import annotations

from torch import Tensor, nn


def key_bias(seen: Tensor) -> Tensor:
    """What to add to attention scores: nothing for keys that are ``seen`` (1), enough to hide the others (0)."""
    # finite, so that a token that may look at nothing has a finite answer too (which nobody looks at)
    return (seen - 1) * 1e4


class Attention(nn.Module):
    """Multi-head self-attention along dim ``along`` (0 or 1) of (token or batch, batch or token, feature)."""

    def __init__(self, features: int, heads: int, head_features: int, along: int) -> None:
        super().__init__()
        self.split = (3, heads, head_features)
        self.order = (2, 1 - along, 3, along, 4)
        self.back = (2, 0, 1, 3) if along == 0 else (0, 2, 1, 3)
        self.qkv = nn.Linear(features, 3 * heads * head_features, bias=False)
        self.out = nn.Linear(heads * head_features, features)

    def forward(self, x: Tensor, bias: Tensor | None) -> Tensor:
        # one copy that lets all four products run on contiguous matrices
        q, k, v = self.qkv(x).unflatten(2, self.split).permute(self.order).contiguous()
        scores = q @ k.transpose(-1, -2) * q.shape[-1] ** -0.5
        if bias is not None:
            scores = scores + bias[:, None, None]
        z = scores.softmax(-1) @ v
        attended: Tensor = self.out(z.permute(self.back).flatten(2))
        return attended


class Layer(nn.Module):
    """Attention, then two linear maps with a GELU between; each after a normalisation and added to its input."""

    def __init__(self, features: int, heads: int, head_features: int, hidden: int, along: int) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(features)
        self.attention = Attention(features, heads, head_features, along)
        self.feed = nn.Sequential(
            nn.LayerNorm(features), nn.Linear(features, hidden), nn.GELU(), nn.Linear(hidden, features)
        )

    def forward(self, x: Tensor, bias: Tensor | None = None) -> Tensor:
        x = x + self.attention(self.norm(x), bias)
        y: Tensor = x + self.feed(x)
        return y


class SpaceTime(nn.Module):
    """A layer over frames, then one over joints."""

    def __init__(self, features: int, heads: int, head_features: int, hidden: int) -> None:
        super().__init__()
        self.time = Layer(features, heads, head_features, hidden, along=0)
        self.space = Layer(features, heads, head_features, hidden, along=1)

    def forward(self, x: Tensor, seen: Tensor | None = None) -> Tensor:
        """x of its own shape; tokens that are not ``seen`` (frame, batch, joint) are nobody's keys."""
        over_time = over_space = None
        if seen is not None:
            bias = key_bias(seen)
            over_time, over_space = bias.flatten(1).T, bias.flatten(0, 1)
        y = self.time(x.flatten(1, 2), over_time).view(x.shape)
        z: Tensor = self.space(y.flatten(0, 1), over_space).view(x.shape)
        return z
