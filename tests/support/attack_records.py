"""Made-up rows and records of attacks on recognizers, plausible enough to be drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

TERMS = "smart"


def attack_row(
    *,
    recognizer: str = "st_gcn_s",
    attack: str | None = None,
    module: str = "smart",
    strategy: str = "AB",
    preset: str = "paper",
    terms: str = TERMS,
    seed: int = 0,
    success: float = 97.5,
    dataset: str = "hdm05",
    **changes: Any,
) -> dict[str, Any]:
    """A job's row of ``recognition_attacks``."""
    costs = {"l_mm": 300.0, "displacement_mm": 40.0, "acceleration_deviation_mm": 3.5, "bone_change_percent": 4.0}
    costs |= {"angular_acceleration_deviation_degrees": 1.5}
    row: dict[str, Any] = {"dataset": dataset, "clips": "smart", "recognizer": recognizer}
    row |= {"attack": attack or f"{module}_{strategy.lower()}", "preset": preset, "strategy": strategy, "seed": seed}
    row |= {"split_by": "recording", "classes": 11, "attack_module": module, "terms": terms, "reduction": "mean"}
    row |= {"after_success": "stop", "settings": "{}", "recognizer_module": recognizer.removesuffix("_s")}
    row |= {
        "recognizer_settings": '{"widths": [16]}',
        "recognizer_recipe": "{}",
        "protocol": "smart",
        "n": 90 + seed,
        "n_attacked": 97,
        "n_wrong": 7 - seed,
    }
    row |= {"takes": 90, "n_success": 80, "claimed_disagree": seed, "success_percent": success}
    row |= {"low_percent": success - 4, "high_percent": min(100.0, success + 2), "control_percent": 8.0 + seed}
    row |= {"control_low": 4.0, "control_high": 13.0, "iterations_median": 30.0 + seed, "queries_median": 31.0}
    for name, value in costs.items():
        row |= {name: value + seed, f"{name}_low": 0.9 * value, f"{name}_high": 1.1 * value + seed}
        row[f"{name}_median"] = 0.95 * value
    row |= {"l_normalised": 1.2, "displacement_mm_25": 42.0}
    return {**row, **changes}


def transfer_row(
    *,
    surrogate: str = "st_gcn_s",
    recognizer: str = "sgn_s",
    strategy: str = "AB",
    seed: int = 0,
    success: float = 31.0,
    **changes: Any,
) -> dict[str, Any]:
    """A job's row of ``transfer``."""
    named = attack_row(recognizer=recognizer, strategy=strategy, seed=seed)
    kept = ("dataset", "clips", "recognizer", "attack", "preset", "strategy", "seed", "split_by", "classes")
    kept += (
        "protocol",
        "recognizer_recipe",
        "attack_module",
        "terms",
        "reduction",
        "after_success",
        "settings",
        "recognizer_module",
    )
    row: dict[str, Any] = {"surrogate": surrogate, **{name: named[name] for name in kept}}
    row |= {"recognizer_settings": "{}", "white_box": surrogate == recognizer, "n": 92, "n_attacked": 97}
    row |= {"takes": 92, "n_fooled": 80, "success_percent": success, "low_percent": max(0.0, success - 6)}
    row |= {"high_percent": min(100.0, success + 7), "of_fooled_percent": min(100.0, success + 2)}
    row |= {"of_fooled_low": success - 5, "of_fooled_high": success + 8, "by_strategy_percent": success / 2}
    row |= {"control_percent": 6.0, "control_low": 2.0, "control_high": 11.0}
    row |= {"random_percent": 3.0, "random_low": 1.0, "random_high": 5.0}
    row |= {"clean_error_percent": 4.0, "clean_error_low": 1.0, "clean_error_high": 8.0}
    return {**row, **changes}


def accuracy_row(
    *, recognizer: str = "st_gcn_s", seed: int = 0, accuracy: float = 95.9, **changes: Any
) -> dict[str, Any]:
    """A job's row of ``recognition_accuracy``."""
    row: dict[str, Any] = {"dataset": "hdm05", "clips": "smart", "recognizer": recognizer, "training": "clean"}
    row |= {"seed": seed, "split": "test", "n": 99, "accuracy_percent": accuracy, "low_percent": accuracy - 4}
    return {**row, "high_percent": min(100.0, accuracy + 3), **changes}


def records(*, seed: int = 0, count: int = 97, smooth: float = 1.0, reach: float = 0.9) -> pd.DataFrame:
    """Per-sample records: costs log-normal about those of an attack, ``smooth`` times as jerky; ``reach`` succeed."""
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(np.log(30), 0.6, count))
    made = pd.DataFrame({"row": np.arange(count), "take": [f"take{clip // 2}.amc" for clip in range(count)]})
    made["label"] = np.arange(count) % 11
    made["right"] = np.arange(count) % 12 != 5
    made["success"] = rng.random(count) < reach
    made["claimed"] = made["success"]
    made["displacement_mm"] = size
    made["displacement_max_mm"] = 4 * size
    made["l_mm"] = 7 * size
    made["acceleration_deviation_mm"] = smooth * 0.12 * size * np.exp(rng.normal(0, 0.2, count))
    made["angular_acceleration_deviation_degrees"] = smooth * 0.05 * size * np.exp(rng.normal(0, 0.2, count))
    made["bone_change_percent"] = smooth * 0.1 * size * np.exp(rng.normal(0, 0.3, count))
    made["iterations"] = rng.integers(5, 300, count)
    return made
