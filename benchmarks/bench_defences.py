"""What BEAT costs beside the recognizer's own training and its inference, as ratios in one run and one thread.

    python benchmarks/bench_defences.py [--rounds 15]

A step of the recognizer's training (a batch of 16 clips) and a step of BEAT's, which moves all five appended networks,
take turns; times their numbers of epochs, 40 and 10 as in config/real.yaml, that is the share of the training per
appended network. Inference: a batch of 32 clips by the recognizer alone and with five networks appended.
"""

from __future__ import annotations

import argparse

import torch
from bench_attacks import GEOMETRY, clips, in_turns, median, ratio, trained

from kinesec.defences.robust._energy import Chains, Langevin, Sampled, Weights, bones_of, seen_by
from kinesec.defences.robust._posterior import Sampling
from kinesec.defences.robust.beat import BEAT
from kinesec.models.device import use_threads
from kinesec.models.recognizers.base import Recognizer
from kinesec.models.wrappers.appended import Appended
from kinesec.training.loop import step
from kinesec.training.recognition import ClipBatches

BATCH, MEMBERS = 16, 5
EPOCHS, APPENDED_EPOCHS = 40, 10


def batches(count: int) -> ClipBatches:
    """Made-up clips as trainings have them."""
    position, label = clips(count, 1)
    whole = ClipBatches.__new__(ClipBatches)
    whole.clip, whole.label = position, label
    whole.present = torch.ones(position.shape[:3], dtype=torch.bool)
    return whole


def training(name: str, rounds: int) -> None:
    """A step of the recognizer's training beside one of all its appended networks."""
    model, data = trained(name, 2), batches(64)
    appended = Appended(trained(name, 2), members=MEMBERS)
    way = BEAT()
    task = Sampled(
        Chains(appended, data.clip, way.buffer, 0),
        Sampling(batch=BATCH, temperature=1 / len(data)),
        data,
        0,
        None,
        bones_of(GEOMETRY, data.clip),
        Langevin(way.steps, way.motion_rate, way.motion_noise, way.buffer, way.chains, way.renewed, way.reach),
        Weights(way.data, way.adversary, way.distance, way.prior),
        way.energy,
        seen_by(appended, data.clip),
    )
    sampler = task.recipe.optimiser_of(task.model)
    optimiser = torch.optim.SGD(model.parameters(), 0.01, 0.9)
    generator, index = torch.Generator().manual_seed(0), torch.arange(BATCH)

    def recognizer() -> None:
        model.train()
        step(model, optimiser, model.loss(data.clip[index], data.label[index]), None)

    def beat() -> None:
        step(task.model, sampler, task.loss(index, generator), None)

    recognizer()
    beat()
    times = in_turns({"recognizer": recognizer, "beat": beat}, rounds)
    share = median(times["beat"]) * APPENDED_EPOCHS / (median(times["recognizer"]) * EPOCHS * MEMBERS)
    print(f"training, {name} small: a step of BEAT over one of the recognizer's {ratio(times, 'beat', 'recognizer')}")
    print(
        f"  {APPENDED_EPOCHS} epochs beside {EPOCHS}: {100 * share:.1f} % of its training per appended network",
        flush=True,
    )


def inference(name: str, rounds: int) -> None:
    """A batch by the recognizer alone, and with networks appended."""
    bare: Recognizer = trained(name, 2)
    appended = Appended(bare, members=MEMBERS).eval()
    seen, _ = clips(2 * BATCH, 3)
    with torch.inference_mode():
        times = in_turns({"bare": lambda: bare(seen), "appended": lambda: appended(seen)}, rounds)
    print(f"inference, {name} small, {MEMBERS} networks: over the bare recognizer {ratio(times, 'appended', 'bare')}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    use_threads(1)
    for name in ("st_gcn", "sgn"):
        training(name, rounds)
        inference(name, 2 * rounds)


if __name__ == "__main__":
    main()
