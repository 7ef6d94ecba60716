"""The run's table of backdoors on classifiers: how often the trigger works, beside what happens without it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from kinesec.errors import KinesecError
from kinesec.metrics.intervals import of_takes
from kinesec.poisoning.classification.additive import Additive
from kinesec.poisoning.classification.base import build
from kinesec.tables import files, recognition
from kinesec.tables.seeds import ALL_SEEDS

TABLES = ("backdoor_recognition", "detection", "backdoor_repairs")  # what `read` reads
CLEAN = "clean"
SHOWN, MIXED, NOT_SHOWN = "shown", "mixed", "not shown"
PASSES = 90.0  # percent of triggered samples
FIRST = (
    *("modality", "dataset", "recognizer", "attack", "projection", "delta", "ratio", "seed", "n"),
    *("acc_percent", "clean_model_acc_percent", "asr_non_target_percent", "asr_all_percent", "base_rate_percent"),
    *("rms", "rms_unit", "psnr_min_db"),
)
TEXT = (
    *("modality", "dataset", "samples", "recognizer", "recognizer_module", "recognizer_settings", "recognizer_recipe"),
    *("attack", "attack_module", "preset", "form", "projection", "rounding", "labels", "per"),
    *("target", "settings", "seed", "rms_unit", "size_unit", "tested", "tested_form", "stored", "recognizer_weights"),
    *("verdict", "detector", "detector_module", "setting", "model", "class", "validated_by"),
)
CASE = ("modality", "dataset", "samples", "recognizer")
RMS_UNITS = {"skeleton": "mm", "video": "grey levels"}
# Settings that say how large a trigger is, and the unit of each
SIZES = {"delta": "delta", "rms_grey": "grey levels rms", "rms_mm": "mm rms", "rms_degrees": "\u00b0 rms"}
_PERCENT = (
    *("acc_percent", "clean_model_acc_percent", "asr_non_target_percent", "asr_all_percent", "asr_official_percent"),
    *("base_rate_percent", "clean_model_asr_percent", "clean_model_base_rate_percent"),
)
_POINTS = ("acc_change_points", "asr_over_base_points", "asr_over_clean_model_points")
# What the paper's figure 3 varies, and what is alike along a sweep
SWEPT = ("ratio", "first_frequency", "size", "components", "spatial_components")
ALIKE = ("attack_module", "preset", "form", "projection", "rounding", "labels", "per", "target")
_PASSED = ("level_percent", "below", "passing", "rms", "rms_unit", "largest_percent")
Job = tuple[pd.DataFrame, Mapping[str, Any]]
Specs = Mapping[str, Mapping[str, Any]]  # what the configuration says of each, by its name


def read(path: str | Path) -> pd.DataFrame:
    """A table of backdoors or of detectors from its CSV file, typed."""
    return typed(files.read_csv(path, TEXT))


def typed(table: pd.DataFrame) -> pd.DataFrame:
    """The table with names and settings as text, empty where there are none."""
    return files.with_text(table, TEXT)


def backdoors(
    jobs: Sequence[Job],
    poisons: Mapping[str, Specs],
    networks: Mapping[str, Specs] | None = None,
) -> pd.DataFrame:
    """Rows of ``backdoor_recognition``, one a job, those over seeds behind them.

    A job is its records (``evaluation.backdoor``) and the row of what the tested trigger changes. Records may name in
    ``tested`` another poison than the victim's, whose trigger the samples carry, and in ``stored`` what happened to
    them on their way, a row of the table each. By modality and name, ``poisons`` says what each is (``trigger``,
    ``form``, ``preset``, ``settings``, ``ratio``, ``labels``, ``per``, ``ours``), ``networks`` what each network is
    (``recognizer`` or ``videonet``, ``settings``, ``recipe``, ``weights``). Raises ``KinesecError`` without a job, or
    of a poison that nothing is said of.
    """
    if not jobs:
        raise KinesecError("backdoor_recognition: found no row, expected those of one job or more")
    rows = [
        _row(records, measured, poisons, networks or {})
        for every, measured in jobs
        for _, records in _tested(every).groupby("stored", sort=False)
    ]
    table = recognition.with_all_seeds(files.with_text(pd.DataFrame(rows), TEXT))
    table = table.assign(verdict=verdicts(table))
    named = zip(table["modality"], table["attack"], strict=True)
    table["ours"] = [bool(poisons[modality][name].get("ours", False)) for modality, name in named]
    return table[[*FIRST, *(column for column in table if column not in FIRST)]]


def _tested(records: pd.DataFrame) -> pd.DataFrame:
    """Records that say which trigger was tested and how samples were stored: by default the victim's, as they are."""
    table = records.copy()
    table["tested"], table["stored"] = table.get("tested", table["poison"]), table.get("stored", "")
    return table


def _stem(name: str) -> str:
    return name.removesuffix("_percent")


