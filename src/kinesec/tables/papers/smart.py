"""The SMART paper's numbers beside the run's: white-box success, methods compared, transfer."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from kinesec.tables.bounds import of_presets
from kinesec.tables.papers.verdicts import DIFFERS, NOT_COMPARABLE, NOT_RUN, REPRODUCED
from kinesec.tables.recognition import typed
from kinesec.tables.seeds import of_seeds

PAPER = "SMART (Wang et al., CVPR 2021)"
TOLERANCE = 5.0  # percentage points, ours: one clip in twenty
# The paper's name of each data set and recognizer, by ours
DATASETS = {"hdm05": "HDM05", "mhad": "MHAD", "ntu60": "NTU60"}
MODELS = {"HRNN": "hrnn", "ST-GCN": "st_gcn", "AS-GCN": "as_gcn", "DGNN": "dgnn", "2s-AGCN": "agcn"}
MODELS |= {"MS-G3D": "ms_g3d", "SGN": "sgn"}
FIVE = ("hrnn", "st_gcn", "as_gcn", "dgnn", "agcn")
METHODS = {"white-box": "smart", "SMART": "smart", "IAA": "iaa", "CIASA": "ciasa"}
# How the paper's clips are cut, and into how many classes (it says 60 and 65 for HDM05; the released data have 65)
CLIPS = {"HDM05": ("smart", 65), "MHAD": ("smart", 11), "NTU60": ("ntu", 60)}
# What an attack's paper does not say, so that its preset `paper` has values of ours; CIASA's could not be read at all
UNSTATED = {
    "smart": {"reduction", "after_success", "dt", "limb_weight", "trunk_weight"},
    "iaa": {"after_success", "norm", "box"},
}
UNREAD = {"ciasa"}
RATES = {"smart": (0.0005, 0.005)}  # the learning rates that SMART's section 4.1 names
_SETTING = re.compile(r"(?P<method>white-box|SMART|IAA|CIASA) (?P<strategy>AB\d*|SA)")
_TRANSFER = re.compile(r"black-box (?P<strategy>AB\d*), surrogate (?P<surrogate>.+)")

Answer = dict[str, Any]


def _json(text: Any) -> dict[str, Any]:
    try:
        value = json.loads(text)
    except (TypeError, ValueError):
        return {}
    return value if isinstance(value, dict) else {}


def departures(row: Mapping[str, Any], dataset: str) -> list[str]:
    """What keeps a row of ``recognition_attacks`` or ``transfer`` from being the paper's experiment."""
    protocol, classes = CLIPS[dataset]
    reasons = []
    if int(row["classes"]) != classes:
        reasons.append(f"{int(row['classes'])} classes instead of {classes}")
    if row.get("protocol", protocol) != protocol:
        reasons.append(f"clips by protocol {row['protocol']} instead of {protocol}")
    if dataset == "HDM05" and row["split_by"] != "paper_leaky":
        reasons.append("split by recording instead of over overlapping windows")
    if sizes := _json(row["recognizer_settings"]):
        reasons.append(f"recognizer of {_told(sizes)} instead of the published size")
    if recipe := _json(row.get("recognizer_recipe", "")):
        reasons.append(f"trained with {_told(recipe)} instead of the published recipe")
    reasons += _of_attack(str(row["attack_module"]), _json(row.get("attack_changes", "")))
    if int(row["n"]) < int(row.get("right_clips") or row["n"]):
        reasons.append(f"{int(row['n'])} clips attacked of {int(row['right_clips'])}")
    return reasons


def _of_attack(module: str, changes: Mapping[str, Any]) -> Iterator[str]:
    """In what an attack's settings are not its paper's; ``changes`` are those from the preset ``paper``."""
    if module in UNREAD:
        yield "settings of ours: the paper's could not be read"
    low, high = RATES.get(module, (1.0, 0.0))
    for name, used in changes.items():
        if name == "rate" and low <= used <= high:
            continue
        whose = "ours, of which the paper says nothing" if name in UNSTATED.get(module, ()) else "the paper's"
        yield f"{name} {used} instead of {whose}"


def _told(settings: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in settings.items())


def _judged(paper: float, row: Mapping[str, Any], lacks: Sequence[str], name: str) -> Answer:
    value = float(row["success_percent"])
    answer: Answer = {"predictor": name, "value": value, "tolerance": TOLERANCE}
    answer |= {"low": float(row["low_percent"]), "high": float(row["high_percent"])}
    if lacks:
        return answer | {"verdict": NOT_COMPARABLE, "reason": "; ".join(lacks)}
    if math.isnan(value):
        return answer | {"verdict": NOT_RUN, "reason": "the run attacks no clip that the recognizer gets right"}
    inside = abs(value - paper) <= TOLERANCE + 1e-9
    said = f"{value - paper:+.1f} points, {'within' if inside else 'outside'} the tolerance"
    return answer | {"verdict": REPRODUCED if inside else DIFFERS, "reason": said}


def _not_run(reason: str) -> Answer:
    nothing = dict.fromkeys(("value", "low", "high"), math.nan)
    return {"predictor": "", **nothing, "tolerance": TOLERANCE, "verdict": NOT_RUN, "reason": reason}


