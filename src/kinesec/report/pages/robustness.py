"""The report's tables of defended recognizers: what attacks leave of them, who is better than whom, certificates."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from kinesec.report.format import PERCENT, POINTS, interval, number, plural, pretty
from kinesec.tables.labels import attack_labels
from kinesec.tables.seeds import ALL_SEEDS

UNDEFENDED = "clean"
CAPTION = (
    "Robust accuracy (%): clean accuracy times the share of attacked clips that stay correctly classified; an attack "
    "that begins with success counts within its distance. An asterisk marks what tells of masked gradients, in the "
    "last column"
)
PAIRS_CAPTION = (
    "BEAT against everything else: how much less often (percentage points) attacks succeed on it, on the same clips; "
    "better or worse where the 95 % interval leaves zero. Its controls stand among the others"
)
CERTIFICATES_CAPTION = (
    "Smoothed recognizers: the share of test clips that are right and certified within half and one standard deviation "
    "of the noise (l2); the median radius, and how far any joint can go within it at most; over all seeds, clips "
    "without an answer, and certified clips for which a search within the radius changed the answer, of those searched"
)
CERTIFICATES_LABELS = {
    "what": "Defence, noise",
    "sigma": "standard deviation",
    "half": "within 0.5 (%)",
    "whole": "within 1 (%)",
    "radius": "median radius",
    "mm": "the same (mm)",
    "abstained": "abstained",
    "broken": "broken",
}
PAIRS_LABELS = {"what": "Defence, against", "less": "less success", "verdict": "verdict", "n": "clips"}
_MODEL = ["dataset", "clips", "recognizer", "defence"]


def robustness(table: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, str]]:
    """A row a defence of a recognizer, a column an attack; and the columns' titles."""
    rows = _pooled(table, [*_MODEL, "attack"])
    labels = _labels(rows.rename(columns={"setting": "settings"}))
    parts = []
    for (dataset, clips, recognizer, defence), group in rows.groupby(_MODEL, sort=False):
        first = group.iloc[0]
        cells: dict[str, Any] = {
            "what": _named(defence),
            "group": f"{dataset}, {clips} \u00b7 {pretty(str(recognizer))} \u00b7 {_seeds(table)}",
            "clean": _interval(first, "clean_accuracy"),
        }
        for row in group.to_dict("records"):
            mark = "*" if row["flag"] else ""
            cells[_column(row["attack"])] = _interval(row, "robust_accuracy") + mark
        flagged = [(str(row["attack"]), str(row["flag"])) for row in group.to_dict("records") if row["flag"]]
        cells["flag"] = "; ".join(f"{labels[attack]}: {flag}" for attack, flag in flagged)
        parts.append(cells)
    titles = {"what": "Defence", "clean": "no attack"}
    titles |= {_column(name): label for name, label in labels.items()} | {"flag": "masked gradients?"}
    return pd.DataFrame(parts, columns=[*titles, "group"]).fillna("\u2013"), titles


def pairs(table: pd.DataFrame, defended: pd.DataFrame) -> pd.DataFrame:
    """A row a comparison of each BEAT, its controls and the baselines among those it is compared with.

    Without BEAT, of the run's first defence. ``defended`` is the table ``robustness``.
    """
    named = [row for row in defended.drop_duplicates("defence").to_dict("records") if row["defence"] != UNDEFENDED]
    chosen = [row["defence"] for row in named if _is_beat(row)] or [row["defence"] for row in named][:1]
    rows = _pooled(table, ["dataset", "clips", "recognizer", "attack", "defence", "against"])
    told = defended.rename(columns={"setting": "settings"})
    labels = attack_labels(told[told["attack"].isin(rows["attack"])])
    kept = rows[rows["defence"].isin(chosen)]
    return pd.DataFrame(
        [
            {
                "what": f"{pretty(row['defence'])}, {_named(row['against'])}",
                "group": f"{row['dataset']}, {row['clips']} \u00b7 {pretty(row['recognizer'])} \u00b7 "
                f"{labels[row['attack']]}",
                "less": interval(row["less_percent"], row["less_low"], row["less_high"], within=POINTS),
                "verdict": row["verdict"],
                "n": str(int(row["n"])),
            }
            for row in kept.to_dict("records")
        ],
        columns=[*PAIRS_LABELS, "group"],
    )


