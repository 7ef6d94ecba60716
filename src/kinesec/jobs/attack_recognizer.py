"""One attack job: the test clips that a recognizer gets right in, one share of them attacked out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from kinesec.attacks import _checks
from kinesec.attacks.base import Adversarial, Problem, build
from kinesec.attacks.engine import criteria
from kinesec.attacks.engine.lanes import width_for
from kinesec.errors import ConfigError
from kinesec.files import store
from kinesec.files.hashing import sha256_of
from kinesec.files.kinds.adversarial import ADVERSARIAL
from kinesec.models.device import best_device
from kinesec.models.fit import check_fit
from kinesec.models.recognizers.base import RECOGNIZERS, Recognizer
from kinesec.samples.clips.checks import checked
from kinesec.samples.clips.clips import Clips


def shard_of(shard: str, count: int) -> np.ndarray:
    """The indices of one share of ``count`` clips: ``2of4`` is the second of four runs of nearly one length.

    Raises ``ConfigError`` for another notation.
    """
    match = re.fullmatch(r"([1-9]\d*)of([1-9]\d*)", shard)
    if match is None or int(match[1]) > int(match[2]):
        raise ConfigError(f"shard: found {shard!r}, expected one such as 1of4")
    return np.array_split(np.arange(count), int(match[2]))[int(match[1]) - 1]


def spread(label: np.ndarray, limit: int | None) -> np.ndarray:
    """Indices of at most ``limit`` clips, as many of each class as can be, evenly spaced in it; in order."""
    if limit is None or limit >= len(label):
        return np.arange(len(label))
    by_class = [np.flatnonzero(label == one) for one in np.unique(label)]
    share = np.zeros(len(by_class), dtype=int)
    while share.sum() < limit:
        for place, members in enumerate(by_class):
            if share[place] < len(members) and share.sum() < limit:
                share[place] += 1
    chosen = [
        members[np.linspace(0, len(members) - 1, count).round().astype(int)]
        for members, count in zip(by_class, share, strict=True)
        if count
    ]
    return np.sort(np.concatenate(chosen))


def rightly_told(model: Recognizer, clips: Clips) -> np.ndarray:
    """Indices of the clips that a recognizer gets right, in the order of the store."""
    if not len(clips):
        return np.arange(0)
    device = next(model.parameters()).device
    logits = RECOGNIZERS.predict(model, torch.from_numpy(clips.normalised).to(device)).cpu()
    return np.flatnonzero(criteria.ahead(logits, torch.from_numpy(clips.label)).numpy() == 0)


def attack_clips(
    *,
    clips_path: Path,
    model_path: Path,
    attack: Mapping[str, Any],
    shard: str,
    seed: int,
    store_path: Path,
) -> None:
    """Attacks one share of the test clips that a recognizer gets right and writes a store of kind ``adversarial``.

    ``attack`` names the module (``attack``), its ``preset``, ``settings`` that change it, the ``strategy`` (AB, ABn,
    SA), ``limit`` clips at most over all shards and ``batch`` clips at once, which changes no result.

    Raises ``KinesecError`` for clips that are not finite, have labels out of range or do not fit the model, for a model
    that fails the checks, and ``ConfigError`` for an attack, a strategy or a shard that there is none of.
    """
    clips = checked(clips_path, "test")
    chosen = build(attack["attack"], attack.get("settings") or {}, attack.get("preset", "paper"))
    criterion = criteria.parse(attack["strategy"], len(clips.classes))
    model, description = RECOGNIZERS.load(model_path, best_device())
    check_fit(model_path, model.shape, description, clips_path, clips)
    right = rightly_told(model, clips)
    every = clips.take_rows(right[spread(clips.label[right], attack.get("limit"))])
    whole = Problem.of(every)
    width = width_for(next(model.parameters()).device, whole.position)
    found = _checks.inspect(chosen, model, whole, criterion, seed=seed, width=width)
    part = whole.take(shard_of(shard, len(whole)))
    done = chosen.run(model, part, criterion, batch=attack.get("batch"), seed=seed, width=width, show=True)
    attrs = {
        "dataset": clips.attrs["dataset"],
        "clips_content_sha256": clips.attrs["content_sha256"],
        "model_sha256": sha256_of(model_path),
        "attack": attack["attack"],
        "preset": attack.get("preset", "paper"),
        "strategy": criterion.name,
        "settings": chosen.settings,
        "seed": seed,
        "shard": shard,
        "test_clips": len(clips),
        "right_clips": len(right),
        "attacked_clips": len(every),
        "width": width,
        "checks": found,
    }
    write(store_path, done, attrs)


def write(path: Path, done: Adversarial, attrs: Mapping[str, Any]) -> None:
    """Writes what an attack made, as float32, whatever the number of clips."""
    arrays = {
        name: getattr(done, name)
        for name in ("row", "label", "target", "claimed", "iterations", "queries", "class_loss", "perceptual_loss")
    }
    position = done.position.cpu().numpy().astype(np.float32)
    store.write(path, ADVERSARIAL, {"position": position, "first_success": done.first_success, **arrays}, attrs)
