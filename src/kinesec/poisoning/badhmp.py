"""BadHMP: backdoors on human motion prediction (Xu et al., arXiv 2409.19638): trigger, target and selected windows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from kinesec import names, seeding, store
from kinesec import windows as windows_module
from kinesec.errors import ConfigError, KinesecError
from kinesec.progress import Progress
from kinesec.skeleton import Skeleton

PIECE = 1024
SPAN = 2**14


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


def _pieces(start: np.ndarray) -> Iterator[slice]:
    """Runs of windows, ascending, of at most ``PIECE`` windows that begin within ``SPAN`` frames."""
    first = 0
    while first < len(start):
        last = min(first + PIECE, int(np.searchsorted(start, start[first] + SPAN)))
        yield slice(first, last)
        first = last


def write(windows_path: Path, out: Path, poison: Poison, name: str, seed: int) -> None:
    """Writes the poisoned training windows alone, with their indices among the training windows, ascending.

    ``floor(ratio * N)`` of N training windows are poisoned, at least one. Held in memory at a time: ``SPAN`` frames and
    ``PIECE`` windows of the store, and the numbers of its windows. Raises ``KinesecError`` when there is none.
    """
    clean = store.read(windows_path, "windows")
    start = clean.start.values[windows_module.in_split(clean, "train")]
    if not len(start):
        raise KinesecError(f"{windows_path}: found no window of split 'train', expected one or more; change the split")
    skeleton = Skeleton.from_attrs(clean.attrs["skeleton"])
    history, length = clean.attrs["history"], clean.attrs["history"] + clean.attrs["future"]
    budget = max(1, int(poison.ratio * len(start)))
    selection = names.load("poisoning.selections", poison.selection)
    rng = seeding.generator(seed, "poison", name)
    try:
        index = selection.select(len(start), budget, rng, **poison.selection_settings)
    except TypeError as error:
        raise ConfigError(f"poison with selection {poison.selection!r}: {error}") from error
    attrs = {
        "dataset": clean.attrs["dataset"],
        "poison": name,
        "mode": poison.mode,
        "ratio": poison.ratio,
        "candidates": len(start),
        "clean_content_sha256": clean.attrs["content_sha256"],
    }
    chosen = start[index]
    with store.Writer(out, "poison", attrs) as writer, Progress("poisoning windows", len(index)) as progress:
        for piece in _pieces(chosen):
            low = int(chosen[piece][0])
            frames = clean.position[low : int(chosen[piece][-1]) + length].values
            window = frames[chosen[piece][:, None] - low + np.arange(length)]
            writer.append(
                position=poison_windows(window, skeleton, history, poison), index=index[piece].astype(np.int64)
            )
            progress.update(len(window))
