"""Whether clips that attack one recognizer, the surrogate, fool another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from kinesec.evaluation.attacks import succeeded
from kinesec.metrics.intervals import of_takes


def transfer_success(logits: np.ndarray, label: np.ndarray, target: np.ndarray, strategy: str) -> np.ndarray:
    """Whether the target is fooled (clip,): it says another class (AB, ABn), or the fake label (SA)."""
    return succeeded(logits, label, target, "SA" if strategy == "SA" else "AB")


def summary(
    outcomes: Mapping[str, np.ndarray], take: np.ndarray, correct: np.ndarray, fooled: np.ndarray | None
) -> dict[str, Any]:
    """Success over the clips that the target classifies correctly, and over those that also fool the surrogate.

    ``outcomes`` holds ``success``, ``by_strategy`` and ``control`` (clip,), ``take`` (clip,) whose performance
    each clip is of: intervals are over takes (``metrics.intervals``).
    """
    columns = {name: np.where(correct, 100.0 * values, np.nan) for name, values in outcomes.items()}
    both = None if fooled is None else correct & fooled
    columns["fooled"] = np.full(len(correct), np.nan) if both is None else np.where(both, columns["success"], np.nan)
    values = np.stack([*columns.values()], axis=1)
    mean, low, high, worth = of_takes(values, take, least=0.0, most=100.0, rate=True)
    ends = {name: (mean[place], low[place], high[place]) for place, name in enumerate(columns)}
    row: dict[str, Any] = {"n": int(correct.sum()), "n_attacked": len(correct)}
    row |= {"takes": len(set(take[correct].tolist())), "n_effective": float(worth[0])}
    row |= {"n_fooled": None if both is None else int(both.sum())}
    row |= dict(zip(("success_percent", "low_percent", "high_percent"), ends["success"], strict=True))
    row |= dict(zip(("of_fooled_percent", "of_fooled_low", "of_fooled_high"), ends["fooled"], strict=True))
    row["by_strategy_percent"] = ends["by_strategy"][0]
    return row | dict(zip(("control_percent", "control_low", "control_high"), ends["control"], strict=True))
