"""One evaluation of an attack: its stored clips and the model in, per-sample records and a table row out."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kinesec import names, seeding
from kinesec.errors import KinesecError
from kinesec.evaluation.attacks import records_of
from kinesec.files.hashing import sha256_of
from kinesec.metrics import perceptual
from kinesec.metrics.clusters import clustered_means
from kinesec.models.fit import load_for
from kinesec.samples import adversarial
from kinesec.samples.clips import checks
from kinesec.tables.prediction import write_csv

_FIRST = ("dataset", "clips", "recognizer", "attack", "preset", "strategy", "seed")
# The costs that tables give intervals and medians of; of the others, means
HEADLINE = (
    "l_mm",
    "displacement_mm",
    "acceleration_deviation_mm",
    "angular_acceleration_deviation_degrees",
    "bone_change_percent",
)


def summary(records: pd.DataFrame, rng: np.random.Generator) -> dict[str, Any]:
    """Counts, success and cost of one attack: over the clips that the model gets right before the attack.

    Costs are means (``_median``: medians) over the clips on which it succeeds, with 95 % bootstrap intervals over
    takes. ``claimed_disagree`` counts clips whose attack says otherwise than the model.
    """
    right = records[records["right"]]
    won = right["success"].to_numpy(bool)
    metrics = [name for name in map(str, records) if name.removesuffix("_25") in perceptual.UNITS]
    columns: dict[str, np.ndarray] = {
        "success_percent": 100.0 * won,
        "control_percent": 100.0 * right["control_success"].to_numpy(float),
    }
    columns |= {name: np.where(won, right[name].to_numpy(float), np.nan) for name in metrics}
    mean, low, high = clustered_means(np.stack([*columns.values()], axis=1), right["take"].to_numpy(), rng)
    ends = {name: (mean[place], low[place], high[place]) for place, name in enumerate(columns)}
    found: dict[str, Any] = {"n": len(right), "n_attacked": len(records), "n_wrong": len(records) - len(right)}
    found |= {"takes": right["take"].nunique(), "n_success": int(won.sum())}
    found |= {"claimed_disagree": int((right["claimed"].to_numpy(bool) != won).sum())}
    found |= dict(zip(("success_percent", "low_percent", "high_percent"), ends["success_percent"], strict=True))
    found |= dict(zip(("control_percent", "control_low", "control_high"), ends["control_percent"], strict=True))
    for count in ("iterations", "queries"):
        found[f"{count}_median"] = float(right[count].median())
    for name in metrics:
        found[name] = ends[name][0]
        if name in HEADLINE:
            found |= {f"{name}_low": ends[name][1], f"{name}_high": ends[name][2]}
            found[f"{name}_median"] = float(np.median(columns[name][won])) if won.any() else float("nan")
    return found


def model_columns(description: Mapping[str, Any]) -> dict[str, Any]:
    """What names a recognizer in a table: its module, and in what its size and its recipe are not the published."""
    module = str(description["recognizer"])
    published = json.loads(
        json.dumps(asdict(names.load("models.recognizers", module).RECIPE))
    )  # lists, as they were stored
    recipe = {key: value for key, value in description["recipe"].items() if published.get(key) != value}
    return {
        "recognizer_module": module,
        "recognizer_settings": json.dumps(description["settings"], sort_keys=True),
        "recognizer_recipe": json.dumps(recipe, sort_keys=True),
        "protocol": str(description["protocol"]),
    }


def evaluate_attack(
    *,
    clips_path: Path,
    model_path: Path,
    shard_paths: Sequence[Path],
    identity: Mapping[str, str],
    records_path: Path,
    table_path: Path,
) -> None:
    """Writes per-sample records (Parquet) and the row of ``recognition_attacks`` (CSV) of one attack on one recognizer.

    ``identity`` names ``data``, ``clips``, ``recognizer``, ``attack`` and ``seed``. Success is what the model says of
    the stored clips. Raises ``ConfigError`` where model, clips and shards are of different clips, and ``KinesecError``
    where shards do not belong together or attacked another model.
    """
    every = checks.checked(clips_path, "test")
    done = adversarial.gather(shard_paths, every)
    model, description = load_for(model_path, clips_path, every)
    if done.attrs["model_sha256"] != sha256_of(model_path):
        raise KinesecError(f"{shard_paths[0]}: found clips that attack another model than {model_path}; attack again")
    records = records_of(done, adversarial.of_clips(done, every), model, model_path)
    records_path.parent.mkdir(parents=True, exist_ok=True)
    records.to_parquet(records_path, index=False)
    named = adversarial.described(done, every, identity)
    rng = seeding.generator(int(identity["seed"]), "bootstrap")
    row = {**named, "recognizer": identity["recognizer"], **model_columns(description), **summary(records, rng)}
    write_csv(pd.DataFrame([row])[[*_FIRST, *(name for name in row if name not in _FIRST)]], str(table_path))
