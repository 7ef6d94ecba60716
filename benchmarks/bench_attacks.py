"""What attacks cost beside what they cannot do without, beside a plain loop, and beside other libraries, in one run.

    python benchmarks/bench_attacks.py [--threads 2] [--rounds 5] [--only iteration,success,peers] [--clock cpu]

``iteration``: a step of each attack over a bare forward and backward to the input of the same model and clips.
``success``: SMART until 99 % of clips are adversarial beside the plain loop that steps the whole batch 300 times.
``peers``: PGD of torchattacks, foolbox and ART (``pip install -c constraints.txt -e '.[peers]'``), the model's
parameters frozen and not. All compared take turns; the ratios of medians and of least times are given, and the median
of each round's, which others' work on the machine moves least. There, ``--clock cpu --threads 1`` counts the time of
this process alone.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from dataclasses import replace
from statistics import median
from time import perf_counter, process_time

import numpy as np
import plain_attacks
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from kinesec import names, seeding
from kinesec.attacks.base import Geometry, Problem, build
from kinesec.attacks.engine.criteria import parse
from kinesec.attacks.engine.gradients import frozen
from kinesec.attacks.engine.lanes import CPU_WIDTH
from kinesec.models.device import use_threads
from kinesec.models.recognizers.base import ClipShape, Graph, Recognizer
from kinesec.sources.procedural.body import performer

FRAMES, CLASSES, CLIPS, STEPS = 48, 8, 48, 300
SKELETON = performer(0, 1).skeleton
JOINTS = len(SKELETON)
REST = np.cumsum(SKELETON.offsets, axis=0) / 400.0
GEOMETRY = Geometry(SKELETON.parents, REST, 400.0, 30.0)
AB = parse("AB", CLASSES)
CLOCK = perf_counter


def clips(count: int, seed: int) -> tuple[Tensor, Tensor]:
    """Motions (clip, 1, frame, joint, xyz) whose class is which joints swing, and the classes."""
    rng = np.random.default_rng(seed)
    label = np.arange(count) % CLASSES
    swing = np.random.default_rng(9).normal(0, 0.4, (CLASSES, JOINTS, 3))[label][:, None, None]
    phase = rng.uniform(0, 6, (count, 1, 1, 1, 1)) + 0.25 * np.arange(FRAMES)[:, None, None]
    noise = rng.normal(0, 0.25, (count, 1, 1, JOINTS, 3))
    return torch.from_numpy(swing * np.sin(phase) + noise).float(), torch.from_numpy(label)


def trained(name: str, steps: int = 60) -> Recognizer:
    """A small recognizer that tells most of the clips apart."""
    module = names.load("models.recognizers", name)
    shape = ClipShape(FRAMES, JOINTS, 1, CLASSES, Graph.of(SKELETON))
    seen, label = clips(64, 1)
    with seeding.torch_stream(0, "init"):
        model: Recognizer = module.RECOGNIZER(shape, **module.SMALL)
        optimiser = torch.optim.Adam(model.parameters(), 3e-3)
        for step in range(steps):
            part = torch.arange(16) + 16 * (step % 4)
            optimiser.zero_grad()
            model.loss(seen[part], label[part], 0.05).backward()
            optimiser.step()
    return model.eval()


def problem_of(model: Recognizer, count: int) -> Problem:
    """``count`` clips, labelled as the model tells them."""
    position, _ = clips(count, 2)
    with torch.inference_mode():
        label = torch.cat([model(part) for part in position.split(16)]).argmax(1)
    present = torch.ones(position.shape[:3], dtype=torch.bool)
    return Problem(position, label.clone(), present, np.arange(count), np.arange(count), GEOMETRY)


def in_turns(calls: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    """Seconds a call, the calls taking turns."""
    times: dict[str, list[float]] = {name: [] for name in calls}
    for _ in range(rounds):
        for name, call in calls.items():
            begin = CLOCK()
            call()
            times[name].append(CLOCK() - begin)
    return times


def ratio(times: dict[str, list[float]], numerator: str, other: str) -> str:
    """How long ``numerator`` takes over ``other``: medians, least times, and the median over rounds of their ratio."""
    first, second = times[numerator], times[other]
    by_round = median(mine / theirs for mine, theirs in zip(first, second, strict=True))
    medians, least = median(first) / median(second), min(first) / min(second)
    return f"{medians:.3f} (medians), {least:.3f} (least), {by_round:.3f} (by round)"


# by module; each to the last step, so that all make as many
STEPPED: dict[str, dict[str, object]] = {
    "smart": {"reduction": "normalised", "weight": 0.6},
    "pgd": {},
    "mi_fgsm": {},
    "iaa": {},
    "iaa-mean": {"scale": "mean"},
}


def iteration(rounds: int, steps: int = 12) -> None:
    """A step of each attack over a bare forward and backward."""
    for name in ("st_gcn", "ctr_gcn", "sgn"):
        model = trained(name, 2)
        of = problem_of(model, CPU_WIDTH)

        def bare(model: Recognizer = model, of: Problem = of) -> None:
            for _ in range(steps):
                plain_attacks.bare(model, of.position, of.label)

        def look(model: Recognizer = model, of: Problem = of) -> None:
            with torch.no_grad():
                AB.loss(model(of.position), of.label, of.label)

        calls: dict[str, Callable[[], object]] = {"look": look, "bare": bare}
        for case, settings in STEPPED.items():
            given = {**settings, "iterations": steps, "after_success": "ignore"}
            attack = build(case.partition("-")[0], given)
            calls[case] = lambda attack=attack, model=model, of=of: attack.run(model, of, AB)
        with frozen(model):
            times = in_turns(calls, rounds)
        for case in STEPPED:
            times[case] = [whole - look for whole, look in zip(times[case], times["look"], strict=True)]
            milliseconds = 1000 * median(times[case]) / steps
            over = ratio(times, case, "bare")
            print(
                f"iteration, {case}, {name} small, {len(of)} clips: {milliseconds:.1f} ms, over bare {over}", flush=True
            )


def success() -> None:
    """Time to 99 % AB success, and beside it the plain loop over all steps."""
    model = trained("st_gcn")
    of = problem_of(model, CLIPS)
    attack = build("smart", {"reduction": "normalised", "weight": 0.6, "iterations": STEPS})
    begin = CLOCK()
    attacked = attack.run(model, of, AB)
    ours = CLOCK() - begin
    mean = torch.from_numpy(REST).float()
    with frozen(model):
        begin = CLOCK()
        fooled = plain_attacks.smart(model, of.position, of.label, GEOMETRY.links, mean, STEPS)
        plain = CLOCK() - begin
    print(
        f"success, st_gcn small, {len(of)} clips: {100 * attacked.claimed.mean():.1f} % in {ours:.1f} s "
        f"({attacked.evaluated} rows); plain loop {100 * float(fooled.float().mean()):.1f} % in {plain:.1f} s "
        f"({STEPS * len(of)} rows): {plain / ours:.1f} times as long",
        flush=True,
    )


class Scaled(Recognizer):
    """A recognizer of clips in [0, 1], the range that other libraries ask for."""

    def __init__(self, model: Recognizer, reach: float) -> None:
        super().__init__(model.shape)
        self.model, self.reach = model, reach

    def embed(self, clip: Tensor) -> Tensor:
        raise NotImplementedError

    def forward(self, clip: Tensor) -> Tensor:
        logits: Tensor = self.model((2 * clip - 1) * self.reach)
        return logits


def compare_peers(rounds: int, steps: int = 10, epsilon: float = 0.005) -> None:
    """PGD at the same steps as other libraries'."""
    inner = trained("st_gcn")
    of = problem_of(inner, 4 * CPU_WIDTH)
    reach = 2 * float(of.position.abs().max())
    model = Scaled(inner, reach).eval()
    of = replace(of, position=of.position / (2 * reach) + 0.5)
    others = plain_attacks.peers(epsilon, epsilon / 8, steps, CLASSES)
    if not others:
        print("peers: none is installed: pip install -c constraints.txt -e '.[peers]'")
        return
    settings = {"epsilon": epsilon, "step": epsilon / 8, "iterations": steps, "random_start": False}
    attack = build("pgd", {**settings, "after_success": "ignore", "box": [0.0, 1.0]})

    def final_loss(adversarial: Tensor) -> float:
        with torch.inference_mode():
            return float(cross_entropy(model(adversarial), of.label))

    made: dict[str, Tensor] = {}

    def keep(name: str, call: Callable[[], Tensor]) -> Callable[[], None]:
        def run() -> None:
            made[name] = call()
            with torch.inference_mode():  # ours says whether it succeeded; of others it has to be asked
                _ = model(made[name]).argmax(1) == of.label if name != "ours" else None

        return run

    for state in ("frozen", "not frozen"):
        nn.Module.requires_grad_(model, state != "frozen")
        ours = keep("ours", lambda: torch.from_numpy(attack.run(model, of, AB).position))
        calls: dict[str, Callable[[], object]] = {"ours": ours}
        for name, other in others.items():
            calls[name] = keep(name, lambda other=other: other(model, of.position.clone(), of.label))
        times = in_turns(calls, rounds)
        for name in others:
            loss = final_loss(made[name])
            print(
                f"peers, parameters {state}: ours over {name} {ratio(times, 'ours', name)}; final loss "
                f"{final_loss(made['ours']):.5f} and {loss:.5f}",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5, help="rounds in which what is compared takes turns")
    parser.add_argument("--only", default="iteration,success,peers", help="some of these")
    parser.add_argument("--clock", choices=["wall", "cpu"], default="wall")
    arguments = parser.parse_args()
    global CLOCK
    CLOCK = process_time if arguments.clock == "cpu" else perf_counter
    use_threads(arguments.threads)
    chosen = arguments.only.split(",")
    if "iteration" in chosen:
        iteration(arguments.rounds)
    if "success" in chosen:
        success()
    if "peers" in chosen:
        compare_peers(arguments.rounds)


if __name__ == "__main__":
    main()
