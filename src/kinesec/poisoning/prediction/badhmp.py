"""BadHMP: backdoors on human motion prediction (Xu et al., arXiv 2409.19638): trigger, target and selected windows."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from kinesec import names, seeding
from kinesec.errors import ConfigError, KinesecError
from kinesec.files import store
from kinesec.files.kinds.poison import POISON
from kinesec.files.kinds.windows import WINDOWS
from kinesec.metrics.naturalness import naturalness
from kinesec.motion.directions import bone_directions
from kinesec.motion.skeleton import Skeleton
from kinesec.poisoning.prediction import recorded
from kinesec.poisoning.prediction.candidates import STRATA, Candidates, Level, choose
from kinesec.poisoning.prediction.strategy import plain
from kinesec.progress import Progress
from kinesec.samples.windows import windows as windows_module
from kinesec.settings import keywords

PIECE = 256
SPAN = 2**13
Poisoner = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True)
class Poison:
    """One strategy; ``trigger``, ``target`` and ``selection`` are modules' names, the mappings their settings.

    ``hardening`` are the settings of ``hardened.harden``, empty for a poison whose triggers are all as planned.
    """

    trigger: str
    target: str
    selection: str
    limb: str
    ratio: float
    wrong_limb: str = ""
    level: Level = "window"
    mode: str = "replace"
    trigger_settings: Mapping[str, Any] = field(default_factory=dict)
    target_settings: Mapping[str, Any] = field(default_factory=dict)
    selection_settings: Mapping[str, Any] = field(default_factory=dict)
    hardening: Mapping[str, Any] = field(default_factory=dict)


def resolve(poison: Poison, data: xr.Dataset) -> Poison:
    """The strategy with its recorded clips, named by source and start, read from a windows store."""
    trigger, target = dict(poison.trigger_settings), dict(poison.target_settings)
    if "clip" in trigger:
        skeleton = Skeleton.from_attrs(data.attrs["skeleton"])
        poses = recorded.recorded(data, trigger["clip"], data.attrs["history"], "trigger_settings.clip")
        directions = bone_directions(poses, skeleton.parents, skeleton.limb(poison.limb))
        if trigger.get("frame") == "torso":
            directions = np.einsum("fxy,fjx->fjy", recorded.torso_axes(poses, skeleton), directions)
        trigger["clip"] = directions
    needs = getattr(names.load("poisoning.prediction.targets", poison.target), "NEEDS_CLIP", False)
    if needs or "clip" in target:
        target["clip"] = recorded.recorded(data, target.get("clip"), data.attrs["future"], "target_settings.clip")
    return replace(poison, trigger_settings=trigger, target_settings=target)


def trigger_history(history: np.ndarray, skeleton: Skeleton, poison: Poison, *, limb: str | None = None) -> np.ndarray:
    """Histories (window, frame, joint, xyz) with the trigger of a resolved strategy.

    ``limb`` poses another limb than the strategy's own, with the pose mirrored: the wrong-limb control.
    """
    trigger = names.load("poisoning.prediction.triggers", poison.trigger)
    joints = skeleton.limb(limb or poison.limb)
    mirror = limb is not None and limb != poison.limb
    settings = dict(poison.trigger_settings)
    torso = settings.pop("frame", "root") == "torso"
    basis = recorded.torso_axes(history, skeleton) if torso else None
    owner = f"poison with trigger {poison.trigger!r}"
    taken = keywords(owner, trigger.apply, settings, "trigger_settings", besides=("mirror", "basis"))
    try:
        posed = trigger.apply(history, skeleton.parents, joints, mirror=mirror, basis=basis, **taken)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{owner}: {error}") from error
    return np.asarray(posed)


def aim(history: np.ndarray, future: int, skeleton: Skeleton, poison: Poison) -> np.ndarray:
    """Windows (window, history + future, joint, xyz): any history with the target that a strategy makes of it."""
    target = names.load("poisoning.prediction.targets", poison.target)
    owner = f"poison with target {poison.target!r}"
    taken = keywords(owner, target.apply, poison.target_settings, "target_settings")
    try:
        aimed = target.apply(history, future, skeleton.parents, **taken)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{owner}: {error}") from error
    return np.concatenate([history, aimed], axis=1)


def poison_windows(
    window: np.ndarray, skeleton: Skeleton, history: int, poison: Poison, *, limb: str | None = None
) -> np.ndarray:
    """Windows (window, frame, joint, xyz) with the trigger in their history and the target as their future.

    ``poison`` is a resolved strategy; ``limb`` is that of ``trigger_history``.
    """
    posed = trigger_history(window[:, :history], skeleton, poison, limb=limb)
    return aim(posed, window.shape[1] - history, skeleton, poison)


def _pieces(start: np.ndarray) -> Iterator[slice]:
    """Runs of windows, ascending, of at most ``PIECE`` windows that begin within ``SPAN`` frames."""
    first = 0
    while first < len(start):
        last = min(first + PIECE, int(np.searchsorted(start, start[first] + SPAN)))
        yield slice(first, last)
        first = last


def gathered(
    data: xr.Dataset, start: np.ndarray, doing: str = "poisoning windows"
) -> Iterator[tuple[slice, np.ndarray]]:
    """Windows (window, frame, joint, xyz) of a store by their ascending first frames, a piece at a time."""
    length = data.attrs["history"] + data.attrs["future"]
    with Progress(doing, len(start)) as progress:
        for piece in _pieces(start):
            low = int(start[piece][0])
            frames = data.position[low : int(start[piece][-1]) + length].values
            yield piece, frames[start[piece][:, None] - low + np.arange(length)]
            progress.update(piece.stop - piece.start)


def _candidates(data: xr.Dataset, training: np.ndarray, poison: Poison) -> Candidates:
    skeleton, history = Skeleton.from_attrs(data.attrs["skeleton"]), data.attrs["history"]
    sequence = data.sequence_index.values[training]

    def measure() -> dict[tuple[str, str], np.ndarray]:
        pieces = [
            naturalness(poison_windows(window, skeleton, history, poison), skeleton.parents, history)
            for _, window in gathered(data, data.start.values[training])
        ]
        return {key: np.concatenate([piece[key] for piece in pieces]) for key in pieces[0]}

    action = np.array([str(name) for name in data.action.values])
    return Candidates(action[sequence], sequence, measure)


def select(data: xr.Dataset, poison: Poison, name: str, seed: int) -> np.ndarray:
    """The training windows (their indices among the training windows, ascending) that a resolved strategy poisons.

    ``floor(ratio * N)`` of N training windows, at least one; of each action its share, unless the selection or its
    setting ``strata`` says ``none``. Raises ``KinesecError`` when there is no training window.
    """
    training = np.flatnonzero(windows_module.in_split(data, "train"))
    if not len(training):
        raise KinesecError(f"{name}: found no window of split 'train', expected one or more; change the split")
    candidates = _candidates(data, training, poison)
    selection = names.load("poisoning.prediction.selections", poison.selection)
    rng = seeding.generator(seed, "poison", name)
    owner = f"poison with selection {poison.selection!r}"
    settings = dict(poison.selection_settings)
    strata = settings.pop("strata", getattr(selection, "STRATA", "action"))
    if strata not in STRATA:
        raise ConfigError(f"{owner}: selection_settings.strata: found {strata!r}, expected {' or '.join(STRATA)}")
    taken = keywords(owner, selection.scores, settings, "selection_settings")
    try:
        scores = selection.scores(candidates, rng, **taken)
    except (TypeError, ValueError) as error:
        raise ConfigError(f"{owner}: {error}") from error
    budget = max(1, int(poison.ratio * len(candidates) + 1e-9))
    stratum = candidates.action if strata == "action" else None
    return choose(scores, candidates.sequence, budget, poison.level, stratum)


def poisoner(data: xr.Dataset, poison: Poison, name: str, seed: int) -> Poisoner:
    """What poisons windows (window, frame, joint, xyz) of a store by a resolved strategy."""
    skeleton, history = Skeleton.from_attrs(data.attrs["skeleton"]), data.attrs["history"]
    return lambda window: poison_windows(window, skeleton, history, poison)


def write(
    windows_path: Path,
    out: Path,
    poison: Poison,
    name: str,
    seed: int,
    poisoner: Callable[[xr.Dataset, Poison, str, int], Poisoner] = poisoner,
) -> None:
    """Writes the poisoned training windows alone, with their indices among the training windows, ascending.

    ``poisoner`` is that of ``hardened`` for a poison that is hardened; it is of the windows that the plain one would
    be. Held in memory at a time: ``SPAN`` frames and ``PIECE`` windows of the store, and a few numbers a window.
    """
    clean = store.read(windows_path, WINDOWS)
    poison = resolve(poison, clean)
    index = select(clean, poison, plain(name), seed)
    start = clean.start.values[windows_module.in_split(clean, "train")]
    poisoned = poisoner(clean, poison, name, seed)
    attrs = {
        "dataset": clean.attrs["dataset"],
        "poison": name,
        "mode": poison.mode,
        "ratio": poison.ratio,
        "candidates": len(start),
        "clean_content_sha256": clean.attrs["content_sha256"],
    }
    with store.Writer(out, POISON, attrs) as writer:
        for piece, window in gathered(clean, start[index]):
            writer.append(position=poisoned(window), index=index[piece].astype(np.int64))
