"""The report's table of imperfect triggers: success, distance to the target and clean error at each level."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from markupsafe import Markup

from kinesec.report.format import ANY, LENGTH, NONE, PERCENT, interval, plural, pretty
from kinesec.report.markup import table
from kinesec.tables import seeds
from kinesec.tables.strategies import Strategy
from kinesec.tables.trigger_strength import DIFFERENCE, chosen_seeds, read

CAPTION = (
    "Triggers that are performed and captured imperfectly: averages over all future frames; differences "
    "between models are paired by window"
)
LABELS = {
    "what": "Disturbance",
    "asr": "as performed",
    "asr_seen": "as seen",
    "bde_clean": "clean model",
    "bde": "victim",
    "bde_difference": "difference",
    "cde_clean": "clean model",
    "cde": "victim",
    "cde_difference": "difference",
}
SPANNERS = {
    "ASR (%), victim, target": ["asr", "asr_seen"],
    "BDE (mm)": ["bde_clean", "bde", "bde_difference"],
    "CDE (mm) under the same disturbance": ["cde_clean", "cde", "cde_difference"],
}
_CELLS = {
    "asr": ("ASR", "triggered", "victim"),
    "asr_seen": ("ASR", "triggered_seen", "victim"),
    **{
        f"{metric.lower()}{end}": (metric, windows, model)
        for metric, windows in (("BDE", "triggered"), ("CDE", "clean"))
        for end, model in (("_clean", "clean"), ("", "victim"), ("_difference", DIFFERENCE))
    },
}
_GROUP = ["dataset", "protocol", "predictor", "trigger", "target", "selection", "level", "ratio", "poison"]


def _within(metric: str, windows: str, model: str) -> tuple[float, float]:
    if model == DIFFERENCE:
        return ANY
    return PERCENT if metric == "ASR" else LENGTH


def rows(strengths: pd.DataFrame) -> pd.DataFrame:
    """disturbance and amount by ASR of the victim, and by BDE and CDE of both models with their differences."""
    shown = []
    for key, of_victim in strengths.groupby(_GROUP, sort=False):
        dataset, protocol, predictor, *parts, ratio, poison = map(str, key)
        strategy = Strategy(*parts, float(ratio))  # type: ignore[arg-type, call-arg]
        hardened = "" if poison == "plain" else ", hardened: decoys among them"
        chosen = chosen_seeds(of_victim)
        counts = f"{plural(int(chosen['n'].min()), 'test window')}, {plural(seeds.count(of_victim), 'seed')}"
        group = f"{dataset}, {protocol} \u00b7 {pretty(predictor)} \u00b7 {strategy}{hardened} \u00b7 {counts}"
        for (name, amount), of_level in chosen.groupby(["disturbance", "amount"], sort=False):
            unit = str(of_level["amount_unit"].iloc[0])
            cells = {
                tuple(place): interval(*ends, within=_within(*place))
                for place, ends in zip(
                    of_level[["metric", "windows", "model"]].values.tolist(),
                    of_level[["value", "low", "high"]].values.tolist(),
                    strict=True,
                )
            }
            what = f"{pretty(str(name))}, {amount:g} {unit}" if unit else "as planned"
            of_row = {column: cells.get(place, NONE) for column, place in _CELLS.items()}
            shown.append({"what": what, "group": group, **of_row})
    return pd.DataFrame(shown)


def section(path: str | Path) -> Markup:
    """The table of a run's ``trigger_strength``."""
    return table(
        rows(read(path)),
        name="trigger-strength",
        caption=CAPTION,
        labels=LABELS,
        row="what",
        group="group",
        spanners=SPANNERS,
        numbers=list(_CELLS),
    )