def certificates(table: pd.DataFrame) -> pd.DataFrame:
    """A row a smoothed recognizer."""
    rows = _pooled(table, [*_MODEL, "radius"])
    parts = []
    for (dataset, clips, recognizer, defence), group in rows.groupby(_MODEL, sort=False):
        first, last, sigma = group.iloc[0], group.iloc[-1], float(group["sigma"].iloc[0])
        of_seeds = _of_each_seed(table, first)
        counts = {name: int(of_seeds[name].sum()) for name in ("n", "abstained", "searched", "broken")}
        median = float(first["radius_median"])
        unit = "rad" if first["unit"] == "rad" else ""
        parts.append(
            {
                "what": f"{pretty(str(defence))}, {first['space']}",
                "group": f"{dataset}, {clips} \u00b7 {pretty(str(recognizer))} \u00b7 "
                f"{plural(int(first['n']), 'clip')}, {plural(len(of_seeds), 'seed')}",
                "sigma": f"{number(sigma)} {unit}".strip(),
                **{
                    name: _interval(_at(group, share * sigma), "certified")
                    for name, share in (("half", 0.5), ("whole", 1))
                },
                "radius": f"{number(median)} {unit}".strip(),
                "mm": number(median * float(last["radius_mm"]) / float(last["radius"])),
                "abstained": f"{counts['abstained']} of {counts['n']}",
                "broken": f"{counts['broken']} of {counts['searched']}",
            }
        )
    return pd.DataFrame(parts, columns=[*CERTIFICATES_LABELS, "group"])


def _labels(rows: pd.DataFrame) -> dict[str, str]:
    """What to call each attack; clips that another recognizer's attack made are called so."""
    moved = rows["attack"].str.contains(" from ")
    labels = attack_labels(rows[~moved])
    for name in dict.fromkeys(rows.loc[moved, "attack"]):
        attack, _, surrogate = name.partition(" from ")
        labels[name] = f"{labels.get(attack, attack)} from {pretty(surrogate)}"
    return labels


def _is_beat(row: Mapping[Any, Any]) -> bool:
    """Whether it is BEAT, and no control of it: neither noise in its members' place nor plain descent."""
    settings = json.loads(str(row["defence_settings"]) if row["defence_module"] == "beat" else "{}")
    control = settings.get("control") is not None or settings.get("sampler") == "sgd"
    return row["defence_module"] == "beat" and not control


def _of_each_seed(table: pd.DataFrame, row: pd.Series) -> pd.DataFrame:
    """A row of each seed of a recognizer: counts over seeds are sums of theirs."""
    same = (table[_MODEL] == row[_MODEL]).all(axis=1) & (table["seed"] != ALL_SEEDS)
    return table[same].drop_duplicates("seed")


def _at(group: pd.DataFrame, radius: float) -> pd.Series:
    """The row of the least radius that is no less: what is certified there is certified at ``radius``."""
    place = int(np.searchsorted(group["radius"].to_numpy(float), radius - 1e-9))
    return group.iloc[min(place, len(group) - 1)]


def _pooled(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """The rows over all seeds of what has some, else those of the only seed."""
    whole = table["seed"] == ALL_SEEDS
    return table[whole | ~whole.groupby([table[key] for key in keys], dropna=False).transform("max")]


def _seeds(table: pd.DataFrame) -> str:
    return plural(len(set(table["seed"]) - {ALL_SEEDS}), "seed")


def _named(defence: object) -> str:
    return "undefended" if defence == UNDEFENDED else pretty(str(defence))


def _column(attack: str) -> str:
    return f"attack_{attack}"


def _interval(row: Any, name: str) -> str:
    return interval(*(float(row[f"{name}_{end}"]) for end in ("percent", "low", "high")), within=PERCENT)
