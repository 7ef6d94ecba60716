"""One attack job: the test clips that a recognizer classifies correctly in, one share of them attacked out."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kinesec.attacks.base import Problem, build
from kinesec.attacks.engine import checks, criteria
from kinesec.attacks.engine.lanes import width_for
from kinesec.files.hashing import key_of, sha256_of
from kinesec.jobs._attack import method_of
from kinesec.models.device import best_device
from kinesec.models.fit import check_fit
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.samples.adversarial import shard_of, spread, write
from kinesec.samples.clips.checks import checked
from kinesec.samples.clips.clips import Clips
from kinesec.settings import differences


def correctly_classified(model: Recognizer, clips: Clips) -> np.ndarray:
    """Indices of the clips that a recognizer classifies correctly, in the order of the store."""
    if not len(clips):
        return np.arange(0)
    device = next(model.parameters()).device
    logits = RECOGNIZERS.predict(model, torch.from_numpy(clips.normalised).to(device)).cpu()
    return np.flatnonzero(criteria.ahead(logits, torch.from_numpy(clips.label)).numpy() == 0)


def _chosen(clips: Clips, correct: np.ndarray, limit: int | None, among: str) -> np.ndarray:
    """The clips that are attacked: ``limit`` of the ``right`` ones, or the right ones of ``limit`` of the ``test``."""
    if among == "right":
        return np.asarray(correct[spread(clips.label[correct], limit)])
    return np.intersect1d(spread(clips.label, limit), correct)


def attack_clips(
    *,
    clips_path: Path,
    model_path: Path,
    attack: Mapping[str, Any],
    shard: str,
    seed: int,
    store_path: Path,
    choice_path: Path | None = None,
    code: str = "",
) -> None:
    """Attacks one share of the test clips that a recognizer classifies correctly; writes a store ``adversarial``.

    ``attack`` names the module (``attack``), its ``preset``, ``settings`` that change it, the ``strategy`` (AB, ABn,
    SA), ``limit`` clips at most over all shards, ``among`` the ``right`` ones or all ``test`` clips (see ``_chosen``),
    and ``batch`` clips at once, which changes no result; ``epsilon_mm`` where it is asked for a bound in mm.
    ``choice_path`` holds the settings that were chosen for the recognizer (``tune_attack``). ``code`` is the hash of
    what is run, for the folder where finished clips wait for a job that was killed.

    Raises ``KinesecError`` for clips that are not finite, have labels out of range or do not fit the model, for a model
    that fails the checks, and ``ConfigError`` for an attack, a strategy or a shard that there is none of.
    """
    clips = checked(clips_path, "test")
    chosen = {} if choice_path is None else json.loads(choice_path.read_text("utf-8"))["settings"]
    method = method_of(attack, clips.normaliser.scale, chosen)
    published = build(attack["attack"], {}, attack.get("preset", "paper"))
    criterion = criteria.parse(attack["strategy"], len(clips.classes))
    model, description = RECOGNIZERS.load(model_path, best_device())
    check_fit(model_path, model.shape, description, clips_path, clips)
    correct = correctly_classified(model, clips)
    attacked = clips.take_rows(_chosen(clips, correct, attack.get("limit"), attack.get("among", "right")))
    training = Problem.of_training(checked(clips_path, "train")) if method.needs_training else None
    problem = replace(Problem.of(attacked), training=training)
    model_device = next(model.parameters()).device
    width = width_for(model_device, problem.position)
    findings = checks.inspect(method, model, problem, criterion, seed=seed, width=width)
    share = problem.take(shard_of(shard, len(problem)))
    attrs = {
        "dataset": clips.attrs["dataset"],
        "clips_content_sha256": clips.attrs["content_sha256"],
        "model_sha256": sha256_of(model_path),
        "attack": attack["attack"],
        "preset": attack.get("preset", "paper"),
        "strategy": criterion.name,
        "settings": method.settings,
        "changed": {name: used for name, (used, _) in differences(published.settings, method.settings).items()},
        "chosen": sorted(chosen),
        "bound_mm": attack.get("epsilon_mm"),
        "seed": seed,
        "shard": shard,
        "test_clips": len(clips),
        "right_clips": len(correct),
        "attacked_clips": len(attacked),
        "width": width,
        "checks": findings,
    }
    checkpoints = Path("results", "checkpoints", key_of({**attrs, "code": code, "device": str(model_device)}), "attack")
    adversarial = method.run(
        model,
        share,
        criterion,
        batch=attack.get("batch"),
        seed=seed,
        width=width,
        show=True,
        checkpoints=checkpoints,
    )
    write(store_path, replace(adversarial, attrs=attrs))
    shutil.rmtree(checkpoints.parent, ignore_errors=True)
