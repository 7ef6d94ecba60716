"""The report's tables, section by section, as HTML that is ready to be set in the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import pandas as pd
from markupsafe import Markup

from kinesec.report.markup import table
from kinesec.report.pages import _matrix, _rows
from kinesec.report.pages import papers as papers_module

Tables = dict[str, Markup]


class Shown(NamedTuple):
    """A table before it is markup; see ``markup.table``."""

    frame: pd.DataFrame
    caption: str
    labels: dict[str, str]
    row: str
    numbers: list[str]
    spanners: dict[str, list[str]] = {}  # noqa: RUF012 - never changed


def backdoor(rows: pd.DataFrame) -> Tables:
    """The tables of ``prediction_backdoor`` that have a row.

    ``matrix``, ``headline``, ``horizons``, ``per_action``, ``near_misses``, ``stealth`` and ``selections``; of a run
    without victims ``headline`` and ``horizons``.
    """
    horizons, selections = _rows.horizons(rows), _matrix.selections(rows)
    victims = (rows["model"] == "victim").any()
    steps = [column for column in horizons.columns if column.endswith(" ms")]
    chosen = [column for column in selections.columns if column not in ("what", "group")]
    own, wrong = "trigger on its limb", "trigger on the wrong limb"
    mm = {"cde_clean": "clean model", "cde_victim": "victim", "bde_clean": "clean model", "bde_victim": "victim"}
    per_action = _rows.per_action(rows) if victims else pd.DataFrame()
    near_misses = _matrix.near_misses(rows) if victims else pd.DataFrame()
    found = {
        "matrix": Shown(
            _matrix.matrix(rows),
            "Every backdoor at a glance, averaged over all future frames",
            {"strategy": "Backdoor", **mm, "change": "change", "nearer": "nearer", "asr_victim": "ASR (%), victim"},
            "strategy",
            ["cde_clean", "cde_victim", "change", "bde_clean", "bde_victim", "nearer", "asr_victim"],
            {"CDE (mm)": ["cde_clean", "cde_victim", "change"], "BDE (mm)": ["bde_clean", "bde_victim", "nearer"]},
        ),
        "headline": Shown(
            _rows.headline(rows),
            "Backdoor and controls, averaged over all future frames" if victims else "Errors of the clean models",
            {"model": "Model", "cde": "CDE (mm)"}
            | ({"bde": own, "bde_wrong": wrong, "asr": own, "asr_wrong": wrong} if victims else {}),
            "model",
            list(_rows.HEADLINE),
            {"BDE (mm)": ["bde", "bde_wrong"], "ASR (%)": ["asr", "asr_wrong"]} if victims else {},
        ),
        "horizons": Shown(
            horizons,
            "MPJPE (mm) on clean windows at each nominal horizon",
            {"model": "Model", **{step: step for step in steps}},
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
            {"what": "Metric", **{name: _rows.pretty(name) for name in chosen}},
            "what",
            chosen,
        ),
    }
    return {
        name: table(
            one.frame,
            name=name.replace("_", "-"),
            caption=one.caption,
            labels=one.labels,
            row=one.row,
            group="group",
            spanners=one.spanners,
            numbers=one.numbers,
        )
        for name, one in found.items()
        if len(one.frame)
    }


def threshold(rows: pd.DataFrame) -> str | None:
    """The BDE (mm) under which a window counts as a success of the attack, where the table says it."""
    if "threshold_mm" not in rows:
        return None
    found = sorted(set(pd.to_numeric(rows["threshold_mm"]).dropna()))
    return ", ".join(f"{value:g}" for value in found) or None


def papers(comparison: pd.DataFrame) -> tuple[Tables, list[str]]:
    """``counts``, ``grid`` (by horizon) and ``others`` of the table ``paper_comparison``; the reasons they name.

    ``others`` is there only when the comparison has a metric that is no error at a horizon.
    """
    comparison = comparison.assign(**{name: comparison[name].fillna("") for name in ("predictor", "run_dataset")})
    counts = papers_module.counts(comparison)
    verdicts = [column for column in counts.columns if column != "paper"]
    there = [(place, verdict) for place in range(len(counts)) for verdict in verdicts if counts[verdict][place] != "0"]
    tables = {
        "counts": table(
            counts,
            name="paper-counts",
            caption="Published numbers by verdict",
            labels={"paper": "Paper", **{verdict: verdict for verdict in verdicts}},
            row="paper",
            numbers=verdicts,
            verdicts={(place, verdict): verdict for place, verdict in there},
        )
    }
    horizon = comparison["metric"].str.startswith("MPJPE@")
    notes: list[str] = []
    for key, part, caption in (
        ("grid", comparison[horizon], "This run / published: MPJPE (mm) at the nominal horizon"),
        ("others", comparison[~horizon], "This run / published: other numbers"),
    ):
        if part.empty:
            continue
        grid, colours = papers_module.grid(part, notes)
        metrics = [column for column in grid.columns if column not in ("group", "what", "verdict")]
        tables[key] = table(
            grid,
            name=f"paper-{key}",
            caption=caption,
            labels={"what": "Model; setting \u2014 our predictor", **{name: name for name in metrics}}
            | {"verdict": "Verdict"},
            row="what",
            group="group",
            numbers=metrics,
            verdicts=colours,
        )
    return tables, notes


_SPLITS = ("train", "val", "test")


def counts_of(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts, key=lambda name: _SPLITS.index(name) if name in _SPLITS else len(_SPLITS))
    return ", ".join(f"{counts[name]:,} {name}" for name in ordered) or _rows.NONE


def _short(sha256: str) -> str:
    return sha256[:16]


def provenance(facts: Mapping[str, Any]) -> Tables:
    """``left_out``, ``windows``, ``models``, ``versions`` and ``artefacts``, those that have a row."""
    left_out = [
        {"group": data["name"], "path": one["path"], "why": one["reason"]}
        for data in facts["datasets"]
        for one in [
            *({"path": path, "reason": "absent: the publisher's copy lacks it"} for path in data["absent"]),
            *data["left_out"],
        ]
    ]
    left_out += [
        {"group": f"{one['dataset']}, {one['name']}", "path": path, "why": "too short for one window"}
        for one in facts["windows"]
        for path in one["too_short"]
    ]
    windows = [
        {
            "name": f"{one['dataset']}, {one['name']}",
            "frames": f"{one['history']} + {one['future']}",
            "rate": f"{one['frame_ms_nominal']:g} / {one['frame_ms_measured']:.3g}",
            "joints": str(one["used_joints"]),
            "windows": counts_of(one["windows"]),
            "sha256": _short(one["sha256"]),
        }
        for one in facts["windows"]
    ]
    models = [
        {
            "group": f"{one['dataset']}, {one['protocol']} \u00b7 {one['predictor']} ({one['module']})",
            "name": f"{one['poison']}, seed {one['seed']}",
            "parameters": f"{one['parameters']:,}",
            "windows": f"{one['training_windows']:,} ({one['poisoned_windows']:,})",
            "epoch": f"{one['kept_epoch']} of {one['epochs']}",
            "validation": _rows.NONE if one["validation_mm"] is None else _rows.number(one["validation_mm"]),
            "device": one["device"] or _rows.NONE,
            "wall": _rows.NONE if one["wall_s"] is None else f"{one['wall_s'] / 60:.1f}",
        }
        for one in facts["models"]
    ]
    versions = [{"name": name, "version": ", ".join(found)} for name, found in facts["versions"].items()]
    artefacts = [
        {"name": one["path"], "bytes": f"{one['bytes']:,}", "sha256": one["sha256"]} for one in facts["artefacts"]
    ]
    found = {
        "left_out": (left_out, "What was left out", {"path": "File", "why": "Why"}, "path", ()),
        "windows": (
            windows,
            "Prediction windows",
            {"name": "Data set, protocol", "frames": "History + future", "rate": "ms a frame, nominal / measured"}
            | {"joints": "Joints predicted", "windows": "Windows", "sha256": "Content hash"},
            "name",
            ("joints",),
        ),
        "models": (
            models,
            "Trained models",
            {"name": "Training data, seed", "parameters": "Parameters", "windows": "Windows (poisoned)"}
            | {"epoch": "Kept epoch", "validation": "Validation (mm)", "device": "Device", "wall": "Minutes"},
            "name",
            ("parameters", "windows", "epoch", "validation", "wall"),
        ),
        "versions": (versions, "Versions", {"name": "Package", "version": "Version"}, "name", ()),
        "artefacts": (
            artefacts,
            "Files of this run",
            {"name": "File", "bytes": "Bytes", "sha256": "SHA-256"},
            "name",
            ("bytes",),
        ),
    }
    return {
        key: table(
            pd.DataFrame(rows),
            name=key.replace("_", "-"),
            caption=caption,
            labels=labels,
            row=row,
            group="group" if "group" in rows[0] else None,
            numbers=list(numbers),
        )
        for key, (rows, caption, labels, row, numbers) in found.items()
        if rows
    }