def _rows(table: pd.DataFrame, **wanted: str) -> list[dict[str, Any]]:
    here = table[(table[list(wanted)] == pd.Series(wanted)).all(axis=1)]
    return [{str(key): value for key, value in row.items()} for row in here.to_dict("records")]


def _white_box(row: Mapping[str, Any], dataset: str, table: pd.DataFrame) -> Iterator[Answer]:
    named = _SETTING.fullmatch(row["setting"])
    assert named is not None, "the caller asks for white-box rows alone"
    method, strategy = METHODS[named["method"]], named["strategy"]
    kept = table[(table["attack_module"] == method) & (table["preset"] == "paper") & (table["strategy"] == strategy)]
    if method == "smart":
        kept = kept[kept["terms"] == "smart"]
    if row["model"] == "mean":
        yield from _mean(row, dataset, kept)
        return
    candidates = _rows(kept, recognizer_module=MODELS[row["model"]])
    for candidate in candidates:
        yield _judged(
            row["value"], candidate, departures(candidate, dataset), f"{candidate['recognizer']}, {candidate['attack']}"
        )
    if not candidates:
        yield _not_run(f"the run does not attack {row['model']} with {method}, {strategy}")


def _mean(row: Mapping[str, Any], dataset: str, kept: pd.DataFrame) -> Iterator[Answer]:
    for attack, group in kept.groupby("attack", sort=False):
        five = group[group["recognizer_module"].isin(FIVE)]
        if set(five["recognizer_module"]) != set(FIVE) or len(five) != len(FIVE):
            yield _not_run("the run does not attack just the five recognizers of the mean")
            continue
        lacks = [text for candidate in _rows(five) for text in departures(candidate, dataset)] if len(five) else []
        mean = {"success_percent": five["success_percent"].mean(), "low_percent": math.nan, "high_percent": math.nan}
        yield _judged(row["value"], mean, list(dict.fromkeys(lacks)), str(attack))
    if kept.empty:
        yield _not_run("the run does not attack just the five recognizers of the mean")


def _transferred(row: Mapping[str, Any], dataset: str, table: pd.DataFrame | None) -> Iterator[Answer]:
    named = _TRANSFER.fullmatch(row["setting"])
    assert named is not None, "the caller asks for rows of transfer alone"
    candidates: list[dict[str, Any]] = []
    if table is not None:
        if "surrogate_module" not in table:
            module = dict(zip(table["recognizer"], table["recognizer_module"], strict=True))
            table = table.assign(surrogate_module=table["surrogate"].map(module).fillna(""))
        wanted = {"attack_module": "smart", "preset": "paper", "terms": "smart", "strategy": named["strategy"]}
        wanted |= {"surrogate_module": MODELS[named["surrogate"]], "recognizer_module": MODELS[row["model"]]}
        candidates = _rows(table, **wanted)
    for candidate in candidates:
        name = f"{candidate['surrogate']} \u2192 {candidate['recognizer']}, {candidate['attack']}"
        yield _judged(row["value"], candidate, departures(candidate, dataset), name)
    if not candidates:
        yield _not_run(f"the run does not try attacks on {named['surrogate']} on {row['model']}")


def compare(
    tables: Mapping[str, pd.DataFrame], reference: pd.DataFrame, modules: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Rows of ``paper_comparison`` for every number of the SMART paper on a data set that the run attacks.

    ``tables`` may hold ``recognition_attacks`` and ``transfer``; ``modules`` names each data set's module. A number is
    ``not comparable`` unless classes, clips, split, recognizer, recipe and attack are the paper's. Its user studies are
    ``not run``: they asked people.
    """
    numbered = reference.assign(value=pd.to_numeric(reference["value"], errors="coerce")).to_dict("records")
    kept = ("paper", "table", "dataset", "model", "setting", "metric", "unit")
    return [
        {**{name: row[name] for name in kept}, "run_dataset": ours, "paper_value": row["value"], **answer}
        for row, ours, answer in _answers(tables, [row for row in numbered if row["paper"] == PAPER], modules)
    ]


def _answers(
    tables: Mapping[str, pd.DataFrame], reference: Sequence[Mapping[Any, Any]], modules: Mapping[str, str]
) -> Iterator[tuple[Mapping[Any, Any], str, Answer]]:
    if "recognition_attacks" not in tables:
        return
    attacks = of_presets(of_seeds(typed(tables["recognition_attacks"])))
    transfer = of_seeds(typed(tables["transfer"])) if "transfer" in tables else None
    for ours in dict.fromkeys(attacks["dataset"]):
        dataset = DATASETS.get(modules.get(ours, ""))
        if dataset is None:
            continue
        of_dataset = attacks[attacks["dataset"] == ours]
        moved = None if transfer is None else transfer[transfer["dataset"] == ours]
        for row in reference:
            if row["dataset"] != dataset:
                continue
            if "user" in row["metric"] or row["setting"] == "user study":
                yield row, ours, _not_run("a study with people; the run measures what attacked clips cost instead")
            elif _SETTING.fullmatch(row["setting"]):
                for answer in _white_box(row, dataset, of_dataset):
                    yield row, ours, answer
            elif _TRANSFER.fullmatch(row["setting"]):
                for answer in _transferred(row, dataset, moved):
                    yield row, ours, answer
