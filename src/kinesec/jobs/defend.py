"""One defence job: windows, poisoned windows and both models in, per-window records and table rows out."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kinesec.defences.base import CLEAN, VICTIM, Outcome, Repair
from kinesec.defences.cases.prediction import Case
from kinesec.defences.run import run
from kinesec.errors import KinesecError
from kinesec.files import store
from kinesec.files.kinds.windows import WINDOWS
from kinesec.metrics.intervals import Sample
from kinesec.models.device import best_device
from kinesec.models.predictors.base import PREDICTORS
from kinesec.poisoning.prediction.badhmp import Poison, resolve
from kinesec.poisoning.prediction.strategy import STRATEGY
from kinesec.samples.windows import windows
from kinesec.samples.windows.poisoned import load_poisoned
from kinesec.tables import defences
from kinesec.tables.files import write_csv


def defend(case: Case, name: str, settings: Mapping[str, Any]) -> list[Outcome]:
    """All that a defence finds; raises ``ConfigError`` for a defence or a setting that there is none of."""
    return run(case, "prediction", name, settings)


def defend_prediction(
    *,
    windows_path: Path,
    poison_path: Path,
    model_paths: Mapping[str, Path],
    strategy: Mapping[str, Any],
    defence: Mapping[str, Any],
    sampling: int | str,
    sampling_range: Mapping[str, Any],
    identity: Mapping[str, str],
    records_path: Path,
    table_path: Path,
) -> None:
    """Writes the records (Parquet) and table rows (CSV) of one defence of one victim, its clean model beside it.

    Raises ``KinesecError`` when there is no test window.
    """
    training, test = windows.load(windows_path, "train"), windows.load(windows_path, "test")
    if len(test) == 0:
        raise KinesecError(f"{windows_path}: found no window of split 'test', expected one or more; change the split")
    device = best_device()
    loaded = {name: PREDICTORS.load(model_paths[name], device) for name in (VICTIM, CLEAN)}
    case = Case(
        training=training,
        poisoned=load_poisoned(poison_path, training),
        test=windows.sample_test(test, None if sampling == "all" else int(sampling), **sampling_range),
        poison=resolve(Poison(**strategy), store.read(windows_path, WINDOWS)),
        models={name: model for name, (model, _) in loaded.items()},
        description=loaded[VICTIM][1],
        device=device,
        seed=int(identity["seed"]),
    )
    outcomes = defend(case, defence["defence"], defence["settings"])
    records_path.parent.mkdir(parents=True, exist_ok=True)
    defences.records(outcomes).to_parquet(records_path, index=False)
    labels = {"dataset": identity["data"], "protocol": identity["protocol"], "predictor": identity["predictor"]}
    repairs = any(isinstance(outcome, Repair) for outcome in outcomes)
    tested, span = case.test, case.test.history + case.future
    table = defences.prediction_defences(
        outcomes,
        {
            **labels,
            **{key: getattr(case.poison, key) for key in STRATEGY},
            "sampling": str(sampling),
            "seed": case.seed,
            "defence": identity["defence"],
            "module": defence["defence"],
        },
        sample=Sample(tested.action[tested.sequence_index], tested.sequence_index, tested.start, span),
        sources=case.sources,
        future=case.future,
        untouched={name: case.errors(model)["triggered"] for name, model in case.models.items() if repairs},
    )
    write_csv(table, str(table_path))
