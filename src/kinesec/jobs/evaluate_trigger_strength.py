"""One job on a trigger's strength: windows, a clean model and a victim in, records and their table out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinesec import names
from kinesec.errors import KinesecError
from kinesec.evaluation.trigger_strength import evaluate
from kinesec.files import store
from kinesec.files.kinds.windows import WINDOWS
from kinesec.models.device import best_device
from kinesec.models.predictors.base import PREDICTORS
from kinesec.poisoning.prediction.badhmp import Poison, resolve
from kinesec.poisoning.prediction.strategy import HARDENED, STRATEGY
from kinesec.samples.windows import windows
from kinesec.tables.files import write_csv
from kinesec.tables.trigger_strength import trigger_strength


def described(disturbances: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """What the table says of each disturbance, from its module."""
    modules = {
        name: names.load("poisoning.prediction.disturbances", spec["disturbance"])
        for name, spec in disturbances.items()
    }
    return {
        name: {
            "module": disturbances[name]["disturbance"],
            "stage": module.STAGE,
            "amount_unit": module.UNIT,
            "neutral": module.NEUTRAL,
        }
        for name, module in modules.items()
    }


def evaluate_trigger_strength(
    *,
    windows_path: Path,
    model_paths: Mapping[str, Path],
    strategy: Mapping[str, Any],
    disturbances: Mapping[str, Mapping[str, Any]],
    sampling: int | str,
    sampling_range: Mapping[str, Any],
    threshold_mm: float,
    identity: Mapping[str, str],
    records_path: Path,
    table_path: Path,
) -> None:
    """Writes records (Parquet) and table rows (CSV) of one data set, strategy, predictor and seed.

    ``model_paths`` are those of the ``clean`` model and the ``victim``. Raises ``KinesecError`` when there is no test
    window.
    """
    test = windows.load(windows_path, "test")
    if len(test) == 0:
        raise KinesecError(f"{windows_path}: found no window of split 'test', expected one or more; change the split")
    drawn = windows.sample_test(test, None if sampling == "all" else int(sampling), **sampling_range)
    device = best_device()
    models = {name: PREDICTORS.load(path, device)[0] for name, path in model_paths.items()}
    poison = resolve(Poison(**strategy), store.read(windows_path, WINDOWS))
    # other seeds draw other disturbances: their spread is part of the interval over seeds
    records = evaluate(drawn, poison, models, device, disturbances, int(identity["seed"]))
    records_path.parent.mkdir(parents=True, exist_ok=True)
    records.to_parquet(records_path, index=False)
    labels = {"dataset": identity["data"], "protocol": identity["protocol"], "predictor": identity["predictor"]}
    named = {key: getattr(poison, key) for key in STRATEGY}
    made = {"poison": HARDENED if poison.hardening else "plain", "sampling": sampling, "seed": int(identity["seed"])}
    span = test.history + test.future
    table = trigger_strength(records, {**labels, **named, **made}, described(disturbances), threshold_mm, span)
    write_csv(table, str(table_path))
