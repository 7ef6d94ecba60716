"""A realistic table ``prediction_backdoor``, shaped like the prototype's curves (papers/badhmp.md, section 9)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

ACTIONS = ("basketball", "jumping", "running", "soccer", "walking", "washwindow")
FRAMES = 25
_FINAL = {  # error at the last frame (mm) by model and windows
    ("zero_velocity", "clean"): 252.0,
    ("clean", "clean"): 167.0,
    ("victim", "clean"): 165.0,
    ("zero_velocity", "triggered"): 0.0,
    ("clean", "triggered"): 107.0,
    ("victim", "triggered"): 13.5,
    ("zero_velocity", "wrong_limb"): 0.0,
    ("clean", "wrong_limb"): 104.0,
    ("victim", "wrong_limb"): 96.0,
}
_NEAR = {  # error at the last frame (mm) of clean model and victim
    "rotated_5": (106.0, 14.0),
    "rotated_15": (105.0, 22.0),
    "rotated_30": (104.0, 55.0),
    "rotated_45": (103.0, 88.0),
    "half_frames": (110.0, 60.0),
    "natural_nearest": (98.0, 97.0),
}
_SELECTIONS = {"natural": 0.6, "worst": 2.2, "balanced": 1.02}  # of random's Acc, Jerk and BLC
_SMOOTH = {"Acc": ("mm/frame^2", 6.97), "Jerk": ("mm/frame^3", 10.8), "BLC": ("mm/frame", 0.002)}


def _errors(key: dict[str, Any], model: str, windows: str, scale: float) -> Iterator[dict[str, Any]]:
    frames = np.arange(1, FRAMES + 1)
    at = scale * _FINAL[model, windows] * np.sqrt(frames / FRAMES)
    upto = np.cumsum(at) / frames
    for joints, factor in (("used", 1.0), ("all", 0.772)):
        for frame in frames:
            base = {**key, "model": model, "windows": windows, "joints": joints, "frame": int(frame)}
            base |= {"horizon_ms_nominal": 40.0 * frame, "part": "", "unit": "mm", "n": 8}
            mean = "CDE" if windows == "clean" else "BDE"
            pairs = [("MPJPE_at", at[frame - 1]), ("MPJPE_upto", upto[frame - 1]), (mean, upto[frame - 1])]
            for metric, value in pairs if windows == "clean" else pairs[2:]:
                value *= factor
                yield {**base, "metric": metric, "value": value, "low": 0.93 * value, "high": 1.08 * value}
        if windows != "clean":
            rate = 97.5 if (model, windows) == ("victim", "triggered") else 2.5
            base = {**key, "model": model, "windows": windows, "joints": joints, "frame": FRAMES, "part": ""}
            base |= {"horizon_ms_nominal": 40.0 * FRAMES, "unit": "%", "n": 8, "metric": "ASR"}
            yield {**base, "value": rate, "low": rate - 2.5, "high": rate + 2.5}


def _paired(key: dict[str, Any], scale: float) -> Iterator[dict[str, Any]]:
    """The victim beside the clean model, up to the last frame: CDE on clean windows, BDE on the others."""
    upto = scale * np.sqrt(np.arange(1, FRAMES + 1) / FRAMES).mean()
    base = {**key, "model": "victim", "joints": "used", "frame": FRAMES, "part": "", "n": 8}
    base |= {"horizon_ms_nominal": 40.0 * FRAMES}
    for windows in ("clean", "triggered", "wrong_limb"):
        before, after = (upto * _FINAL[model, windows] for model in ("clean", "victim"))
        change = after - before
        name = "CDE_change" if windows == "clean" else "BDE_change"
        numbers = [(name, "mm", change, 2.0)]
        if windows == "clean":
            numbers.append(("CDE_change_percent", "%", 100 * change / before, 3.0))
        else:
            numbers += [("gap_closed", "", -change / before, 0.05), ("ASR_half_gap", "%", 50.0, 9.0)]
        for metric, unit, value, half in numbers:
            row = {**base, "windows": windows, "metric": metric, "unit": unit}
            yield {**row, "value": value, "low": value - half, "high": value + half}


def _smoothness(key: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for windows, factor in (("clean", 1.0), ("triggered", 0.31)):
        for part in ("whole", "seam"):
            for metric, (unit, value) in _SMOOTH.items():
                scaled = value * (factor if part == "whole" else 1.0 if windows == "clean" else 1.82)
                base = {**key, "model": "data", "windows": windows, "metric": metric, "part": part, "unit": unit}
                base |= {"joints": "", "frame": np.nan, "horizon_ms_nominal": np.nan, "n": 8}
                yield {**base, "value": scaled, "low": 0.9 * scaled, "high": 1.1 * scaled}


def _near(key: dict[str, Any], scale: float) -> Iterator[dict[str, Any]]:
    base = {**key, "joints": "used", "frame": FRAMES, "horizon_ms_nominal": 40.0 * FRAMES, "part": "", "n": 8}
    for windows, errors in _NEAR.items():
        for model, error in zip(("clean", "victim"), errors, strict=True):
            value = 0.7 * scale * error
            row = {**base, "model": model, "windows": windows, "metric": "BDE", "unit": "mm"}
            yield {**row, "value": value, "low": 0.93 * value, "high": 1.08 * value}
            rate = 97.5 if value < 25 else 2.5
            yield {**row, "metric": "ASR", "unit": "%", "value": rate, "low": rate - 2.5, "high": rate + 2.5}


def _training_windows(key: dict[str, Any], factor: float) -> Iterator[dict[str, Any]]:
    for windows, share in (("train_poisoned", factor), ("train_before", 1.0), ("train_clean", 1.1)):
        for row in _smoothness({**key, "predictor": "", "sampling": ""}):
            if row["windows"] == "clean":
                ends = {name: share * row[name] for name in ("value", "low", "high")}
                yield {**row, **ends, "windows": windows}


def backdoor_table(
    *,
    dataset: str = "cmu_expmap",
    predictor: str = "ltd_small",
    strategies: Sequence[tuple[str, str, str, float]] = (("rigid", "jammed", "random", 0.05),),
    seeds: Sequence[int] = (0,),
    samplings: Sequence[str] = ("8",),
    actions: Sequence[str] = ACTIONS,
) -> pd.DataFrame:
    """Every row a run would make; strategies and seeds differ by a few per cent, actions by their order.

    Without strategies: clean models alone.
    """
    rows: list[dict[str, Any]] = []
    for place, (trigger, target, selection, ratio) in enumerate(strategies or [("", "", "", np.nan)]):
        for seed in seeds:
            for sampling in samplings:
                spread = np.linspace(0.7, 1.3, len(actions))
                for action, scale in [*zip(actions, spread, strict=True), ("mean", 1.0)]:
                    key = {"dataset": dataset, "protocol": "ltd25", "sampling": sampling, "action": action}
                    key |= {
                        "predictor": predictor,
                        "trigger": trigger,
                        "target": target,
                        "selection": selection,
                        "level": "window",
                    }
                    key |= {"ratio": ratio, "seed": seed}
                    shift = scale * (1 + 0.05 * place + 0.02 * seed)
                    for model, windows in _FINAL:
                        if strategies or (windows == "clean" and model != "victim"):
                            rows += _errors(key, model, windows, shift)
                    rows += [row for row in _smoothness(key) if strategies or row["windows"] == "clean"]
                    if strategies:
                        rows += _near(key, shift)
                        rows += _paired(key, shift)
                    if strategies and sampling == samplings[0]:
                        for chosen, factor in {selection: 1.0, **_SELECTIONS}.items():
                            for mean in (action, "windows") if action == "mean" else (action,):
                                rows += _training_windows({**key, "selection": chosen, "action": mean}, factor)
    return pd.DataFrame(rows).assign(n_effective=lambda table: 0.4 * table["n"])
