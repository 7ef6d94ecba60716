"""Evaluates predictors on clean, triggered and nearly triggered test windows: one record a window, metric and frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch

from kinesec.metrics.naturalness import naturalness
from kinesec.metrics.prediction import joint_errors, mpjpe
from kinesec.models.predictors.base import PREDICTORS, Predictor
from kinesec.motion.skeleton import Skeleton, representative
from kinesec.poisoning.prediction.badhmp import Poison
from kinesec.poisoning.prediction.variants import near_misses, window_kinds
from kinesec.samples.windows.windows import Windows

ZERO_VELOCITY = "zero_velocity"
RECORD = (
    "sampling", "window", "source", "action", "sequence", "start", "model", "windows", "metric", "part", "joints",
    "frame", "value",
)  # fmt: skip


@dataclass(frozen=True)
class _Block:
    """Values (window, frame) of one model, kind of windows, metric, part and choice of joints; ``first`` its frame.

    ``index`` says which of the sampling's windows they are.
    """

    labels: tuple[str, str, str, str, str]
    values: np.ndarray
    first: int
    index: np.ndarray


def _errors(
    kind: str, index: np.ndarray, window: np.ndarray, predicted: np.ndarray, windows: Windows, name: str
) -> Iterator[_Block]:
    errors = joint_errors(predicted, window[:, windows.history :, windows.used])
    for joints, value in mpjpe(errors, windows.skeleton, windows.used).items():
        yield _Block((name, kind, "MPJPE_at", "", joints), value, 1, index)


def _blocks(
    windows: Windows,
    poison: Poison | None,
    models: Mapping[str, Predictor],
    device: torch.device,
    degrees: Sequence[float],
) -> Iterator[_Block]:
    skeleton, used, history = windows.skeleton, windows.used, windows.history
    every, whole_windows = np.arange(len(windows)), windows.gather()
    for kind, window in window_kinds(whole_windows, windows, poison).items():
        for (metric, part), value in naturalness(window, skeleton.parents, history).items():
            yield _Block(("data", kind, metric, part, ""), value[:, None], 0, every)
        for name, model in models.items():
            predicted = PREDICTORS.predict_array(model, window[:, :history, used], device)
            yield from _errors(kind, every, window, predicted, windows, name)
            whole = completed(window, predicted, skeleton, used)
            for (metric, part), value in naturalness(whole, skeleton.parents, history).items():
                yield _Block((name, kind, metric, part, ""), value[:, None], 0, every)
    if poison is None:
        return
    for kind, index, window in near_misses(whole_windows, windows, poison, degrees):
        for name, model in models.items():
            if name != ZERO_VELOCITY:
                predicted = PREDICTORS.predict_array(model, window[:, :history, used], device)
                errors = _errors(kind, index, window, predicted, windows, name)
                yield from (block for block in errors if block.labels[-1] == "used")


def with_root(used: Sequence[int]) -> tuple[int, ...]:
    """The joints that a model sees, and the root where it sees none: a tree that can be drawn and measured."""
    return tuple(used if 0 in used else [0, *used])


def completed(window: np.ndarray, predicted: np.ndarray, skeleton: Skeleton, used: Sequence[int]) -> np.ndarray:
    """Windows (window, frame, joint, xyz) of every joint: their histories, then predicted futures of the used joints.

    A duplicate of a used joint goes with it; the others, which do not move, are the window's own. So a prediction has
    all bones of the window itself, and one without an error its smoothness and bone lengths.
    """
    same, place = representative(skeleton), {joint: index for index, joint in enumerate(used)}
    moved = [joint for joint in range(len(skeleton)) if same[joint] in place]
    whole = np.array(window)
    whole[:, window.shape[1] - predicted.shape[1] :, moved] = predicted[:, :, [place[same[joint]] for joint in moved]]
    return whole


def posed_windows(window: np.ndarray, predicted: np.ndarray, used: Sequence[int]) -> np.ndarray:
    """Windows (window, frame, joint, xyz) of the joints ``with_root(used)``: their histories with predicted futures."""
    whole = np.concatenate([window[:, : window.shape[1] - predicted.shape[1], list(used)], predicted], 1)
    if 0 in used:
        return whole
    return np.concatenate([window[:, :1, :1].repeat(whole.shape[1], 1), whole], 2)


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
        np.concatenate([codes[name][block.index].repeat(block.values.shape[1]) for name, block in blocks]),
        categories=pd.Index(names),
    )


def _of_windows(samplings: Mapping[str, Windows], name: str, blocks: Sequence[tuple[str, _Block]]) -> np.ndarray:
    """A number of every window, for every value of the blocks."""
    numbers = {sampling: np.asarray(getattr(windows, name), np.int64) for sampling, windows in samplings.items()}
    return np.concatenate([numbers[sampling][b.index].repeat(b.values.shape[1]) for sampling, b in blocks])


def evaluate(
    samplings: Mapping[str, Windows],
    poison: Poison | None,
    models: Mapping[str, Predictor],
    device: torch.device,
    *,
    near_miss_degrees: Sequence[float] = (),
) -> pd.DataFrame:
    """Per-window records with the columns of ``RECORD``.

    ``samplings`` names the test windows ("8", "256", "all"); ``models`` the predictors ("clean", "victim",
    "zero_velocity"), which see the windows' used joints. An error is the distance to the window's own future: the true
    one of clean windows, the attacker's target of all others but ``natural_nearest_truth``. ``sequence`` and ``start``
    tell which windows share frames. ``frame`` is 0 where a metric is of the whole window; ``model`` is ``data`` where
    it is of the window itself and not of a prediction. Near misses (rotated by ``near_miss_degrees``, half the frames,
    natural) have errors of the used joints alone, and none of zero velocity, which knows no trigger.
    """
    blocks = [
        (name, block)
        for name, of in samplings.items()
        for block in _blocks(of, poison, models, device, near_miss_degrees)
    ]
    shapes = [block.values.shape for _, block in blocks]
    sizes = [count * frames for count, frames in shapes]
    table: dict[str, Any] = {
        "sampling": _categories([name for name, _ in blocks], sizes),
        "window": np.concatenate([block.index.repeat(block.values.shape[1]) for _, block in blocks]),
        "source": _named(samplings, "source", blocks),
        "action": _named(samplings, "action", blocks),
        "sequence": _of_windows(samplings, "sequence_index", blocks),
        "start": _of_windows(samplings, "start", blocks),
        "frame": np.concatenate([np.tile(np.arange(b.values.shape[1]) + b.first, len(b.values)) for _, b in blocks]),
        "value": np.concatenate([block.values.ravel().astype(np.float32) for _, block in blocks]),
    }
    for index, column in enumerate(("model", "windows", "metric", "part", "joints")):
        table[column] = _categories([block.labels[index] for _, block in blocks], sizes)
    return pd.DataFrame(table)[list(RECORD)]
