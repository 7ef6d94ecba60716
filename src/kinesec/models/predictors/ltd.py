"""LTD: learning trajectory dependencies (Mao et al., ICCV 2019).

Each coordinate's trajectory, its last pose held over the future, becomes DCT coefficients; a graph network with one
node per coordinate and a learnt adjacency per layer predicts the residual to the coefficients of the whole window.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kinesec.models.predictors._dct import dct_matrix
from kinesec.models.predictors._normalise import NormTanhDropout
from kinesec.models.predictors.base import Predictor, Recipe, Shape, mean_joint_error


class GraphConvolution(nn.Module):
    """y = A x W + b with a dense learnt adjacency A (node, node); x is (node, batch, feature)."""

    def __init__(self, nodes: int, features_in: int, features_out: int) -> None:
        super().__init__()
        bound = features_out**-0.5
        self.weight = nn.Parameter(torch.empty(features_in, features_out).uniform_(-bound, bound))
        self.att = nn.Parameter(torch.empty(nodes, nodes).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(features_out).uniform_(-bound, bound))

    def product(self, x: Tensor) -> Tensor:
        """A x W, without the bias."""
        nodes, batch, _ = x.shape
        return (self.att @ (x.flatten(0, 1) @ self.weight).view(nodes, -1)).view(nodes, batch, -1)

    def forward(self, x: Tensor) -> Tensor:
        return self.product(x) + self.bias


class Layer(nn.Module):
    """A graph convolution, batch normalisation of every (node, feature) on its own, tanh, dropout."""

    def __init__(self, nodes: int, features_in: int, features_out: int, dropout: float) -> None:
        super().__init__()
        self.convolution = GraphConvolution(nodes, features_in, features_out)
        self.activation = NormTanhDropout(nodes, features_out, dropout)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = self.activation(self.convolution.product(x), self.convolution.bias)
        return y


class Block(nn.Module):
    """Two layers with a residual connection around both."""

    def __init__(self, nodes: int, features: int, dropout: float) -> None:
        super().__init__()
        self.first = Layer(nodes, features, features, dropout)
        self.second = Layer(nodes, features, features, dropout)

    def forward(self, x: Tensor) -> Tensor:
        y: Tensor = x + self.second(self.first(x))
        return y


class GraphPredictor(Predictor):
    """A predictor whose network is residual blocks between an entering layer and a leaving convolution."""

    enter: Layer
    blocks: nn.ModuleList
    leave: GraphConvolution

    def coefficients(self, x: Tensor) -> Tensor:
        """Predicted coefficients from those of the history, both (node, batch, coefficient): x plus the network's y."""
        y = self.enter(x)
        for block in self.blocks:
            y = block(y)
        residual: Tensor = self.leave(y)
        return x + residual

    def last_layer(self) -> nn.Module:
        return self.leave


class LTD(GraphPredictor):
    """The network of section 3.3 with 12 residual blocks of 256 features, as published.

    ``coefficients`` DCT coefficients of ``history + future`` frames are kept (paper: all; released code: 15 for 10 + 10
    frames, 30 for 10 + 25); None keeps all of them. ``blocks``, ``features`` and ``dropout`` are the network's sizes.
    """

    dct: Tensor

    def __init__(
        self,
        shape: Shape,
        *,
        coefficients: int | None = None,
        features: int = 256,
        blocks: int = 12,
        dropout: float = 0.5,
    ) -> None:
        super().__init__(shape)
        nodes, frames = shape.joints * 3, shape.history + shape.future
        kept = min(coefficients or frames, frames)
        self.register_buffer("dct", torch.from_numpy(dct_matrix(frames)[:kept]).float(), persistent=False)
        self.enter = Layer(nodes, kept, features, dropout)
        self.blocks = nn.ModuleList(Block(nodes, features, dropout) for _ in range(blocks))
        self.leave = GraphConvolution(nodes, features, kept)

    def window(self, history: Tensor) -> Tensor:
        """The whole window (batch, history + future, joint, xyz), history reconstructed too."""
        # holding the last pose adds the same to every future frame: its coefficients come without building the frames
        frames = self.shape.history
        held = self.dct[:, :frames].clone()
        held[:, -1] += self.dct[:, frames:].sum(1)
        trajectories = history.flatten(2).permute(2, 0, 1)
        predicted = self.coefficients(trajectories @ held.T) @ self.dct
        return predicted.permute(1, 2, 0).reshape(len(history), -1, self.shape.joints, 3)

    def forward(self, history: Tensor) -> Tensor:
        return self.window(history)[:, self.shape.history :]

    def loss(self, window: Tensor) -> Tensor:
        """Mean joint distance over all frames, history included (equation 8)."""
        return mean_joint_error(self.window(window[:, : self.shape.history]), window)


PREDICTOR = LTD
# Released code, main_cmu_3d.py: Adam 5e-4, x 0.96 every second epoch, 50 epochs, batch 16, gradient norm 1.
RECIPE = Recipe(epochs=50, batch=16, rate=5e-4, decay=0.96, decay_every=2, clip=1.0)
