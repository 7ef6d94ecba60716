"""The run's table of backdoor detectors on classifiers: each model's number against those of clean models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import rankdata

from kinesec.errors import KinesecError
from kinesec.metrics.anomaly import conformal_p
from kinesec.metrics.detection import auc
from kinesec.tables.backdoor import CASE, CLEAN, Specs, typed

LEVEL = 0.05
THRESHOLD = 2.0  # the published rule of detectors that compare classes
VICTIM = "victim"
RATIO = "norm_ratio"  # of detectors that search a trigger for each class: what clean models are compared by
SAMPLE = ("auc", "tpr_at_15_fpr")  # of a model's samples; 15 % is where the paper puts STRIP's threshold
NOT_VALIDATED, FLAGGED, NOT_FLAGGED = "not validated here", "flagged", "not flagged"
# The attack that a detector was published against: before it finds that, it can say nothing of others
PUBLISHED_AGAINST = {"pt_red": "blend"}  # patterns added to the whole image; all others: patches
BADNET = "badnet"
REPAIRED = {"ACC": ("acc_percent", "n"), "ASR": ("asr_percent", "n_triggered")}
VARIED = ("share", "rate", "epoch")
DETECTOR = (*CASE, "detector", "setting")
FIRST = (
    *("modality", "dataset", "recognizer", "attack", "detector", "seed", "index", "index_scaled", "null_mean"),
    *("null_sd", "flagged", "tpr_percent", "fpr_percent"),
    *("p_value", "ranked", "null_n", "metric", "setting", "attack_module", "ours"),
)
_NAMES = {"data": "dataset", "network": "recognizer", "poison": "attack", "training": "attack"}
_KEYS = (*DETECTOR, "attack", "seed")


def detection(
    jobs: Sequence[pd.DataFrame],
    poisons: Mapping[str, Specs],
    detectors: Mapping[str, Specs] | None = None,
) -> pd.DataFrame:
    """Rows of ``detection``, one a model, detector and setting, from the rows of jobs (one a model and detector).

    A job's rows name ``dataset`` (or ``data``), ``samples``, ``modality``, ``network``, ``poison`` (or ``training``;
    ``clean`` for a clean model), ``seed``, ``detector``, ``setting``, ``metric``, ``action`` and ``value``; metrics
    ``index`` (high: looks backdoored), ``index_scaled`` and ``norm_ratio`` are read, ``action`` of the first is the
    class it points to; of a model's samples, ``auc`` and ``tpr_at_15_fpr``.
    By modality and name, ``poisons`` says what each poison is, ``detectors`` which module each detector is
    (``detector``). Columns:

    - ``ranked``: ``norm_ratio`` where the detector searches a trigger for each class, else ``index``
    - ``p_value``: the conformal rank of that number among the clean models' of the same data, network, detector and
      setting (a clean model's among the others'), ``null_n`` of them; ``flagged_p`` where it is below 0.05; ``p_index``
      of ``index`` itself
    - ``flagged``: the detector's own verdict in a job's column ``flagged``; without it the published rule of detectors
      that compare classes, an index above 2; ``flagged_scaled`` with the factor 1.4826; empty for the others
    - ``tpr_percent``, ``fpr_percent``: by that rule, of all victims and all clean models of the detector;
      ``tpr_p_percent``, ``fpr_p_percent`` by p; ``attack_tpr_percent`` by p of the same trigger's victims alone
    - ``auc`` with its ends, of the number that is ranked: clean models against all victims, ``attack_auc`` against the
      same trigger's; ``auc_index`` and ``attack_tpr_index_percent`` of ``index``
    - ``validated_by``: the attack that the detector was published against, where it finds more than half of its victims
      here by p and flags at most one clean model in twenty; else ``not validated here``, and so is its ``verdict``

    Raises ``KinesecError`` where no job has an index.
    """
    rows = [_named(job) for job in jobs if len(job)]
    if not rows:
        raise KinesecError("detection: found no row, expected those of one job or more")
    table = _wide(pd.concat(rows, ignore_index=True))
    if table.empty:
        raise KinesecError("detection: found no row of metric 'index', expected one a model and detector")
    table = _told(table, poisons, detectors or {}).assign(metric="index")
    parts = [_judged(group) for _, group in table.groupby(list(DETECTOR), sort=False)]
    made = pd.concat(parts, ignore_index=True)
    return made[[*FIRST, *(column for column in made if column not in FIRST)]]


def _told(table: pd.DataFrame, poisons: Mapping[str, Specs], detectors: Mapping[str, Specs]) -> pd.DataFrame:
    """The table with what each model and its poison are, and which module each detector is."""
    specs = [poisons.get(kind, {}).get(name, {}) for kind, name in zip(table["modality"], table["attack"], strict=True)]
    modules = [
        detectors.get(kind, {}).get(name, {}).get("detector", name)
        for kind, name in zip(table["modality"], table["detector"], strict=True)
    ]
    return table.assign(
        model=np.where(table["attack"] == CLEAN, CLEAN, VICTIM),
        attack_module=[str(spec.get("trigger", "")) for spec in specs],
        ours=[bool(spec.get("ours", False)) for spec in specs],
        detector_module=modules,
    )


def _named(job: pd.DataFrame) -> pd.DataFrame:
    renamed = job.rename(columns={old: new for old, new in _NAMES.items() if old in job and new not in job})
    for name in ("setting", "action"):
        renamed[name] = renamed.get(name, "")
    return typed(renamed).astype({"action": object}).fillna({"action": ""})


def _wide(rows: pd.DataFrame) -> pd.DataFrame:
    """A row a model, detector and setting: its index, the scaled one, and the class that it points to."""
    rows = rows.assign(seed=rows["seed"].astype(str), value=pd.to_numeric(rows["value"]))
    keys = list(_KEYS)
    index = rows[rows["metric"] == "index"].drop_duplicates(keys)
    index = index.assign(rule=_boolean_of(index["flagged"]) if "flagged" in index else np.nan)
    index = index[[*keys, "value", "action", "rule"]].rename(columns={"value": "index", "action": "class"})
    beside = {"index_scaled": "index_scaled", RATIO: RATIO, **{metric: f"sample_{metric}" for metric in SAMPLE}}
    for metric, column in beside.items():
        of_metric = rows[rows["metric"] == metric].drop_duplicates(keys)[[*keys, "value"]]
        index = index.merge(of_metric.rename(columns={"value": column}), on=keys, how="left")
    return index


def _boolean_of(values: pd.Series) -> np.ndarray:
    """1 and 0 of a file's true and false, NaN where nothing stands."""
    said = values.astype(object).where(values.notna(), "").astype(str)
    return said.map({"True": 1.0, "False": 0.0, "1.0": 1.0, "0.0": 0.0}).to_numpy(float)


