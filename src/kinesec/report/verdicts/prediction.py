"""Whether a run shows a backdoor of motion prediction, beside the clean model, the wrong limb and standing still."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from kinesec.report.format import ANY, LENGTH, SHARE, number, plural, pretty
from kinesec.report.verdicts.base import (
    MIXED,
    NOT_SHOWN,
    SHOWN,
    Range,
    Verdict,
    counted,
    most_common,
    not_run,
    together,
)
from kinesec.tables import seeds, strategies

SYSTEM = "Backdoor on motion prediction (BadHMP)"
KEPT_PERCENT = 10.0  # the paper's claim: clean error within 10 %
Cells = Callable[[str, str, str], Range | None]  # by model, windows and metric


class Judged(NamedTuple):
    """One backdoor of one predictor: its mark, why it is not shown, and what a sentence says of it."""

    mark: str
    why: str
    case: str
    victim: Range | None = None
    clean: Range | None = None
    change: Range | None = None
    nearer: Range | None = None

    @property
    def times(self) -> float:
        """How many times nearer the target the victim is than the clean model; 0 where that is not known."""
        return self.clean.value / self.victim.value if self.clean and self.victim and self.victim.value > 0 else 0.0


def judge(at: Cells, case: str) -> Judged:
    """The verdict on one backdoor (docs/definitions.md, section 14)."""
    victim, clean = at("victim", "triggered", "BDE"), at("clean", "triggered", "BDE")
    wrong, nearer = at("victim", "wrong_limb", "BDE"), at("victim", "triggered", "BDE_change")
    learnt, still = at("clean", "clean", "CDE"), at("zero_velocity", "clean", "CDE")
    change = at("victim", "clean", "CDE_change_percent")
    if not (victim and clean and wrong and nearer and learnt and still and change):
        return Judged(NOT_SHOWN, "a control beside the victim is missing", case)
    judged = Judged(SHOWN, "", case, victim, clean, change, nearer)
    if not learnt.value < still.value:
        return judged._replace(mark=NOT_SHOWN, why="no model is better than standing still")
    if math.isnan(nearer.high):
        return judged._replace(mark=NOT_SHOWN, why="too few test windows lie apart for an interval")
    if not nearer.high < 0:
        return judged._replace(mark=NOT_SHOWN, why="the clean model is as near to the attacker's target")
    if not victim.high < wrong.low:
        return judged._replace(mark=MIXED, why="a trigger on the wrong limb is not told from the right one")
    if change.low > KEPT_PERCENT:
        return judged._replace(mark=MIXED, why=f"the error on clean windows rises by more than {KEPT_PERCENT:g} %")
    return judged


def backdoors(table: pd.DataFrame | None, defences: pd.DataFrame | None) -> Verdict:
    """The verdict on the tables ``prediction_backdoor`` and ``prediction_defences``, None where a run has none."""
    if table is None or not (table["model"] == "victim").any():
        return not_run(SYSTEM, "prediction.strategies")
    cases = [_judged(*case) for case in strategies.cases(table)]
    marks = [judged.mark for judged in cases]
    reasons = [judged.why for judged in cases if judged.mark != SHOWN]
    mark = together(marks)
    best = max((judged for judged in cases if judged.mark != NOT_SHOWN), key=lambda judged: judged.times, default=None)
    if best is None:
        said = [f"No backdoor is shown: {most_common(reasons)}."]
    else:
        said = [
            f"The backdoor is shown {counted(marks, 'backdoor')}. At best ({best.case}) the victim's prediction on "
            f"triggered windows is {number(best.times)} times nearer the attacker's target than a clean model's: "
            f"{best.victim} mm against {best.clean} mm, a difference of {best.nearer} mm. Its error on clean windows "
            f"changes by {best.change} %."
        ]
        if reasons:
            said.append(f"Where it is not shown, mostly {most_common(reasons)}.")
        said += _detected(defences)
    return Verdict(SYSTEM, mark, " ".join(said))


def _judged(dataset: str, protocol: str, predictor: str, strategy: object, rows: pd.DataFrame) -> Judged:
    widest = rows[rows["sampling"] == strategies.widest(rows)]
    cells = seeds.over_seeds(strategies.last(widest), ["model", "windows", "metric"])
    known = {
        (model, windows, metric): Range(*ends, within=LENGTH if metric in ("CDE", "BDE") else ANY)
        for model, windows, metric, *ends in cells[["model", "windows", "metric", "value", "low", "high"]].values
    }
    return judge(lambda *key: known.get(key), f"{dataset}, {pretty(predictor)}, {strategy}")


def _detected(defences: pd.DataFrame | None) -> list[str]:
    """A sentence on the detector that tells poisoned windows best on the victim, beside the clean set."""
    if defences is None:
        return []
    rows = defences[(defences["metric"] == "AUC") & (defences["model"] == "victim")]
    if rows.empty:
        return []
    names = ["detector_auc", "detector_auc_low", "detector_auc_high", "detector_auc_null"]
    means = rows.groupby("defence", sort=False)[names].mean()
    best = str(means["detector_auc"].idxmax())
    *area, null = map(float, means.loc[best])
    return [
        f"Of {plural(len(means), 'detector')} {pretty(best)} tells poisoned windows best: area under the ROC "
        f"curve {Range(*area, within=SHARE)}, {number(null)} where nothing is poisoned."
    ]
