"""The predictors as anyone would write them first, plain and batch first: the yardstick of ``bench_predictors.py``.

Parameters come in the order of kinesec's own, so that weights can be copied across and the outputs compared.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from kinesec.models.predictors._dct import dct_matrix
from kinesec.models.predictors.base import Shape


def mean_error(predicted: Tensor, expected: Tensor) -> Tensor:
    return (predicted - expected).norm(dim=-1).mean()


class GraphConvolution(nn.Module):
    def __init__(self, nodes: int, features_in: int, features_out: int) -> None:
        super().__init__()
        bound = features_out**-0.5
        self.weight = nn.Parameter(torch.empty(features_in, features_out).uniform_(-bound, bound))
        self.att = nn.Parameter(torch.empty(nodes, nodes).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(features_out).uniform_(-bound, bound))

    def forward(self, x: Tensor) -> Tensor:
        return self.att @ (x @ self.weight) + self.bias


class GraphLayer(nn.Module):
    def __init__(self, nodes: int, features_in: int, features_out: int, dropout: float) -> None:
        super().__init__()
        self.convolution = GraphConvolution(nodes, features_in, features_out)
        self.norm = nn.BatchNorm1d(nodes * features_out)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        y = self.convolution(x)
        return self.dropout(torch.tanh(self.norm(y.flatten(1)).view(y.shape)))


class Graph(nn.Module):
    """LTD's network on (batch, node, coefficient)."""

    def __init__(self, nodes: int, kept: int, features: int, blocks: int, dropout: float) -> None:
        super().__init__()
        self.enter = GraphLayer(nodes, kept, features, dropout)
        self.blocks = nn.ModuleList(
            nn.Sequential(
                GraphLayer(nodes, features, features, dropout), GraphLayer(nodes, features, features, dropout)
            )
            for _ in range(blocks)
        )
        self.leave = GraphConvolution(nodes, features, kept)

    def forward(self, x: Tensor) -> Tensor:
        y = self.enter(x)
        for block in self.blocks:
            y = y + block(y)
        return x + self.leave(y)


class PlainLTD(nn.Module):
    def __init__(self, shape: Shape, coefficients: int = 30) -> None:
        super().__init__()
        self.shape = shape
        frames = shape.history + shape.future
        self.register_buffer("dct", torch.from_numpy(dct_matrix(frames)[:coefficients]).float())
        self.graph = Graph(shape.joints * 3, coefficients, 256, 12, 0.5)

    def forward(self, history: Tensor) -> Tensor:
        x = torch.cat([history, history[:, -1:].repeat(1, self.shape.future, 1, 1)], 1).flatten(2)
        predicted = self.dct.T @ self.graph((self.dct @ x).transpose(1, 2)).transpose(1, 2)
        return predicted.view(len(x), -1, self.shape.joints, 3)

    def loss(self, window: Tensor) -> Tensor:
        return mean_error(self(window[:, : self.shape.history]), window)


class PlainHRI(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        nodes = shape.joints * 3
        self.register_buffer("dct", torch.from_numpy(dct_matrix(20)).float())
        self.query, self.key = (
            nn.Sequential(
                nn.Conv1d(nodes, 256, 6, bias=False), nn.ReLU(), nn.Conv1d(256, 256, 5, bias=False), nn.ReLU()
            )
            for _ in range(2)
        )
        self.graph = Graph(nodes, 40, 256, 12, 0.3)

    def forward(self, history: Tensor) -> Tensor:
        x = history.flatten(2)
        runs = torch.stack([x[:, first : first + 20] for first in range(x.shape[1] - 19)], 1)
        values = (self.dct @ runs).flatten(2)
        metres = x.transpose(1, 2) / 1000
        scores = self.query(metres[:, :, -10:]).transpose(1, 2) @ self.key(metres[:, :, :-10]) + 1e-15
        past = ((scores / scores.sum(2, keepdim=True)) @ values).view(len(x), 20, -1)
        padded = torch.cat([x[:, -10:], x[:, -1:].repeat(1, 10, 1)], 1)
        coefficients = self.graph(torch.cat([self.dct @ padded, past], 1).transpose(1, 2))[:, :, :20]
        return (self.dct.T @ coefficients.transpose(1, 2)).view(len(x), 20, self.shape.joints, 3)

    def loss(self, window: Tensor) -> Tensor:
        history = self.shape.history
        return mean_error(self(window[:, :history]), window[:, history - 10 : history + 10])


class PlainNorm(nn.Module):
    def __init__(self, coordinates: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(coordinates, 1))
        self.bias = nn.Parameter(torch.zeros(coordinates, 1))

    def forward(self, x: Tensor) -> Tensor:
        y = x - x.mean(1, keepdim=True)
        return y / ((y**2).mean(1, keepdim=True) + 1e-5).sqrt() * self.weight + self.bias


class PlainMixing(nn.Module):
    def __init__(self, frames: int, coordinates: int) -> None:
        super().__init__()
        self.linear = nn.Linear(frames, frames)
        self.norm = PlainNorm(coordinates)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.norm(self.linear(x))


class PlainSiMLPe(nn.Module):
    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        coordinates = shape.joints * 3
        self.register_buffer("dct", torch.from_numpy(dct_matrix(shape.history)).float())
        self.enter = nn.Linear(coordinates, coordinates)
        self.layers = nn.Sequential(*[PlainMixing(shape.history, coordinates) for _ in range(48)])
        self.leave = nn.Linear(coordinates, coordinates)

    def forward(self, history: Tensor) -> Tensor:
        x = history.flatten(2) / 1000
        y = self.leave(self.layers(self.enter(self.dct @ x).transpose(1, 2)).transpose(1, 2))
        return ((self.dct.T @ y)[:, :10] + x[:, -1:]).view(len(x), 10, self.shape.joints, 3)

    def loss(self, window: Tensor) -> Tensor:
        history = self.shape.history
        predicted, expected = self(window[:, :history]), window[:, history : history + 10] / 1000
        return mean_error(predicted, expected) + mean_error(predicted.diff(dim=1), expected.diff(dim=1))
