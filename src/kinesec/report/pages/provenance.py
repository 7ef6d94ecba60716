"""What the report says of data, models, versions and files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
from markupsafe import Markup

from kinesec.report.format import NONE, number
from kinesec.report.markup import table

# columns of paths, hashes and releases, which are shown as they are
VERBATIM = {
    "left_out": ("path",),
    "windows": ("sha256",),
    "versions": ("name", "version"),
    "artefacts": ("name", "sha256"),
}
_SPLITS = ("train", "val", "test")


def counts_of(counts: Mapping[str, int]) -> str:
    ordered = sorted(counts, key=lambda name: _SPLITS.index(name) if name in _SPLITS else len(_SPLITS))
    return ", ".join(f"{counts[name]:,} {name}" for name in ordered) or NONE


def _short(sha256: str) -> str:
    return sha256[:16]


def sections(facts: Mapping[str, Any]) -> dict[str, Markup]:
    """``left_out``, ``windows``, ``models``, ``versions`` and ``artefacts``, those that have a row."""
    left_out = [
        {"group": data["name"], "path": exclusion["path"], "why": exclusion["reason"]}
        for data in facts["datasets"]
        for exclusion in [
            *({"path": path, "reason": "absent: the publisher's copy lacks it"} for path in data["absent"]),
            *data["left_out"],
        ]
    ]
    left_out += [
        {"group": f"{windows['dataset']}, {windows['name']}", "path": path, "why": "too short for one window"}
        for windows in facts["windows"]
        for path in windows["too_short"]
    ]
    windows = [
        {
            "name": f"{windows['dataset']}, {windows['name']}",
            "frames": f"{windows['history']} + {windows['future']}",
            "rate": f"{windows['frame_ms_nominal']:g} / {windows['frame_ms_measured']:.3g}",
            "joints": str(windows["used_joints"]),
            "windows": counts_of(windows["windows"]),
            "sha256": _short(windows["sha256"]),
        }
        for windows in facts["windows"]
    ]
    models = [
        {
            "group": f"{model['dataset']}, {model['protocol']} \u00b7 {model['predictor']} ({model['module']})",
            "name": f"{model['poison']}, seed {model['seed']}",
            "parameters": f"{model['parameters']:,}",
            "windows": f"{model['training_windows']:,} ({model['poisoned_windows']:,})",
            "epoch": f"{model['kept_epoch']} of {model['epochs']}",
            "validation": NONE if model["validation_mm"] is None else number(model["validation_mm"]),
            "device": model["device"] or NONE,
            "wall": NONE if model["wall_s"] is None else f"{model['wall_s'] / 60:.1f}",
        }
        for model in facts["models"]
    ]
    versions = [{"name": name, "version": ", ".join(versions)} for name, versions in facts["versions"].items()]
    artefacts = [
        {"name": artefact["path"], "bytes": f"{artefact['bytes']:,}", "sha256": artefact["sha256"]}
        for artefact in facts["artefacts"]
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
            verbatim=[column for column in VERBATIM.get(key, ()) if column in rows[0]],
        )
        for key, (rows, caption, labels, row, numbers) in shown.items()
        if rows
    }
