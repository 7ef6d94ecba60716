"""How near attacks on hard labels come for so many queries: median l, on and off the manifold.

    python benchmarks/bench_queries.py [ATTACK ...] [--clips CLIPS --model MODEL] [--limit 66] [--budgets 500 1000]

CLIPS and MODEL are a clips store and a recognizer trained on it (results/clips/hdm05/native48/clips.zarr and
results/models/recognition/hdm05/native48/clean/st_gcn_small/seed0/model.safetensors of the run ``real``); without them
motions are made up. Off the manifold each attack runs once, and its trace is read at each budget (BASAR without
projection is ``boundary``); on it, it runs once a
budget, projected at its end, and clips whose projection is not adversarial count as infinitely far. HopSkipJump needs
the extra ``peers`` and is not projected. Attacks are compared in pairs on the same clips: the median of the ratio of l,
with a 95 % bootstrap interval over clips.
"""

from __future__ import annotations

import argparse
from dataclasses import replace
from importlib.util import find_spec
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import torch
from bench_attacks import clips, problem_of, trained

from kinesec import names
from kinesec.attacks.base import Problem, build
from kinesec.attacks.engine.criteria import AnythingBut
from kinesec.jobs.attack_recognizer import correctly_classified
from kinesec.models.device import use_threads
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.samples.adversarial import QUERY_GRID, Adversarial, spread
from kinesec.samples.clips.checks import checked

FOREVER = 10**6


def loaded(clips_path: Path, model_path: Path, limit: int) -> tuple[Recognizer, Problem]:
    """A recognizer, and the test clips that it classifies correctly, with the training clips."""
    test, training = (checked(clips_path, split) for split in ("test", "train"))
    model, _ = RECOGNIZERS.load(model_path, torch.device("cpu"))
    correct = correctly_classified(model, test)
    attacked = test.take_rows(correct[spread(test.label[correct], limit)])
    return model, replace(Problem.of(attacked), training=Problem.of(training))


def settings_of(name: str, budget: int, on_manifold: bool) -> dict[str, Any]:
    """An attack that spends its budget, projected at its end or not at all."""
    if name == "hop_skip_jump":
        return {"budget": budget, "iterations": FOREVER}
    every = {"basar": 250}.get(name, FOREVER) if on_manifold else 0
    return {"budget": budget, "iterations": FOREVER, "project_every": every}


def reached(model: Recognizer, problem: Problem, name: str, budgets: list[int], on_manifold: bool) -> np.ndarray:
    """The least l (budget, clip) of an adversarial clip; infinite where there is none."""

    def run(budget: int) -> Adversarial:
        attack = build(name, settings_of(name, budget, on_manifold))
        return attack.run(model, problem, AnythingBut(), show=True)

    if on_manifold:
        ended = [run(budget) for budget in budgets]
        return np.stack([np.where(of.search.projected, of.perceptual_loss, np.inf) for of in ended])
    trace = run(max(budgets)).search.trace_l
    sizes = trace[:, np.searchsorted(QUERY_GRID, budgets)].T
    return np.where(np.isnan(sizes), np.inf, sizes)


def compared(first: np.ndarray, second: np.ndarray) -> str:
    """The median ratio of l over clips that both have, with its interval."""
    both = np.isfinite(first) & np.isfinite(second)
    ratio = first[both] / second[both]
    if not len(ratio):
        return "no clip in common"
    drawn = np.random.default_rng(0).choice(ratio, (2000, len(ratio)))
    low, high = np.percentile(np.median(drawn, axis=1), [2.5, 97.5])
    return f"{np.median(ratio):.2f} [{low:.2f}, {high:.2f}] on {len(ratio)} clips"


def made_up(limit: int) -> tuple[Recognizer, Problem]:
    """A small recognizer of made-up motions, clips and training clips."""
    model = trained("st_gcn")
    of = problem_of(model, limit)
    training = replace(problem_of(model, 64), position=clips(64, 1)[0], label=clips(64, 1)[1])
    return model, replace(of, training=training)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("attacks", nargs="*", help="by default all on hard labels that are installed")
    parser.add_argument("--clips", type=Path, help="a clips store")
    parser.add_argument("--model", type=Path, help="a recognizer trained on it")
    parser.add_argument("--limit", type=int, default=16)
    parser.add_argument("--budgets", type=int, nargs="+", default=[500, 1000])
    arguments = parser.parse_args()
    use_threads(1)
    budgets, limit = sorted(arguments.budgets), arguments.limit
    model, problem = loaded(arguments.clips, arguments.model, limit) if arguments.clips else made_up(limit)
    hard = [name for name in names.available("attacks") if names.constant("attacks", name, "ACCESS") == "labels"]
    if find_spec("art") is None:
        hard.remove("hop_skip_jump")
    for on_manifold in (False, True):
        # without projection BASAR is its ablation
        left_out = ("boundary", "hop_skip_jump") if on_manifold else ("basar",)
        wanted = [name for name in arguments.attacks or hard if name not in left_out]
        sizes = {name: reached(model, problem, name, budgets, on_manifold) for name in wanted}
        print(f"{'on' if on_manifold else 'off'} the manifold, {len(problem)} clips: median l [quartiles] by queries")
        for name, of_budgets in sizes.items():
            cells = []
            for budget, of_clips in zip(budgets, of_budgets, strict=True):
                low, middle, high = np.percentile(of_clips, [25, 50, 75], method="higher")
                share = f", {100 * np.isfinite(of_clips).mean():.0f} %" if on_manifold else ""
                cells.append(f"{budget}: {middle:.3f} [{low:.3f}, {high:.3f}]{share}")
            print(f"  {name:14} {'; '.join(cells)}")
        for first, second in combinations(sizes, 2):
            pairs = zip(budgets, sizes[first], sizes[second], strict=True)
            print(f"  {first} / {second}: " + "; ".join(f"{budget}: {compared(*of)}" for budget, *of in pairs))


if __name__ == "__main__":
    main()
