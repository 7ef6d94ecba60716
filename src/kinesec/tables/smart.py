"""The tables of the SMART paper (Wang et al., CVPR 2021), filled with the run's numbers: text, as they are printed."""

from __future__ import annotations

import math
from collections.abc import Iterator
from itertools import chain

import pandas as pd

from kinesec.tables.labels import attack_labels, plain
from kinesec.tables.recognition import sharing
from kinesec.tables.seeds import of_seeds

NONE, NOT_APPLICABLE, MEAN, SHARED = "\u2013", "n/a", "mean", " [shared]"
_VARIANT = ["attack_module", "preset", "terms", "reduction", "after_success"]
COSTS = {
    "success_percent": "success (%)",
    "displacement_mm": "displacement (mm)",
    "acceleration_deviation_mm": "acceleration deviation (mm/frame\u00b2)",
    "bone_change_percent": "bone change (%)",
}


def _number(value: float) -> str:
    return NONE if math.isnan(value) else f"{value:.2f}".rstrip("0").rstrip(".")


def variant(row: pd.Series) -> str:
    """Which attack, and how its loss is made: ``SMART, paper; reduction mean; after success stop``."""
    label = attack_labels(pd.DataFrame([row]))[row["attack"]]
    parts = [f"{name.replace('_', ' ')} {plain(row[name])}" for name in _VARIANT[3:] if row[name]]
    return "; ".join([f"{label}, {row['preset']}", *parts])


def _series(rows: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The attacks of one variant, in each part at most one of a strategy, in their order; under which heading."""
    named = rows[["attack", "strategy"]].drop_duplicates()
    place = dict(zip(named["attack"], named.groupby("strategy").cumcount(), strict=True))
    for _, part in rows.groupby(rows["attack"].map(place)):
        yield f"{variant(part.iloc[0])} ({', '.join(dict.fromkeys(part['attack']))})", part


def _cell(rows: pd.DataFrame, strategies: list[str]) -> str:
    cells = [rows.loc[rows["strategy"] == strategy, "success_percent"] for strategy in strategies]
    return "/".join(_number(float(cell.iloc[0])) for cell in cells if len(cell)) or NONE


def _mean(rows: pd.DataFrame, strategies: list[str]) -> str:
    cells = [rows.loc[rows["strategy"] == strategy, "success_percent"] for strategy in strategies]
    return "/".join(_number(float(cell.mean())) for cell in cells if len(cell)) or NONE


def table_1(attacks: pd.DataFrame) -> pd.DataFrame:
    """Success rates (%): recognizers by strategy (AB; ABn, as ``AB3/AB5``; SA) and data set.

    A group is a variant of an attack, its heading names the configuration's attacks: of several of one strategy each
    has a group.
    """
    rows = of_seeds(attacks)
    many = sorted(
        {strategy for strategy in rows["strategy"] if strategy not in ("AB", "SA")},
        key=lambda strategy: int(strategy.removeprefix("AB")),
    )
    kinds = {"AB": ["AB"], "/".join(many): many, "SA": ["SA"]}
    parts: list[dict[str, str]] = []
    variants = [of_variant for _, of_variant in rows.groupby(_VARIANT, sort=False, dropna=False)]
    for heading, group in chain.from_iterable(map(_series, variants)):
        for recognizer, of_recognizer in [*group.groupby("recognizer", sort=False), (MEAN, group)]:
            cells = {"group": heading, "recognizer": str(recognizer)}
            for kind, strategies in kinds.items():
                for dataset in dict.fromkeys(rows["dataset"]):
                    here = of_recognizer[of_recognizer["dataset"] == dataset]
                    made = _mean if recognizer == MEAN else _cell
                    cells[f"{kind}, {dataset}"] = made(here, strategies) if strategies else NONE
            parts.append(cells)
    table = pd.DataFrame(parts)
    return table[[name for name in table if name in ("group", "recognizer") or (table[name] != NONE).any()]]


def _groups(transfer: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    rows = of_seeds(transfer)
    of_smart = rows["attack_module"] == "smart"  # the paper's tables are of its own attack
    rows = rows[of_smart] if of_smart.any() else rows
    several = rows[["dataset", "clips"]].drop_duplicates().shape[0] > 1
    groups = []
    for _, group in rows.groupby(["dataset", "clips", *_VARIANT], sort=False, dropna=False):
        where = f"{group['dataset'].iloc[0]}, {group['clips'].iloc[0]} \u00b7 " if several else ""
        groups += [(f"{where}{heading}", part) for heading, part in _series(group)]
    return groups


def table_2(transfer: pd.DataFrame) -> pd.DataFrame:
    """Success rates (%) of the AB attack on each recognizer, by surrogate; the surrogate itself is not applicable.

    ``[shared]``: surrogate and target have a network in common, which is no transfer.
    """
    return _matrix(transfer[transfer["strategy"] == "AB"])


def table_3(transfer: pd.DataFrame) -> pd.DataFrame:
    """Success rates (%) of transfer, surrogate by target: ``AB(AB5)``, or whichever strategies there are."""
    return _matrix(transfer)


def _matrix(transfer: pd.DataFrame) -> pd.DataFrame:
    parts: list[dict[str, str]] = []
    for heading, group in _groups(transfer):
        order = list(dict.fromkeys([*group["surrogate"], *group["recognizer"]]))
        for surrogate in [name for name in order if name in set(group["surrogate"])]:
            cells = {"group": heading, "surrogate": surrogate}
            for target in order:
                here = group[(group["surrogate"] == surrogate) & (group["recognizer"] == target)]
                values = [_number(float(percent)) for percent in here["success_percent"]]
                text = values[0] + "".join(f"({percent})" for percent in values[1:]) if values else NONE
                text += SHARED if sharing(here).any() else ""
                cells[target] = NOT_APPLICABLE if target == surrogate else text
            parts.append(cells)
    return pd.DataFrame(parts).fillna(NONE)


def table_4(attacks: pd.DataFrame) -> pd.DataFrame:
    """Methods side by side under AB: success, and in place of the paper's user study what the attacked clips cost."""
    rows = of_seeds(attacks)
    rows = rows[rows["strategy"] == "AB"]
    parts: list[dict[str, str]] = []
    for (dataset, clips), group in rows.groupby(["dataset", "clips"], sort=False):
        labels = attack_labels(group)
        for column, title in COSTS.items():
            for recognizer, of_recognizer in group.groupby("recognizer", sort=False):
                cells = {"group": f"{dataset}, {clips} \u00b7 {title}", "recognizer": str(recognizer)}
                for attack, label in labels.items():
                    value = of_recognizer.loc[of_recognizer["attack"] == attack, column]
                    cells[label] = _number(float(value.iloc[0])) if len(value) else NONE
                parts.append(cells)
    return pd.DataFrame(parts).fillna(NONE)


TABLES = {"smart_table_1": table_1, "smart_table_2": table_2, "smart_table_3": table_3, "smart_table_4": table_4}
