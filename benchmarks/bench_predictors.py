"""How fast the predictors train and predict at their published sizes, in one thread and one run.

    python benchmarks/bench_predictors.py [--repeat 5] [ltd hri simlpe auxformer]

Beside each: its bare matrix products and convolutions (recorded from a training step and repeated alone on random
numbers), and a straightforward implementation fed by a DataLoader of materialised windows. Both train with Adam on
batches of the published size; the best of some steps counts, the two taking turns.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable, Iterator
from time import perf_counter
from typing import Any

import numpy as np
import torch
from plain_auxformer import PlainAuxFormer
from plain_predictors import PlainHRI, PlainLTD, PlainSiMLPe
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.data import DataLoader, TensorDataset

from kinesec import seeding
from kinesec.models.device import use_threads
from kinesec.models.predictors.base import PREDICTORS, Shape
from kinesec.samples.windows.windows import Windows
from kinesec.training.batches import batches
from kinesec.training.prediction import WindowBatches

JOINTS, FUTURE = 25, 25
NETWORKS: dict[str, tuple[int, dict[str, Any], type[nn.Module]]] = {
    "ltd": (10, {"coefficients": 30}, PlainLTD),
    "hri": (50, {}, PlainHRI),
    "simlpe": (50, {}, PlainSiMLPe),
    "auxformer": (10, {}, PlainAuxFormer),
}
PRODUCTS = ("mm", "addmm", "bmm", "baddbmm", "convolution", "convolution_backward")


class Recorder(TorchDispatchMode):
    """Notes every matrix product and convolution with the shapes and strides of its operands."""

    def __init__(self) -> None:
        super().__init__()
        self.calls: list[tuple[Any, Any, Any]] = []
        self.operands: dict[Any, Tensor] = {}

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func.overloadpacket.__name__ in PRODUCTS:
            twins = [self.twin(x, place) if isinstance(x, Tensor) else x for place, x in enumerate(args)]
            self.calls.append((func, twins, kwargs or {}))
        return func(*args, **(kwargs or {}))

    def twin(self, x: Tensor, place: int) -> Tensor:
        """Random numbers of the operand's layout, one copy for all calls alike: a step's operands are gigabytes."""
        key = (x.shape, x.stride(), place)
        if key not in self.operands:
            extent = 1 + sum((size - 1) * stride for size, stride in zip(x.shape, x.stride(), strict=True))
            self.operands[key] = torch.rand(extent, dtype=x.dtype).as_strided(x.shape, x.stride())
        return self.operands[key]

    def repeat(self) -> None:
        for func, args, kwargs in self.calls:
            func(*args, **kwargs)


def stored_windows(history: int, count: int) -> Windows:
    """Windows of random motion: a store's content without the store."""
    rng = np.random.default_rng(0)
    length = count + history + FUTURE - 1
    position = rng.standard_normal((length, JOINTS, 3)).cumsum(0).astype(np.float32) * 5
    attrs = {"history": history, "future": FUTURE, "used_joints": list(range(JOINTS))}
    names = np.array(["random"])
    return Windows(position, np.arange(count), np.zeros(count, int), names, names, names, attrs)


def trainer(model: nn.Module, recipe: Any, source: Iterator[Tensor]) -> Callable[[], None]:
    optimiser = torch.optim.Adam(model.parameters(), lr=recipe.rate, weight_decay=recipe.weight_decay, fused=True)

    def step() -> None:
        loss = model.loss(next(source))  # type: ignore[operator]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        if recipe.clip is not None:
            nn.utils.clip_grad_norm_(model.parameters(), recipe.clip)
        optimiser.step()

    return step


def best(actions: list[Callable[[], Any]], repeat: int) -> list[float]:
    """The shortest time of each, the actions taking turns after a turn that does not count."""
    times = [[] for _ in actions]
    for turn in range(repeat + 1):
        for taken, action in zip(times, actions, strict=True):
            start = perf_counter()
            action()
            if turn:
                taken.append(perf_counter() - start)
    return [min(taken) for taken in times]


def measure(name: str, repeat: int) -> None:
    history, settings, plain_class = NETWORKS[name]
    shape = Shape(history, FUTURE, JOINTS)
    recipe = PREDICTORS.recipe(name, {})
    model = PREDICTORS.build(name, shape, settings)
    with seeding.torch_stream(0, "weights"), torch.no_grad():
        for parameter in model.parameters():
            parameter.add_(0.02 * torch.randn_like(parameter))
        plain = plain_class(shape)
        for theirs, ours in zip(plain.parameters(), model.parameters(), strict=True):
            theirs.copy_(ours.reshape(theirs.shape))
    stored = stored_windows(history, (2 * repeat + 4) * recipe.batch)
    data = WindowBatches(stored, None, torch.device("cpu"))
    some = data.batch(torch.arange(8))[:, :history]
    compare(name, model.eval()(some), plain.eval()(some), history)
    order = batches(len(data), recipe.batch, np.random.default_rng(0))
    materialised = DataLoader(TensorDataset(torch.from_numpy(stored.gather())), recipe.batch, shuffle=True)
    step = trainer(model.train(), recipe, (data.batch(index) for index in order))
    plain_step = trainer(plain.train(), recipe, (windows for (windows,) in materialised))
    with Recorder() as recorder:
        model.loss(data.batch(torch.arange(recipe.batch))).backward()
    times = best([step, plain_step, recorder.repeat], repeat)
    with torch.inference_mode():
        sample = data.batch(torch.arange(2 * recipe.batch))[:, :history]
        predicting = best([lambda: model.eval()(sample)], repeat)[0]
    ours, theirs, bare = (recipe.batch / time for time in times)
    print(
        f"{name:<10}batch {recipe.batch:<4}trains {ours:7.1f} windows/s  products alone {bare:7.1f} ({ours / bare:.0%})"
        f"  plain {theirs:7.1f} ({ours / theirs:5.2f} x)  predicts {len(sample) / predicting:7.1f} windows/s",
        flush=True,
    )


def compare(name: str, predicted: Tensor, plain: Tensor, history: int) -> None:
    """The same outputs, or there is nothing to compare: on the frames that the plain network predicts."""
    frames = {"ltd": plain[:, history:], "hri": plain[:, 10:], "simlpe": 1000 * plain, "auxformer": plain}[name]
    ours = predicted[:, [*range(1, FUTURE, 2), FUTURE - 1]] if name == "auxformer" else predicted[:, : frames.shape[1]]
    torch.testing.assert_close(ours, frames, rtol=1e-3, atol=1e-3 * frames.abs().max().item())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="predictors (default: all)")
    parser.add_argument("--repeat", type=int, default=5, help="steps, of which the best counts")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    use_threads(1)
    for name in arguments.names or NETWORKS:
        measure(name, arguments.repeat)


if __name__ == "__main__":
    main()
