"""One choice of an attack's settings: validation clips and a model in, the settings to attack test clips with out."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kinesec.attacks.base import Attack, Problem
from kinesec.attacks.engine import criteria
from kinesec.attacks.engine.choice import Trial, choose
from kinesec.attacks.engine.lanes import width_for
from kinesec.errors import KinesecError
from kinesec.evaluation.attacks import costs
from kinesec.jobs._attack import method_of
from kinesec.jobs.attack_recognizer import correctly_classified
from kinesec.models.device import best_device
from kinesec.models.fit import check_fit
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.samples.adversarial import spread
from kinesec.samples.clips.checks import checked
from kinesec.samples.clips.clips import Clips
from kinesec.tables.files import write_csv

SHOWN = ("displacement_mm", "acceleration_deviation_mm", "bone_change_percent")


def tune_attack(
    *,
    clips_path: Path,
    model_path: Path,
    attack: Mapping[str, Any],
    tune: Mapping[str, Any],
    goal_path: Path | None = None,
    identity: Mapping[str, str],
    seed: int,
    choice_path: Path,
    table_path: Path,
) -> None:
    """Attacks validation clips with each of ``tune``'s ``candidates``; writes the settings to keep (JSON), all (CSV).

    ``attack`` is as in ``attack_clips``; a candidate is settings that change it. Attacked are at most ``limit`` of the
    validation clips that the recognizer classifies correctly. Which candidate is kept says ``choose``; ``goal_path`` is
    another attack's choice, whose success is the goal. ``identity`` names ``data``, ``clips``, ``recognizer`` and
    ``attack``. Raises ``KinesecError`` where the recognizer classifies none of the validation clips correctly, and
    ``ConfigError`` for settings that cannot be used.
    """
    clips = checked(clips_path, "val")
    model, description = RECOGNIZERS.load(model_path, best_device())
    check_fit(model_path, model.shape, description, clips_path, clips)
    correct = correctly_classified(model, clips)
    if not len(correct):
        raise KinesecError(
            f"{clips_path}: found no validation clip that {model_path} classifies correctly; train again"
        )
    attacked = clips.take_rows(correct[spread(clips.label[correct], tune["limit"])])
    methods = [method_of(attack, clips.normaliser.scale, settings) for settings in tune["candidates"]]
    needed = any(method.needs_training for method in methods)
    training = Problem.of_training(checked(clips_path, "train")) if needed else None
    tried = [_tried(model, attacked, training, attack, method, seed) for method in methods]
    candidates = [json.dumps(settings, sort_keys=True) for settings in tune["candidates"]]
    rows = [{"candidate": candidate, **row} for candidate, row in zip(candidates, tried, strict=True)]
    goal = None if goal_path is None else float(json.loads(goal_path.read_text("utf-8"))["success_percent"])
    kept = choose([Trial(row["success_percent"], row["displacement_mm"]) for row in rows], goal)
    choice = {"settings": tune["candidates"][kept], "success_percent": rows[kept]["success_percent"]}
    choice_path.parent.mkdir(parents=True, exist_ok=True)
    choice_path.write_text(json.dumps(choice, sort_keys=True), "utf-8")
    named: dict[str, Any] = {
        "dataset": identity["data"],
        **{name: identity[name] for name in ("clips", "recognizer", "attack")},
    }
    named |= {"attack_module": attack["attack"], "strategy": attack["strategy"], "seed": seed}
    table = pd.DataFrame([{**named, **row, "kept": place == kept} for place, row in enumerate(rows)])
    table_path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(table.assign(goal_percent=np.nan if goal is None else goal), str(table_path))


def _tried(
    model: Recognizer, clips: Clips, training: Problem | None, attack: Mapping[str, Any], method: Attack, seed: int
) -> dict[str, Any]:
    """What one candidate comes to: costs are means over the successes."""
    problem = replace(Problem.of(clips), training=training)
    width = width_for(next(model.parameters()).device, problem.position)
    criterion = criteria.parse(attack["strategy"], len(clips.classes))
    adversarial = method.run(model, problem, criterion, batch=attack.get("batch"), seed=seed, width=width, show=True)
    won = adversarial.claimed
    cost = costs(adversarial.position, clips)
    row: dict[str, Any] = {"n": len(clips)}
    row |= {"success_percent": 100.0 * float(won.mean()), "iterations_median": float(np.median(adversarial.iterations))}
    return row | {name: float(cost[name][won].mean()) if won.any() else float("nan") for name in SHOWN}
