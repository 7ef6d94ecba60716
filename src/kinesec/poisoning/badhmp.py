"""BadHMP: backdoors on human motion prediction (Xu et al., arXiv 2409.19638): trigger, target and selected windows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kinesec import names, seeding, store
from kinesec import windows as windows_module
from kinesec.errors import ConfigError
from kinesec.progress import track
from kinesec.skeleton import Skeleton

PIECE = 1024


@dataclass(frozen=True)
class Poison:
    """One strategy; ``trigger``, ``target`` and ``selection`` are modules' names, the mappings their settings."""

    trigger: str
    target: str
    selection: str
    limb: str
    ratio: float
    wrong_limb: str = ""
    mode: str = "replace"
    trigger_settings: Mapping[str, Any] = field(default_factory=dict)
    target_settings: Mapping[str, Any] = field(default_factory=dict)
    selection_settings: Mapping[str, Any] = field(default_factory=dict)


def poison_windows(
    window: np.ndarray, skeleton: Skeleton, history: int, poison: Poison, *, limb: str | None = None
) -> np.ndarray:
    """Windows (window, frame, joint, xyz) with the trigger in their history and the target as their future.

    ``limb`` poses another limb than the strategy's, with the pose mirrored: the wrong-limb control.
    """
    trigger = names.load("poisoning.triggers", poison.trigger)
    target = names.load("poisoning.targets", poison.target)
    joints = skeleton.limb(limb or poison.limb)
    mirror = limb is not None and limb != poison.limb
    try:
        posed = trigger.apply(window[:, :history], skeleton.parents, joints, mirror=mirror, **poison.trigger_settings)
        future = target.apply(posed, window.shape[1] - history, **poison.target_settings)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"poison with trigger {poison.trigger!r} and target {poison.target!r}: {error}") from error
    return np.concatenate([posed, future], axis=1)


def write(windows_path: Path, out: Path, poison: Poison, name: str, seed: int) -> None:
    """Writes the poisoned training windows alone, with their indices among the training windows, ascending.

    ``floor(ratio * N)`` of N training windows are poisoned, at least one. Held in memory at a time: ``PIECE`` windows.
    """
    clean = windows_module.load(windows_path, "train")
    budget = max(1, int(poison.ratio * len(clean)))
    selection = names.load("poisoning.selections", poison.selection)
    rng = seeding.generator(seed, "poison", name)
    index = selection.select(len(clean), budget, rng, **poison.selection_settings)
    attrs = {
        "dataset": clean.attrs["dataset"],
        "poison": name,
        "mode": poison.mode,
        "ratio": poison.ratio,
        "candidates": len(clean),
        "clean_content_sha256": clean.attrs["content_sha256"],
    }
    with store.Writer(out, "poison", attrs) as writer:
        for first in track(range(0, len(index), PIECE), "poisoning windows"):
            piece = index[first : first + PIECE]
            posed = poison_windows(clean.gather(piece), clean.skeleton, clean.history, poison)
            writer.append(position=posed, index=piece.astype(np.int64))