def _judged(group: pd.DataFrame) -> pd.DataFrame:
    """The rows of one detector on one network and data, with all that compares them."""
    group = group.reset_index(drop=True)
    clean = (group["model"] == CLEAN).to_numpy()
    index = group["index"].to_numpy(float)
    ranked = RATIO if group[RATIO].notna().any() else "index"
    number = group[ranked].to_numpy(float)
    nulls, p = _ranks(number, clean)
    _, p_index = _ranks(index, clean)
    by_p, by_index = (np.where(np.isnan(values), np.nan, values < LEVEL) for values in (p, p_index))
    scaled = group["index_scaled"].to_numpy(float)
    above = {
        name: np.where(np.isnan(scaled) | np.isnan(values), np.nan, values > THRESHOLD)
        for name, values in (("flagged", index), ("flagged_scaled", scaled))
    }
    said = group["rule"].to_numpy(float)
    rules = {**above, "flagged": np.where(np.isnan(said), above["flagged"], said)}
    columns: dict[str, Any] = {
        "null_mean": [float(null.mean()) if len(null) else np.nan for null in nulls],
        "null_sd": [float(null.std(ddof=1)) if len(null) > 1 else np.nan for null in nulls],
        "null_n": [len(null) for null in nulls],
        "p_value": p,
        "ranked": ranked,
        "p_index": p_index,
        "auc_index": _auc(index, ~clean)[0],
        **{name: pd.array(_boolean(values), dtype="boolean") for name, values in (*rules.items(), ("flagged_p", by_p))},
        "n_victims": int((~clean).sum()),
        "n_clean": int(clean.sum()),
    }
    for suffix, values in (("", rules["flagged"]), ("_scaled", rules["flagged_scaled"]), ("_p", by_p)):
        columns |= {f"tpr{suffix}_percent": _rate(values[~clean]), f"fpr{suffix}_percent": _rate(values[clean])}
    columns |= dict(zip(("auc", "auc_low", "auc_high"), _auc(number, ~clean), strict=True))
    group = group.drop(columns="rule").assign(**columns)
    of_attack = {
        module: (
            _rate(by_p[mine]),
            *_auc(number[mine | clean], mine[mine | clean]),
            int(mine.sum()),
            _rate(by_index[mine]),
        )
        for module in dict.fromkeys(group.loc[~clean, "attack_module"])
        for mine in (((group["attack_module"] == module) & ~clean).to_numpy(),)
    }
    named = (
        *("attack_tpr_percent", "attack_auc", "attack_auc_low", "attack_auc_high", "attack_victims"),
        "attack_tpr_index_percent",
    )
    nothing = (np.nan,) * len(named)
    told = [of_attack.get(module, nothing) for module in group["attack_module"]]
    group = group.assign(**{name: [values[place] for values in told] for place, name in enumerate(named)})
    published = PUBLISHED_AGAINST.get(str(group["detector_module"].iloc[0]), BADNET)
    finds = of_attack.get(published, nothing)[0]
    valid = finds > 50 and columns["fpr_p_percent"] <= 100 * LEVEL
    words = np.where(np.isnan(p), "", np.where(by_p == 1, FLAGGED, NOT_FLAGGED))
    return group.assign(
        published_against=published,
        validated_by=published if valid else NOT_VALIDATED,
        verdict=words if valid else NOT_VALIDATED,
    )


