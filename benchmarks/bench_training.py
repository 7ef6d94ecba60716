"""How fast LTD trains, in one thread and one run, beside the bare matrix products of its sizes and a plain network.

    OMP_NUM_THREADS=1 python benchmarks/bench_training.py [--rounds 15]

``step`` is a whole training step: loss, gradients, clipping, Adam. ``products`` are the products of just its sizes,
forward and backward, and nothing else: no step can take less. ``plain`` is the same network and step as one would
write it, batch first, of the library's own layers. The three take turns round by round, so that noise meets all.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from time import perf_counter

import numpy as np
import torch
from torch import Tensor, nn

from kinesec.models.device import use_threads
from kinesec.models.predictors._dct import dct_matrix
from kinesec.models.predictors.base import Shape, mean_joint_error
from kinesec.models.predictors.ltd import LTD

Step = Callable[[], object]
SHAPE = Shape(history=10, future=25, joints=25)


@dataclass(frozen=True)
class Size:
    """A network and its batches."""

    name: str
    features: int
    blocks: int
    batch: int
    coefficients: int = 30
    shape: Shape = SHAPE

    @property
    def nodes(self) -> int:
        return 3 * self.shape.joints

    @property
    def frames(self) -> int:
        return self.shape.history + self.shape.future


SIZES = (Size("published", 256, 12, 16), Size("demo", 64, 4, 64))


def products(size: Size) -> Step:
    """Every product of a step, from ready buffers into ready buffers: x W, A (x W) and both gradients of each.

    The first layer's x needs no gradient, nor do the DCT's; what enters the DCT back is needed with gradient.
    """
    nodes, batch, kept = size.nodes, size.batch, size.coefficients
    pairs: list[tuple[Tensor, Tensor, Tensor]] = []

    def product(rows: int, inner: int, columns: int, gradients: str = "both") -> None:
        left, right, grad = torch.randn(rows, inner), torch.randn(inner, columns), torch.randn(rows, columns)
        pairs.append((left, right, torch.empty(rows, columns)))
        if gradients in ("both", "right"):
            pairs.append((left.T, grad, torch.empty(inner, columns)))
        if gradients in ("both", "left"):
            pairs.append((grad, right.T, torch.empty(rows, inner)))

    product(nodes * batch, size.shape.history, kept, "none")
    widths = [kept, *[size.features] * (2 * size.blocks + 1), kept]
    for layer, (into, out) in enumerate(pairwise(widths)):
        product(nodes * batch, into, out, "both" if layer else "right")
        product(nodes, nodes, batch * out)
    product(nodes * batch, kept, size.frames, "left")

    def step() -> None:
        for left, right, out in pairs:
            torch.mm(left, right, out=out)

    return step


class PlainLayer(nn.Module):
    def __init__(self, nodes: int, into: int, out: int, dropout: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(into, out) * out**-0.5)
        self.adjacency = nn.Parameter(torch.randn(nodes, nodes) * out**-0.5)
        self.bias = nn.Parameter(torch.zeros(out))
        self.norm = nn.BatchNorm1d(nodes * out)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        y = self.adjacency @ (x @ self.weight) + self.bias
        y = self.norm(y.reshape(len(y), -1)).view(y.shape)
        dropped: Tensor = self.dropout(torch.tanh(y))
        return dropped


class Plain(nn.Module):
    """LTD batch first, each operation a module of torch; the last layer has no normalisation, as in LTD."""

    dct: Tensor

    def __init__(self, size: Size) -> None:
        super().__init__()
        self.size = size
        dct = torch.from_numpy(dct_matrix(size.frames)[: size.coefficients]).float()
        self.register_buffer("dct", dct)
        nodes, features, kept = size.nodes, size.features, size.coefficients
        self.enter = PlainLayer(nodes, kept, features, 0.5)
        self.layers = nn.ModuleList(PlainLayer(nodes, features, features, 0.5) for _ in range(2 * size.blocks))
        self.weight = nn.Parameter(torch.randn(features, kept) * kept**-0.5)
        self.adjacency = nn.Parameter(torch.randn(nodes, nodes) * kept**-0.5)
        self.bias = nn.Parameter(torch.zeros(kept))

    def loss(self, window: Tensor) -> Tensor:
        history = self.size.shape.history
        last = window[:, history - 1 : history].expand(-1, self.size.shape.future, -1, -1)
        padded = torch.cat([window[:, :history], last], dim=1).flatten(2).transpose(1, 2)
        x = padded @ self.dct.T
        y = self.enter(x)
        for first, second in zip(self.layers[::2], self.layers[1::2], strict=True):
            y = y + second(first(y))
        y = x + self.adjacency @ (y @ self.weight) + self.bias
        return mean_joint_error((y @ self.dct).transpose(1, 2).unflatten(2, (-1, 3)), window)


def training_step(model: LTD | Plain, size: Size) -> Step:
    """A step as ``kinesec.training.loop`` does it, on one batch of random poses."""
    model.train()
    optimiser = torch.optim.Adam(model.parameters(), lr=5e-4, fused=True)
    poses = np.random.default_rng(0).normal(0, 300, (size.batch, size.frames, size.shape.joints, 3))
    window = torch.from_numpy(poses).float()

    def step() -> None:
        loss = model.loss(window)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimiser.step()

    return step


def timed(step: Step, repeat: int) -> float:
    """Milliseconds a call."""
    start = perf_counter()
    for _ in range(repeat):
        step()
    return 1000 * (perf_counter() - start) / repeat


def compare(size: Size, rounds: int) -> None:
    torch.manual_seed(0)
    ltd = LTD(size.shape, coefficients=size.coefficients, features=size.features, blocks=size.blocks)
    steps = {"products": products(size), "step": training_step(ltd, size), "plain": training_step(Plain(size), size)}
    repeat = {name: max(1, round(100 / timed(step, 3))) for name, step in steps.items()}
    times: dict[str, list[float]] = {name: [] for name in steps}
    for _ in range(rounds):
        for name, step in steps.items():
            times[name].append(timed(step, repeat[name]))
    print(f"{size.name}: {size.features} features, {size.blocks} blocks, batch {size.batch}")
    for name, seconds in times.items():
        ratios = [second / bare for second, bare in zip(seconds, times["products"], strict=True)]
        best = min(seconds) / min(times["products"])
        print(
            f"  {name:<9}{median(seconds):8.2f} ms median{min(seconds):8.2f} ms least"
            f"   to the products: {median(ratios):.2f} median of rounds, {best:.2f} least to least",
            flush=True,
        )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15, help="rounds in which the three take turns")
    arguments = parser.parse_args()
    use_threads(1)
    for size in SIZES:
        compare(size, arguments.rounds)


if __name__ == "__main__":
    main()
