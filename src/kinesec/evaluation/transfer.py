"""Whether clips that attack one recognizer, the surrogate, fool another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kinesec import seeding
from kinesec.evaluation.attacks import succeeded
from kinesec.metrics.intervals import of_takes


def transfer_success(logits: np.ndarray, label: np.ndarray, target: np.ndarray, strategy: str) -> np.ndarray:
    """Whether the target is fooled (clip,): it says another class (AB, ABn), or the fake label (SA)."""
    return succeeded(logits, label, target, "SA" if strategy == "SA" else "AB")


def at_random(adversarial: np.ndarray, clean: np.ndarray, seed: int) -> np.ndarray:
    """The control of size alone: each coordinate moved as far as the attack moved it, this way or that by chance.

    Every joint is as far from its place as in the adversarial clip, at every frame; where nothing moved nothing does.
    """
    signs = seeding.generator(seed, "random control").choice(np.array([-1.0, 1.0], dtype=np.float32), clean.shape)
    return np.asarray(clean + signs * (adversarial - clean), dtype=np.float32)


def shared_members(described: Mapping[str, Any], sha256: str, other: Mapping[str, Any], other_sha256: str) -> int:
    """How many networks a surrogate and a target have in common: both may be ensembles, or one the other's member.

    ``sha256`` is of each one's file; its description says which files an ensemble was made of.
    """
    ours = set(described.get("members", {}).values()) or {sha256}
    theirs = set(other.get("members", {}).values()) or {other_sha256}
    return len(ours & theirs)


def displacement_mm(adversarial: np.ndarray, clean: np.ndarray, present: np.ndarray, scale_mm: float) -> np.ndarray:
    """The mean distance (clip,) of a joint from its place, over the frames and bodies that are there."""
    far = np.linalg.norm(adversarial - clean, axis=-1).mean(-1) * scale_mm
    return np.asarray((far * present).sum((1, 2)) / np.maximum(present.sum((1, 2)), 1))


def summary(
    outcomes: Mapping[str, np.ndarray],
    take: np.ndarray,
    correct: np.ndarray,
    fooled: np.ndarray | None,
    wrong: np.ndarray,
) -> dict[str, Any]:
    """Success over the clips that the target classifies correctly, and over those that also fool the surrogate.

    ``outcomes`` holds ``success``, ``by_strategy`` and the controls ``control`` and ``random`` (clip,), ``take``
    (clip,) whose performance each clip is of: intervals are over takes (``metrics.intervals``). Over all clips,
    ``clean_error`` is what the target gets wrong of the clean ones, and ``error`` what it gets wrong clean or
    adversarial: ``wrong`` (clip,) says of the latter whether it answers another class, whichever was wanted.
    """
    columns = {name: np.where(correct, 100.0 * values, np.nan) for name, values in outcomes.items()}
    both = None if fooled is None else correct & fooled
    columns["fooled"] = np.full(len(correct), np.nan) if both is None else np.where(both, columns["success"], np.nan)
    columns["clean_error"] = 100.0 * ~correct
    columns["error"] = 100.0 * (wrong | ~correct)
    values = np.stack([*columns.values()], axis=1)
    mean, low, high, worth = of_takes(values, take, least=0.0, most=100.0, rate=True)
    ends = {name: (mean[place], low[place], high[place]) for place, name in enumerate(columns)}
    row: dict[str, Any] = {"n": int(correct.sum()), "n_attacked": len(correct)}
    row |= {"takes": len(set(take[correct].tolist())), "n_effective": float(worth[0])}
    row |= {"n_fooled": None if both is None else int(both.sum())}
    row |= dict(zip(("success_percent", "low_percent", "high_percent"), ends["success"], strict=True))
    row |= dict(zip(("of_fooled_percent", "of_fooled_low", "of_fooled_high"), ends["fooled"], strict=True))
    row["by_strategy_percent"] = ends["by_strategy"][0]
    for name in ("control", "random", "clean_error", "error"):
        row |= dict(zip((f"{name}_percent", f"{name}_low", f"{name}_high"), ends[name], strict=True))
    return row
