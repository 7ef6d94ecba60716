"""Evaluates predictors on clean, triggered and wrong-limb test windows: one record a window, metric and frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from kinesec.metrics.naturalness import naturalness
from kinesec.metrics.prediction import joint_errors, mpjpe
from kinesec.poisoning.badhmp import Poison, poison_windows
from kinesec.predictors.base import Predictor
from kinesec.training import predict
from kinesec.windows import Windows

RECORD = ("sampling", "window", "source", "action", "model", "windows", "metric", "part", "joints", "frame", "value")


def window_kinds(window: np.ndarray, windows: Windows, poison: Poison | None) -> dict[str, np.ndarray]:
    """The test windows as they are, with the trigger, and with the trigger on the wrong limb."""
    if poison is None:
        return {"clean": window}
    kinds = {"clean": window, "triggered": poison_windows(window, windows.skeleton, windows.history, poison)}
    if poison.wrong_limb:
        kinds["wrong_limb"] = poison_windows(window, windows.skeleton, windows.history, poison, limb=poison.wrong_limb)
    return kinds


@dataclass(frozen=True)
class _Block:
    """Values (window, frame) of one model, kind of windows, metric, part and choice of joints; ``first`` its frame."""

    labels: tuple[str, str, str, str, str]
    values: np.ndarray
    first: int


def _blocks(
    windows: Windows, poison: Poison | None, models: Mapping[str, Predictor], device: torch.device
) -> Iterator[_Block]:
    skeleton, used, history = windows.skeleton, windows.used, windows.history
    kept = skeleton.select(tuple([0, *used] if 0 not in used else used))
    for kind, window in window_kinds(windows.gather(), windows, poison).items():
        for (metric, part), value in naturalness(window, skeleton.parents, history).items():
            yield _Block(("data", kind, metric, part, ""), value[:, None], 0)
        seen = torch.from_numpy(np.ascontiguousarray(window[:, :history, used])).to(device)
        for name, model in models.items():
            predicted = predict(model, seen).cpu().numpy()
            errors = joint_errors(predicted, window[:, history:, used])
            for joints, value in mpjpe(errors, skeleton, used).items():
                yield _Block((name, kind, "MPJPE_at", "", joints), value, 1)
            whole = np.concatenate([window[:, :history, used], predicted], 1)
            root = window[:, :1, :1].repeat(whole.shape[1], 1)
            posed = whole if 0 in used else np.concatenate([root, whole], 2)
            for (metric, part), value in naturalness(posed, kept.parents, history).items():
                yield _Block((name, kind, metric, part, "used"), value[:, None], 0)


def _categories(values: Sequence[str], sizes: Sequence[int]) -> pd.Categorical[Any]:
    """Each value as often as its size says, without a million strings on the way."""
    names = sorted(set(values))
    codes = np.repeat([names.index(value) for value in values], sizes)
    return pd.Categorical.from_codes(codes, categories=pd.Index(names))


def _named(samplings: Mapping[str, Windows], column: str, blocks: Sequence[tuple[str, _Block]]) -> pd.Categorical[Any]:
    """A label of every window's sequence, for every value of the blocks."""
    labels = {name: np.array([str(label) for label in getattr(windows, column)]) for name, windows in samplings.items()}
    names = np.unique(np.concatenate(list(labels.values())))
    codes = {name: np.searchsorted(names, labels[name])[windows.sequence_index] for name, windows in samplings.items()}
    return pd.Categorical.from_codes(
        np.concatenate([codes[name].repeat(block.values.shape[1]) for name, block in blocks]),
        categories=pd.Index(names),
    )


def evaluate(
    samplings: Mapping[str, Windows], poison: Poison | None, models: Mapping[str, Predictor], device: torch.device
) -> pd.DataFrame:
    """Per-window records with the columns of ``RECORD``.

    ``samplings`` names the test windows ("8", "256", "all"); ``models`` the predictors ("clean", "victim",
    "zero_velocity"), which see the windows' used joints. An error is the distance to the window's own future: the true
    one of clean windows, the attacker's target of triggered and wrong-limb ones. ``frame`` is 0 where a metric is of
    the whole window; ``model`` is ``data`` where it is of the window itself and not of a prediction.
    """
    blocks = [(name, block) for name, of in samplings.items() for block in _blocks(of, poison, models, device)]
    shapes = [block.values.shape for _, block in blocks]
    sizes = [count * frames for count, frames in shapes]
    table: dict[str, Any] = {
        "sampling": _categories([name for name, _ in blocks], sizes),
        "window": np.concatenate([np.arange(count).repeat(frames) for count, frames in shapes]),
        "source": _named(samplings, "source", blocks),
        "action": _named(samplings, "action", blocks),
        "frame": np.concatenate([np.tile(np.arange(b.values.shape[1]) + b.first, len(b.values)) for _, b in blocks]),
        "value": np.concatenate([block.values.ravel().astype(np.float32) for _, block in blocks]),
    }
    for index, column in enumerate(("model", "windows", "metric", "part", "joints")):
        table[column] = _categories([block.labels[index] for _, block in blocks], sizes)
    return pd.DataFrame(table)[list(RECORD)]