def _row(
    records: pd.DataFrame,
    measured: Mapping[str, Any],
    poisons: Mapping[str, Specs],
    networks: Mapping[str, Specs],
) -> dict[str, Any]:
    first = records.iloc[0]
    modality, name = str(first["modality"]), str(first["poison"])
    tested = str(first["tested"])
    for each in (name, tested):
        if each not in poisons.get(modality, {}):
            raise KinesecError(f"{modality} poison {each!r}: found records of it, expected it in the configuration")
    poison, shown = poisons[modality][name], _described(poisons[modality][tested])
    network = networks.get(modality, {}).get(str(first["network"]), {})
    return {
        "modality": modality,
        "dataset": str(first["dataset"]),
        "samples": str(first["samples"]),
        "recognizer": str(first["network"]),
        "attack": name,
        "seed": str(first["seed"]),
        **_described(poison),
        "tested": tested,
        **{f"tested_{key}": shown[key] for key in ("form", "first_frequency", "size")},
        "stored": str(first["stored"]),
        "recognizer_module": str(network.get("recognizer", network.get("videonet", ""))),
        "recognizer_settings": _json(network.get("settings", {})),
        "recognizer_recipe": _json(network.get("recipe", {})),
        "recognizer_weights": _json(network.get("weights") or ""),
        **rates(records),
        "rms": float(measured.get("rms", np.nan)),
        "rms_unit": RMS_UNITS[modality],
        "psnr_min_db": float(measured.get("psnr_min_db", np.nan)),
        **{
            key: float(value)
            for key, value in measured.items()
            if key not in ("poison", "seed", "n", "rms", "psnr_min_db") and isinstance(value, int | float | np.number)
        },
    }


def settings_of(poison: Mapping[str, Any]) -> dict[str, Any]:
    """Every setting of a poison's trigger; where nothing says how large it is, what it takes for itself.

    A video's is the published ``delta``, a motion's (ours) so many mm.
    """
    given = {"preset": poison.get("preset", "paper"), "settings": poison.get("settings", {})}
    trigger = build(poison["trigger"], form=poison["form"], seed=0, **given)
    settings = trigger.settings
    if isinstance(trigger, Additive) and all(settings[name] is None for name in SIZES):
        settings |= {"delta": trigger.published} if trigger.form == "video" else {"rms_mm": trigger.DEFAULT_MM}
    return settings


def described(table: pd.DataFrame, poisons: Specs) -> pd.DataFrame:
    """A table of poisons (``poison``) with what tables say of each, its name as ``attack``.

    Raises ``KinesecError`` for a poison that nothing is said of.
    """
    named = list(dict.fromkeys(map(str, table["poison"])))
    if unknown := [name for name in named if name not in poisons]:
        raise KinesecError(f"poison {unknown[0]!r}: found rows of it, expected it in the configuration")
    told = pd.DataFrame([{"attack": name, **_described(poisons[name])} for name in named])
    return table.rename(columns={"poison": "attack"}).astype({"attack": str}).merge(told, on="attack")


def _described(poison: Mapping[str, Any]) -> dict[str, Any]:
    """What a table says of a poison; numbers that its trigger has none of are NaN.

    ``size`` is how large the trigger is, in ``size_unit``: delta, or a root mean square.
    """
    settings = settings_of(poison)
    size = next((name for name in SIZES if settings.get(name) is not None), "")
    return {
        "attack_module": str(poison["trigger"]),
        "preset": str(poison.get("preset", "paper")),
        "form": str(poison["form"]),
        "projection": str(settings.get("projection", "")) if poison["form"] == "video" else "",
        "rounding": str(settings.get("rounding") or "") if poison["form"] == "video" else "",
        "delta": _number(settings.get("delta")),
        "ratio": float(poison["ratio"]),
        "size": _number(settings.get(size)),
        "size_unit": SIZES.get(size, ""),
        "first_frequency": _number(settings.get("first")),
        "components": _number(settings.get("temporal")),
        "spatial_components": _number(settings.get("spatial")),
        "labels": str(poison.get("labels", "dirty")),
        "per": str(poison.get("per", "class")),
        "target": str(poison.get("target", 0)),
        "settings": _json(settings),
    }


def _json(settings: Any) -> str:
    return settings if isinstance(settings, str) else json.dumps(settings, sort_keys=True)


def _number(value: Any) -> float:
    return float("nan") if value is None else float(value)


