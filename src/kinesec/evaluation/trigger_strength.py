"""Predictors on triggers that are performed and captured imperfectly: one record a window, disturbance and model."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd
import torch

from kinesec import seeding
from kinesec.metrics.prediction import joint_errors
from kinesec.models.predictors.base import PREDICTORS, Predictor
from kinesec.poisoning.prediction.badhmp import Poison, aim, poison_windows
from kinesec.poisoning.prediction.disturbed import disturbed_windows, levels
from kinesec.samples.windows.windows import Windows

RECORD = (
    *("window", "source", "action", "sequence", "start"),
    *("disturbance", "amount", "windows", "model", "error_mm"),
)
NONE = "none"
Key = tuple[str, float, str]


def _shown(
    windows: Windows, poison: Poison, disturbances: Mapping[str, Mapping[str, Any]], seed: int
) -> Iterator[tuple[Key, np.ndarray | None]]:
    """((disturbance, amount, kind), windows): as planned first; None where windows are the clean ones as they are."""
    whole, skeleton, history = windows.gather(), windows.skeleton, windows.history
    yield (NONE, 0.0, "clean"), whole
    yield (NONE, 0.0, "triggered"), poison_windows(whole, skeleton, history, poison)
    frame_ms = float(windows.attrs["frame_ms_measured"])
    for name, disturbance in levels(disturbances):
        for kind in ("clean", "triggered"):
            key = (name, float(disturbance.amount), kind)
            if kind == "clean" and disturbance.module.STAGE == "execution":
                yield key, None
                continue
            # the same draws for every level, kind of windows and model: what differs is not luck
            rng = seeding.generator(seed, "disturbance", name)
            args = (whole, skeleton, history, frame_ms, poison, disturbance, rng)
            yield key, disturbed_windows(*args, trigger=kind == "triggered")


def evaluate(
    windows: Windows,
    poison: Poison,
    models: Mapping[str, Predictor],
    device: torch.device,
    disturbances: Mapping[str, Mapping[str, Any]],
    seed: int,
) -> pd.DataFrame:
    """Per-window records with the columns of ``RECORD``.

    ``poison`` is resolved; ``disturbances`` have ``disturbance`` (their module), ``levels`` and ``settings``, by names
    of the configuration; without one is ``none``. ``error_mm`` is the mean distance, over used joints and future
    frames, of a model's prediction to the windows' own future (kind ``clean``) or to the attacker's target
    (``triggered``); ``triggered_seen`` is the same prediction's distance to the target that the attacker makes of the
    history as the model sees it, which tells a trigger that is not known any more from a disturbed pose that is held.
    """
    history, used = windows.history, windows.used
    keys: list[tuple[Key, str]] = []
    errors: list[np.ndarray] = []
    undisturbed: dict[str, np.ndarray] = {}
    for key, shown in _shown(windows, poison, disturbances, seed):
        for name, model in models.items():
            if shown is None:
                keys.append((key, name))
                errors.append(undisturbed[name])
                continue
            seen = shown[:, :history]
            predicted = PREDICTORS.predict_array(model, seen[:, :, used].astype(np.float32), device)
            ends = {key[2]: shown}
            if key[2] == "triggered":
                ends["triggered_seen"] = aim(seen, windows.future, windows.skeleton, poison)
            for kind, end in ends.items():
                keys.append(((*key[:2], kind), name))
                errors.append(joint_errors(predicted, end[:, history:, used]).mean((1, 2)))
            if key[0] == NONE and key[2] == "clean":
                undisturbed[name] = errors[-1]
    count = len(windows)
    of_window = {
        "window": np.arange(count),
        "source": np.array([str(name) for name in windows.source])[windows.sequence_index],
        "action": np.array([str(name) for name in windows.action])[windows.sequence_index],
        "sequence": windows.sequence_index,
        "start": windows.start,
    }
    table: dict[str, Any] = {column: np.tile(values, len(keys)) for column, values in of_window.items()}
    for index, column in enumerate(("disturbance", "amount", "windows")):
        table[column] = np.repeat([key[index] for key, _ in keys], count)
    table["model"] = np.repeat([name for _, name in keys], count)
    table["error_mm"] = np.concatenate(errors)
    return pd.DataFrame(table)[list(RECORD)]
