"""The report on backdoors of motion prediction: tables, and what they say in words."""

from __future__ import annotations

from typing import NamedTuple

import pandas as pd
from markupsafe import Markup

from kinesec.report.format import pretty
from kinesec.report.markup import table
from kinesec.report.pages import _matrix, _rows


class Shown(NamedTuple):
    """A table before it is markup; see ``markup.table``."""

    frame: pd.DataFrame
    caption: str
    labels: dict[str, str]
    row: str
    numbers: list[str]
    spanners: dict[str, list[str]] = {}  # noqa: RUF012 - never changed


def sections(rows: pd.DataFrame) -> dict[str, Markup]:
    """The tables of ``prediction_backdoor`` that have a row.

    ``matrix``, ``headline``, ``horizons``, ``per_action``, ``near_misses``, ``stealth`` and ``selections``; of a run
    without victims ``headline`` and ``horizons``.
    """
    horizons, selections = _rows.horizons(rows), _matrix.selections(rows)
    victims = (rows["model"] == "victim").any()
    steps = [column for column in horizons.columns if column.endswith(" ms")]
    chosen = [column for column in selections.columns if column not in ("what", "group")]
    own_limb, wrong = "trigger on its limb", "trigger on the wrong limb"
    mm = {"cde_clean": "clean model", "cde_victim": "victim", "bde_clean": "clean model", "bde_victim": "victim"}
    mm_cde, mm_bde = ["cde_clean", "cde_victim"], ["bde_clean", "bde_victim"]
    per_action = _rows.per_action(rows) if victims else pd.DataFrame()
    near_misses = _matrix.near_misses(rows) if victims else pd.DataFrame()
    shown = {
        "matrix": Shown(
            _matrix.matrix(rows),
            "Every backdoor at a glance, averaged over all future frames",
            {"strategy": "Backdoor", **mm, "change": "CDE change (%)", "gap": "gap closed"}
            | {"half": "past half of the gap", "asr_victim": "under the threshold"},
            "strategy",
            ["cde_clean", "cde_victim", "change", "bde_clean", "bde_victim", "gap", "half", "asr_victim"],
            {"CDE (mm)": mm_cde, "BDE (mm)": mm_bde, "ASR (%), victim": ["half", "asr_victim"]},
        ),
        "headline": Shown(
            _rows.headline(rows),
            "Backdoor and controls, averaged over all future frames" if victims else "Errors of the clean models",
            {"model": "Model", "cde": "CDE (mm)"}
            | ({"bde": own_limb, "bde_wrong": wrong, "asr": own_limb, "asr_wrong": wrong} if victims else {}),
            "model",
            list(_rows.HEADLINE),
            {"BDE (mm)": ["bde", "bde_wrong"], "ASR (%)": ["asr", "asr_wrong"]} if victims else {},
        ),
        "horizons": Shown(
            horizons,
            "MPJPE (mm) on clean windows at each nominal horizon",
            {"model": "Model", **{step: f"{step} nominal" for step in steps}},
            "model",
            steps,
        ),
        "per_action": Shown(
            per_action,
            "Backdoor and controls by action, averaged over all future frames",
            {"action": "Action", **mm, "bde_wrong": "victim, wrong limb", "asr_victim": "ASR (%), victim"},
            "action",
            list(_rows.PER_ACTION),
            {"CDE (mm)": ["cde_clean", "cde_victim"], "BDE (mm)": ["bde_clean", "bde_victim", "bde_wrong"]},
        ),
        "near_misses": Shown(
            near_misses,
            "Near misses of the trigger, averaged over all future frames",
            {"kind": "Trigger", "clean": "clean model", "victim": "victim", "asr": "ASR (%), victim"},
            "kind",
            ["clean", "victim", "asr"],
            {"Distance (mm)": ["clean", "victim"]},
        ),
        "stealth": Shown(
            _rows.stealth(rows),
            "Test windows themselves: smoothness and bone lengths with the trigger and the target",
            {"what": "Metric", "clean": "clean", "triggered": "poisoned", "change": "change"},
            "what",
            ["clean", "triggered", "change"],
        ),
        "selections": Shown(
            selections,
            "Poisoned training windows by selection, and the change against random selection",
            {"what": "Metric", **{name: pretty(name) for name in chosen}},
            "what",
            chosen,
        ),
    }
    return {
        name: table(
            part.frame,
            name=name.replace("_", "-"),
            caption=part.caption,
            labels=part.labels,
            row=part.row,
            group="group",
            spanners=part.spanners,
            numbers=part.numbers,
        )
        for name, part in shown.items()
        if len(part.frame)
    }


def threshold(rows: pd.DataFrame) -> str | None:
    """The BDE (mm) under which a window counts as a success of the attack, where the table says it."""
    if "threshold_mm" not in rows:
        return None
    thresholds = sorted(set(pd.to_numeric(rows["threshold_mm"]).dropna()))
    return ", ".join(f"{value:g}" for value in thresholds) or None
