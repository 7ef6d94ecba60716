"""The numbers published on CMU-mocap beside the run's.

A data set of the module ``cmu_expmap``, whatever its name, speaks to the CMU-mocap rows of the predictors that the run
trains (LTD: LearnTrajDep's README, PGBIG's tables) and of zero velocity; a reference row's ``setting`` is read by the
words that stand in it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import pandas as pd

from kinesec.settings import differences
from kinesec.tables import seeds, strategies
from kinesec.tables.papers.verdicts import DIFFERS, NOT_COMPARABLE, NOT_RUN, REPRODUCED

MODULE, PROTOCOL, FRAME_MS = "cmu_expmap", "ltd25", 40
TRAINED_TOLERANCE = 0.15  # two runs of the released code differ by 5 % (README, CMU 3D); ours by seed and library too
EXACT_TOLERANCE, ROUNDING_MM = 0.01, 0.1
EIGHT = (
    "basketball",
    "basketball_signal",
    "directing_traffic",
    "jumping",
    "running",
    "soccer",
    "walking",
    "washwindow",
)
SIX = ("basketball", "jumping", "running", "soccer", "walking", "washwindow")

# The name in the reference of each predictor of ours that has CMU rows there, or may get some.
MODELS = {"LTD": "ltd", "HRI": "hri", "siMLPe": "simlpe", "AuxFormer": "auxformer"}
# The published CMU models; what a description leaves out has these values but for LTD's `coefficients`.
PUBLISHED_SETTINGS: dict[str, dict[str, Any]] = {
    "ltd": {"features": 256, "blocks": 12, "coefficients": 30, "dropout": 0.5},
    "hri": {"step": 10, "coefficients": 20, "features": 256, "blocks": 12, "dropout": 0.3},
    "simlpe": {"step": 10, "layers": 48, "normalise": "spatial", "reverse": False},
    "auxformer": {"every": 2, "features": 96, "layers": 5, "heads": 8, "head_features": 16, "hidden": 96}
    | {"derivatives": 2, "head_hidden": 128, "deep": True, "masked": 0.4},
}
_STEPS = {"schedule": "step", "weight_decay": 0.0, "clip": None}
PUBLISHED_RECIPE: dict[str, dict[str, Any]] = {
    "ltd": {**_STEPS, "epochs": 50, "batch": 16, "rate": 5e-4, "decay": 0.96, "decay_every": 2, "clip": 1.0},
    "hri": {**_STEPS, "epochs": 50, "batch": 32, "rate": 5e-4 * 0.1 ** (1 / 50), "decay": 0.1 ** (1 / 50)},
    "simlpe": {**_STEPS, "epochs": 57, "batch": 256, "rate": 3e-4, "schedule": "drop", "decay": 1 / 30, "drop_at": 0.75}
    | {"weight_decay": 1e-4},
    "auxformer": {**_STEPS, "epochs": 80, "batch": 16, "rate": 5e-4, "decay": 0.9, "decay_every": 5}
    | {"weight_decay": 5e-6},
}


@dataclass(frozen=True)
class _Query:
    """Where the run's number for a reference row stands; ``actions`` is one, or those of a mean."""

    model: str
    sampling: str
    joints: str
    frame: int
    actions: tuple[str, ...]


class _Cell(NamedTuple):
    value: float
    low: float
    high: float


_NOTHING = _Cell(math.nan, math.nan, math.nan)


