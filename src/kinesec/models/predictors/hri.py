"""HRI: history repeats itself (Mao, Liu and Salzmann, ECCV 2020).

The last ten poses ask which earlier ten poses they resemble; the motion that followed each of those, weighted by the
answers, goes beside the padded last poses into LTD's graph network. Longer futures are predicted a step at a time,
each step seeing the poses predicted before it.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kinesec.errors import ConfigError
from kinesec.models.predictors._dct import dct_matrix
from kinesec.models.predictors.base import Recipe, Shape, mean_joint_error
from kinesec.models.predictors.ltd import Block, GraphConvolution, GraphPredictor, Layer

QUERY = 10  # frames that a query or a key sees: the receptive field of the two convolutions
_WIDTHS = (6, 5)
_METRE = 1000.0


def trail(coordinates: int, features: int) -> nn.Sequential:
    """Non-negative features (batch, feature, frame - 9) of all runs of ten poses in (batch, coordinate, frame)."""
    first, second = _WIDTHS
    return nn.Sequential(
        nn.Conv1d(coordinates, features, first, bias=False),
        nn.ReLU(),
        nn.Conv1d(features, features, second, bias=False),
        nn.ReLU(),
    )


def attended(weights: Tensor, motion: Tensor, frames: int) -> Tensor:
    """The weighted sum (batch, frames, coordinate) of all runs of ``frames`` poses in (batch, frame, coordinate).

    ``weights`` (batch, run). As a banded matrix of the weights times the motion: the runs are never built.
    """
    padded = nn.functional.pad(weights, (frames - 1, frames - 1))
    return padded.unfold(1, motion.shape[1], 1).flip(1) @ motion


class HRI(GraphPredictor):
    """Motion attention (section 3.1) and the graph network of section 3.2, as published.

    ``step`` frames are predicted at once; a training window needs as many future frames (fewer are all predicted at
    once) and a history of at least ``10 + step``. ``coefficients`` DCT coefficients of ``10 + step`` frames are kept;
    ``features``, ``blocks`` and ``dropout`` are the sizes of LTD's network, ``features`` those of the attention too.
    """

    dct: Tensor

    def __init__(
        self,
        shape: Shape,
        *,
        step: int = 10,
        coefficients: int = 20,
        features: int = 256,
        blocks: int = 12,
        dropout: float = 0.3,
    ) -> None:
        super().__init__(shape)
        self.step = min(step, shape.future)
        frames = QUERY + self.step
        if shape.history < frames:
            raise ConfigError(f"predictor 'hri': found a history of {shape.history} frames, expected {frames} or more")
        nodes, kept = shape.joints * 3, min(coefficients, frames)
        self.register_buffer("dct", torch.from_numpy(dct_matrix(frames)[:kept]).float(), persistent=False)
        self.query = trail(nodes, features)
        self.key = trail(nodes, features)
        self.enter = Layer(nodes, 2 * kept, features, dropout)
        self.blocks = nn.ModuleList(Block(nodes, features, dropout) for _ in range(blocks))
        self.leave = GraphConvolution(nodes, features, 2 * kept)

    def attention(self, motion: Tensor) -> Tensor:
        """Weights (batch, run) of the runs of ``10 + step`` poses in ``motion`` (batch, frame, coordinate), sum 1."""
        metres = motion.transpose(1, 2) / _METRE
        query = self.query(metres[:, :, -QUERY:])
        scores = (query.transpose(1, 2) @ self.key(metres[:, :, : -self.step]))[:, 0] + 1e-15
        weights: Tensor = scores / scores.sum(1, keepdim=True)
        return weights

    def inputs(self, motion: Tensor) -> Tensor:
        """Coefficients (node, batch, 2 x coefficient) of the padded last poses and of the attended motion."""
        held = self.dct[:, :QUERY].clone()
        held[:, -1] += self.dct[:, QUERY:].sum(1)
        past = attended(self.attention(motion), motion, QUERY + self.step)
        both = torch.cat([held @ motion[:, -QUERY:], self.dct @ past], 1)
        return both.permute(2, 0, 1).contiguous()

    def window(self, motion: Tensor) -> Tensor:
        """The last ten poses again and the next ``step`` (batch, 10 + step, coordinate)."""
        coefficients = self.coefficients(self.inputs(motion))[..., : len(self.dct)]
        return (coefficients @ self.dct).permute(1, 2, 0)

    def forward(self, history: Tensor) -> Tensor:
        motion = history.flatten(2)
        frames = self.shape.history + self.shape.future
        while motion.shape[1] < frames:
            motion = torch.cat([motion, self.window(motion)[:, QUERY:]], 1)
        return motion[:, self.shape.history : frames].reshape(len(history), -1, self.shape.joints, 3)

    def loss(self, window: Tensor) -> Tensor:
        """Mean joint distance (mm) over the last ten frames of history and the first ``step`` of the future."""
        history = self.shape.history
        predicted = self.window(window[:, :history].flatten(2))
        expected = window[:, history - QUERY : history + self.step]
        return mean_joint_error(predicted.unflatten(2, (self.shape.joints, 3)), expected)


PREDICTOR = HRI
# Released code, main_h36m_3d.py: Adam 5e-4, a tenth of it after 50 epochs (lowered before each), batch 32; its bound
# on the gradient's norm, 10000, is never met.
RECIPE = Recipe(epochs=50, batch=32, rate=5e-4 * 0.1 ** (1 / 50), decay=0.1 ** (1 / 50))
