"""What the report says of data, models, versions and files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from kinesec.report.format import NONE, number
from kinesec.report.markup import table

_SPLITS = ("train", "val", "test")


def counts_of(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts, key=lambda name: _SPLITS.index(name) if name in _SPLITS else len(_SPLITS))
    return ", ".join(f"{counts[name]:,} {name}" for name in ordered) or NONE


def _short(sha256: str) -> str:
    return sha256[:16]


def sections(facts: Mapping[str, Any]) -> dict[str, Markup]:
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
            "validation": NONE if one["validation_mm"] is None else number(one["validation_mm"]),
            "device": one["device"] or NONE,
            "wall": NONE if one["wall_s"] is None else f"{one['wall_s'] / 60:.1f}",
        }
        for one in facts["models"]
    ]
    versions = [{"name": name, "version": ", ".join(versions)} for name, versions in facts["versions"].items()]
    artefacts = [
        {"name": one["path"], "bytes": f"{one['bytes']:,}", "sha256": one["sha256"]} for one in facts["artefacts"]
    ]
    shown = {
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
        for key, (rows, caption, labels, row, numbers) in shown.items()
        if rows
    }