def _query(row: Mapping[str, Any]) -> _Query | None:
    """The look-up that a reference row asks for; None when no run of ours speaks to it."""
    horizon = re.fullmatch(r"MPJPE@(\d+)ms", row["metric"])
    if row["dataset"] != "CMU-mocap" or row["model"] not in (*MODELS, "zero-velocity") or not horizon:
        return None
    setting = row["setting"]
    trained = row["model"] in MODELS
    sampling = "all" if re.search(r"all (?:test )?windows", setting) else "8"
    # PGBIG trained LTD with LearnTrajDep's loader, which counts all 38 joints
    joints = "used" if "25 joints" in setting else "all"
    named = re.search(r"action=(\w+)", setting)
    if named:
        actions: tuple[str, ...] = (named[1],)
    elif "8-action mean" in setting:
        actions = EIGHT
    elif "MEAN of 6 actions" in setting:
        actions = SIX
    else:
        actions = (setting.partition(";")[0].strip(),)
    model = "clean" if trained else "zero_velocity"
    return _Query(model, sampling, joints, int(horizon[1]) // FRAME_MS, actions)


class _Run:
    """One data set's clean-window errors at a frame, means over seeds, to look numbers up in."""

    def __init__(self, table: pd.DataFrame, dataset: str, protocols: Sequence[str]) -> None:
        rows = table[(table["metric"] == "MPJPE_at") & (table["windows"] == "clean")]
        rows = rows[(rows["dataset"] == dataset) & rows["protocol"].isin(protocols)]
        rows = rows[rows["model"].isin(["clean", "zero_velocity"])]
        self.samplings = set(rows["sampling"])
        self.actions = set(rows["action"]) - {strategies.MEAN}
        keys = ["model", "predictor", "sampling", "joints", "frame", "action"]
        means = seeds.over_seeds(rows, keys)
        self._cells = {
            tuple(key): _Cell(*cell)
            for key, cell in zip(
                means[keys].values.tolist(), means[["value", "low", "high"]].values.tolist(), strict=True
            )
        }
        # whichever predictor's table it stands in, zero velocity is the same
        self._cells |= {("zero_velocity", "", *key[2:]): cell for key, cell in self._cells.items() if key[0] != "clean"}

    def find(self, query: _Query, predictor: str) -> _Cell:
        """The number for one action, or the mean over those of the asked actions that are here."""
        place = (query.model, predictor, query.sampling, query.joints, float(query.frame))
        here = [action for action in query.actions if action in self.actions]
        if len(query.actions) > 1 and set(here) == self.actions and (*place, strategies.MEAN) in self._cells:
            return self._cells[*place, strategies.MEAN]
        cells = [self._cells[*place, action] for action in here if (*place, action) in self._cells]
        if not cells or len(cells) < len(here):
            return _NOTHING
        if len(cells) == 1:
            return cells[0]
        return _Cell(sum(cell.value for cell in cells) / len(cells), math.nan, math.nan)


def _departures(model: Mapping[str, Any]) -> list[str]:
    """What keeps a trained predictor from being the published one."""
    size, training_of = PUBLISHED_SETTINGS[model["module"]], PUBLISHED_RECIPE[model["module"]]
    settings = {**size, **({"coefficients": None} if model["module"] == "ltd" else {}), **model.get("settings", {})}
    recipe = {**training_of, **model.get("recipe", {})}
    departures = [
        f"{name} {'all' if got is None else got} instead of {expected}"
        for have, published in ((settings, size), (recipe, training_of))
        for name, (got, expected) in differences(published, have).items()
    ]
    missing = [str(path) for path in model.get("missing_files", ())]
    training = [path for path in missing if path.startswith("train")]
    if training:
        departures.append(f"{len(training)} training files absent")
    if model.get("held_out"):
        departures.append(f"{len(model['held_out'])} training files held out for validation")
    return departures


def _judge(cell: _Cell, paper_value: float, tolerance: float) -> tuple[str, str]:
    off = cell.value - paper_value
    share = f"{100 * off / paper_value:+.1f} %" if paper_value else f"{off:+.2f}"
    if abs(off) <= tolerance + 1e-9:
        return REPRODUCED, f"{share}, within the tolerance"
    return DIFFERS, f"{share}, outside the tolerance"


def _answer(run: _Run, query: _Query, predictor: str, departures: Sequence[str], paper_value: float) -> dict[str, Any]:
    tolerance = TRAINED_TOLERANCE * paper_value
    if query.model == "zero_velocity":
        tolerance = max(EXACT_TOLERANCE * paper_value, ROUNDING_MM)
    cell = run.find(query, predictor)
    absent = [action for action in query.actions if action not in run.actions]
    if query.sampling not in run.samplings:
        verdict, reason = NOT_RUN, f"the run has no test sampling {query.sampling!r}"
    elif absent:
        reasons = [f"test files of {', '.join(absent)} are absent"]
        if not math.isnan(cell.value):
            reasons.append(f"the value here is the mean of {len(query.actions) - len(absent)} actions")
        verdict, reason = NOT_COMPARABLE, "; ".join([*reasons, *departures])
    elif math.isnan(cell.value):
        verdict, reason = NOT_RUN, "the run has no such number"
    elif departures:
        verdict, reason = NOT_COMPARABLE, "; ".join(departures)
    else:
        verdict, reason = _judge(cell, paper_value, tolerance)
    return {"predictor": predictor, **cell._asdict(), "tolerance": tolerance, "verdict": verdict, "reason": reason}


def _parameters(row: Mapping[str, Any], models: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    """The published network's number of parameters, against networks of its size."""
    for model in models:
        departures = [text for text in _departures(model) if text.split()[0] in PUBLISHED_SETTINGS[model["module"]]]
        count = float(model.get("parameters", math.nan))
        if math.isnan(count):
            verdict, reason = NOT_RUN, "the run does not tell its number of parameters"
        elif departures:
            verdict, reason = NOT_COMPARABLE, "; ".join(departures)
        else:
            verdict, reason = _judge(_Cell(count, math.nan, math.nan), row["value"], 0.0)
        answer = {"predictor": model["predictor"], "value": count, "low": math.nan, "high": math.nan, "tolerance": 0.0}
        yield {**answer, "verdict": verdict, "reason": reason}


def _answers(run: _Run, row: Mapping[str, Any], models: Sequence[Mapping[str, Any]]) -> Iterator[dict[str, Any]]:
    trained = [model for model in models if model["module"] == MODELS.get(row["model"])]
    if row["metric"] == "parameters" and row["dataset"] in ("CMU", "CMU-mocap"):
        yield from _parameters(row, trained)
        return
    query = _query(row)
    if query is None:
        return
    if query.model == "zero_velocity":
        yield _answer(run, query, "", (), row["value"])
        return
    for model in trained:
        yield _answer(run, query, model["predictor"], _departures(model), row["value"])
    if not trained:
        nothing = {"predictor": "", **_NOTHING._asdict(), "tolerance": TRAINED_TOLERANCE * row["value"]}
        yield {**nothing, "verdict": NOT_RUN, "reason": f"the run trains no {row['model']} on this data set"}


def compare(
    table: pd.DataFrame,
    reference: pd.DataFrame,
    models: Sequence[Mapping[str, Any]],
    modules: Mapping[str, str],
    protocols: Sequence[str],
) -> list[dict[str, Any]]:
    """Rows of ``paper_comparison`` for every CMU-mocap number that the table ``prediction_backdoor`` can speak to.

    Trained models are ``not comparable`` unless their size, recipe and training files are the published. See
    ``compare.compare``.
    """
    table = strategies.typed(table)
    numbered = reference.assign(value=pd.to_numeric(reference["value"], errors="coerce")).to_dict("records")
    rows = []
    for dataset in sorted(set(table["dataset"])):
        if modules.get(dataset) != MODULE:
            continue
        run = _Run(table, dataset, protocols)
        trained: dict[str, Mapping[str, Any]] = {}
        for model in models:
            if model["module"] in PUBLISHED_SETTINGS and model.get("dataset", dataset) == dataset:
                trained.setdefault(model["predictor"], model)
        for row in numbered:
            for answer in _answers(run, {str(key): value for key, value in row.items()}, list(trained.values())):
                same = {name: row[name] for name in ("paper", "table", "dataset", "model", "setting", "metric", "unit")}
                rows.append({**same, "run_dataset": dataset, "paper_value": row["value"], **answer})
    return rows