def _ranks(number: np.ndarray, clean: np.ndarray) -> tuple[list[np.ndarray], np.ndarray]:
    """(the clean models' numbers, a clean model's without its own; conformal p-values), a model each."""
    known = ~np.isnan(number)
    nulls = [number[clean & known & (np.arange(len(number)) != place)] for place in range(len(number))]
    p = [
        conformal_p(value, null) if len(null) and not np.isnan(value) else np.nan
        for value, null in zip(number, nulls, strict=True)
    ]
    return nulls, np.array(p)


def _boolean(values: np.ndarray) -> list[bool | None]:
    return [None if np.isnan(value) else bool(value) for value in values]


def _rate(values: np.ndarray) -> float:
    """The share (%) of ones among those that are known; NaN without any."""
    known = values[~np.isnan(values)]
    return float(100 * known.mean()) if len(known) else float("nan")


def _auc(index: np.ndarray, marked: np.ndarray) -> tuple[float, float, float]:
    """The area under the ROC curve of victims against clean models, of ranks: an index may be infinite."""
    known = ~np.isnan(index)
    if not (marked & known).any() or not (~marked & known).any():
        return (float("nan"),) * 3
    return auc(rankdata(index[known]), marked[known])


def repairs(
    jobs: Sequence[pd.DataFrame],
    poisons: Mapping[str, Specs],
    detectors: Mapping[str, Specs] | None = None,
) -> pd.DataFrame:
    """Rows of ``backdoor_repairs``, one a model, repair, setting and what it varies: accuracy and success after it.

    From the rows of metrics ``ACC`` and ``ASR`` (over other classes' triggered samples) of the same jobs as
    ``detection``; ``asr_percent`` is NaN of models without a trigger. Raises ``KinesecError`` where there is none.
    """
    rows = [_named(job) for job in jobs if len(job)]
    table = pd.concat(rows, ignore_index=True) if rows else pd.DataFrame(columns=["metric"])
    table = table[table["metric"].isin(REPAIRED)]
    if table.empty:
        raise KinesecError("backdoor_repairs: found no row of metric 'ACC', expected those of one repair or more")
    table = table.assign(seed=table["seed"].astype(str), value=pd.to_numeric(table["value"]))
    keys = [*_KEYS, *(name for name in VARIED if name in table)]
    wide = None
    for metric, (value, count) in REPAIRED.items():
        part = table.loc[table["metric"] == metric, [*keys, "value", "n"]].rename(columns={"value": value, "n": count})
        wide = part if wide is None else wide.merge(part, on=keys, how="left")
    assert wide is not None, "there are metrics"
    return _told(wide, poisons, detectors or {})
