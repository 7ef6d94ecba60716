"""Whether a run shows that a defence of recognizers helps: against the strongest attack that sees gradients."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from kinesec.report.format import POINTS, pretty
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
from kinesec.tables.robustness import CLEAN, WHITE
from kinesec.tables.seeds import ALL_SEEDS

SYSTEM = "Defences of recognizers (BEAT and its baselines)"
_CASE = ["dataset", "clips", "recognizer", "defence"]


def judge(strongest: Mapping[Any, Any] | None, masked: bool) -> tuple[str, str]:
    """The mark of one defence of one recognizer and why it is not shown (docs/definitions.md, section 14).

    ``strongest`` is the row of ``robustness_pairs``, against no defence, of the attack that succeeds most often.
    """
    if strongest is None:
        return NOT_SHOWN, "no attack that sees gradients was compared with the undefended recognizer"
    if not strongest["less_low"] > 0:
        return NOT_SHOWN, "the strongest attack succeeds as often as without a defence"
    if masked:
        return MIXED, "attacks tell of masked gradients"
    return SHOWN, ""


def robust(table: pd.DataFrame | None, pairs: pd.DataFrame | None) -> Verdict:
    """The verdict on the tables ``robustness`` and ``robustness_pairs``, None where a run has none."""
    if table is None or pairs is None:
        return not_run(SYSTEM, "recognition.robustness")
    rows, compared = _pooled(table, [*_CASE, "attack"]), _pooled(pairs, [*_CASE, "attack", "against"])
    cases = []
    for key, group in rows[rows["defence"] != CLEAN].groupby(_CASE, sort=False):
        strongest = _strongest(group, compared[(compared[_CASE] == list(key)).all(axis=1)])
        cases.append((key, strongest, *judge(strongest, bool((group["flag"] != "").any()))))
    if not cases:
        return not_run(SYSTEM, "recognition.robustness.defences")
    marks = [mark for *_, mark, _ in cases]
    reasons = [why for *_, mark, why in cases if mark != SHOWN]
    helped = [(key, row) for key, row, mark, _ in cases if mark != NOT_SHOWN and row is not None]
    if not helped:
        return Verdict(SYSTEM, together(marks), f"No defence is shown to help: {most_common(reasons)}.")
    (dataset, _, recognizer, defence), row = max(helped, key=lambda case: float(case[1]["less_percent"]))
    words = (
        f"A defence is shown to help {counted(marks, 'defended recognizer')}. Most does {pretty(str(defence))} "
        f"({dataset}, {pretty(str(recognizer))}): the strongest attack that sees gradients, "
        f"{pretty(str(row['attack']))}, succeeds less often by "
        f"{Range(row['less_percent'], row['less_low'], row['less_high'], within=POINTS)} points on the same clips."
    )
    if reasons:
        words += f" Where it is not shown, mostly {most_common(reasons)}."
    return Verdict(SYSTEM, together(marks), words)


def _strongest(attacks: pd.DataFrame, compared: pd.DataFrame) -> dict[Any, Any] | None:
    """The comparison with no defence of the bounded white-box attack that succeeds most often on this one."""
    seen = attacks[(attacks["access"] == WHITE) & (attacks["unbounded"].astype(str) != "True")]
    against = compared[(compared["against"] == CLEAN) & compared["attack"].isin(seen["attack"])]
    if against.empty:
        return None
    success = seen.set_index("attack")["success_percent"]
    return dict(against.iloc[int(against["attack"].map(success).to_numpy(float).argmax())])


def _pooled(table: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    whole = table["seed"] == ALL_SEEDS
    return table[whole | ~whole.groupby([table[key] for key in keys], dropna=False).transform("max")]
