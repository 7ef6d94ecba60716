"""One evaluation job: windows and trained models in, per-window records and their table out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from kinesec.errors import KinesecError
from kinesec.evaluation import scenes
from kinesec.evaluation.prediction import evaluate
from kinesec.files import store
from kinesec.files.kinds.windows import WINDOWS
from kinesec.models.device import best_device
from kinesec.models.predictors.base import PREDICTORS, Predictor
from kinesec.poisoning.prediction.badhmp import Poison, resolve
from kinesec.poisoning.prediction.strategy import STRATEGY
from kinesec.samples.windows import windows
from kinesec.tables.files import write_csv
from kinesec.tables.prediction import prediction_backdoor


def evaluate_prediction(
    *,
    windows_path: Path,
    model_paths: Mapping[str, Path],
    strategy: Mapping[str, Any] | None,
    samplings: Sequence[int | str],
    sampling_range: Mapping[str, Any],
    threshold_mm: float,
    near_miss_degrees: Sequence[float],
    identity: Mapping[str, str],
    records_path: Path,
    table_path: Path,
    samples_path: Path,
) -> None:
    """Writes records (Parquet), table rows (CSV) and sample poses of one data set, strategy, predictor and seed.

    Without a strategy the models are evaluated on clean windows alone.

    Raises ``KinesecError`` when there is no test window.
    """
    test = windows.load(windows_path, "test")
    if len(test) == 0:
        raise KinesecError(f"{windows_path}: found no window of split 'test', expected one or more; change the split")
    device = best_device()
    predictors: dict[str, Predictor] = {name: PREDICTORS.load(path, device)[0] for name, path in model_paths.items()}
    shape = next(iter(predictors.values())).shape
    predictors["zero_velocity"] = PREDICTORS.build("zero_velocity", shape, {}).to(device)
    drawn = {
        str(draws): windows.sample_test(test, None if draws == "all" else int(draws), **sampling_range)
        for draws in samplings
    }
    poison = resolve(Poison(**strategy), store.read(windows_path, WINDOWS)) if strategy else None
    records = evaluate(drawn, poison, predictors, device, near_miss_degrees=near_miss_degrees)
    records_path.parent.mkdir(parents=True, exist_ok=True)
    records.to_parquet(records_path, index=False)
    labels = {"dataset": identity["data"], "protocol": identity["protocol"], "predictor": identity["predictor"]}
    named = {key: getattr(poison, key) if poison else None for key in STRATEGY}
    table: pd.DataFrame = prediction_backdoor(
        records,
        {**labels, **named, "seed": int(identity["seed"])},
        frame_ms_nominal=test.attrs["frame_ms_nominal"],
        frame_ms_measured=test.attrs["frame_ms_measured"],
        threshold_mm=threshold_mm,
        span=test.history + test.future,
    )
    write_csv(table, str(table_path))
    widest = max(drawn, key=lambda name: len(drawn[name]))
    shown = {name: predictors[name] for name in model_paths}
    scenes.write(samples_path, drawn[widest], scenes.typical(records, widest), poison, shown, device)
