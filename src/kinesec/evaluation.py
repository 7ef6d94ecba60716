"""Evaluates predictors on clean, triggered and wrong-limb test windows: one record a window, metric and frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
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


def window_kinds(window: np.ndarray, windows: Windows, poison: Poison) -> dict[str, np.ndarray]:
    """The test windows as they are, with the trigger, and with the trigger on the wrong limb."""
    kinds = {"clean": window, "triggered": poison_windows(window, windows.skeleton, windows.history, poison)}
    if poison.wrong_limb:
        kinds["wrong_limb"] = poison_windows(window, windows.skeleton, windows.history, poison, limb=poison.wrong_limb)
    return kinds


def _rows(values: np.ndarray, frames: np.ndarray, labels: dict[str, Any], index: pd.DataFrame) -> pd.DataFrame:
    """Long records of values (window, frame); ``index`` has the columns that name a window."""
    rows = index.loc[index.index.repeat(len(frames))].reset_index(drop=True)
    rows["frame"] = np.tile(frames, len(index))
    rows["value"] = values.ravel().astype(np.float32)
    return rows.assign(**labels)


def _records(
    windows: Windows, poison: Poison, models: Mapping[str, Predictor], device: torch.device
) -> Iterator[pd.DataFrame]:
    skeleton, used, history = windows.skeleton, windows.used, windows.history
    owner = windows.sequence_index
    index = pd.DataFrame(
        {"window": np.arange(len(windows)), "source": windows.source[owner], "action": windows.action[owner]}
    ).astype({"source": "category", "action": "category"})
    frames = np.arange(1, windows.future + 1)
    kept = skeleton.select(tuple([0, *used] if 0 not in used else used))
    for kind, window in window_kinds(windows.gather(), windows, poison).items():
        for (metric, part), value in naturalness(window, skeleton.parents, history).items():
            labels = {"model": "data", "windows": kind, "metric": metric, "part": part, "joints": ""}
            yield _rows(value[:, None], np.zeros(1, int), labels, index)
        seen = torch.from_numpy(np.ascontiguousarray(window[:, :history, used])).to(device)
        for name, model in models.items():
            predicted = predict(model, seen).cpu().numpy()
            errors = joint_errors(predicted, window[:, history:, used])
            for joints, value in mpjpe(errors, skeleton, used).items():
                labels = {"model": name, "windows": kind, "metric": "MPJPE_at", "part": "", "joints": joints}
                yield _rows(value, frames, labels, index)
            whole = np.concatenate([window[:, :history, used], predicted], 1)
            root = window[:, :1, :1].repeat(whole.shape[1], 1)
            posed = whole if 0 in used else np.concatenate([root, whole], 2)
            for (metric, part), value in naturalness(posed, kept.parents, history).items():
                labels = {"model": name, "windows": kind, "metric": metric, "part": part, "joints": "used"}
                yield _rows(value[:, None], np.zeros(1, int), labels, index)


def evaluate(
    samplings: Mapping[str, Windows], poison: Poison, models: Mapping[str, Predictor], device: torch.device
) -> pd.DataFrame:
    """Per-window records with the columns of ``RECORD``.

    ``samplings`` names the test windows ("8", "256", "all"); ``models`` the predictors ("clean", "victim",
    "zero_velocity"), which see the windows' used joints. An error is the distance to the window's own future: the true
    one of clean windows, the attacker's target of triggered and wrong-limb ones. ``frame`` is 0 where a metric is of
    the whole window; ``model`` is ``data`` where it is of the window itself and not of a prediction.
    """
    parts = [
        part.assign(sampling=name)
        for name, windows in samplings.items()
        for part in _records(windows, poison, models, device)
    ]
    table = pd.concat(parts, ignore_index=True)[list(RECORD)]
    return table.astype({name: "category" for name in RECORD if name not in ("window", "frame", "value")})
