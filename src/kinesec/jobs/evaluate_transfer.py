"""One transfer: the clips that an attack made on a surrogate, tried on another recognizer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kinesec import seeding
from kinesec.errors import KinesecError
from kinesec.evaluation.attacks import logits_of, rank_of, succeeded, swapped
from kinesec.files.hashing import sha256_of
from kinesec.jobs.evaluate_attack import model_columns
from kinesec.metrics.clusters import clustered_means
from kinesec.models.fit import load_for
from kinesec.samples import adversarial
from kinesec.samples.clips import checks
from kinesec.tables.prediction import write_csv


def transfer_success(logits: np.ndarray, label: np.ndarray, target: np.ndarray, strategy: str) -> np.ndarray:
    """Whether the target is fooled (clip,): it says another class (AB, ABn), or the fake label (SA)."""
    return succeeded(logits, label, target, "SA" if strategy == "SA" else "AB")


def summary(
    found: Mapping[str, np.ndarray], take: np.ndarray, right: np.ndarray, fooled: np.ndarray | None, seed: int
) -> dict[str, Any]:
    """Success over the clips that the target gets right (``right``), and over those that also fool the surrogate.

    ``found`` holds ``success``, ``by_strategy`` and ``control`` (clip,), ``take`` (clip,) whose performance
    each clip is of, which intervals draw whole.
    """
    rng = seeding.generator(seed, "bootstrap")
    columns = {name: np.where(right, 100.0 * values, np.nan) for name, values in found.items()}
    both = None if fooled is None else right & fooled
    columns["fooled"] = np.full(len(right), np.nan) if both is None else np.where(both, columns["success"], np.nan)
    mean, low, high = clustered_means(np.stack([*columns.values()], axis=1), take, rng)
    ends = {name: (mean[place], low[place], high[place]) for place, name in enumerate(columns)}
    row: dict[str, Any] = {"n": int(right.sum()), "n_attacked": len(right)}
    row |= {"takes": len(set(take[right].tolist())), "n_fooled": None if both is None else int(both.sum())}
    row |= dict(zip(("success_percent", "low_percent", "high_percent"), ends["success"], strict=True))
    row |= dict(zip(("of_fooled_percent", "of_fooled_low", "of_fooled_high"), ends["fooled"], strict=True))
    row["by_strategy_percent"] = ends["by_strategy"][0]
    return row | dict(zip(("control_percent", "control_low", "control_high"), ends["control"], strict=True))


def evaluate_transfer(
    *,
    clips_path: Path,
    model_path: Path,
    shard_paths: Sequence[Path],
    identity: Mapping[str, str],
    table_path: Path,
    surrogate_path: Path | None = None,
) -> None:
    """Writes the row of ``transfer`` (CSV) of a surrogate's attacked clips on the recognizer ``model_path``.

    ``success_percent`` is over the attacked clips that the target gets right when they are clean, whether or not the
    attack fooled the surrogate; ``of_fooled_percent`` over those of them that do fool it, which the model
    ``surrogate_path`` says (empty without one). Success is another class than the true one, for SA the fake label;
    ``by_strategy_percent`` counts as the attack's own strategy does. The surrogate may be the target: that is the
    white-box attack. ``identity`` names ``data``, ``clips``, ``surrogate``, ``recognizer``, ``attack`` and ``seed``.

    Raises ``ConfigError`` where models, clips and shards are of different clips, ``KinesecError`` where shards do not
    belong together or the surrogate is another model than was attacked.
    """
    every = checks.checked(clips_path, "test")
    done = adversarial.gather(shard_paths, every)
    own, strategy = adversarial.of_clips(done, every), str(done.attrs["strategy"])
    model, description = load_for(model_path, clips_path, every)
    clean = own.normalised
    right = rank_of(logits_of(model, clean, model_path), done.label) == 0
    after = logits_of(model, done.position, model_path)
    control = logits_of(model, swapped(done.position, clean, own.present), model_path)
    found = {
        "success": transfer_success(after, done.label, done.target, strategy),
        "by_strategy": succeeded(after, done.label, done.target, strategy),
        "control": transfer_success(control, done.label, done.target, strategy),
    }
    fooled, named, surrogate_module = None, adversarial.described(done, every, identity), ""
    if surrogate_path is not None:
        if done.attrs["model_sha256"] != sha256_of(surrogate_path):
            raise KinesecError(
                f"{shard_paths[0]}: found clips that attack another model than {surrogate_path}; attack again"
            )
        surrogate, of_surrogate = load_for(surrogate_path, clips_path, every)
        surrogate_module = str(of_surrogate["recognizer"])
        seen = logits_of(surrogate, done.position, surrogate_path)
        fooled = succeeded(seen, done.label, done.target, strategy)
    whose = {"surrogate": identity["surrogate"], "recognizer": identity["recognizer"]}
    row = {
        "dataset": named["dataset"],
        "clips": named["clips"],
        **whose,
        **named,
        **model_columns(description),
        "surrogate_module": surrogate_module,
        "white_box": done.attrs["model_sha256"] == sha256_of(model_path),
        **summary(found, checks.takes(own), right, fooled, int(identity["seed"])),
    }
    table_path.parent.mkdir(parents=True, exist_ok=True)
    write_csv(pd.DataFrame([row]), str(table_path))
