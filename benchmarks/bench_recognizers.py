"""How fast the recognizers train at their small size, in one thread and one run.

    python benchmarks/bench_recognizers.py [--repeat 5] [st_gcn sgn ...]

``trains`` is an epoch as a training job does it, turned clips and all. Beside it: the bare matrix products and
convolutions of the same steps (recorded from one step and repeated alone on random numbers; HRNN's LSTM is one call
that cannot be taken apart), and the loop as released code has it: a DataLoader that turns one clip at a time, torch's
default optimiser. The best of some epochs counts, the three taking turns.
"""

from __future__ import annotations

import argparse
import math
import os

import numpy as np
import torch
from bench_predictors import Recorder, best
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from kinesec import names, seeding
from kinesec.models.device import use_threads
from kinesec.models.recognizers.base import RECOGNIZERS, ClipShape, Graph, Recipe, Recognizer
from kinesec.progress import Progress
from kinesec.samples.clips.clips import Clips, Normaliser
from kinesec.sources.procedural.body import performer
from kinesec.training.augmentation import Augmentation, Augmenter
from kinesec.training.loop import one_epoch
from kinesec.training.recognition import ClipBatches, Recognition

CPU = torch.device("cpu")
CLIPS, FRAMES, CLASSES, BATCH = 32, 48, 10, 16
SKELETON = performer(0, 1).skeleton
RECIPE = Recipe(epochs=1, batch=BATCH, rate=1e-3, weight_decay=1e-4)


def stored_clips() -> Clips:
    """Clips of random motion: a store's content without the store."""
    rng = np.random.default_rng(0)
    position = rng.normal(0, 30, (CLIPS, 1, FRAMES, len(SKELETON), 3)).cumsum(2).astype(np.float32)
    ones, text = np.ones(CLIPS, np.int64), np.full(CLIPS, "")
    attrs = {
        "classes": [str(number) for number in range(CLASSES)],
        "skeleton": SKELETON.to_attrs(),
        "fps": 30.0,
        "mean_mm": np.zeros((len(SKELETON), 3)).tolist(),
        "scale_mm": 200.0,
    }
    label = np.arange(CLIPS) % CLASSES
    return Clips(position, label, ones, ones * FRAMES, np.arange(CLIPS), text, text, text, attrs)


class Turned(Dataset[tuple[Tensor, int]]):
    """Clips one at a time, each turned when it is asked for."""

    def __init__(self, clips: Clips) -> None:
        self.clip, self.label = clips.normalised, clips.label

    def __len__(self) -> int:
        return len(self.label)

    def __getitem__(self, index: int) -> tuple[Tensor, int]:
        angle = math.pi * (2 * torch.rand(()).item() - 1)
        cos, sin = math.cos(angle), math.sin(angle)
        turn = np.array([[cos, 0, -sin], [0, 1, 0], [sin, 0, cos]], np.float32)
        return torch.from_numpy(self.clip[index] @ turn), int(self.label[index])


def plain_epoch(model: Recognizer, loader: DataLoader[tuple[Tensor, int]], stepper: torch.optim.Optimizer) -> float:
    model.train()
    total = 0.0
    for clip, label in loader:
        loss = model.loss(clip, label)
        stepper.zero_grad()
        loss.backward()
        stepper.step()
        total += loss.item()
    return total


def measure(name: str, repeat: int) -> None:
    clips = stored_clips()
    shape = ClipShape(FRAMES, len(SKELETON), 1, CLASSES, Graph.of(SKELETON))
    ours, plain = (RECOGNIZERS.build(name, shape, "small") for _ in range(2))
    data = ClipBatches(clips, CPU)
    augmenter = Augmenter(Augmentation(yaw_degrees=180), Normaliser(np.zeros((len(SKELETON), 3)), 200.0), SKELETON, CPU)
    task, optimiser = Recognition(ours, RECIPE, data, 0, None, augmenter), RECIPE.optimiser_of(ours)
    loader = DataLoader(Turned(clips), BATCH, shuffle=True)
    stepper = torch.optim.SGD(plain.parameters(), 1e-3, 0.9, weight_decay=1e-4, nesterov=True)
    with Recorder() as recorder:
        ours.train().loss(data.clip[:BATCH], data.label[:BATCH]).backward()
    steps = CLIPS // BATCH

    def epoch() -> None:
        with Progress("", show=False) as progress:
            one_epoch(task, optimiser, 0, progress)

    def products() -> None:
        for _ in range(steps):
            recorder.repeat()

    with seeding.torch_stream(0, "bench"):
        times = best([epoch, lambda: plain_epoch(plain, loader, stepper), products], repeat)
    with torch.inference_mode():
        predicting = best([lambda: RECOGNIZERS.predict(ours, data.clip)], repeat)[0]
    trains, theirs, bare = (CLIPS / time for time in times)
    print(
        f"{name:<8}trains {trains:7.1f} clips/s  products alone {bare:7.1f} ({trains / bare:.0%})"
        f"  plain loop {theirs:7.1f} ({trains / theirs:.2f} x)  predicts {CLIPS / predicting:7.1f} clips/s",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="recognizers (default: all)")
    parser.add_argument("--repeat", type=int, default=5, help="epochs, of which the best counts")
    arguments = parser.parse_args()
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    use_threads(1)
    for name in arguments.names or names.available("models.recognizers"):
        measure(name, arguments.repeat)


if __name__ == "__main__":
    main()