def rates(records: pd.DataFrame) -> dict[str, float]:
    """Accuracy, success and their controls in percent, differences in points, each with its 95 % interval.

    - ``acc``: clean samples rightly classified, and of the clean model; ``acc_change`` is the first less the second
    - ``asr_non_target``: triggered samples of other classes than the target that are called target. ``asr_all``: of all
      samples, as the paper says; ``asr_official``: of all, those of the target left clean, as its code counts
    - ``base_rate``: clean samples of other classes that the backdoored classifier calls target; ``clean_model_asr``:
      triggered ones that the clean model does; ``clean_model_base_rate``: clean ones that the clean model does
    - ``asr_over_*``: ``asr_non_target`` less these two controls, by difference within a sample

    Intervals are over takes (``metrics.intervals``); those of differences are of differences within a sample.
    """
    label, target = records["label"].to_numpy(), records["target"].to_numpy()
    other = label != target

    def share(column: str, wanted: np.ndarray, of: np.ndarray | None = None) -> np.ndarray:
        said = 100.0 * (records[column].to_numpy() == wanted)
        return said if of is None else np.where(of, said, np.nan)

    right, clean_right = share("predicted_clean", label), share("clean_model_clean", label)
    success, base = share("predicted_triggered", target, other), share("predicted_clean", target, other)
    clean_success, triggered = share("clean_model_triggered", target, other), share("predicted_triggered", target)
    columns = {
        "acc_percent": right,
        "clean_model_acc_percent": clean_right,
        "asr_non_target_percent": success,
        "asr_all_percent": triggered,
        "asr_official_percent": np.where(other, triggered, share("predicted_clean", target)),
        "base_rate_percent": base,
        "clean_model_asr_percent": clean_success,
        "clean_model_base_rate_percent": share("clean_model_clean", target, other),
        "acc_change_points": right - clean_right,
        "asr_over_base_points": success - base,
        "asr_over_clean_model_points": success - clean_success,
    }
    rate, values = np.array([name in _PERCENT for name in columns]), np.stack([*columns.values()], axis=1)
    least = np.where(rate, 0.0, -100.0)
    mean, low, high, _ = of_takes(values, records["take"].to_numpy(), least=least, most=100.0, rate=rate)
    row: dict[str, float] = {
        "n": len(records),
        "n_non_target": int(other.sum()),
        "n_takes": records["take"].nunique(),
        "n_subjects": records["subject"].nunique(),
    }
    for place, name in enumerate(columns):
        row |= {name: mean[place], f"{_stem(name)}_low": low[place], f"{_stem(name)}_high": high[place]}
    return row


def verdicts(table: pd.DataFrame) -> np.ndarray:
    """Whether a backdoor is shown (ours): the trigger is called target more often than clean samples are, and than by
    the clean model, both 95 % intervals of the difference above zero; mixed where one alone is.
    """
    above = np.stack([table[f"{name}_low"].to_numpy(float) > 0 for name in _POINTS[1:]]).sum(0)
    return np.asarray(np.array([NOT_SHOWN, MIXED, SHOWN], dtype=object)[above])


def passing(table: pd.DataFrame, level: float = PASSES) -> pd.DataFrame:
    """The least size at which a trigger's success reaches ``level`` percent, and the next smaller that was tried.

    A row a network and trigger of which the run tries several sizes (``SIZES``) with all else alike: ``passing`` is NaN
    where none reaches it, ``below`` where the smallest does; ``rms`` is at the first. Over all seeds.
    """
    keys = [*CASE, *ALIKE, "size_unit", "ratio", *(name for name in SWEPT if name not in ("size", "ratio"))]
    rows = plain(of_seeds(table))
    parts = []
    for key, group in rows[rows["size"].notna()].groupby(keys, sort=False, dropna=False):
        ordered = group.drop_duplicates("size").sort_values("size")
        if len(ordered) < 2:
            continue
        success, sizes = (ordered[name].to_numpy(float) for name in ("asr_non_target_percent", "size"))
        over = np.flatnonzero(success >= level)
        at = int(over[0]) if len(over) else len(ordered)
        parts.append(
            {
                **dict(zip(keys, key, strict=True)),
                "level_percent": level,
                "below": sizes[at - 1] if at else np.nan,
                "passing": sizes[at] if len(over) else np.nan,
                "rms": ordered["rms"].iloc[at] if len(over) else np.nan,
                "rms_unit": ordered["rms_unit"].iloc[0],
                "largest_percent": success.max(),
            }
        )
    return pd.DataFrame(parts, columns=[*keys, *_PASSED])


def of_seeds(table: pd.DataFrame) -> pd.DataFrame:
    """One row a backdoor of a network and how it is tested: that over all seeds, or of the only seed."""
    rows = typed(table)
    keys = [rows[name] for name in (*CASE, "attack", "tested", "stored")]
    pooled = (rows["seed"] == ALL_SEEDS).groupby(keys).transform("max")
    return rows[(rows["seed"] == ALL_SEEDS) | ~pooled]


def plain(table: pd.DataFrame) -> pd.DataFrame:
    """The rows of victims tested on their own trigger, on samples as they are."""
    return table[(table["tested"] == table["attack"]) & (table["stored"] == "")]
